"""CARD.md and croissant.json: what a dataset says of itself to those who meet it alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256

import pytest
from tests.dataset.manifests import World, failed, line, plan_of, unlabeled

from labelround.dataset.card import card as card_of
from labelround.dataset.convert import convert
from labelround.dataset.report import Origin
from labelround.errors import StorageFull
from labelround.spec.model import OutputFormat
from labelround.storage import Bucket, Folder

ENTRIES = [
    line("a.jpg", ("pen", 10, 10, 20, 20), ("pen", 90, 70, 20, 20), ("pencil", 5, 5, 0, 5)),
    line("b.jpg", ("pencil", 1, 2, 3, 4)),
    line("c.jpg"),
    failed("d.jpg"),
    unlabeled("e.jpg"),
]
ORIGIN = Origin("team-a/pens-1", "CC-BY-4.0", 3)


def card(world: World) -> str:
    return world.files()["CARD.md"].decode()


def test_the_card_tells_what_is_in_the_dataset_and_where_it_comes_from() -> None:
    """Name, licence, round, jobs, workers, states, classes, splits, drops and digests."""
    world = World()

    report = world.convert(ENTRIES, origin=ORIGIN)

    text = card(world)
    assert text.startswith("# pens-1\n\nObject detection in YOLO format: 3 images with 3 bounding boxes of 2 classes.")
    for row in (
        "| Licence | CC-BY-4.0 |",
        f"| Digest | sha256 {report.digest} |",
        "| Images | s3://pictures/pens/images/ |",
        "| Round | team-a/pens-1 |",
        "| Labeling jobs | pens |",
        "| Workers for each image | 3 |",
        f"| Digest of the manifests | sha256 {report.inputs_digest} |",
        "| output.manifest | pens | 5 | 4 |",
        "| 0 | pencil | 1 |",
        "| 1 | pen | 2 |",
    ):
        assert f"{row}\n" in text
    assert "5 images asked for: 2 labeled, 1 without objects, 1 failed, 1 unlabeled." in text
    assert "4 boxes were read, 3 written, and 1 left out (1 no area)." in text


def test_the_card_has_the_hashes_of_all_fixed_files() -> None:
    """As sha256sum has them."""
    world = World()

    report = world.convert(ENTRIES)

    files = world.files()
    rows = dict(re.findall(r"^\| (\S+) \| ([0-9a-f]{64}) \|$", card(world), re.MULTILINE))
    assert rows == {name: sha256(files[name]).hexdigest() for name in report.files}


def test_a_dataset_that_no_manifest_made_has_no_table_of_them() -> None:
    """As one that is put together from others."""
    report = World().convert(ENTRIES)

    text = card_of(replace(report, manifests=()), {}).decode()

    assert "label attribute" not in text
    assert "with the reason where one is missing.\n\n## What is in it\n" in text


def test_what_is_not_known_is_said_to_be_so() -> None:
    """A conversion of manifests knows no round and no licence."""
    world = World()

    report = world.convert(ENTRIES)

    text = card(world)
    assert text.startswith(f"# dataset {report.digest[:12]}\n")
    assert "| Licence | not stated; ask whoever made the dataset before you pass it on |" in text
    assert "| Round | none: converted without one |" in text
    assert "| Workers for each image | not known |" in text
    assert "license" not in json.loads(world.files()["croissant.json"])


@pytest.mark.parametrize("output_format", OutputFormat)
def test_every_output_format_is_described(output_format: OutputFormat) -> None:
    """By both files, with the word that the spec has for it, and with a way to train."""
    world = World()

    report = world.convert(ENTRIES, output_format=output_format, origin=ORIGIN)

    text, croissant = card(world), json.loads(world.files()["croissant.json"])
    assert f"Object detection in {output_format.value} format" in text
    assert croissant["description"].startswith(f"Object detection in {output_format.value} format")
    assert "labelround.load" in text
    assert set(report.described) == {"CARD.md", "croissant.json"}


def test_how_to_train_is_told_for_each_trainer() -> None:
    """The file that it is given."""
    yolo, darknet, ndjson = World(), World(), World()
    yolo.convert(ENTRIES)
    darknet.convert(ENTRIES, output_format=OutputFormat.DARKNET)
    ndjson.convert(ENTRIES, output_format=OutputFormat.NDJSON)

    texts = card(yolo), card(darknet), card(ndjson)

    assert "yolo detect train data=data.yaml" in texts[0]
    assert "start Darknet in this folder, and give it `obj.data`" in texts[1]
    assert "yolo detect train data=dataset.ndjson" in texts[2]


def test_names_cannot_dress_the_card_up() -> None:
    """A class is a person's text: no markup, no HTML, no row of a table, no line of its own."""
    world = World()
    name = "<img src=x onerror=alert(1)> | [a](javascript:x) `b` \n# c"

    world.convert([line("a.jpg", (name, 1, 2, 3, 4))], labels=(name,))

    (row,) = [row for row in card(world).splitlines() if row.startswith("| 0 |")]
    assert row == (r"| 0 | \<img src=x onerror=alert(1)\> \| \[a\](javascript:x) \`b\` \\n\# c | 1 |")
    assert json.loads(world.files()["croissant.json"])["recordSet"][0]["data"] == [
        {"classes/id": 0, "classes/name": name}
    ]


