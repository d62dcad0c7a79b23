"""The numbers of a dataset as one HTML page that holds its pictures and needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from labelround.dataset.preview.style import STYLE, swatch
from labelround.dataset.quality.agreement import Agreement, percent
from labelround.dataset.quality.figures import GRID
from labelround.dataset.quality.found import FoundBox
from labelround.dataset.quality.leakage import Leak, Leakage
from labelround.dataset.quality.suspicion import Suspicion
from labelround.dataset.stats import ClassStats, DatasetStats

KINDS: Mapping[Suspicion, str] = {
    Suspicion.TINY: "Tiny boxes",
    Suspicion.HUGE: "Huge boxes",
    Suspicion.FULL_IMAGE: "Boxes around the whole picture",
    Suspicion.OVERLAP: "Boxes on another of their class",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a `data:` address, and why there is none where that is empty."""

    address: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is known; None is what was not asked for."""

    numbers: DatasetStats
    leakage: Leakage | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of the first suspicious boxes of each kind, and of the first leaks with their twins."""

    boxes: tuple[tuple[FoundBox, Shown], ...]
    leaks: tuple[tuple[Leak, Shown, Shown], ...]


_STYLE = (
    STYLE
    + """\
h2 { margin: 2rem 0 .6rem; font-size: 1.1rem; }
h2 + p { margin-bottom: .6rem; }
.totals { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin-top: 1rem; }
.totals li, .pictures > li, .map { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.totals li { padding: .6rem .8rem; }
.totals strong { display: block; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th { color: var(--dim); font-weight: 500; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
td .swatch { display: inline-block; margin-right: .5em; }
.bar { display: inline-block; width: 8rem; height: .6em; margin-left: .6em; border-radius: 3px;
  background: var(--line); }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--class, #1d8fe1); }
.map { display: grid; grid-template-columns: repeat(var(--grid), 1fr); gap: 2px; width: 17rem; max-width: 100%;
  padding: 2px; overflow: hidden; }
.map span { display: grid; place-items: center; aspect-ratio: 4 / 3; font-size: .8rem; border-radius: 3px;
  background: rgb(29 143 225 / var(--part)); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1rem;
  align-items: start; }
.pictures > li { overflow: hidden; }
.pictures .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; }
.pictures img, .missing { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  background: #77777722; }
.missing { display: grid; place-items: center; padding: 1rem; color: var(--dim); font-size: .8rem;
  overflow-wrap: anywhere; }
.about { padding: .55rem .8rem .7rem; font-size: .88rem; overflow-wrap: anywhere; }
.about strong { display: block; font-weight: 600; }
"""
)
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Even if a name found its way around the escaping, nothing on the page would run or fetch anything."""


def page(findings: Findings, pictures: Pictures) -> str:
    """The page. Every text that is not ours is escaped."""
    numbers, leakage = findings.numbers, findings.leakage
    parts = [_totals(numbers, leakage), _classes(numbers), _spreads(numbers), _places(numbers)]
    parts += [*_suspicious(numbers, pictures), *_leaks(leakage, pictures), *_agreement(findings.agreement)]
    title = escape(f"Quality of {numbers.dataset}")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p>{escape(numbers.format)} dataset. Sizes are in pixels of the stored pictures.</p>
{"".join(parts)}
</body>
</html>
"""


def _totals(numbers: DatasetStats, leakage: Leakage | None) -> str:
    cards = [
        (f"{numbers.total:,}", "images"),
        (f"{numbers.background:,}", "without boxes"),
        (f"{numbers.boxes:,}", "boxes"),
        *((f"{count:,}", f"images in {split}") for split, count in numbers.splits.items()),
        *((f"{numbers.states[state]:,}", f"{state} images") for state in ("failed", "unlabeled") if numbers.states),
        (f"{numbers.suspicious.boxes:,}", "suspicious boxes"),
    ]
    if leakage is not None:
        cards.append((f"{leakage.share:.1%}", "of val and test leak"))
    items = "".join(f"<li><strong>{escape(number)}</strong>{escape(what)}</li>" for number, what in cards)
    return f'<ul class="totals">{items}</ul>'


def _classes(numbers: DatasetStats) -> str:
    splits = list(numbers.splits)
    head = "".join(f"<th>{escape(name)}</th>" for name in ("class", "share of boxes", "boxes", *splits, "images"))
    rows = "".join(_class(each, numbers.boxes, splits) for each in numbers.classes)
    return f"<h2>Classes</h2><div class=scroll><table><tr>{head}</tr>{rows}</table></div>"


