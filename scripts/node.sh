#!/usr/bin/env bash
# A real Kubernetes node on this machine, without containers or virtual machines around it; root on Debian with cgroup v1.
#   node.sh build               builds and collects what it needs, once
#   node.sh up                  starts it and prints the path of an administrator's kubeconfig
#   node.sh load ARCHIVE NAME   gives it the image of that name, from an archive that docker or buildah wrote
#   node.sh restart PROGRAM     kills containerd or kubelet, and starts it again
#   node.sh down                ends it and removes all that it left
set -euo pipefail
scripts=$(cd "$(dirname "$0")/node" && pwd)
. "$scripts/common.sh"

load() {
  inside ctr -n k8s.io images import - <"$1" >/dev/null
  local names
  names=$(inside ctr -n k8s.io images list -q) # a pipe into `grep -q` would break ctr off now and then
  grep -qxF "$2" <<<"$names" || fail "$1 holds no image of the name $2"
}

restart() {
  local number
  number=$(cat "$state/pid-inside/$1")
  inside kill -KILL "$number"
  await 10 "$1 to end" inside test ! -d "/proc/$number"
  inside "$scripts/program.sh" "$1"
}

case ${1:-} in
  build | up | down) exec "$scripts/$1.sh" ;;
  load | restart) "$@" ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