def test_the_report_vouches_for_the_descriptions() -> None:
    """By their SHA-256, since the digest, which they tell, cannot hold them."""
    world = World()

    report = world.convert(ENTRIES, origin=ORIGIN)

    files = world.files()
    assert report.described == {name: sha256(files[name]).hexdigest() for name in ("CARD.md", "croissant.json")}


def test_the_digest_does_not_depend_on_who_describes_the_dataset() -> None:
    """The same labels have the same digest under another licence and in another round."""
    one, other = World(), World()

    digests = one.convert(ENTRIES, origin=ORIGIN).digest, other.convert(ENTRIES).digest

    assert digests[0] == digests[1]
    assert card(one) != card(other)


def test_another_licence_is_written_into_a_dataset_that_is_there() -> None:
    """Though nothing else changes."""
    world = World()
    world.convert(ENTRIES, origin=ORIGIN)
    before = world.files()

    world.convert(ENTRIES, origin=Origin("team-a/pens-1", "MIT", 3))

    changed = {name for name, content in world.files().items() if before[name] != content}
    assert changed == {"CARD.md", "croissant.json", "report.json"}
    assert "| Licence | MIT |" in card(world)


def test_several_licences_are_no_page_of_one() -> None:
    """Croissant has the page of a single licence, and else the expression."""
    found = []
    for licence in ("CC-BY-4.0", "MIT OR Apache-2.0", "LicenseRef-Ours"):
        world = World()
        world.convert(ENTRIES, origin=Origin(license=licence))
        found.append(json.loads(world.files()["croissant.json"])["license"])

    assert found == ["https://spdx.org/licenses/CC-BY-4.0.html", "MIT OR Apache-2.0", "LicenseRef-Ours"]


def test_folders_of_a_machine_stay_out_of_the_card() -> None:
    """Of a local manifest only the name is told; an address in S3 is."""
    world = World()
    sources = [
        replace(world.source([line("a.jpg", ("pen", 1, 2, 3, 4))], "a"), name="/somewhere/private/output.manifest"),
        replace(world.source([line("b.jpg", ("pen", 1, 2, 3, 4))], "b", attempt=1), name="s3://b/k/output.manifest"),
    ]

    convert(plan_of(*sources), world.output, world.buckets)

    assert "somewhere" not in card(world)
    assert "| output.manifest | pens | 1 | 1 |\n| s3://b/k/output.manifest | pens | 1 | 1 |" in card(world)


class Full(Bucket):
    """A bucket that has no room for a report."""

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        if key.endswith("report.json"):
            raise StorageFull(self.uri(key), "no space left")
        super().write(key, content, if_absent=if_absent)


def test_the_descriptions_are_there_before_the_report() -> None:
    """A complete dataset is always described; an interrupted one is taken up again."""
    world = World()
    full = Full(world.bucket.name, world.bucket.store)

    with pytest.raises(StorageFull):
        convert(plan_of(world.source(ENTRIES)), Folder(full, world.prefix), world.buckets)

    before = world.files()
    assert {"CARD.md", "croissant.json"} <= before.keys()
    report = world.convert(ENTRIES)
    assert world.files().keys() == {*before, "report.json"} - {".labelround-unfinished.txt"}
    assert set(report.described) <= world.files().keys()


def test_a_signature_goes_when_another_dataset_comes() -> None:
    """A conversion that finds its dataset there leaves it."""
    world = World()
    world.convert(ENTRIES)
    world.output.write("report.json.sig", b"signature")

    world.convert(ENTRIES)
    kept = "report.json.sig" in world.files()
    world.convert(ENTRIES[1:])

    assert kept
    assert "report.json.sig" not in world.files()
