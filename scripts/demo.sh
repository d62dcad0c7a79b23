#!/usr/bin/env bash
# The whole flow on examples/pens, in the folder demo/: pictures, manifest, labeling job, dataset, previews.
# The workers are simulated: they answer what examples/pens/answers.manifest holds. Running it again resumes or confirms.
set -euo pipefail
cd "$(dirname "$0")/.."

source=examples/pens/pictures
images=demo/pens/bounding_box/images
find "$source" -type f -printf '%P\0' | while IFS= read -r -d '' name; do
  cmp --silent "$source/$name" "$images/$name" && continue
  mkdir -p "$(dirname "$images/$name")"
  cp "$source/$name" demo/.copying # copied aside and renamed: an interrupted run leaves no half picture
  mv demo/.copying "$images/$name"
done
exec .venv/bin/labelround run -f examples/pens/round.yaml --root demo --answers examples/pens/answers.manifest --delay 0.2
