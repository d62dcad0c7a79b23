"""What a job's UI template tells the people who label, as plain text: nothing of it is executed or sent as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_PARTS = {"short-instructions": "short", "full-instructions": "full"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BREAKS = {"p", "div", "br", "li", "ul", "ol", "tr", "table", *_HEADINGS}
_UNSEEN = {"script", "style", "template", "iframe", "object", "noscript"}
_ADDRESS = re.compile(r"""["'](s3://[^"']+)["']""")
MAX_TEMPLATE_CHARACTERS = 1 << 16
MAX_BLOCKS = 200
MAX_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the instructions; `kind` is `heading`, `text`, `item` or `example` (a picture that is named)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Instructions:
    """The header above the picture, and the short and the full instructions, in order."""

    header: str = ""
    short: tuple[Block, ...] = ()
    full: tuple[Block, ...] = ()


def read_instructions(template: str) -> Instructions:
    """The instructions in the beginning of a template. Whatever is not understood is left out."""
    reader = _Reader()
    try:
        reader.feed(template[:MAX_TEMPLATE_CHARACTERS])
    except Exception:  # noqa: BLE001 what the parser trips over is its own to know; an AssertionError is among it
        return Instructions()
    reader.end()
    blocks = {part: tuple(_tidy(found))[:MAX_BLOCKS] for part, found in reader.blocks.items()}
    return Instructions(reader.header, blocks["short"], blocks["full"])


@dataclass
class _Reader(HTMLParser):
    """Collects text, with the element that it stands in."""

    header: str = ""
    blocks: dict[str, list[Block]] = field(default_factory=lambda: {"short": [], "full": []})
    part: str = ""
    kind: str = "text"
    unseen: int = 0
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "crowd-bounding-box" and not self.header:
            self.header = _plain(values.get("header") or "")
        elif tag in _PARTS:
            self._end_block()
            self.part = _PARTS[tag]
        elif tag in _UNSEEN:
            self.unseen += 1
        elif tag == "img":
            self._end_block()
            self._example(values)
        elif tag in _BREAKS:
            self._end_block()
            self.kind = "heading" if tag in _HEADINGS else "item" if tag == "li" else "text"

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in _PARTS or tag in _BREAKS:
            self._end_block()
            self.kind = "text"
            self.part = "" if tag in _PARTS else self.part

    def handle_data(self, data: str) -> None:
        if self.part and not self.unseen:
            self.text.append(data)

    def end(self) -> None:
        """Instead of `close`, which looks for the end of each tag that has none, in time that grows with its square."""
        self._end_block()

    def _end_block(self) -> None:
        if self.part:
            self.blocks[self.part].append(Block(self.kind, "".join(self.text)))
        self.text = []

    def _example(self, values: dict[str, str | None]) -> None:
        """A picture among the instructions, by what it is called and where it lies."""
        if not self.part or self.unseen:
            return
        address = _ADDRESS.search(values.get("src") or "")
        told = [values.get("alt") or "Example", address[1] if address else ""]
        self.blocks[self.part].append(Block("example", ": ".join(filter(None, told))))


def _tidy(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        if text := _plain(block.text):
            yield Block(block.kind, text[:MAX_CHARACTERS])


def _plain(text: str) -> str:
    """Without the white space of the file, and without what cannot be printed."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())
