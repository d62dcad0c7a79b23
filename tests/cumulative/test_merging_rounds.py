"""Rounds add up to one dataset: the latest labels count, and what was once settled stays."""

from __future__ import annotations

from tests.cumulative.rounds import Rounds, boxes, column, counts, rows
from tests.dataset.manifests import failed, line, table_rows, unlabeled

from labelround.dataset.existing import open_dataset
from labelround.dataset.report import Origin
from labelround.dataset.validate import validate
from labelround.progress import NoProgress
from labelround.spec.model import OutputFormat, Split
from labelround.uri import ObjectURI

PEN = ("pen", 10, 10, 20, 20)
PENCIL = ("pencil", 5.25, 5, 30.125, 20)
OTHER = ObjectURI("other", "")


def test_rounds_add_up() -> None:
    """Images of both, boxes exactly as they were drawn, classes in the order in which they came."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN), line("b.jpg", PENCIL)])
    second = rounds.round([line("c.jpg", ("cap", 1, 2, 3, 4))], labels=("cap", "pen"))

    made = rounds.merge("d", first, second)

    assert made.made
    assert made.report.classes == ("pencil", "pen", "cap")
    assert boxes(made) == [
        ("a.jpg", "pen", "10", "10", "20", "20"),
        ("b.jpg", "pencil", "5.25", "5", "30.125", "20"),
        ("c.jpg", "cap", "1", "2", "3", "4"),
    ]
    assert made.folder.read("labels/c.txt").startswith(b"2 ")
    assert counts(made.report) == (3, 3)


def test_the_latest_round_wins_an_image_and_the_conflict_is_listed() -> None:
    """Wholly: none of the earlier boxes is left."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN, PENCIL), line("b.jpg", PEN)])
    second = rounds.round([line("a.jpg", PENCIL), line("b.jpg", PEN)])

    made = rounds.merge("d", first, second)

    assert [box[:2] for box in boxes(made)] == [("a.jpg", "pencil"), ("b.jpg", "pen")]
    assert made.conflicts == 1
    assert rows(made, "conflicts.csv") == [
        {
            "source_ref": "s3://pictures/pens/images/a.jpg",
            "image": "a.jpg",
            "kept": second.uri(),
            "kept_boxes": "1",
            "other": first.uri(),
            "other_boxes": "2",
        }
    ]


def test_what_a_later_round_failed_at_is_not_taken_away() -> None:
    """And what it did where the earlier had failed counts."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN), line("b.jpg", PEN), failed("c.jpg"), failed("d.jpg", "first")])
    second = rounds.round([failed("a.jpg"), unlabeled("b.jpg"), line("c.jpg", PEN), unlabeled("d.jpg")])

    made = rounds.merge("d", first, second)

    states = {"a.jpg": "labeled", "b.jpg": "labeled", "c.jpg": "labeled", "d.jpg": "failed"}
    assert column(made, "state") == states
    assert column(made, "reason")["d.jpg"] == "first"
    assert made.conflicts == 0


def test_a_confirmed_background_image_takes_earlier_boxes_away() -> None:
    """A worker has said that there is nothing."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN)]), rounds.round([line("a.jpg")])

    made = rounds.merge("d", first, second)

    assert boxes(made) == []
    assert column(made, "state") == {"a.jpg": "empty"}
    assert made.folder.read("labels/a.txt") == b""
    assert made.conflicts == 1


