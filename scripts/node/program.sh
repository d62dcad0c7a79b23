#!/usr/bin/env bash
# `program.sh NAME`, on the node: starts containerd or the kubelet, at first and after it was killed.
set -euo pipefail
cd "$(dirname "$0")"
. ./common.sh
pids=pid-inside

case $1 in
  containerd) start containerd containerd --config "$state/conf/containerd.toml" ;;
  kubelet) start kubelet kubelet --config="$state/conf/kubelet.yaml" --kubeconfig="$state/conf/kubelet" \
    --node-ip=10.77.0.1 --hostname-override=node1 ;;
  *) fail "no program of that name can be started anew: $1" ;;
esac
