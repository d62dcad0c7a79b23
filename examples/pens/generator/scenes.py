"""The pictures: what lies where, on which table, under which lamp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from examples.pens.generator import surfaces
from examples.pens.generator.instruments import Instrument, click_pen, fountain_pen, marker, pencil, stick_pen
from examples.pens.generator.light import Color, Light
from examples.pens.generator.surfaces import Size

Table = Callable[[Size, Random, Light], Image.Image]

OAK: Color = (196, 150, 100)
WALNUT: Color = (112, 76, 54)
BEECH: Color = (214, 178, 138)
YELLOW: Color = (232, 176, 40)
RED: Color = (178, 38, 42)
NAVY: Color = (34, 52, 108)
BLACK: Color = (34, 34, 38)
GREEN: Color = (36, 112, 72)
WHITE: Color = (232, 232, 228)
BLUE: Color = (36, 92, 178)
TEAL: Color = (24, 128, 138)
PLUM: Color = (104, 44, 96)
ORANGE: Color = (226, 112, 40)


@dataclass(frozen=True, slots=True)
class Thing:
    """One instrument: its centre as shares of the picture, its length as a share of the width, its turn in degrees."""

    instrument: Instrument
    x: float
    y: float
    length: float
    rotation: float


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture to make. `name` is its path below the images folder; later things lie on earlier ones."""

    name: str
    size: Size
    table: Table
    things: tuple[Thing, ...]
    light: Light
    warmth: float = 0.0
    exposure: float = 1.0
    grain: float = 6.0


def boards(color: Color) -> Table:
    return lambda size, random, light: surfaces.wood(size, random, color)


def concrete(size: Size, random: Random, light: Light) -> Image.Image:
    return surfaces.concrete(size, random)


def mat(size: Size, random: Random, light: Light) -> Image.Image:
    return surfaces.cutting_mat(size, random)


def felt(color: Color) -> Table:
    return lambda size, random, light: surfaces.felt(size, random, color)