def _class(each: ClassStats, boxes: int, splits: list[str]) -> str:
    share = each.boxes / boxes if boxes else 0.0
    counts = "".join(
        f"<td>{count:,}</td>" for count in (each.boxes, *map(each.splits.__getitem__, splits), each.images)
    )
    return (
        f'<tr><td>{swatch(each.class_id)}<span class="name">{each.class_id} {escape(each.name)}</span></td>'
        f'<td>{share:.1%}<span class="bar"><i style="width:{share:.1%}"></i></span></td>{counts}</tr>'
    )


def _spreads(numbers: DatasetStats) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{text}</td>' for text in spread.texts())}</tr>"
        for name, spread in numbers.spreads()
    )
    sizes = ", ".join(f"{count:,} {name}" for name, count in (numbers.shapes.sizes or {}).items())
    told = f"<p>Boxes by COCO's sizes: {escape(sizes)}.</p>" if sizes else ""
    head = "<tr><th></th><th>min</th><th>median</th><th>max</th></tr>"
    return f"<h2>Boxes</h2>{told}<div class=scroll><table>{head}{rows}</table></div>"


def _places(numbers: DatasetStats) -> str:
    """The grid of centers, the darker the more."""
    if not numbers.boxes:
        return ""
    most = max(max(row) for row in numbers.shapes.centers)
    cells = "".join(
        f'<span style="--part:{count / most * 0.8:.2f}">{count:,}</span>'
        for row in numbers.shapes.centers
        for count in row
    )
    return f'<h2>Where the centers of boxes lie</h2><div class="map" style="--grid:{GRID}">{cells}</div>'


def _suspicious(numbers: DatasetStats, pictures: Pictures) -> Iterator[str]:
    limits = numbers.suspicious.limits
    said = {
        Suspicion.TINY: f"A side is under {limits.tiny:g} of the picture's.",
        Suspicion.HUGE: f"They cover {limits.huge:g} of the picture or more.",
        Suspicion.FULL_IMAGE: "",
        Suspicion.OVERLAP: f"Their intersection over union is {limits.overlap:g} or more.",
    }
    for kind, title in KINDS.items():
        count = numbers.suspicious.counts[kind]
        shown = [(found, picture) for found, picture in pictures.boxes if found.kind is kind]
        if count:
            yield f"<h2>{title}: {count:,}</h2><p>{escape(said[kind])}{_of(len(shown), count)}</p>"
            items = "".join(
                f'<li>{_picture(picture)}<div class="about"><strong>{escape(found.image_file)}</strong>'
                f"{escape(found.box)}</div></li>"
                for found, picture in shown
            )
            yield f'<ul class="pictures">{items}</ul>'


def _leaks(leakage: Leakage | None, pictures: Pictures) -> Iterator[str]:
    if leakage is None:
        return
    yield f"<h2>Leaks across splits</h2><p>{escape(str(leakage))}.{_of(len(pictures.leaks), len(leakage.leaks))}</p>"
    items = "".join(
        f'<li><div class="pair">{_picture(one)}{_picture(twin)}</div><div class="about">{escape(str(leak))}</div></li>'
        for leak, one, twin in pictures.leaks
    )
    yield f'<ul class="pictures">{items}</ul>'


def _agreement(agreement: Agreement | None) -> Iterator[str]:
    """By class, and the pictures on which workers agree least."""
    if agreement is None:
        return
    told = f"{agreement.compared:,} of {agreement.images:,} pictures were labeled by several workers."
    head = "<tr><th>class</th><th>boxes compared</th><th>agreement</th><th>overlap</th></tr>"
    rows = "".join(
        f'<tr><td><span class="name">{escape(each.name)}</span></td><td>{each.boxes:,}</td>'
        f"<td>{percent(each.agreement)}</td><td>{percent(each.overlap)}</td></tr>"
        for each in agreement.classes
    )
    yield f"<h2>Agreement of workers</h2><p>{told}</p><div class=scroll><table>{head}{rows}</table></div>"
    least = "".join(f"<li>{escape(ref)}: {percent(level)}</li>" for ref, level in agreement.lowest)
    yield f"<p>Least on:</p><ul>{least}</ul>" if least else ""


def _of(shown: int, count: int) -> str:
    return f" The first {shown:,} of {count:,}." if shown < count else ""


def _picture(shown: Shown) -> str:
    if not shown.address:
        return f'<span class="missing">{escape(shown.missing)}</span>'
    return f'<img src="{escape(shown.address)}" alt="" loading="lazy">'
