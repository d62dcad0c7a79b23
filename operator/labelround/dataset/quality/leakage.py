"""Pictures of `val` and `test` that a model has seen in training, or that it is judged by twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from labelround.dataset.existing import SPLITS, Dataset
from labelround.dataset.preview.of_dataset import source_ref
from labelround.dataset.quality.fingerprints import Fingerprint, fingerprint, require_extra
from labelround.errors import Failed, StorageDenied, StorageError
from labelround.images import BadImage
from labelround.images.raster import without_warnings
from labelround.parallel import in_threads
from labelround.progress import Progress
from labelround.wording import counted

THREADS = 8
"""Each may hold a whole picture of 40 MB."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A picture of a later split, and the nearest one that an earlier split has of it.

    `same_bytes` tells whether the files are equal; `distance` is in bits of the look, 0 for equal files.
    """

    image_file: str
    split: str
    twin: str
    twin_split: str
    same_bytes: bool
    distance: int

    def __str__(self) -> str:
        how = "is the same file as" if self.same_bytes else f"looks like (distance {self.distance})"
        return f"{self.image_file} ({self.split}) {how} {self.twin} ({self.twin_split})"


@dataclass(frozen=True, slots=True)
class Leakage:
    """What was found. `distance` is the most that two looks may differ, None when only equal files were looked for.

    `compared` pictures were read, `held_out` of them are in val or test, and `leaked` of those have a twin in an
    earlier split. `unread` says of the others why they could not be. `leaks` has one entry for each picture and each
    earlier split with a twin.
    """

    distance: int | None
    compared: int
    held_out: int
    leaked: int
    leaks: tuple[Leak, ...]
    unread: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of held-out pictures that leak; 0 when there are none."""
        return self.leaked / self.held_out if self.held_out else 0.0

    def __str__(self) -> str:
        """How many leak."""
        unread = f", {len(self.unread)} could not be read" if self.unread else ""
        return (
            f"{self.leaked} of {counted(self.held_out, 'held-out picture')} (val and test)"
            f" {'has' if self.leaked == 1 else 'have'} a twin in an earlier split"
            f" ({self.share:.1%}; {counted(self.compared, 'picture')} compared{unread})"
        )


def leakage(dataset: Dataset, read: Callable[[str], bytes], progress: Progress, distance: int | None) -> Leakage:
    """Read every picture once by `read(source_ref)` and compare those of different splits.

    Raises MissingExtra when a `distance` is given and the packages for it are not installed, and Failed when no picture
    could be read.
    """
    if distance is not None:
        require_extra()
    prints, unread = _fingerprints(dataset, read, progress, look=distance is not None)
    if unread and not prints:
        raise Failed(f"no picture could be read, so none can be compared; the first: {unread[0]}")
    by_split = {
        split: {file: prints[file] for file in sorted({entry.image_file for entry in listed}) if file in prints}
        for split, listed in dataset.splits.items()
    }
    leaks = [
        leak
        for earlier, later in combinations([split for split in SPLITS if split in by_split], 2)
        for leak in _between(by_split, earlier, later, distance)
    ]
    held_out = {(split, file) for split in SPLITS[1:] for file in by_split.get(split, ())}
    return Leakage(
        distance=distance,
        compared=len(prints),
        held_out=len(held_out),
        leaked=len({(leak.split, leak.image_file) for leak in leaks}),
        leaks=tuple(sorted(leaks, key=lambda leak: (SPLITS.index(leak.split), leak.image_file, leak.twin_split))),
        unread=tuple(unread),
    )


def _fingerprints(
    dataset: Dataset, read: Callable[[str], bytes], progress: Progress, *, look: bool
) -> tuple[dict[str, Fingerprint], list[str]]:
    """The fingerprint of every listed picture by its path in the dataset, and why others have none."""
    entries = {entry.image_file: source_ref(dataset, entry) for entry in dataset.listed() if entry.image_file}

    def of(item: tuple[str, str]) -> tuple[str, Fingerprint | str]:
        image_file, address = item
        try:
            return image_file, fingerprint(read(address), look=look)
        except BadImage as error:
            return image_file, f"{image_file}: {error}"
        except StorageDenied:
            raise
        except StorageError as error:
            return image_file, f"{image_file}: {error}"

    prints: dict[str, Fingerprint] = {}
    unread: list[str] = []
    progress.start("reading pictures", len(entries), "images")
    with without_warnings():
        for image_file, found in in_threads(of, entries.items(), THREADS):
            progress.advance()
            if isinstance(found, Fingerprint):
                prints[image_file] = found
            else:
                unread.append(found)
    return prints, unread


def _between(
    by_split: Mapping[str, Mapping[str, Fingerprint]], earlier: str, later: str, distance: int | None
) -> Iterator[Leak]:
    """The pictures of a later split with a twin in an earlier one."""
    known: dict[bytes, str] = {}
    for file, print_ in by_split[earlier].items():
        known.setdefault(print_.digest, file)
    rest: list[str] = []
    for file, print_ in by_split[later].items():
        twin = known.get(print_.digest)
        if twin is None:
            rest.append(file)
        else:
            yield Leak(file, later, twin, earlier, same_bytes=True, distance=0)
    if distance is None or not rest:
        return
    yield from _alike(by_split, earlier, later, rest, distance)


def _alike(
    by_split: Mapping[str, Mapping[str, Fingerprint]], earlier: str, later: str, rest: Sequence[str], distance: int
) -> Iterator[Leak]:
    """Those of `rest`, pictures of the later split, that look like one of the earlier."""
    import numpy as np

    from labelround.dataset.quality.nearest import nearest

    others = list(by_split[earlier])
    looks = np.array([by_split[later][file].look for file in rest], dtype=np.uint64)
    places, distances = nearest(
        looks, np.array([by_split[earlier][file].look for file in others], dtype=np.uint64), distance
    )
    for file, place, bits in zip(rest, places.tolist(), distances.tolist(), strict=True):
        if place >= 0:
            yield Leak(file, later, others[place], earlier, same_bytes=False, distance=bits)
