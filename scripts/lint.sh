#!/usr/bin/env bash
# All of lint; goes on after a finding, so that one run shows everything.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0
.venv/bin/ruff check . || status=1
.venv/bin/ruff format --check . || status=1
.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports || status=1
exit $status
