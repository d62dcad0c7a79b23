"""Pencils and pens, seen from straight above: built column by column from tip to end, then turned."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from examples.pens.generator.light import Color, Light, Surface, brightness, shaded

WOOD: Color = (222, 184, 135)
GRAPHITE: Color = (58, 58, 62)
STEEL: Color = (196, 198, 204)
BRASS: Color = (205, 170, 96)
SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the body. Lengths and radii are shares of the whole length and of the greatest radius."""

    length: float
    start: float
    end: float
    color: Color
    surface: Surface = Surface.PLASTIC
    ridges: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """What to draw. `parts` run from the writing tip; `clip` is (from, to) along the body, or None."""

    label: str
    parts: tuple[Part, ...]
    slimness: float
    clip: tuple[float, float] | None = None
    clip_color: Color = STEEL
    scallops: Color | None = None


def pencil(color: Color, *, eraser: bool = True, stub: bool = False, dip: Color | None = None) -> Instrument:
    """A sharpened wooden pencil; with a rubber in a ferrule, or a dipped end."""
    cone = 0.17 if stub else 0.105
    ferrule = 0.11 if stub else 0.07
    rubber = 0.085 if stub else 0.05
    head = (Part(cone * 0.3, 0.04, 0.3, GRAPHITE, Surface.MATTE), Part(cone * 0.7, 0.3, 1.0, WOOD, Surface.MATTE))
    if eraser:
        body = Part(1 - cone - ferrule - rubber, 1, 1, color, Surface.HEXAGON)
        tail: tuple[Part, ...] = (
            Part(ferrule, 1.02, 1.02, BRASS, Surface.METAL, ridges=5),
            Part(rubber * 0.7, 0.96, 0.96, (224, 128, 128), Surface.MATTE),
            Part(rubber * 0.3, 0.96, 0.74, (216, 120, 120), Surface.MATTE),
        )
    else:
        body = Part(1 - cone - 0.06, 1, 1, color, Surface.HEXAGON)
        tail = (
            Part(0.012, 1, 1, (240, 236, 224), Surface.HEXAGON),
            Part(0.048, 1, 1, dip or (30, 30, 34), Surface.HEXAGON),
        )
    return Instrument("pencil", (*head, body, *tail), 0.078 if stub else 0.044, scallops=color)


def click_pen(color: Color, trim: Color = STEEL, grip: Color = (44, 44, 48)) -> Instrument:
    """A retractable ballpoint: metal cone, rubber grip, barrel, clip and push button."""
    parts = (
        Part(0.018, 0.12, 0.16, STEEL, Surface.METAL),
        Part(0.075, 0.3, 0.82, trim, Surface.METAL),
        Part(0.24, 0.9, 0.98, grip, Surface.MATTE, ridges=9),
        Part(0.012, 1.02, 1.02, trim, Surface.METAL),
        Part(0.50, 1, 0.97, color),
        Part(0.014, 1.0, 1.0, trim, Surface.METAL),
        Part(0.055, 0.9, 0.72, color),
        Part(0.075, 0.42, 0.42, trim, Surface.METAL),
        Part(0.011, 0.42, 0.26, trim, Surface.METAL),
    )
    return Instrument("pen", parts, 0.062, clip=(0.58, 0.87), clip_color=trim)


def stick_pen(barrel: Color, cap: Color) -> Instrument:
    """A plain ballpoint with its cap on."""
    parts = (
        Part(0.03, 0.72, 0.92, cap),
        Part(0.32, 0.96, 1.0, cap),
        Part(0.58, 0.8, 0.8, barrel),
        Part(0.055, 0.8, 0.8, cap),
        Part(0.015, 0.8, 0.58, cap),
    )
    return Instrument("pen", parts, 0.052, clip=(0.05, 0.37), clip_color=cap)


def fountain_pen(color: Color, trim: Color = BRASS) -> Instrument:
    """A fountain pen, open: nib, section, ring, barrel and a rounded end."""
    parts = (
        Part(0.012, 0.05, 0.12, trim, Surface.METAL),
        Part(0.13, 0.14, 0.58, trim, Surface.METAL),
        Part(0.16, 0.66, 0.78, (26, 26, 30)),
        Part(0.018, 0.92, 0.92, trim, Surface.METAL),
        Part(0.55, 1.0, 0.9, color),
        Part(0.016, 0.9, 0.9, trim, Surface.METAL),
        Part(0.095, 0.88, 0.66, color),
        Part(0.019, 0.66, 0.34, color),
    )
    return Instrument("pen", parts, 0.082)


