"""What holds for any rounds: merging is associative and idempotent, and what is settled stays under any growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cumulative.rounds import Rounds, column, rows
from tests.dataset.manifests import failed, line, table_rows, unlabeled

from labelround.dataset.cumulative import MergeResult, compare
from labelround.spec.model import Split
from labelround.storage import Folder
from labelround.uri import ObjectURI

CLASSES = ("pencil", "pen", "cap")
PLACES = {
    ObjectURI("pictures", "pens/images/"): ("x.jpg", "x_jpg.jpg", "z.jpg"),
    ObjectURI("pictures", "more/"): ("X.jpg", "y/z.png", "z.png"),
    ObjectURI("other", ""): ("x.txt/y.jpg", "X.jpg/y.jpg", "x_JPG.jpg", "z.jpg"),
}
"""Images of different places share names; those of one do not, so that every round calls an image alike."""


few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
box = st.tuples(
    st.sampled_from(CLASSES), *(st.integers(0, 60) | st.floats(0, 60, width=32),) * 2, *(st.integers(1, 9),) * 2
)
drawing = st.lists(box, max_size=2) | st.sampled_from(["failed", "unlabeled"])


def drawings(files: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """What a round has made of some files; not all of them may be left over."""
    some = st.dictionaries(st.sampled_from(files), drawing, min_size=1, max_size=4)
    return some.filter(lambda drawn: any(one != "unlabeled" for one in drawn.values()))


def entry(address: str, drawn: Any) -> Mapping[str, Any]:
    """One line of an output manifest."""
    if drawn == "unlabeled":
        return unlabeled("") | {"source-ref": address}
    return (failed("") if drawn == "failed" else line("", *drawn)) | {"source-ref": address}


@st.composite
def made_rounds(draw: st.DrawFn, count: int) -> tuple[Rounds, list[Folder], str]:
    """Some rounds with their classes in any order, of images that overlap or share names; and the split's groups."""
    rounds, folders = Rounds(), []
    group_by = draw(st.sampled_from(["", "[xX]"]))
    for _ in range(count):
        place = draw(st.sampled_from(list(PLACES)))
        lines = [entry(f"{place}{file}", drawn) for file, drawn in draw(drawings(PLACES[place])).items()]
        labels = tuple(draw(st.permutations(CLASSES)))
        split = Split(draw(st.integers(1, 9)), draw(st.integers(0, 9)), draw(st.integers(0, 5)), group_by=group_by)
        folders.append(rounds.round(lines, labels=labels, images_prefix=place, split=split))
    return rounds, folders, group_by


def contents(result: MergeResult) -> dict[str, bytes]:
    """All files of a version but those that tell how it came about."""
    told = {"report.json", "CARD.md", "conflicts.csv"}
    return {meta.key: result.folder.read(meta.key) for meta in result.folder.list() if meta.key not in told}


@few
@given(made_rounds(3))
def test_merging_is_associative(made: tuple[Rounds, list[Folder], str]) -> None:
    """At once, one by one, the first two first, the last two first: the same bytes and the same digest."""
    rounds, (a, b, c), group_by = made
    at_once = rounds.merge("at-once", a, b, c, group_by=group_by)

    for one in (a, b, c):
        one_by_one = rounds.merge("one-by-one", one, group_by=group_by)
    left = rounds.merge("left", rounds.merge("a-b", a, b, group_by=group_by).folder, c, group_by=group_by)
    right = rounds.merge("right", a, rounds.merge("b-c", b, c, group_by=group_by).folder, group_by=group_by)

    assert contents(one_by_one) == contents(left) == contents(right) == contents(at_once)
    assert one_by_one.version.digest == left.version.digest == right.version.digest == at_once.version.digest


