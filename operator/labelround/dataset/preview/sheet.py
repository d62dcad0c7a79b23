"""One HTML page of all previews, in need of nothing but the pictures beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from labelround.dataset.preview.style import STYLE, swatch


@dataclass(frozen=True, slots=True)
class Card:
    """One picture of the sheet. `file` is the PNG beside the sheet; `boxes` counts boxes by class id."""

    image: str
    source_ref: str
    file: str
    width: int
    height: int
    boxes: Counter[int]


_STYLE = (
    STYLE
    + """\
.classes { display: flex; flex-wrap: wrap; gap: .4rem .5rem; margin: 1rem 0 1.5rem; }
.classes li { display: flex; gap: .5em; max-width: 100%; align-items: center; padding: .25rem .65rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 99px; }
.none { opacity: .55; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem;
  align-items: start; }
.pictures > li { display: flex; flex-direction: column; overflow: hidden; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
.pictures a { display: block; background: #77777722; }
.pictures img { display: block; width: 100%; aspect-ratio: 4 / 3; height: auto; object-fit: contain; }
.about { padding: .65rem .8rem .8rem; }
.about strong { display: block; font-weight: 600; overflow-wrap: anywhere; }
.about .source { font-size: .8rem; overflow-wrap: anywhere; }
.about ul { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin-top: .4rem; font-size: .88rem; }
.about li { display: flex; gap: .4em; align-items: center; }
"""
)


def sheet(cards: Sequence[Card], labels: Sequence[str]) -> str:
    """The page: a legend of all classes with their counts, then the pictures."""
    totals: Counter[int] = Counter()
    for card in cards:
        totals.update(card.boxes)
    class_ids = sorted({*range(len(labels)), *totals})
    legend = "\n".join(_class(class_id, labels, totals[class_id]) for class_id in class_ids)
    pictures = "\n".join(_picture(card, labels) for card in cards)
    count = f"{_number(len(cards), 'picture')}, {_number(totals.total(), 'box', 'boxes')}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview: {count}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Preview</h1>
<p>{count}. Pictures are shown as they are stored, which is what the boxes refer to.</p>
<ul class="classes" aria-label="Classes">
{legend}
</ul>
<ul class="pictures">
{pictures}
</ul>
</body>
</html>
"""


def _class(class_id: int, labels: Sequence[str], boxes: int) -> str:
    fade = "" if boxes else ' class="none"'
    return (
        f"<li{fade}>{swatch(class_id)}<span class=number>{class_id}</span>"
        f"<span class=name>{escape(_label(class_id, labels))}</span><span class=number>{boxes:,}</span></li>"
    )


def _picture(card: Card, labels: Sequence[str]) -> str:
    file = escape(quote(card.file))
    counts = "".join(
        f"<li>{swatch(class_id)}<span class=name>{escape(_label(class_id, labels))}</span>"
        f"<span class=number>{boxes}</span></li>"
        for class_id, boxes in sorted(card.boxes.items())
    )
    source = "" if card.source_ref == card.image else f'<p class="source">{escape(card.source_ref)}</p>'
    return (
        f'<li><a href="{file}"><img src="{file}" width="{card.width}" height="{card.height}" loading="lazy" '
        f'alt="{escape(card.image)}"></a><div class="about"><strong>{escape(card.image)}</strong>{source}'
        f"<ul>{counts or '<li><span class=number>no objects</span></li>'}</ul></div></li>"
    )


def _label(class_id: int, labels: Sequence[str]) -> str:
    return labels[class_id] if 0 <= class_id < len(labels) else f"class {class_id}, which has no name"


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
