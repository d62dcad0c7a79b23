"""Parts whose split is settled only when all shards have told their images: few groups may have to move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from labelround.dataset.formats import IMAGES, list_file
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.shard import Tally
from labelround.dataset.split import LISTED, PART_WORDS, Cut, Part, group_of, place
from labelround.dataset.tables import IMAGE_COLUMNS, cell, long_cells, rows_of
from labelround.storage import Folder, local_bucket
from labelround.uri import SCHEME

_REF, _IMAGE, _SPLIT = map(IMAGE_COLUMNS.index, ("source_ref", "image", "split"))


@dataclass(frozen=True, slots=True)
class Recut:
    """The parts of a shard, `images.csv` and the lists made anew in `folder`; all others are those of `part`."""

    part: Folder
    folder: Path

    def chunks(self, name: str) -> Iterator[bytes]:
        """The file `name` as a stream of byte chunks."""
        anew = (self.folder / name).exists()
        return Folder(local_bucket(self.folder)).chunks(name) if anew else self.part.chunks(name)


def recut(parts: list[Folder], plan: ConversionPlan, prefix: str, cut: Cut, tally: Tally, scratch: Path) -> list[Recut]:
    """The parts with every image where `cut` puts it, counted anew in `tally`."""
    tally.splits = [0] * len(Part)
    return [_recut(part, plan, prefix, cut, tally, scratch / f"recut-{number}") for number, part in enumerate(parts)]


def _recut(part: Folder, plan: ConversionPlan, prefix: str, cut: Cut, tally: Tally, folder: Path) -> Recut:
    folder.mkdir()
    group = group_of(plan.split.group_by)
    with ExitStack() as stack:
        stack.enter_context(long_cells())
        images, *lists = (
            stack.enter_context((folder / name).open("w", encoding="utf-8", newline=""))
            for name in (IMAGES, *map(list_file, LISTED))
        )
        for row in rows_of(part.chunks(IMAGES)):
            if row[_SPLIT]:
                hashed = place(plan.split.seed, group(row[_REF][len(SCHEME) + len(prefix) :]))
                row[_SPLIT] = PART_WORDS[cut.part(hashed)]
                for one in cut.lists(cut.part(hashed)):
                    tally.splits[one] += 1
                    lists[LISTED.index(one)].write(plan.format.list_line(row[_IMAGE]))
            images.write(",".join(map(cell, row)) + "\n")
    return Recut(part, folder)