@few
@given(made_rounds(2))
def test_merging_is_idempotent(made: tuple[Rounds, list[Folder], str]) -> None:
    """What was merged, merged again, makes no version; nor does a dataset merged with itself."""
    rounds, (a, b), _ = made
    first = rounds.merge("d", a, b)

    again, once_more, both = rounds.merge("d", a, b), rounds.merge("d", b), rounds.merge("twice", a, a, b, b)

    assert not again.made
    assert not once_more.made
    assert again.version == once_more.version == first.version
    assert both.version.digest == first.version.digest


@few
@given(made_rounds(4))
def test_what_is_settled_stays_under_any_growth(made: tuple[Rounds, list[Folder], str]) -> None:
    """Splits, names and class ids of a version are those of every later one, and no labeled image goes."""
    rounds, folders, group_by = made
    versions = [rounds.merge("d", folder, group_by=group_by) for folder in folders]

    for before, after in pairwise(versions):
        assert after.report.classes[: len(before.report.classes)] == before.report.classes
        old, new = ({row["source_ref"]: row for row in rows(one)} for one in (before, after))
        assert old.keys() <= new.keys()
        for ref, row in old.items():
            assert new[ref]["image"] == row["image"]
            assert not row["split"] or (new[ref]["split"], bool(new[ref]["label_file"])) == (row["split"], True)


@few
@given(made_rounds(3))
def test_no_group_straddles_two_splits(made: tuple[Rounds, list[Folder], str]) -> None:
    """Here, all images with an x in their name are one."""
    rounds, folders, _ = made

    merged = rounds.merge("d", *folders, group_by="[xX]")

    splits = {row["split"] for row in rows(merged) if row["split"] and "x" in row["image"]}
    assert len(splits) <= 1


@few
@given(made_rounds(3))
def test_every_name_is_another_whatever_a_file_system_takes_for_one(made: tuple[Rounds, list[Folder], str]) -> None:
    """And every label file; none is where a folder is."""
    rounds, folders, _ = made

    merged = rounds.merge("d", *folders)

    names = list(column_by_ref(merged, "image").values())
    labels = [name.rpartition(".")[0].lower() + ".txt" for name in names]
    above = {"/".join(name.lower().split("/")[:n]) for name in names for n in range(1, name.count("/") + 1)}
    assert len({name.lower() for name in names}) == len(set(labels)) == len(names)
    assert not above & {*labels, *(name.lower() for name in names)}


def column_by_ref(result: MergeResult, name: str) -> dict[str, str]:
    return {row["source_ref"]: row[name] for row in rows(result)}


@few
@given(made_rounds(2))
def test_a_dataset_does_not_differ_from_itself(made: tuple[Rounds, list[Folder], str]) -> None:
    """And seen from the other side, what was added was removed."""
    rounds, (a, b), _ = made
    merged = rounds.merge("d", a, b)

    same, there, back = compare(merged.folder, merged.folder), compare(a, b), compare(b, a)

    assert same.is_same
    assert same.boxes.unchanged == merged.report.boxes.written
    assert same.images.unchanged == merged.version.images
    assert (there.added, there.removed, there.changed) == (back.removed, back.added, back.changed)
    assert (there.boxes.added, there.boxes.removed) == (back.boxes.removed, back.boxes.added)
    assert (there.boxes.changed, there.boxes.unchanged) == (back.boxes.changed, back.boxes.unchanged)


@pytest.mark.parametrize("order", ["abc", "bca", "cab"])
def test_the_seeded_hash_puts_an_image_where_it_puts_it_in_its_round(order: str) -> None:
    """Rounds that split alike agree, so nothing moves whichever comes first."""
    rounds = Rounds()
    split = Split(60, 40)
    made = {name: rounds.round([line(f"{name}{n}.jpg") for n in range(30)], split=split) for name in "abc"}
    own = [row for folder in made.values() for row in rows_of(folder)]

    merged = rounds.merge("d", *(made[name] for name in order))

    assert column(merged, "split") == {row["image"]: row["split"] for row in own}


def rows_of(folder: Folder) -> list[dict[str, str]]:
    return table_rows(folder.read("images.csv"))
