"""A manifest to YOLO as one would write it in an afternoon: json and open(), line by line.

    python -m benchmarks.prototype MANIFEST LABELS OUTPUT

What it leaves out, labelround does: it takes class ids as they are, lets two images of one stem overwrite each other,
checks nothing before it writes, and has no split, tables or report.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def convert(manifest: Path, labels: list[str], output: Path) -> None:
    """One label file for each line, and data.yaml."""
    folder = output / "labels"
    folder.mkdir(parents=True)
    with manifest.open() as lines:
        for line in lines:
            entry = json.loads(line)
            attribute = next((key for key in entry if key + "-metadata" in entry), None)
            if attribute is None:
                continue
            size = entry[attribute]["image_size"][0]
            stem = entry["source-ref"].split("/")[-1].split(".")[0]
            rows = []
            for box in entry[attribute]["annotations"]:
                x = (box["left"] + box["width"] / 2) / size["width"]
                y = (box["top"] + box["height"] / 2) / size["height"]
                width, height = box["width"] / size["width"], box["height"] / size["height"]
                rows.append(f"{box['class_id']} {x:.6f} {y:.6f} {width:.6f} {height:.6f}")
            with (folder / f"{stem}.txt").open("w") as file:
                file.write("\n".join(rows))
    names = "\n".join(f"  {number}: {label}" for number, label in enumerate(labels))
    (output / "data.yaml").write_text(f"train: images\nval: images\nnames:\n{names}\n")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2].split(","), Path(sys.argv[3]))
