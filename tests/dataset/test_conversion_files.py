"""A conversion as a file, from the operator to the pod."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround import __version__
from labelround.conversion import Conversion
from labelround.conversionfile import decode, encode
from labelround.dataset.convert import ConversionPlan, ManifestSource
from labelround.dataset.report import Origin
from labelround.errors import Failed
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Folder, Location, MemoryBuckets
from labelround.uri import ObjectURI

NAME = "s3://pictures/pens/conversion.json"
BUCKETS = MemoryBuckets()
TEXTS = st.text(max_size=20)
NUMBERS = st.integers(0, 2**31)
BUCKET_NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]", fullmatch=True)
OPENED = st.builds(BUCKETS.open, BUCKET_NAMES)
FOLDERS = st.builds(Folder, OPENED, TEXTS)
SOURCES = st.builds(
    ManifestSource, st.builds(Location, OPENED, TEXTS), TEXTS, st.none() | TEXTS, st.none() | NUMBERS, NUMBERS, TEXTS
)
MANY_SOURCES = st.lists(SOURCES, max_size=4).map(tuple)
PLANS = st.builds(
    ConversionPlan,
    sources=MANY_SOURCES,
    labels=st.lists(TEXTS, max_size=5).map(tuple),
    output_format=st.sampled_from(OutputFormat),
    owner=TEXTS,
    inputs=MANY_SOURCES,
    images_prefix=st.none() | st.builds(ObjectURI, BUCKET_NAMES, TEXTS),
    split=st.builds(Split, NUMBERS, NUMBERS, NUMBERS, NUMBERS, TEXTS),
    images_mode=st.sampled_from(ImagesMode),
    check_images=st.booleans(),
    previews=NUMBERS,
    origin=st.builds(Origin, TEXTS, TEXTS, NUMBERS),
)
CONVERSIONS = st.builds(Conversion, PLANS, FOLDERS, st.dictionaries(TEXTS, FOLDERS, max_size=3), NUMBERS)


def small(**job_tables: Folder) -> Conversion:
    """The conversion of one job."""
    bucket = BUCKETS.open("pictures")
    manifest = "pens/ground_truth_annots/pens-1/manifests/output/output.manifest"
    plan = ConversionPlan(
        sources=(ManifestSource(Location(bucket, manifest), f"s3://pictures/{manifest}", "boxes", 0, 1, "pens-1"),),
        labels=("pencil", "pen"),
        output_format=OutputFormat.YOLO,
        owner="uid-1",
        images_prefix=ObjectURI("pictures", "pens/images/"),
        origin=Origin("default/pens-1", "CC-BY-4.0", 3),
    )
    return Conversion(plan, Folder(bucket, "pens/yolo/"), job_tables)


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The file of the small conversion after a change by hand."""
    document = json.loads(encode(small()))
    change(document)
    return json.dumps(document).encode()


@given(CONVERSIONS)
def test_a_conversion_is_read_as_it_was_written(conversion: Conversion) -> None:
    """Whatever names, keys and numbers hold; and written again it has the same bytes."""
    content = encode(conversion)

    read = decode(content, BUCKETS, NAME)

    assert read == conversion
    assert encode(read) == content


def test_the_order_of_tables_does_not_show() -> None:
    """Two operators that look at the same round write the same file."""
    one, other = (Folder(BUCKETS.open("pictures"), name) for name in ("one/", "other/"))

    assert encode(small(one=one, other=other)) == encode(small(other=other, one=one))


def test_the_file_can_be_read_by_people() -> None:
    """Every choice is spelled out, and every place is an address."""
    document = json.loads(encode(small()))

    assert document == {
        "version": 1,
        "round": "default/pens-1",
        "owner": "uid-1",
        "output": "s3://pictures/pens/yolo/",
        "outputFormat": "YOLO",
        "labels": ["pencil", "pen"],
        "imagesPrefix": "s3://pictures/pens/images/",
        "images": "Reference",
        "checkImages": True,
        "previews": 0,
        "split": {"train": 80, "val": 20, "test": 0, "seed": 0, "groupBy": ""},
        "license": "CC-BY-4.0",
        "workersPerImage": 3,
        "shards": 1,
        "outputs": [
            {
                "manifest": "s3://pictures/pens/ground_truth_annots/pens-1/manifests/output/output.manifest",
                "name": "s3://pictures/pens/ground_truth_annots/pens-1/manifests/output/output.manifest",
                "attribute": "boxes",
                "group": 0,
                "attempt": 1,
                "job": "pens-1",
            }
        ],
        "inputs": [],
        "jobTables": {},
    }


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "Input data was truncated", id="nothing"),
        pytest.param(b"\xff", "JSON is malformed", id="no text"),
        pytest.param(b"[]", "Expected `object`, got `array`", id="no object"),
        pytest.param(b'{"version": true}', "Expected `int`, got `bool` - at `$.version`", id="no version"),
        pytest.param(changed(lambda one: one.pop("labels")), "missing required field `labels`", id="a field less"),
        pytest.param(changed(lambda one: one.update(extra=1)), "contains unknown field `extra`", id="a field more"),
        pytest.param(
            changed(lambda one: one["split"].update(part=1)), "unknown field `part` - at `$.split`", id="one inside"
        ),
        pytest.param(changed(lambda one: one.update(outputFormat="VOC")), "Invalid enum value 'VOC'", id="a format"),
        pytest.param(changed(lambda one: one.update(output="/here")), "'/here' is not an S3 address", id="a path"),
    ],
)
def test_what_is_not_known_is_refused(content: bytes, what: str) -> None:
    """By name, with what is wrong and what to do; a conversion is never guessed."""
    with pytest.raises(Failed) as refused:
        decode(content, BUCKETS, NAME)

    message = str(refused.value)
    assert message.startswith(f"{NAME}: is no conversion that labelround {__version__} knows (")
    assert what in message
    assert message.endswith("); delete it and the conversion's Job; the operator writes it anew")


def test_a_file_of_another_version_is_refused_as_such() -> None:
    """Even when nothing else in it can be read: the image of the pod is not the operator's."""
    with pytest.raises(Failed) as refused:
        decode(b'{"version": 2, "pods": 3}', BUCKETS, NAME)

    assert str(refused.value) == (
        f"{NAME}: is of version 2, and labelround {__version__} reads version 1;"
        " run it with the labelround that wrote it"
    )