def marker(color: Color, body: Color = (236, 236, 232)) -> Instrument:
    """A thick felt pen, capped."""
    parts = (
        Part(0.02, 0.6, 0.72, color),
        Part(0.27, 0.9, 0.97, color, ridges=7),
        Part(0.012, 1.0, 1.0, (70, 70, 74), Surface.MATTE),
        Part(0.62, 1.0, 1.0, body),
        Part(0.06, 1.0, 0.98, color),
        Part(0.018, 0.98, 0.84, color),
    )
    return Instrument("pen", parts, 0.098, clip=(0.03, 0.22), clip_color=color)


def draw(instrument: Instrument, length: int, rotation: float, light: Light) -> Image.Image:
    """The instrument as an RGBA picture, `length` pixels long, its tip turned `rotation` degrees clockwise."""
    radius = max(3, round(length * instrument.slimness / 2))
    flat = Image.new("RGBA", (length + 2, 2 * radius + 8))
    middle = radius + 4
    for x, part, share, step in _columns(instrument, length):
        half = max(1.0, share * radius)
        column = _column(part.color, part.surface, step, light, rotation).resize((1, round(2 * half)))
        flat.paste(column, (length - x, round(middle - half)))
    if instrument.scallops:
        _scallop(flat, instrument, length, radius, middle, light, rotation)
    if instrument.clip:
        _clip(flat, instrument, length, radius, middle, light, rotation)
    return flat.rotate(-rotation, Image.Resampling.BICUBIC, expand=True)


def _columns(instrument: Instrument, length: int) -> Iterator[tuple[int, Part, float, float]]:
    """For every pixel along the body: its distance from the tip, its part, its radius share, its ridge brightness."""
    start = 0.0
    for part in instrument.parts:
        end = start + part.length
        first, last = round(start * length), round(end * length)
        for x in range(first, last):
            along = (x - first) / max(1, last - first)
            wave = math.cos(along * part.ridges * 2 * math.pi) if part.ridges else 1.0
            yield x, part, part.start + (part.end - part.start) * along, 0.86 + 0.14 * round(wave, 1)
        start = end


@lru_cache(maxsize=4096)
def _column(color: Color, surface: Surface, step: float, light: Light, rotation: float) -> Image.Image:
    """One column across the body, SAMPLES pixels high."""
    column = Image.new("RGB", (1, SAMPLES))
    for y in range(SAMPLES):
        diffuse, highlight = brightness(surface, (y + 0.5) / SAMPLES * 2 - 1, light, rotation)
        column.putpixel((0, y), shaded(color, diffuse * step, highlight * step))
    return column


def _scallop(
    flat: Image.Image, instrument: Instrument, length: int, radius: int, middle: int, light: Light, rotation: float
) -> None:
    """The paint's wavy border where the sharpener cut through the edges of the six sides."""
    cone = length - round(sum(part.length for part in instrument.parts[:2]) * length)
    depth = radius * 0.62
    shape = flat.getchannel("A")
    for y in range(middle - radius, middle + radius):
        place = (y - middle) / radius
        cut = depth * abs(math.cos(place * 1.5 * math.pi))
        diffuse, highlight = brightness(Surface.HEXAGON, place, light, rotation)
        color = shaded(instrument.scallops or WOOD, diffuse, highlight)
        for x in range(cone, min(round(cone + cut), flat.width)):
            if shape.getpixel((x, y)):
                flat.putpixel((x, y), (*color, 255))


def _clip(
    flat: Image.Image, instrument: Instrument, length: int, radius: int, middle: int, light: Light, rotation: float
) -> None:
    """The pocket clip: a bright strip with a dark edge on the side away from the light."""
    start, end = (length - round(place * length) for place in reversed(instrument.clip or (0.0, 0.0)))
    half = max(2, round(radius * 0.2))
    away = 1 if light.across(rotation) < 0 else -1
    dark, plain, shine = (shaded(instrument.clip_color, *light) for light in ((0.38, 0.0), (0.8, 0.1), (1.0, 0.45)))
    lines = ImageDraw.Draw(flat)
    edge, glint = middle + away * half, middle - half // 2
    lines.rounded_rectangle((start, edge - half, end, edge + half), half, fill=(*dark, 255))
    lines.rounded_rectangle((start, middle - half, end, middle + half), half, fill=(*plain, 255))
    lines.line((start + half, glint, end - half, glint), fill=(*shine, 255))
