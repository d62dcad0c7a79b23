#!/usr/bin/env bash
# `prometheus.sh prometheus|promtool`: prints the path of the program, that of PATH or Debian's, which is unpacked into the
# cache and not installed. The last word on stderr says what is missing.
set -euo pipefail

name=${1:-}
case $name in prometheus | promtool) ;; *) echo "usage: prometheus.sh prometheus|promtool" >&2; exit 2 ;; esac
cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}
program=$cache/prometheus/usr/bin/$name

unpack() {
  echo "Downloading Prometheus from Debian" >&2
  mkdir -p lists/partial root
  local options=(-q -o "Dir::State::lists=$PWD/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o "APT::Sandbox::User=$(id -un)")
  apt-get "${options[@]}" update
  apt-get "${options[@]}" download prometheus
  dpkg-deb -x prometheus_*.deb root
} >apt.log 2>&1

if [ ! -x "$program" ]; then
  program=$(command -v "$name") && echo "$program" && exit
  program=$cache/prometheus/usr/bin/$name
  command -v apt-get >/dev/null || { echo "no $name: install Prometheus, or run this on Debian" >&2; exit 1; }
  mkdir -p "$cache"
  exec 9>"$cache/prometheus.lock"
  flock 9
  if [ ! -x "$program" ]; then
    build=$(mktemp -d "$cache/build-XXXXXX")
    trap 'rm -rf "$build"' EXIT
    (cd "$build" && unpack) || { tail -n 5 "$build/apt.log" >&2; exit 1; }
    rm -rf "$cache/prometheus"
    mv "$build/root" "$cache/prometheus"
  fi
fi
echo "$program"
