"""What the pages of a dataset have in common: colors by day and by night, text, and the color of a class."""

from __future__ import annotations

from labelround.dataset.preview.palette import color, css

STYLE = """
:root { color-scheme: light dark; --back: #f6f6f4; --card: #fff; --text: #1b1b1a; --dim: #6a6a66; --line: #deded8; }
@media (prefers-color-scheme: dark) {
  :root { --back: #161617; --card: #212123; --text: #ececea; --dim: #9c9c98; --line: #38383b; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem clamp(1rem, 3vw, 3rem) 3rem; background: var(--back); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: 0; color: var(--dim); }
ul { list-style: none; margin: 0; padding: 0; }
.swatch { flex: none; width: .8em; height: .8em; border-radius: 3px; background: var(--class); }
.name { overflow-wrap: anywhere; white-space: pre-wrap; }
.number { color: var(--dim); font-variant-numeric: tabular-nums; white-space: nowrap; }
"""


def swatch(class_id: int) -> str:
    """A spot in the color that the boxes of a class are drawn in."""
    return f'<span class="swatch" style="--class:{css(color(class_id))}"></span>'