def test_a_second_drawing_of_the_same_is_no_conflict_and_nothing_new() -> None:
    """In whatever order the boxes were drawn."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN, PENCIL)]), rounds.round([line("a.jpg", PENCIL, PEN)])
    made = rounds.merge("d", first)

    again = rounds.merge("d", second)

    assert not again.made
    assert again.version == made.version


def test_rounds_with_shuffled_classes_keep_the_first_ones_ids() -> None:
    """Three rounds, each with another order; class ids in the label files follow the first that names a class."""
    rounds = Rounds()
    orders = [("pen", "pencil"), ("cap", "pencil", "pen"), ("pencil", "brush", "pen", "cap")]
    made = [
        rounds.round([line(f"{n}{label}.jpg", (label, 1, 1, 9, 9)) for label in order], labels=order)
        for n, order in enumerate(orders)
    ]

    versions = [rounds.merge("d", one) for one in made]

    assert [one.report.classes for one in versions] == [
        ("pen", "pencil"),
        ("pen", "pencil", "cap"),
        ("pen", "pencil", "cap", "brush"),
    ]
    ids = {name: int(versions[2].folder.read(f"labels/{name[:-4]}.txt").split()[0]) for name, *_ in boxes(versions[2])}
    assert ids == {f"{n}{label}.jpg": orders_id(label) for n, order in enumerate(orders) for label in order}


def orders_id(label: str) -> int:
    return ("pen", "pencil", "cap", "brush").index(label)


def test_images_of_two_rounds_that_share_a_name_both_stay() -> None:
    """The first keeps it, for ever; the other gets its address hashed into the stem, whatever else is there."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN), line("b.jpg", PEN)])
    second = rounds.round([line("a.jpg") | {"source-ref": "s3://other/a.jpg"}], images_prefix=OTHER)
    third = rounds.round([line("a.jpg") | {"source-ref": "s3://other/B.png"}], images_prefix=OTHER)

    made = rounds.merge("d", first, second, third)

    names = {row["source_ref"]: row["image"] for row in rows(made)}
    assert names == {
        "s3://pictures/pens/images/a.jpg": "a.jpg",
        "s3://pictures/pens/images/b.jpg": "b.jpg",
        "s3://other/a.jpg": "a_c2a9178d.jpg",
        "s3://other/B.png": "B_b7817dbd.png",
    }
    assert made.report.renamed == 2
    assert "2 images cannot keep the name in the dataset; images.csv gives the new one" in made.report.warnings


def test_every_version_tells_all_images_with_another_name() -> None:
    """Also those that had it before, in the version before or in their own round."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN), line("b.jpg", PEN), line("b.png", PEN)])
    second = rounds.round([line("a.jpg", PEN) | {"source-ref": "s3://other/a.jpg"}], images_prefix=OTHER)
    third = rounds.round([line("c.jpg", PEN)])

    versions = [rounds.merge("d", one) for one in (first, second, third)]

    assert [version.report.renamed for version in versions] == [1, 2, 2]
    assert versions[2].report.renames == rounds.merge("at once", first, second, third).report.renames
    assert "2 images cannot keep the name in the dataset; images.csv gives the new one" in versions[2].report.warnings


def test_the_version_is_a_dataset_like_any_other() -> None:
    """Valid to the digest, for each layout that there is."""
    rounds = Rounds()
    first = rounds.round([line("train.jpg", PEN), line("images/groups.csv.jpg", PENCIL)])

    for kind in OutputFormat:
        made = rounds.merge(kind.value, first, output_format=kind)

        found = validate(open_dataset(made.folder), NoProgress(), images=False)
        assert {finding.rule.value for finding in found.findings} == {"not-pulled"}
        assert found.boxes == 2


def test_another_format_is_another_version() -> None:
    """With the same images; and it stays when none is named."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN)]), rounds.round([line("b.jpg", PEN)])
    rounds.merge("d", first)

    made = rounds.merge("d", first, output_format=OutputFormat.DARKNET)
    later = rounds.merge("d", second)

    assert (made.version.number, made.version.images) == (2, 1)
    assert later.report.format == "Darknet"
    assert later.folder.read("a.txt") == made.folder.read("a.txt")


def test_an_image_keeps_its_split_when_a_later_round_says_another() -> None:
    """So does a group; a new image of it goes where the group is."""
    rounds = Rounds()
    train, val = Split(100, 0, group_by="^[^_]+"), Split(0, 100, group_by="^[^_]+")
    first = rounds.round([line("cam1_1.jpg"), line("cam2_1.jpg")], split=train)
    second = rounds.round(
        [line("cam1_1.jpg", PEN), line("cam1_2.jpg"), line("cam3_1.jpg"), line("cam4.jpg")], split=val
    )

    made = rounds.merge("d", first, second)

    splits = column(made, "split")
    own = {row["image"]: row["split"] for row in table_rows(first.read("images.csv"))}
    assert {name: splits[name] for name in own} == own
    assert splits["cam1_2.jpg"] == own["cam1_1.jpg"]
    assert column(made, "group", "groups.csv") == {
        "cam1_1.jpg": "cam1",
        "cam1_2.jpg": "cam1",
        "cam2_1.jpg": "cam2",
        "cam3_1.jpg": "cam3",
        "cam4.jpg": "cam4.jpg",
    }


def test_a_group_is_known_again_in_a_later_version() -> None:
    """Also when a prefix that says less of it is the later round's."""
    rounds = Rounds()
    first = rounds.round([line("cam1/1.jpg"), line("cam2/1.jpg")], split=Split(50, 50, group_by="^[^/]+"))
    rounds.merge("d", first)
    own = {row["image"]: row["split"] for row in table_rows(first.read("images.csv"))}
    second = rounds.round([line(f"{cam}/{n}.jpg") for cam in ("cam1", "cam2") for n in (2, 3)], split=Split(0, 100))

    made = rounds.merge("d", second)

    splits = {row["image"]: row["split"] for row in rows(made)}
    assert {name: splits[f"{name[:5]}1.jpg"] for name in splits} == splits
    assert {splits[name] for name in own} == {"train", "val"}


