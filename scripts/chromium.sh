#!/usr/bin/env bash
# Prints the path of Chromium, that of PATH or Debian's, which root installs. The last word on stderr says what is missing.
set -euo pipefail

cache=${LABELROUND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/labelround}

if ! command -v chromium; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "no chromium: install it, or run this as root on Debian" >&2
    exit 1
  fi
  mkdir -p "$cache"
  exec 9>"$cache/chromium.lock"
  flock 9
  echo "Installing Chromium from Debian" >&2
  log=$cache/chromium.log
  { command -v chromium || { apt-get -q update && apt-get -q install -y --no-install-recommends chromium; }; } >"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; exit 1; }
  command -v chromium
fi
