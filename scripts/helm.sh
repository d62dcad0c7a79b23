#!/usr/bin/env bash
# `helm.sh 3|4`: prints the path of Helm. Where it has no cluster to ask, it takes it to be Kubernetes 1.33, the oldest that
# the chart allows, or that of its own libraries.
set -euo pipefail
cd "$(dirname "$0")"

case ${1:-} in
  3)
    flags="-s -w"
    for package in pkg/chartutil pkg/lint/rules; do
      flags+=" -X helm.sh/helm/v3/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/$package.k8sVersionMinor=33"
    done
    exec ./gotool.sh helm helm.sh/helm/v3/cmd/helm@v3.22.0 -ldflags "$flags"
    ;;
  4) exec ./gotool.sh helm helm.sh/helm/v4/cmd/helm@v4.3.1 -ldflags "-s -w" ;;
  *) echo "usage: helm.sh 3|4" >&2; exit 2 ;;
esac
