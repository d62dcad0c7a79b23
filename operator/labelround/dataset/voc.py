"""Pascal VOC: an XML file an image, with the corners of its boxes in whole pixels that count from 1.

A box covers the pixels from `xmin` to `xmax`, both included: its left edge is `xmin` - 1, its right edge `xmax`. An
edge inside a pixel goes to the nearer side of it, and a box that would vanish covers the pixel of its middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from labelround.dataset.boxes import Box

IMAGES_FOLDER = "JPEGImages/"
LABELS_FOLDER = "Annotations/"
LISTS_FOLDER = "ImageSets/Main/"
EXTENSION = ".xml"
LABEL_MAP = "labelmap.txt"
"""The classes in the order of their ids, as CVAT writes it: `name:color:parts:actions`."""
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = """\
<annotation>
  <folder>{folder}</folder>
  <filename>{name}</filename>
  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>
  <segmented>0</segmented>
"""
_OBJECT = """\
  <object>
    <name>{}</name>
    <pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>
    <bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>
  </object>
"""


def annotation(name: str, boxes: Iterable[Box], labels: Sequence[str], width: int, height: int) -> bytes:
    """The file of one image, for clipped boxes."""
    folder = IMAGES_FOLDER.rstrip("/")
    text = [_HEAD.format(folder=folder, name=escape(_UNWRITABLE.sub("\ufffd", name)), width=width, height=height)]
    for class_id, left, top, box_width, box_height in boxes:
        xmin, xmax = _pixels(left, left + box_width, width)
        ymin, ymax = _pixels(top, top + box_height, height)
        text.append(_OBJECT.format(escape(labels[class_id]), xmin, ymin, xmax, ymax))
    return "".join([*text, "</annotation>\n"]).encode()


def label_map(labels: Sequence[str]) -> bytes | None:
    """The file of the classes; None when it cannot hold one of their names."""
    if any(":" in label or label.startswith("#") or label != label.lstrip() for label in labels):
        return None
    return "".join(["# label:color_rgb:parts:actions\n", *(f"{label}:::\n" for label in labels)]).encode()


def is_writable(label: str) -> bool:
    """Whether XML can hold the name of a class and give it back."""
    return "\r" not in label and _UNWRITABLE.search(label) is None


def _pixels(start: float, stop: float, side: int) -> tuple[int, int]:
    """The first and the last pixel of what lies between two edges."""
    first, last = int(start + 0.5), int(stop + 0.5)
    if first < last:
        return first + 1, last
    middle = min(int((start + stop) / 2), side - 1)
    return middle + 1, middle + 1
