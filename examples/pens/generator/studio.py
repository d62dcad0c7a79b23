"""Taking the picture: things laid on the table one by one, the lamp, the lens, the file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageFilter

from examples.pens.generator.answers import Box, Seen
from examples.pens.generator.instruments import draw
from examples.pens.generator.light import Light, cast_shadow
from examples.pens.generator.scenes import Scene, Thing
from examples.pens.generator.surfaces import Size, noise

OVERSAMPLING = 2
JPEG_QUALITY = 86


def take(scene: Scene) -> tuple[Image.Image, Seen]:
    """The picture, and the boxes of what can be seen in it. The same for the same scene, always."""
    random = Random(int.from_bytes(hashlib.sha256(scene.name.encode()).digest()[:8], "big"))
    width, height = (side * OVERSAMPLING for side in scene.size)
    picture = scene.table((width, height), random, scene.light)
    masks = [_lay(picture, thing, scene.light) for thing in scene.things]
    picture = picture.resize(scene.size, Image.Resampling.LANCZOS)
    boxes = tuple(
        _box(thing, _visible(mask, masks[place + 1 :]), scene.size)
        for place, (thing, mask) in enumerate(zip(scene.things, masks, strict=True))
    )
    return _develop(picture, scene, random), Seen(scene.name, *scene.size, boxes)


def _lay(picture: Image.Image, thing: Thing, light: Light) -> Image.Image:
    """Draw one thing with its shadow; the mask of where it is."""
    length = round(thing.length * picture.width)
    drawn = draw(thing.instrument, length, thing.rotation, light)
    corner = (round(thing.x * picture.width - drawn.width / 2), round(thing.y * picture.height - drawn.height / 2))
    mask = Image.new("L", picture.size)
    mask.paste(drawn.getchannel("A"), corner)
    cast_shadow(picture, mask, light, length * thing.instrument.slimness * 0.5, 0.42)
    picture.paste(drawn, corner, drawn)
    return mask


def _visible(mask: Image.Image, later: list[Image.Image]) -> Image.Image:
    """What remains of a thing's mask under the things that lie on it."""
    for above in later:
        mask = ImageChops.subtract(mask, above)
    return mask


def _box(thing: Thing, mask: Image.Image, size: Size) -> Box:
    small = mask.resize(size, Image.Resampling.BOX).point([0] * 128 + [255] * 128)
    bounds = small.getbbox()
    if bounds is None:
        raise ValueError(f"the {thing.instrument.label} at {thing.x}, {thing.y} cannot be seen")
    left, top, right, bottom = bounds
    return Box(thing.instrument.label, left, top, right - left, bottom - top)


def _develop(picture: Image.Image, scene: Scene, random: Random) -> Image.Image:
    """The lamp's pool of light, the lens's dark corners, the colour of the light and the sensor's grain."""
    picture = ImageChops.multiply(picture, _falloff(scene.size, scene.light))
    gains = (scene.exposure * (1 + scene.warmth), scene.exposure, scene.exposure * (1 - 1.3 * scene.warmth))
    picture = picture.point([min(255, round(value * gain)) for gain in gains for value in range(256)])
    picture = picture.filter(ImageFilter.GaussianBlur(0.5))
    if not scene.grain:
        return picture
    layers = [noise(scene.size, random, cell=(2, 2), contrast=scene.grain / 128) for _ in range(3)]
    return ImageChops.add(picture, Image.merge("RGB", layers), 1, -128)


def _falloff(size: Size, light: Light) -> Image.Image:
    """Brighter towards the lamp, darker in the corners; white is unchanged."""
    width, height = size
    big = (width * 2, height * 2)
    toward_x, toward_y = light.shadow_offset(0.22 * width)
    pool = Image.radial_gradient("L").resize(big, Image.Resampling.BICUBIC)
    left, top = width // 2 + _clamp(toward_x, width // 2), height // 2 + _clamp(toward_y, height // 2)
    pool = pool.crop((left, top, left + width, top + height)).point([255 - round(value * 0.62) for value in range(256)])
    corners = Image.radial_gradient("L").resize(size).point([255 - round((v / 255) ** 2 * 52) for v in range(256)])
    grey = ImageChops.multiply(pool, corners)
    return Image.merge("RGB", (grey, grey, grey))


def _clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def save(picture: Image.Image, path: Path) -> None:
    """Write the picture in the format that its name tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".png":
        picture.save(path, optimize=True)
    else:
        picture.save(path, "JPEG", quality=JPEG_QUALITY, optimize=True)
