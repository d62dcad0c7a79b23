#!/usr/bin/env bash
# Sets up .venv: `install.sh runtime` with what labelround needs, `install.sh dev` with the tools of its developers too.
# Does nothing when that is already so. The stamp is written last, so an interrupted run is begun anew.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/python.sh

wanted=${1:-runtime}
environment=.venv
stamp=$environment/labelround.stamp
mkdir -p .cache
exec 9>.cache/install.lock
flock 9

# The part of pyproject.toml that decides what an installation holds, and the lock.
state() { digest "requirements/$1.txt" <(sed '/^\[tool\.ruff\]/,$d' pyproject.toml); }

has() { [ "$(cat "$stamp" 2>/dev/null)" = "$(state "$1")" ] && "$environment/bin/labelround" --version >/dev/null 2>&1; }

if has "$wanted" || has dev; then # the developers' environment holds all of the runtime one
  [ -n "${LABELROUND_QUIET:-}" ] || echo "$environment is up to date: $environment/bin/labelround"
  exit 0
fi

if has runtime; then
  rm -f "$stamp"
  install_lock "$environment" "requirements/$wanted.txt"
else
  new_environment "$environment"
  install_lock "$environment" "requirements/$wanted.txt"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
"$environment/bin/labelround" --version
state "$wanted" >"$stamp"
echo "Ready: $environment/bin/labelround"
