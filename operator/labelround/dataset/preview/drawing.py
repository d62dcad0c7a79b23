"""Boxes and class names drawn on a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast
from unicodedata import combining, normalize

from labelround.dataset.preview.palette import color, ink
from labelround.images import read_header
from labelround.images.raster import in_color, load_raster

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

LONGEST_SIDE = 1280
SHORTEST_SIDE = 480
"""A smaller picture is drawn larger, so that names on it can be read."""
MAX_NAME = 40

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class PixelBox:
    """A box on the stored raster, in its pixels; `left` and `top` are the first ones inside."""

    class_id: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn picture: a PNG of `width` x `height` pixels."""

    png: bytes
    width: int
    height: int


def draw(
    content: bytes, boxes: Sequence[PixelBox], labels: Sequence[str], size: tuple[float, float] | None = None
) -> Drawn:
    """Draw boxes on the stored raster of a picture.

    `size` is the width and height that the boxes are measured in; None when it is the picture's own. The longest side
    of the result is 1280 pixels at most. Raises BadImage.
    """
    from PIL import ImageDraw

    header = read_header(lambda start, length: content[start : start + length])
    canvas = _canvas(load_raster(content, about=LONGEST_SIDE), header.width, header.height)
    width, height = size or (header.width, header.height)
    scale_x, scale_y = canvas.width / width, canvas.height / height
    places = [
        (box.left * scale_x, box.top * scale_y, (box.left + box.width) * scale_x, (box.top + box.height) * scale_y)
        for box in boxes
    ]
    # Small boxes come last, so that none is hidden by the name of a large one.
    order = sorted(range(len(boxes)), key=lambda i: (-boxes[i].width * boxes[i].height, i))
    pen = ImageDraw.Draw(canvas)
    line = max(2, round(max(canvas.size) / 320))
    for i in order:
        _outline(pen, canvas.size, places[i], color(boxes[i].class_id), line)
    taken: list[Rectangle] = []
    for i in order:
        name = _name(boxes[i].class_id, labels)
        taken.append(_tag(pen, canvas.size, places[i], name, color(boxes[i].class_id), line, taken))
    file = io.BytesIO()
    canvas.save(file, "PNG", compress_level=6)
    return Drawn(file.getvalue(), canvas.width, canvas.height)


def _canvas(picture: Image, width: int, height: int) -> Image:
    """The picture in color, at the size it is drawn in, on white where it is transparent."""
    from PIL import Image

    scale = min(LONGEST_SIDE / max(width, height), max(1.0, SHORTEST_SIDE / max(width, height)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = in_color(picture).resize(size, Image.Resampling.NEAREST if scale > 2 else Image.Resampling.LANCZOS)
    if resized.mode != "RGBA":
        return resized
    canvas = Image.new("RGB", size, (255, 255, 255))
    canvas.paste(resized, mask=resized.getchannel("A"))
    return canvas


def _outline(pen: ImageDraw, canvas: tuple[int, int], place: Rectangle, of: tuple[int, int, int], line: int) -> None:
    """The box, its edge between two thin lines that set it off from a picture of the same color."""
    left, top, right, bottom = place
    halo = (0, 0, 0) if ink(of) == (0, 0, 0) else (255, 255, 255)
    half = line / 2
    for grown, width, paint in ((half + 1, line + 2, halo), (half, line, of)):
        first = _inside(canvas, left - grown, top - grown)
        last = _inside(canvas, max(right, left + 1) + grown, max(bottom, top + 1) + grown)
        pen.rectangle((*first, *last), outline=paint, width=width)


def _inside(canvas: tuple[int, int], x: float, y: float) -> tuple[float, float]:
    """The point, or the nearest one on the canvas."""
    return max(0, min(x, canvas[0] - 1)), max(0, min(y, canvas[1] - 1))


def _tag(
    pen: ImageDraw,
    canvas: tuple[int, int],
    place: Rectangle,
    name: str,
    of: tuple[int, int, int],
    line: int,
    taken: Sequence[Rectangle],
) -> Rectangle:
    """Write the name beside its box, inside the picture and off the other names if there is room."""
    size = max(12, round(max(canvas) / 50))
    font = _font(size)
    pad = max(2, size // 5)
    left, top, right, bottom = font.getbbox(name)
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x = max(0.0, min(place[0] - line / 2, canvas[0] - width))
    choices = (place[1] - height - line / 2, place[1] + line / 2, place[3] + line / 2, place[3] - height - line / 2)
    spots = [(x, y, x + width, y + height) for y in choices if 0 <= y <= canvas[1] - height]
    spots = spots or [(x, 0, x + width, height)]
    spot = min(spots, key=lambda candidate: sum(_overlap(candidate, other) for other in taken))
    pen.rectangle(spot, fill=of)
    pen.text((spot[0] + pad - left, spot[1] + pad - top), name, font=font, fill=ink(of))
    return spot


def _overlap(one: Rectangle, other: Rectangle) -> float:
    """The common area in pixels."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _name(class_id: int, labels: Sequence[str]) -> str:
    """The class name. Where the font lacks letters: the class id, and the name without accents if that can be drawn."""
    if not 0 <= class_id < len(labels):
        return f"#{class_id}"
    name = " ".join(labels[class_id].split())
    if not _can_draw(name):
        plain = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
        name = f"#{class_id} {plain}" if _can_draw(plain) else f"#{class_id}"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 3]}..."


def _can_draw(name: str) -> bool:
    return bool(name) and all(_has_glyph(letter) for letter in name)


@cache
def _font(size: int) -> FreeTypeFont:
    """Pillow's own font, which is the same on every machine."""
    from PIL import ImageFont

    return cast("FreeTypeFont", ImageFont.load_default(size))


@cache
def _has_glyph(letter: str) -> bool:
    """Whether the font can draw the letter: one it lacks looks like one that cannot exist."""
    font = _font(24)
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010ffff"))
