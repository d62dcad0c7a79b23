"""One color a class: distinct among neighbors, the same in every run."""

from __future__ import annotations

import colorsys

Color = tuple[int, int, int]

_FIRST: tuple[Color, ...] = (
    (230, 57, 70),
    (29, 143, 225),
    (56, 176, 0),
    (255, 159, 28),
    (155, 81, 224),
    (0, 187, 187),
    (240, 98, 170),
    (141, 110, 60),
    (255, 221, 51),
    (90, 110, 255),
    (150, 200, 60),
    (190, 30, 110),
)
_GOLDEN_ANGLE = 0.618033988749895


def color(class_id: int) -> Color:
    """The color of a class: chosen by hand for the first dozen, then around the color wheel."""
    if 0 <= class_id < len(_FIRST):
        return _FIRST[class_id]
    hue = (class_id * _GOLDEN_ANGLE) % 1
    lightness = (0.45, 0.6, 0.35)[class_id % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.75)
    return round(red * 255), round(green * 255), round(blue * 255)


def ink(background: Color) -> Color:
    """Black or white, whichever is read better on the background (by relative luminance)."""
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in _unit(background)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


def css(of: Color) -> str:
    """The color as CSS writes it."""
    return f"#{of[0]:02x}{of[1]:02x}{of[2]:02x}"


def _unit(of: Color) -> tuple[float, float, float]:
    return of[0] / 255, of[1] / 255, of[2] / 255
