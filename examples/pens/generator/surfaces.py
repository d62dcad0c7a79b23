"""What the instruments lie on: wood, paper, a cutting mat, concrete, felt."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from examples.pens.generator.light import Color, Light, cast_shadow

Size = tuple[int, int]


def noise(size: Size, random: Random, *, cell: Size = (1, 1), contrast: float = 1.0) -> Image.Image:
    """Grey noise around 128 whose grains are `cell` pixels wide and high."""
    small = (max(2, size[0] // cell[0]), max(2, size[1] // cell[1]))
    grains = Image.frombytes("L", small, random.randbytes(small[0] * small[1]))
    return grains.resize(size, Image.Resampling.BICUBIC).point(
        [round(128 + (value - 128) * contrast) for value in range(256)]
    )


def textured(color: Color, *layers: Image.Image) -> Image.Image:
    """A surface of that colour, made lighter and darker by each layer around its grey 128."""
    picture = Image.new("RGB", layers[0].size, color)
    for layer in layers:
        grey = Image.merge("RGB", (layer, layer, layer))
        picture = ImageChops.overlay(picture, grey)
    return picture


def wood(size: Size, random: Random, color: Color, *, plank: int = 300) -> Image.Image:
    """Boards side by side, each with its own grain."""
    boards = Image.new("RGB", size)
    top = -random.randrange(plank)
    while top < size[1]:
        tone = random.uniform(0.9, 1.07)
        board = (size[0], plank)
        grain = _wavy(noise(board, random, cell=(220, 3), contrast=0.42), random)
        pores = noise(board, random, cell=(26, 1), contrast=0.2)
        clouds = noise(board, random, cell=(300, 90), contrast=0.3)
        red, green, blue = (round(min(255, channel * tone)) for channel in color)
        face = textured((red, green, blue), grain, pores, clouds)
        lines = ImageDraw.Draw(face)
        lines.line((0, plank - 1, size[0], plank - 1), fill=tuple(round(c * 0.32) for c in color), width=3)
        lines.line((0, 0, size[0], 0), fill=tuple(min(255, round(c * 1.12)) for c in color), width=2)
        boards.paste(face, (0, top))
        top += plank
    return boards.filter(ImageFilter.GaussianBlur(0.8))


def _wavy(grain: Image.Image, random: Random) -> Image.Image:
    """The grain, bent up and down as a tree grows."""
    width, height = grain.size
    phase, swing, reach = random.uniform(0, 6.3), random.uniform(6, 20), random.uniform(500, 1100)
    step = 32
    mesh = []
    for x in range(0, width, step):
        left, right = (swing * math.sin(phase + at / reach * 6.3) for at in (x, x + step))
        box = (x, 0, min(x + step, width), height)
        mesh.append((box, (x, left, x, height + left, box[2], height + right, box[2], right)))
    bent = grain.transform(grain.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    inside = grain.crop((0, 24, width, height - 24)).resize(grain.size)
    mask = Image.new("L", grain.size, 0)
    ImageDraw.Draw(mask).rectangle((0, 24, width, height - 24), fill=255)
    return Image.composite(bent, inside, mask.filter(ImageFilter.GaussianBlur(8)))


def concrete(size: Size, random: Random, color: Color = (168, 166, 162)) -> Image.Image:
    """A grey, blotchy table top."""
    return textured(
        color,
        noise(size, random, cell=(160, 140), contrast=0.22),
        noise(size, random, cell=(18, 18), contrast=0.12),
        noise(size, random, cell=(3, 3), contrast=0.12),
    )


def felt(size: Size, random: Random, color: Color) -> Image.Image:
    """A woollen desk pad."""
    fibres = ImageChops.add(
        noise(size, random, cell=(9, 2), contrast=0.3), noise(size, random, cell=(2, 9), contrast=0.3), 2
    )
    return textured(color, fibres, noise(size, random, cell=(200, 200), contrast=0.15))


def cutting_mat(size: Size, random: Random, color: Color = (44, 104, 88), *, square: int = 92) -> Image.Image:
    """A green mat with a printed grid."""
    mat = textured(
        color, noise(size, random, cell=(2, 2), contrast=0.1), noise(size, random, cell=(300, 260), contrast=0.2)
    )
    lines = ImageDraw.Draw(mat)
    faint, strong = ((min(255, round(c + (255 - c) * share)) for c in color) for share in (0.16, 0.4))
    for fill, step, width in ((tuple(faint), square // 4, 1), (tuple(strong), square, 2)):
        for x in range(step // 2, size[0], step):
            lines.line((x, 0, x, size[1]), fill=fill, width=width)
        for y in range(step // 2, size[1], step):
            lines.line((0, y, size[0], y), fill=fill, width=width)
    return mat.filter(ImageFilter.GaussianBlur(0.7))


def sheet(size: Size, random: Random, *, ruled: int = 0, grid: int = 0, color: Color = (244, 242, 234)) -> Image.Image:
    """A sheet of paper as RGBA: plain, ruled every `ruled` pixels or with a grid of `grid` pixels."""
    paper = textured(
        color, noise(size, random, cell=(2, 2), contrast=0.05), noise(size, random, cell=(240, 200), contrast=0.06)
    )
    lines = ImageDraw.Draw(paper)
    if ruled:
        for y in range(ruled * 2, size[1], ruled):
            lines.line((0, y, size[0], y), fill=(168, 190, 214), width=2)
        lines.line((size[0] // 8, 0, size[0] // 8, size[1]), fill=(222, 150, 150), width=2)
    if grid:
        for at in range(grid, max(size), grid):
            lines.line((0, at, size[0], at), fill=(196, 208, 220), width=2)
            lines.line((at, 0, at, size[1]), fill=(196, 208, 220), width=2)
    return paper.convert("RGBA")


def handwriting(paper: Image.Image, random: Random, ink: Color, *, left: int, top: int, lines: int, step: int) -> None:
    """Lines of scribble that pass for writing from a distance."""
    pen = ImageDraw.Draw(paper)
    for row in range(lines):
        x, base = float(left), top + row * step
        end = paper.width * random.uniform(0.55, 0.92)
        while x < end:
            word, points = x + random.uniform(45, 130), []
            while x < word:
                points.append((x, base + random.uniform(-0.32, 0.02) * step + 2 * math.sin(x / 40)))
                x += random.uniform(4, 9)
            pen.line(points, fill=(*ink, 255), width=3, joint="curve")
            x += random.uniform(16, 26)


def lay(
    picture: Image.Image, thing: Image.Image, center: tuple[int, int], rotation: float, light: Light, lift: float
) -> None:
    """Put a flat thing (RGBA) on the surface, turned, `lift` pixels thick."""
    turned = thing.rotate(-rotation, Image.Resampling.BICUBIC, expand=True)
    corner = (center[0] - turned.width // 2, center[1] - turned.height // 2)
    mask = Image.new("L", picture.size)
    mask.paste(turned.getchannel("A"), corner)
    cast_shadow(picture, mask, light, lift, 0.35)
    picture.paste(turned, corner, turned)
