"""One image from all that its lines say: label groups joined, the latest attempt of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from labelround.dataset.annotation import State
from labelround.dataset.boxes import Box
from labelround.dataset.counts import Drop, Joined
from labelround.dataset.index import Row
from labelround.dataset.reading import EVERY_GROUP

Contribution = tuple[int, list[Box]]
"""A source and the boxes it gave."""

_encode = msgspec.msgpack.Encoder().encode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
decode_contributions = msgspec.msgpack.Decoder(list[Contribution]).decode


class Image(msgspec.Struct, gc=False):
    """One image of the input. `width` and `height` are 0 when no line gives them.

    `contributions` is `list[Contribution]` in MessagePack, of `boxes` boxes in all; `note` is the reason of its state,
    or what else a person should know. `orientation` is 1 unless its header was read and says otherwise.
    """

    ref: str
    state: State
    width: int
    height: int
    contributions: bytes
    boxes: int
    note: str = ""
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Groups:
    """The label groups that an image may need, with what messages call them."""

    names: dict[int, str]

    def describe(self, group: int) -> str:
        """`the label group pens-1`, or its number."""
        return f"the label group {self.names.get(group) or group}"


class Joiner:
    """Joins sorted rows into images, counting the boxes that this leaves out and the lines that repeat others."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self.counts = Joined()

    def join(self, rows: Iterable[Row]) -> Iterator[Image]:
        """The images, in the order of the rows."""
        lines: list[Row] = []
        for row in rows:
            if lines and row.ref != lines[0].ref:
                yield self._image(lines)
                lines = [row]
            else:
                lines.append(row)
        if lines:
            yield self._image(lines)

    def _image(self, lines: list[Row]) -> Image:
        """The image of one or more lines."""
        first = lines[0]
        if len(lines) > 1 or first.group == EVERY_GROUP:
            return self._joined(first.ref, lines)
        return _image(first.ref, State(first.state), first, lines, first.reason)

    def _joined(self, ref: str, rows: list[Row]) -> Image:
        by_group: dict[int, list[Row]] = {}
        for row in rows:
            by_group.setdefault(row.group, []).append(row)
        if by_group.pop(EVERY_GROUP, None):
            for group in self._groups.names:
                by_group.setdefault(group, [])
        chosen = {group: self._latest(by_group[group]) for group in sorted(by_group)}
        state, reason = self._state(chosen)
        kept = [row for row in chosen.values() if row is not None]
        first = next((row for row in kept if row.width), kept[0] if kept else None)
        image = _image(ref, state, first, kept, reason)
        if not state.in_dataset:
            self.counts.drops[Drop.FAILED_IMAGE] += image.boxes
            image.contributions, image.boxes = _NOTHING, 0
        return image

    def _latest(self, rows: Sequence[Row]) -> Row | None:
        """The latest attempt that labeled the image, else the latest that failed; None when there is neither."""
        distinct = self._distinct(rows)
        best = max(distinct, key=_standing, default=None)
        for row in distinct:
            if row is not best:
                self.counts.drops[Drop.SUPERSEDED] += row.box_count
        return best

    def _distinct(self, rows: Sequence[Row]) -> list[Row]:
        """One row a source; lines that repeat another were found to say the same."""
        distinct: list[Row] = []
        for row in rows:
            if distinct and row.source >= 0 and row.source == distinct[-1].source:
                self.counts.repeated_lines += 1
                self.counts.drops[Drop.REPEATED_LINE] += row.box_count
            else:
                distinct.append(row)
        return distinct

    def _state(self, chosen: dict[int, Row | None]) -> tuple[State, str]:
        """The state of an image that needs all of these groups, and the reason when it is not in the dataset."""
        states = {group: State.UNLABELED if row is None else State(row.state) for group, row in chosen.items()}
        if states and all(state.in_dataset for state in states.values()):
            sizes = {(row.width, row.height) for row in chosen.values() if row is not None}
            if len(sizes) > 1:
                listed = " and ".join(f"{width} x {height}" for width, height in sorted(sizes))
                return State.FAILED, f"its label groups were drawn on pictures of different sizes: {listed}"
            return min(states.values()), ""
        if all(state is State.UNLABELED for state in states.values()):
            return State.UNLABELED, ""
        group = next(group for group, state in states.items() if not state.in_dataset)
        row = chosen[group]
        reason = row.reason if row is not None and states[group] is State.FAILED else "not labeled"
        return State.FAILED, reason if len(chosen) == 1 else f"{self._groups.describe(group)}: {reason}"


_NOTHING = _encode([])


def _standing(row: Row) -> tuple[bool, bool, int, int]:
    """Labeled before failed before neither; then by attempt."""
    state = State(row.state)
    return state.in_dataset, state is State.FAILED, row.attempt, row.source


def _image(ref: str, state: State, first: Row | None, rows: Sequence[Row], reason: str) -> Image:
    width, height = (first.width, first.height) if first is not None else (0, 0)
    with_boxes = [row for row in rows if row.box_count]
    if len(with_boxes) == 1:
        return Image(ref, state, width, height, with_boxes[0].boxes, with_boxes[0].box_count, reason)
    contributions = _encode([one for row in with_boxes for one in _decode_raw(row.boxes)])
    return Image(ref, state, width, height, contributions, sum(row.box_count for row in with_boxes), reason)
