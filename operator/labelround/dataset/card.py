"""`CARD.md`: what a dataset is, for people who meet it without its round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labelround.dataset.formats import ANNOTATIONS, DATA_YAML, IMAGES, NDJSON_FILE, OBJ_DATA, REPORT
from labelround.dataset.report import Report
from labelround.spec.model import OutputFormat
from labelround.spec.wording import printable
from labelround.uri import is_s3
from labelround.wording import counted

SHOWN = 50
_NO_ROUND = "none: converted without one"
_MARKS = re.compile(r"[\\`*_\[\]<>&|#~!$]")
_TRAINING = {
    OutputFormat.YOLO.value: f"Then Ultralytics trains: `yolo detect train data={DATA_YAML} model=yolo11n.yaml`.",
    OutputFormat.NDJSON.value: f"Then Ultralytics trains: `yolo detect train data={NDJSON_FILE} model=yolo11n.yaml`.",
    OutputFormat.DARKNET.value: f"Then start Darknet in this folder, and give it `{OBJ_DATA}`.",
}


def card(report: Report, hashes: Mapping[str, str]) -> bytes:
    """The card: UTF-8, and the same for the same conversion. `hashes` are the SHA-256 of the fixed files."""
    parts = [_head(report), _source(report), _contents(report), _files(report, hashes), _training(report)]
    return "\n\n".join("\n".join(part) for part in (*parts, _warnings(report)) if part).encode() + b"\n"


def title(report: Report) -> str:
    """What the dataset is called: as its round, or else by its digest."""
    return report.options.origin.round.rpartition("/")[2] or f"dataset {report.digest[:12]}"


def summary(report: Report) -> str:
    """One sentence."""
    images = counted(report.images.labeled + report.images.empty, "image")
    boxes = counted(report.boxes.written, "bounding box", "bounding boxes")
    classes = counted(len(report.classes), "class", "classes")
    return f"Object detection in {report.format} format: {images} with {boxes} of {classes}."


def _head(report: Report) -> list[str]:
    licence = report.options.origin.license or "not stated; ask whoever made the dataset before you pass it on"
    rows = [("Licence", licence), ("Digest", f"sha256 {report.digest}"), ("Made by", f"labelround {report.labelround}")]
    return [f"# {_text(title(report))}", "", summary(report), "", *_table(("", ""), rows)]


def _source(report: Report) -> list[str]:
    origin, images = report.options.origin, report.images
    workers = str(origin.workers_per_image) if origin.workers_per_image else "not known"
    made_of = ("Merged from", _some(origin.merged)) if origin.merged else ("Round", origin.round or _NO_ROUND)
    rows = [
        ("Images", report.options.images_prefix),
        made_of,
        ("Labeling jobs", _some(report.jobs) or "not known"),
        ("Workers for each image", workers),
        (f"Digest of the {'datasets' if origin.merged else 'manifests'}", f"sha256 {report.inputs_digest}"),
    ]
    asked = f"{counted(images.total, 'image')} asked for"
    states = f"{images.labeled} labeled, {images.empty} without objects, {images.failed} failed"
    manifests = [(_place(one.name), one.attribute, str(one.lines), str(one.boxes)) for one in report.manifests[:SHOWN]]
    lines = ["## Where it comes from", "", *_table(("", ""), rows), ""]
    lines += [f"{asked}: {states}, {images.unlabeled} unlabeled. Only the first two kinds are in the dataset;"]
    lines += [f"`{IMAGES}` has a row for every image, with the reason where one is missing."]
    return [*lines, "", *_table(("manifest", "label attribute", "lines", "boxes"), manifests)] if manifests else lines


def _contents(report: Report) -> list[str]:
    boxes = report.boxes
    classes = [(str(number), name, str(boxes.by_class.get(name, 0))) for number, name in enumerate(report.classes)]
    dropped = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in boxes.dropped.items())
    left_out = f", and {boxes.read - boxes.written} left out ({dropped})" if dropped else ""
    splits = ", ".join(f"{count} {split}" for split, count in report.splits.items() if count)
    return [
        "## What is in it",
        "",
        *_table(("class id", "class", "boxes"), classes),
        "",
        f"Split: {splits or 'empty'}. {boxes.read} boxes were read, {boxes.written} written{left_out}.",
    ]


def _files(report: Report, hashes: Mapping[str, str]) -> list[str]:
    rows = [(name, hashes[name]) for name in report.files if name in hashes]
    return [
        "## Files",
        "",
        *_table(("file", "SHA-256"), rows),
        "",
        f"`{ANNOTATIONS}` has all boxes in pixels. The digest stands for these files and all label files, but not",
        f"for pictures. `labelround validate` checks it, and `{REPORT}` tells the rest.",
    ]


def _training(report: Report) -> list[str]:
    lines = ["## Training", "", "`labelround pull` puts the pictures beside the labels, where they are not there yet."]
    trainer = [_TRAINING[report.format]] if report.format in _TRAINING else []
    python = ['for sample in labelround.load(".", "train"):', "    picture, boxes = sample.picture(), sample.boxes"]
    return [*lines, *trainer, "", "In a loop of your own:", "", "```python", "import labelround", "", *python, "```"]


def _warnings(report: Report) -> list[str]:
    if not report.warnings:
        return []
    return ["## Warnings", "", *(f"- {_text(warning)}" for warning in report.warnings)]


def _place(name: str) -> str:
    """A manifest's address; of a local file its name alone, since folders of one machine mean nothing elsewhere."""
    return name if is_s3(name) else name.rpartition("/")[2]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    columns = list(columns)
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"


def _text(text: str) -> str:
    """A text that Markdown shows as it is and does not obey, on one line."""
    return _MARKS.sub(lambda found: f"\\{found[0]}", printable(text))
