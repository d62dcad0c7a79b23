#!/usr/bin/env bash
# Prints the folder with the CustomResourceDefinitions of the Prometheus operator, from its Go module.
set -euo pipefail

command -v go >/dev/null || { echo "no definitions of the Prometheus operator: install Go, which downloads them" >&2; exit 1; }
folder=$(go mod download -json github.com/prometheus-operator/prometheus-operator@v0.85.0 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
echo "$folder/example/prometheus-operator-crd"
