"""Checks a YOLO dataset as Ultralytics does, and trains on it. Runs in Ultralytics' own environment.

    python read_ultralytics.py check DATASET     prints what its label verification counts, for each split
    python read_ultralytics.py ndjson DATASET    has dataset.ndjson converted; prints the same, and boxes in pixels
    python read_ultralytics.py train DATASET     trains the smallest model for one epoch, without pretrained weights

All print JSON as the last line. YOLO_OFFLINE and YOLO_CONFIG_DIR are set by the caller.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from ultralytics import YOLO, settings
from ultralytics.data.converter import convert_ndjson_to_yolo
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset

SPLITS = ("train", "val", "test")
SMALLEST_MODEL = "yolo11n.yaml"


def checked(dataset: Path) -> dict[str, Any]:
    """For each split: found, missing, empty and corrupt labels, the images, the messages, and the boxes as shares."""
    data = check_det_dataset(dataset / "data.yaml", autodownload=False)
    result: dict[str, Any] = {"names": list(data["names"].values()), "splits": {}}
    for split in SPLITS:
        if not data.get(split):
            continue
        images = YOLODataset(img_path=data[split], data=data, task="detect", augment=False, imgsz=64)
        with tempfile.TemporaryDirectory() as folder:
            verified = images.cache_labels(Path(folder, "labels.cache"))
        found, missing, empty, corrupt, total = verified["results"]
        result["splits"][split] = {
            "found": found, "missing": missing, "empty": empty, "corrupt": corrupt, "total": total,
            "messages": verified["msgs"],
            "boxes": sum(len(label["cls"]) for label in verified["labels"]),
            "images": sorted(Path(path).relative_to(dataset / "images").as_posix() for path in images.im_files),
        }  # fmt: skip
    return result


def unfolded(dataset: Path) -> dict[str, Any]:
    """What Ultralytics makes of an NDJSON file before it trains: a folder in which pictures are numbered by line."""
    file = dataset / "dataset.ndjson"
    head, *records = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    boxes: dict[str, list[tuple[str, float, float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(convert_ndjson_to_yolo(file, folder)).parent
        for number, record in enumerate(records, start=1):
            labels = [
                path
                for path in (made / "labels" / record["split"]).iterdir()
                if path.stem.rpartition("_")[2] == str(number)
            ]
            boxes[record["file"]] = [
                (
                    head["class_names"][class_id],
                    *corners([float(one) for one in box], record["width"], record["height"]),
                )
                for class_id, *box in map(str.split, labels[0].read_text().splitlines())
            ]
        return {**checked(made), "boxes": boxes}


def corners(box: list[float], across: int, down: int) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return (x - width / 2) * across, (y - height / 2) * down, (x + width / 2) * across, (y + height / 2) * down


def trained(dataset: Path) -> dict[str, Any]:
    """One epoch of the smallest model on tiny pictures: whether it trains, not how well."""
    settings.update({"sync": False})
    with tempfile.TemporaryDirectory() as folder:
        model = YOLO(SMALLEST_MODEL)
        outcome = model.train(
            data=dataset / "data.yaml", epochs=1, imgsz=64, batch=4, device="cpu", workers=0, plots=False, amp=False,
            pretrained=False, project=folder, name="run", exist_ok=True,
        )  # fmt: skip
        weights = Path(folder, "run", "weights", "last.pt").stat().st_size
        with Path(folder, "run", "results.csv").open() as table:
            columns, *rows = [[cell.strip() for cell in line.split(",")] for line in table]
        losses = {name: float(rows[-1][columns.index(name)]) for name in columns if "loss" in name}
    return {"epochs": len(rows), "weights_bytes": weights, "losses": losses, "names": list(outcome.names.values())}


print(json.dumps({"check": checked, "ndjson": unfolded, "train": trained}[sys.argv[1]](Path(sys.argv[2]))))  # noqa: T201 a program's output
