#!/usr/bin/env bash
# `gotool.sh NAME PACKAGE@VERSION [GO-FLAG...]`: prints the path of a program for the tests, built once with Go and kept in
# the cache. The last word on stderr says what is missing.
set -euo pipefail

name=$1 source=$2
cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}
program=$cache/$name-${source##*@}

if [ ! -x "$program" ]; then
  command -v go >/dev/null || {
    echo "no $name: install Go 1.26 or newer, so that it can be built" >&2
    exit 1
  }
  mkdir -p "$cache"
  exec 9>"$cache/$name.lock"
  flock 9
  if [ ! -x "$program" ]; then
    echo "Building $name ${source##*@} with $(go env GOVERSION); minutes the first time" >&2
    build=$(mktemp -d "$cache/build-XXXXXX")
    trap 'rm -rf "$build"' EXIT
    CGO_ENABLED=0 GOBIN=$build go install -trimpath "${@:3}" "$source" >&2
    mv "$build"/* "$program"
  fi
fi
echo "$program"
