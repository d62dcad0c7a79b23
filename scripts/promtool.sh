#!/usr/bin/env bash
# Prints the path of promtool, which checks and tests alerts; built without the ways in which Prometheus finds targets.
set -euo pipefail
cd "$(dirname "$0")"

exec ./gotool.sh promtool github.com/prometheus/prometheus/cmd/promtool@v0.316.0 -tags remove_all_sd -ldflags "-s -w"
