"""Boxes from pixels to shares of the image and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from labelround.dataset.boxes import Box, clip, label_file, unturn

sides = st.integers(1, 20_000) | st.integers(1, 100_000_000)
coordinates = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Box, int, int]:
    """A box, mostly one that touches its image, and the image's sides."""
    width, height = draw(sides), draw(sides)
    left, top = (draw(st.floats(-side, side) | coordinates) for side in (width, height))
    lengths = (st.floats(0, 2 * side) | st.integers(1, side).map(float) | coordinates for side in (width, height))
    box_width, box_height = map(draw, lengths)
    return (draw(st.integers(0, 99)), left, top, box_width, box_height), width, height


@given(drawn())
def test_a_clipped_box_lies_inside_and_has_an_area(drawn: tuple[Box, int, int]) -> None:
    """Whatever a manifest says; None means that there was no area inside."""
    box, width, height = drawn

    clipped = clip(box, width, height)

    if clipped is None:
        _, left, top, box_width, box_height = box
        inside = min(left + box_width, width) > max(left, 0) and min(top + box_height, height) > max(top, 0)
        assert not (inside and box_width > 0 and box_height > 0)
        return
    class_id, left, top, box_width, box_height = clipped
    assert class_id == box[0]
    assert 0 <= left < width
    assert 0 <= top < height
    assert 0 < box_width <= width
    assert 0 < box_height <= height


@given(drawn())
def test_shares_are_within_0_and_1_and_give_back_the_box(drawn: tuple[Box, int, int]) -> None:
    """Corners come back within a millionth of the side, and within half a pixel of the largest image."""
    box, width, height = drawn
    clipped = clip(box, width, height)
    if clipped is None:
        return

    words = label_file([clipped], width, height).decode().split(" ")

    assert int(words[0]) == clipped[0]
    x, y, w, h = shares = [float(word) for word in words[1:]]
    assert all(0 <= share <= 1 for share in shares)
    assert all(len(word.strip().partition(".")[2]) >= 6 for word in words[1:])
    corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    _, left, top, box_width, box_height = clipped
    expected = (left, top, left + box_width, top + box_height)
    for corner, pixel, side in zip(corners, expected, (width, height) * 2, strict=True):
        assert corner == pytest.approx(pixel / side, abs=1e-6)
        assert corner * side == pytest.approx(pixel, abs=0.5)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 10, 10, 20, 20), (0, 10, 10, 20, 20)),
        ((0, 0, 0, 100, 80), (0, 0, 0, 100, 80)),
        ((0, -5, -6, 20, 20), (0, 0, 0, 15, 14)),
        ((0, 90, 70, 20, 20), (0, 90, 70, 10, 10)),
        ((0, 100, 0, 20, 20), None),
        ((0, 10, 10, 0, 20), None),
        ((0, 10, 10, 20, -3), None),
        ((0, -50, 0, 20, 20), None),
    ],
)
def test_a_box_is_clipped_to_the_image(box: Box, expected: Box | None) -> None:
    """What is left of it; None without an area."""
    assert clip(box, 100, 80) == expected


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_box_drawn_on_the_turned_picture_finds_its_place_on_the_raster(orientation: int) -> None:
    """A rectangle drawn on what Pillow shows of a tagged picture, against the box mapped back."""
    raster = Image.new("L", (40, 30))
    raster.paste(255, (3, 5, 3 + 11, 5 + 7))
    raster.getexif()[0x0112] = orientation
    shown = ImageOps.exif_transpose(raster)
    left, top, right, bottom = shown.getbbox() or (0, 0, 0, 0)

    mapped = unturn((1, left, top, right - left, bottom - top), orientation, 40, 30)

    assert shown.size == (30, 40)
    assert mapped == (1, 3, 5, 11, 7)
