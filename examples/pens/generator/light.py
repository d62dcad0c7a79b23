"""Light: how round, six-sided and metal surfaces look from above, and the shadows that things cast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from PIL import Image, ImageChops, ImageFilter

Color = tuple[int, int, int]


class Surface(Enum):
    """What an instrument's body is made of."""

    PLASTIC = auto()
    MATTE = auto()
    METAL = auto()
    HEXAGON = auto()


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp. `angle` is where it stands around the picture, in degrees; `height` its elevation in degrees."""

    angle: float
    height: float = 42.0

    def across(self, rotation: float) -> float:
        """How much of the light falls across a cylinder that lies turned by `rotation` degrees, -1 to 1."""
        return math.cos(math.radians(self.height)) * math.sin(math.radians(self.angle - rotation))

    @property
    def from_above(self) -> float:
        """How much of it falls straight down, 0 to 1."""
        return math.sin(math.radians(self.height))

    def shadow_offset(self, elevation: float) -> tuple[int, int]:
        """Where the shadow of something `elevation` pixels above the table falls, in pixels."""
        length = elevation / math.tan(math.radians(self.height))
        radians = math.radians(self.angle)
        return round(-length * math.cos(radians)), round(-length * math.sin(radians))


def brightness(surface: Surface, place: float, light: Light, rotation: float) -> tuple[float, float]:
    """Diffuse factor and highlight (both about 0 to 1) at `place`, -1 to 1 across the body."""
    if surface is Surface.HEXAGON:
        facet = -60.0 if place < -0.5 else 60.0 if place > 0.5 else 0.0
        edge = min(abs(abs(place) - 0.5) / 0.09, 1.0)
        return 0.24 + 0.72 * _lambert(math.radians(facet), light, rotation), 0.16 * (1 - edge)
    normal = math.asin(max(-1.0, min(1.0, place)))
    diffuse = 0.22 + 0.78 * _lambert(normal, light, rotation)
    if surface is Surface.MATTE:
        return diffuse, 0.0
    half = math.atan2(light.across(rotation), light.from_above + 1)
    shine = math.cos(normal - half) ** (28 if surface is Surface.METAL else 70)
    if surface is Surface.METAL:
        mirror = 0.5 + 0.5 * math.sin(place * 7.5 + light.across(rotation) * 3)
        return 0.35 + 0.45 * diffuse * mirror + 0.2 * mirror, 0.75 * shine
    return diffuse, 0.8 * shine


def _lambert(normal: float, light: Light, rotation: float) -> float:
    return max(0.0, math.sin(normal) * light.across(rotation) + math.cos(normal) * light.from_above)


def shaded(color: Color, diffuse: float, highlight: float) -> Color:
    """The colour under that light."""
    lit = (channel * min(diffuse * 1.18, 1.12) for channel in color)
    red, green, blue = (round(min(255.0, value + (255 - min(value, 255)) * highlight)) for value in lit)
    return red, green, blue


def cast_shadow(picture: Image.Image, mask: Image.Image, light: Light, elevation: float, strength: float) -> None:
    """Darken `picture` where the thing drawn by `mask` keeps the light away: a long soft shadow and a contact one."""
    for height, blur, depth in ((elevation, elevation * 0.55, strength), (elevation * 0.25, elevation * 0.18, 0.5)):
        shifted = ImageChops.offset(mask, *light.shadow_offset(height))
        soft = shifted.filter(ImageFilter.GaussianBlur(blur))
        dark = soft.point([round(255 - value * depth) for value in range(256)])
        tinted = Image.merge("RGB", (dark, dark, dark.point([min(255, round(v * 0.94 + 16)) for v in range(256)])))
        picture.paste(ImageChops.multiply(picture, tinted))
