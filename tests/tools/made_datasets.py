"""Builds small datasets as the conversion writes them, without converting anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from hashlib import sha256
from pathlib import Path

import yaml

from labelround.dataset.describing import described
from labelround.dataset.existing import ImageRow
from labelround.dataset.report import BoxCounts, ImageCounts, Options, Report

BUCKET = "pictures"
FILES = ("data.yaml", "obj.names", "obj.data", "train.txt", "val.txt", "test.txt", "annot.csv", "images.csv")


@dataclass(frozen=True)
class Made:
    """One image of a dataset to make: its key in the bucket, its labels and its size."""

    key: str
    labels: str = ""
    split: str = "train"
    width: int = 16
    height: int = 12
    image: str = ""
    state: str = "labeled"

    def row(self, *, darknet: bool) -> ImageRow:
        """Its line of images.csv."""
        name = self.image or self.key
        label_file = f"{name.rpartition('.')[0]}.txt"
        label_file = "" if not self.split else label_file if darknet else f"labels/{label_file}"
        boxes = len(self.labels.splitlines())
        source_ref = f"s3://{BUCKET}/{self.key}"
        return ImageRow(
            source_ref,
            name if self.split else "",
            label_file,
            self.split,
            self.state,
            boxes,
            self.width,
            self.height,
            "",
        )


def make(
    folder: Path, images: Sequence[Made], names: Sequence[str] = ("pencil", "pen"), *, darknet: bool = False
) -> Path:
    """Write the dataset into `folder`, `report.json` last."""
    rows = [image.row(darknet=darknet) for image in images]
    for image, row in zip(images, rows, strict=True):
        if row.split:
            _write(folder / row.label_file, image.labels)
    splits = {split: [row.image for row in rows if row.split == split] for split in ("train", "val", "test")}
    start = "" if darknet else "./images/"
    for split, listed in splits.items():
        if listed:
            _write(folder / f"{split}.txt", "".join(f"{start}{name}\n" for name in listed))
    if darknet:
        _write(folder / "obj.names", "".join(f"{name}\n" for name in names))
        _write(folder / "obj.data", f"classes = {len(names)}\ntrain = train.txt\nvalid = val.txt\nnames = obj.names\n")
    else:
        lists = {split: f"{split}.txt" for split, listed in splits.items() if listed}
        _write(folder / "data.yaml", yaml.safe_dump({"names": dict(enumerate(names)), **lists}, sort_keys=False))
    write_rows(folder, rows)
    _write(folder / "annot.csv", "img_file,category,box_left,box_top,box_width,box_height,img_width,img_height\n")
    files = [name for name in FILES if (folder / name).is_file()]
    digest = sha256()
    hashes = {
        name: sha256((folder / name).read_bytes()).hexdigest()
        for name in [*(row.label_file for row in rows if row.split), *files]
    }
    for name, hashed in hashes.items():
        digest.update(f"{hashed}  {name}\n".encode())
    report, descriptions = described(_report(rows, names, files, digest.hexdigest(), darknet=darknet), hashes)
    for name, content in descriptions.items():
        (folder / name).write_bytes(content)
    (folder / "report.json").write_bytes(report.to_json())
    return folder


def _report(
    rows: Sequence[ImageRow], names: Sequence[str], files: Sequence[str], digest: str, *, darknet: bool
) -> Report:
    boxes = sum(row.boxes for row in rows)
    return Report(
        version=1,
        labelround="0",
        owner="somebody",
        format="Darknet" if darknet else "YOLO",
        classes=tuple(names),
        options=Options("", "Reference", True, 0, {}),
        jobs=(),
        manifests=(),
        images=ImageCounts(len(rows), len(rows), 0, 0, 0),
        splits={},
        boxes=BoxCounts(boxes + 2, boxes, {"no area": 2}, {}),
        renamed=1,
        renames=(),
        warnings=(),
        files=tuple(files),
        previews=(),
        inputs_digest="",
        digest=digest,
    )


def write_rows(folder: Path, rows: Sequence[ImageRow]) -> None:
    """Write images.csv."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([field.name for field in fields(ImageRow)])
    writer.writerows(astuple(row) for row in rows)
    _write(folder / "images.csv", table.getvalue())


def put(root: Path, key: str, content: bytes) -> None:
    """Put an object into the bucket, a folder below `root`."""
    path = root / BUCKET / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, newline="")