def test_without_images_to_validate_with_both_lists_name_the_same() -> None:
    """No image moves for that, so that none has to move back."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg")]), rounds.round([line("b.jpg"), line("c.jpg")], split=Split(50, 50))

    alone = rounds.merge("d", first)
    both = rounds.merge("d", second)

    assert alone.folder.read("train.txt") == alone.folder.read("val.txt") == b"./images/a.jpg\n"
    assert any("the splits train and val list the same" in warning for warning in alone.report.warnings)
    assert column(both, "split")["a.jpg"] == "train"
    assert b"a.jpg" not in both.folder.read("val.txt")
    assert not any("list the same" in warning for warning in both.report.warnings)


def test_a_merged_dataset_can_be_merged() -> None:
    """Two teams each keep one."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN)]), rounds.round([line("b.jpg", PEN)])
    team, other = rounds.merge("team", first), rounds.merge("other", second)

    made = rounds.merge("d", team.folder, other.folder)

    assert made.version.digest == rounds.merge("e", first, second).version.digest


def test_only_new_rounds_are_read() -> None:
    """Those that were merged last, in this order, were read already; it is as if they were merged again."""
    rounds = Rounds()
    first, second = rounds.round([line("a.jpg", PEN)]), rounds.round([line("b.jpg", PEN)])
    rounds.merge("d", first)
    first.delete("annot.csv")

    made = rounds.merge("d", first, second)

    assert made.version.images == 2
    assert [one.dataset for one in made.version.sources] == [second.uri()]


def test_the_card_names_the_rounds_and_keeps_their_licences() -> None:
    """All that was merged, once each; a dataset without a round by its digest."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", ("pen", 1, 2, 30, 40))], origin=Origin("team-a/pens-1", "CC-BY-4.0"))
    second = rounds.round([line("b.jpg", ("pen", 1, 2, 30, 40))], origin=Origin("", "MIT OR Apache-2.0"))
    digest = rounds.merge("alone", second).report.digest

    version = rounds.merge("merged", rounds.merge("one", first).folder, second)

    assert version.report.options.origin.merged == ("team-a/pens-1", f"dataset {digest[:12]}")
    assert version.report.options.origin.license == "CC-BY-4.0 AND (MIT OR Apache-2.0)"
    card = version.folder.read("CARD.md").decode()
    assert f"| Merged from | team-a/pens-1, dataset {digest[:12]} |" in card
    assert "| manifest |" not in card


def test_a_licence_says_each_thing_once_however_often_is_merged() -> None:
    """The same whether datasets are merged at once or one by one; what a choice offers stays one."""
    rounds = Rounds()
    licences = ["MIT", "CC-BY-4.0 AND MIT", "MIT OR Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT"]
    made = [
        rounds.round([line(f"{number}.jpg", PEN)], origin=Origin("", licence))
        for number, licence in enumerate(licences)
    ]

    for one in made:
        last = rounds.merge("one by one", one)

    at_once = rounds.merge("at once", *made)
    assert last.report.options.origin.license == at_once.report.options.origin.license
    assert at_once.report.options.origin.license == (
        "(Apache-2.0 WITH LLVM-exception) AND CC-BY-4.0 AND MIT AND (MIT OR Apache-2.0)"
    )


def test_a_round_without_a_licence_leaves_the_merged_dataset_without_one() -> None:
    """Nobody may pass on what not everybody allowed."""
    rounds = Rounds()
    allowed = rounds.round([line("a.jpg", ("pen", 1, 2, 30, 40))], origin=Origin("", "CC-BY-4.0"))
    unknown = rounds.round([line("b.jpg", ("pen", 1, 2, 30, 40))])

    version = rounds.merge("merged", allowed, unknown)

    assert version.report.options.origin.license == ""
    assert version.report.quality is not None


def test_a_licence_that_is_stated_later_counts_in_a_new_folder() -> None:
    """A version does not know which of its rounds had none."""
    rounds = Rounds()
    lines = [line("a.jpg", PEN)]
    unknown, stated = rounds.round(lines), rounds.round(lines, origin=Origin("", "CC-BY-4.0"))
    rounds.merge("old", unknown)

    found = [rounds.merge(folder, stated).report.options.origin.license for folder in ("old", "new")]

    assert found == ["", "CC-BY-4.0"]
