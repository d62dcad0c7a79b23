#!/usr/bin/env bash
# `oracle.sh NAME`: an environment of its own for one independent reader, from its lock, under .cache/oracles.
# Prints the path of its Python. Does nothing when it is there already; the stamp is written last.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/python.sh

name=$1
lock=requirements/oracle-$name.txt
environment=$PWD/.cache/oracles/$name
stamp=$environment/labelround.stamp
mkdir -p .cache/oracles
exec 9>".cache/oracles/$name.lock"
flock 9

if [ "$(cat "$stamp" 2>/dev/null)" != "$(digest "$lock")" ]; then
  {
    new_environment "$environment"
    install_lock "$environment" "$lock"
  } >&2
  digest "$lock" >"$stamp"
fi
echo "$environment/bin/python"