def notebook(color: Color, rotation: float, *, ruled: int = 0, grid: int = 0, ink: Color | None = None) -> Table:
    """A sheet lying on wood; with writing on it when there is an ink."""

    def table(size: Size, random: Random, light: Light) -> Image.Image:
        picture = surfaces.wood(size, random, color)
        sheet = surfaces.sheet((round(size[0] * 0.74), round(size[1] * 0.95)), random, ruled=ruled, grid=grid)
        if ink:
            step = ruled or 64
            surfaces.handwriting(sheet, random, ink, left=sheet.width // 6, top=step * 3, lines=9, step=step)
        surfaces.lay(picture, sheet, (round(size[0] * 0.5), round(size[1] * 0.52)), rotation, light, 7)
        return picture

    return table


def paper(size: Size, random: Random, light: Light) -> Image.Image:
    return surfaces.sheet(size, random, color=(238, 236, 230)).convert("RGB")


def notes(color: Color) -> Table:
    """Sticky notes on a table."""

    def table(size: Size, random: Random, light: Light) -> Image.Image:
        picture = surfaces.wood(size, random, color)
        places = (
            (0.2, 0.26, 7.0, (246, 222, 96)),
            (0.82, 0.7, -11.0, (244, 158, 176)),
            (0.86, 0.2, 4.0, (160, 214, 226)),
        )
        for x, y, rotation, tint in places:
            note = surfaces.sheet((round(size[0] * 0.2),) * 2, random, color=tint)
            surfaces.handwriting(note, random, (60, 60, 80), left=30, top=110, lines=3, step=70)
            surfaces.lay(picture, note, (round(size[0] * x), round(size[1] * y)), rotation, light, 6)
        return picture

    return table


SCENES = (
    Scene(
        "desk-01.jpg", (960, 720), boards(OAK),
        (Thing(pencil(YELLOW), 0.42, 0.38, 0.62, 24), Thing(click_pen(NAVY), 0.58, 0.66, 0.52, -12)),
        Light(235), warmth=0.04,
    ),
    Scene(
        "desk-02.JPG", (1024, 768), boards(WALNUT),
        (
            Thing(pencil(RED, eraser=False), 0.36, 0.5, 0.56, 78),
            Thing(pencil(NAVY, eraser=False, dip=WHITE), 0.5, 0.47, 0.6, 97),
            Thing(fountain_pen(BLACK), 0.72, 0.52, 0.5, 63),
        ),
        Light(300, 38), warmth=0.05,
    ),
    Scene(
        "evening lamp.jpg", (1152, 864), notebook(WALNUT, -8, ruled=52, ink=(40, 50, 110)),
        (Thing(fountain_pen(PLUM), 0.62, 0.6, 0.44, -37),),
        Light(210, 30), warmth=0.16, exposure=0.88, grain=9,
    ),
    Scene(
        "notebook/page 1.jpg", (800, 600), notebook(OAK, 5, grid=46),
        (Thing(pencil(GREEN), 0.44, 0.44, 0.56, 152), Thing(stick_pen(WHITE, BLUE), 0.64, 0.68, 0.5, 172)),
        Light(250, 50),
    ),
    Scene(
        "notebook/page 2.jpg", (800, 600), notebook(BEECH, -4, ruled=48, ink=(50, 50, 56)),
        (Thing(pencil(BLACK), 0.56, 0.56, 0.58, 205),),
        Light(120, 48), warmth=-0.03,
    ),
    Scene(
        "still-life.jpg", (960, 720), felt((70, 74, 84)),
        (
            Thing(pencil(YELLOW), 0.4, 0.52, 0.58, 35),
            Thing(marker(ORANGE), 0.56, 0.5, 0.36, -50),
            Thing(pencil(RED), 0.58, 0.66, 0.52, 8),
        ),
        Light(255, 44), warmth=0.03,
    ),
    Scene(
        "still-life.png", (640, 480), paper,
        (
            Thing(pencil(BLUE, eraser=False, dip=YELLOW), 0.48, 0.36, 0.66, -14),
            Thing(click_pen(RED), 0.5, 0.66, 0.56, 6),
        ),
        Light(225, 46), grain=0,
    ),
    Scene(
        "workshop/mat.jpg", (1024, 768), mat,
        (
            Thing(pencil(ORANGE, stub=True), 0.24, 0.34, 0.24, 118),
            Thing(marker(BLACK), 0.5, 0.62, 0.34, 22),
            Thing(marker(TEAL), 0.66, 0.36, 0.33, -28),
            Thing(pencil(YELLOW, eraser=False), 0.34, 0.72, 0.46, -64),
        ),
        Light(280, 45),
    ),
    Scene(
        "workshop/bench.v2.jpg", (1024, 768), concrete,
        (
            Thing(pencil(RED, stub=True), 0.3, 0.3, 0.2, 15),
            Thing(pencil(RED, eraser=False), 0.48, 0.54, 0.6, -20),
            Thing(stick_pen(BLACK, BLACK), 0.7, 0.72, 0.42, 48),
        ),
        Light(40, 40), warmth=-0.05,
    ),
    Scene(
        "workshop/cropped.jpg", (800, 600), concrete,
        (Thing(pencil(GREEN), 0.06, 0.42, 0.7, 196), Thing(click_pen(TEAL), 0.92, 0.66, 0.62, 12)),
        Light(90, 46), exposure=1.05,
    ),
    Scene(
        "meeting #3.jpg", (1152, 864), notes(BEECH),
        (
            Thing(click_pen(BLACK, trim=(214, 180, 110)), 0.5, 0.42, 0.4, 66),
            Thing(click_pen(WHITE), 0.38, 0.7, 0.42, -22),
            Thing(stick_pen((222, 168, 60), RED), 0.66, 0.5, 0.42, 100),
        ),
        Light(200, 52), warmth=0.02,
    ),
    Scene(
        "연필 두 자루.jpg", (800, 600), boards(BEECH),
        (Thing(pencil(NAVY), 0.46, 0.46, 0.64, 38), Thing(pencil(YELLOW), 0.54, 0.52, 0.62, 142)),
        Light(270, 36), warmth=0.06,
    ),
    Scene("workshop/nothing on the mat.jpg", (800, 600), mat, (), Light(230, 48)),
    Scene("desk-empty.png", (512, 384), paper, (), Light(215, 40), warmth=0.05, grain=0),
)  # fmt: skip
