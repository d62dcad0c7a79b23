# Sourced by the scripts of the node: where things are, and how to wait.
version=1.37.2
cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}
programs=$cache/kubernetes-v$version # shared with the tests on a control plane
parts=$cache/node-1                  # what is not a Go program; raise the number when build.sh makes it otherwise
state=${LABELROUND_NODE:-/tmp/labelround-node} # one running node
export PATH=$programs:$parts/bin:$PATH:/usr/sbin:/sbin

say() { echo "$*" >&2; }
fail() { say "node: $*"; exit 1; }

# await SECONDS WHAT COMMAND...
await() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt "$end" ] || fail "gave up waiting for $what; its logs are in $state/log"
    sleep 0.2
  done
}

# start NAME COMMAND...: in the background, with a log, and its number in the folder `pids`.
start() {
  local name=$1
  shift
  setsid "$@" >>"$state/log/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/$pids/$name"
}

# first_process: the number outside of the node's process 1.
first_process() {
  local outer
  outer=$(cat "$state/pid/node") && tr -d ' ' <"/proc/$outer/task/$outer/children"
}

inside() { nsenter --target "$(first_process)" --mount --net --pid --ipc --uts -- "$@"; }
