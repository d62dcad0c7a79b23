"""What cannot be merged is told before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.cumulative.rounds import Rounds, files
from tests.dataset.manifests import line

from labelround.errors import InvalidInput, Unavailable
from labelround.spec.model import OutputFormat, Split
from labelround.storage import Folder

PEN = ("pen", 10, 10, 20, 20)


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Folder], None]:
    """Changes a file of a dataset."""

    def change(folder: Folder) -> None:
        content = folder.read(name)
        assert old in content
        folder.write(name, content.replace(old, new, 1))

    return change


BROKEN = {
    "no report": (lambda folder: folder.delete("report.json"), "report.json: is not there: the folder holds no"),
    "a report of something else": (lambda folder: folder.write("report.json", b"{}"), "is not a report of this"),
    "no boxes": (lambda folder: folder.delete("annot.csv"), "annot.csv: is not there; merge datasets as labelround"),
    "a box too few": (replaced("annot.csv", b"a.jpg,pen,10,10,20,20,100,80\n", b""), "does not hold the 1 boxes of a"),
    "a box too many": (lambda folder: folder.write("annot.csv", folder.read("annot.csv") * 2), "cannot be read"),
    "another class": (replaced("annot.csv", b"a.jpg,pen", b"a.jpg,quill"), "annot.csv:2: the class 'quill' is none"),
    "no number": (replaced("annot.csv", b"pen,10", b"pen,ten"), "annot.csv:2: cannot be read"),
    "not a number": (replaced("annot.csv", b"pen,10", b"pen,nan"), "annot.csv:2: cannot be read (a number is not fin"),
    "an address that is none": (replaced("images.csv", b"s3://", b"http://"), "'http://pictures/pens/images/a.jpg'"),
    "an image twice": (replaced("images.csv", b"images/b.jpg", b"images/a.jpg"), "images/a.jpg twice, or not in the"),
    "a state that is none": (replaced("images.csv", b"labeled", b"beheld"), "the state or split is unknown"),
    "a failed image with a split": (replaced("images.csv", b"labeled", b"failed"), "state, split and size do not fit"),
    "a size that no image has": (
        replaced("images.csv", b"100,80", b"100,9223372036854775808"),
        "state, split and size do not fit",
    ),
    "an image more than the report knows": (
        lambda folder: folder.write("images.csv", folder.read("images.csv") + b"s3://x/y.jpg,y.jpg,,,failed,0,,,\n"),
        "counts 2 images and 2 boxes, but the tables hold 3 and 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_a_dataset_that_is_not_as_it_was_written_is_refused(change: Callable[[Folder], None], message: str) -> None:
    """The file is named, with its line where there is one; nothing is written."""
    rounds = Rounds()
    sound, broken = rounds.round([line("c.jpg", PEN)]), rounds.round([line("a.jpg", PEN), line("b.jpg", PEN)])
    change(broken)

    with pytest.raises(InvalidInput) as caught:
        rounds.merge("d", sound, broken)

    assert message in str(caught.value)
    assert files(rounds.folder("d")) == {}


def test_all_broken_datasets_are_told_at_once() -> None:
    """The first problem of each."""
    rounds = Rounds()
    broken = [rounds.round([line(f"{name}.jpg", PEN)]) for name in "abc"]
    for folder in (broken[0], broken[2]):
        replaced("images.csv", b"labeled", b"beheld")(folder)

    with pytest.raises(InvalidInput) as caught:
        rounds.merge("d", *broken)

    assert [problem.where for problem in caught.value.problems] == [
        broken[0].uri("images.csv"),
        broken[2].uri("images.csv"),
    ]


GROUPS = {
    "no columns": (
        lambda folder: folder.write("groups.csv", b"a\n"),
        "groups.csv: lacks the columns source_ref, group",
    ),
    "an image too few": (replaced("groups.csv", b"b.jpg,b\n", b"c.jpg,b\n"), "groups.csv: has 's3://pictures/pens/im"),
}


@pytest.mark.parametrize(("change", "message"), GROUPS.values(), ids=GROUPS)
def test_groups_that_are_not_as_they_were_written_are_refused(change: Callable[[Folder], None], message: str) -> None:
    """A group might else straddle two splits."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN), line("b.jpg", PEN)], split=Split(group_by="^."))
    made = rounds.merge("d", first)
    change(made.folder)

    with pytest.raises(InvalidInput) as caught:
        rounds.merge("d", rounds.round([line("c.jpg", PEN)]))

    assert message in str(caught.value)


def test_all_folders_that_hold_no_dataset_are_told_at_once() -> None:
    """And not one a run."""
    rounds = Rounds()

    with pytest.raises(InvalidInput) as caught:
        rounds.merge("d", rounds.folder("one"), rounds.round([line("a.jpg")]), rounds.folder("two"))

    assert [problem.where for problem in caught.value.problems] == [
        "s3://datasets/one/report.json",
        "s3://datasets/two/report.json",
    ]


def test_a_dataset_is_not_merged_into_itself() -> None:
    """Nor into a folder around it, or in it."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN)])
    made = rounds.merge("d", first)

    for output, source in (("d", made.folder), (f"{first.prefix}/d", first), ("rounds", first)):
        with pytest.raises(InvalidInput, match="lies in the output folder, or around it; choose another"):
            rounds.merge(output, source)


def test_the_groups_of_a_split_cannot_change_later() -> None:
    """Images of one new group may be in two splits already."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN)], split=Split(group_by="^."))
    rounds.merge("d", first)

    with pytest.raises(InvalidInput, match=r"groupBy: is 'x', but the dataset has been split by '\^\.' since its"):
        rounds.merge("d", first, group_by="x")


def test_a_class_that_a_format_cannot_name_is_refused() -> None:
    """Darknet's names are lines."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", ("two\nlines", 1, 1, 2, 2))], labels=("two\nlines",))

    with pytest.raises(InvalidInput, match=r"labels\[0\]: 'two\\nlines' has a line break"):
        rounds.merge("d", first, output_format=OutputFormat.DARKNET)


def test_a_dataset_that_changes_while_it_is_read_is_not_taken() -> None:
    """Its tables may be of two conversions."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN)]), rounds.round([line("b.jpg", PEN)])
    folder = Changing(first.bucket, first.prefix, other=second)

    with pytest.raises(Unavailable, match="was changed while it was read; run this again"):
        rounds.merge("d", folder)


@dataclass(frozen=True)
class Changing(Folder):
    """While its tables are read, another conversion comes to its end."""

    other: Folder | None = None

    def chunks(self, name: str) -> Iterator[bytes]:
        yield from super().chunks(name)
        if self.other is not None:
            self.write("report.json", self.other.read("report.json"))
