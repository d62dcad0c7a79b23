"""Wrong input: every line is named with its number and what to do, and nothing is written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.manifests import BUCKET, PREFIX, World, failed, line, manifest, plan_of, unlabeled

from labelround.dataset.classes import UnknownClasses
from labelround.dataset.convert import convert
from labelround.dataset.lines import MAX_LINE_BYTES, read_lines
from labelround.errors import InvalidManifest
from labelround.spec.model import OutputFormat, Split

GOOD = line("a.jpg", ("pen", 10, 10, 20, 20))
BOX = {"class_id": 0, "left": 1, "top": 1, "width": 5, "height": 5}


def refused(content: bytes | Sequence[Mapping[str, Any]], **options: Any) -> list[str]:
    """The problems with a manifest, which must leave the output untouched."""
    world = World()
    with pytest.raises(InvalidManifest) as caught:
        world.convert(content, **options)
    assert world.files() == {}
    return [str(problem) for problem in caught.value.problems]


def changed(**attribute: Any) -> dict[str, Any]:
    """A good line whose attribute has other members; None takes one out."""
    entry = line("b.jpg", ("pen", 10, 10, 20, 20))
    entry["pens"] = {key: value for key, value in {**entry["pens"], **attribute}.items() if value is not None}
    return entry


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"source-ref":"s3://pictures/pens/im', "is not valid JSON"),
        (b"pictures/a.jpg", "is not valid JSON (invalid character (byte 0))"),
        (b'["s3://pictures/a.jpg"]', "is JSON but not an object"),
        (b'"s3://pictures/a.jpg"', "is JSON but not an object"),
        (b'{"source-ref":"s3://pictures/a.jpg"} {}', "is not valid JSON (trailing characters"),
        (b"\xef\xbb\xbf" + manifest([unlabeled("b.jpg")]).strip(), "begins with a byte order mark"),
        (b'{"source-ref":"s3://pictures/pens/images/\xff.jpg"}', "is not valid UTF-8 (byte "),
        (json.dumps(unlabeled("b.jpg")).encode("utf-16"), "is UTF-16 or UTF-32"),
        (gzip.compress(manifest([GOOD])).replace(b"\n", b""), "is compressed with gzip"),
        (b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "longer than 100,000 characters"),
        (b'{"a":' + b"[" * 45_000 + b"]" * 45_000 + b"}", "is not valid JSON (nested too deeply)"),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', "longer than 100,000 characters"),
        (b'{"a":"' + "한".encode() * 100_000 + b'"}', "longer than 100,000 characters"),
        (b'{"source":"some text"}', "holds text (source), not an image"),
        (b"{}", "has no source-ref"),
        (b'{"source-ref":17}', "source-ref: expected a text, got a whole number"),
        (b'{"source-ref":"pictures/a.jpg"}', "source-ref: 'pictures/a.jpg' is not the address of an image"),
        (b'{"source-ref":"https://pictures/a.jpg"}', "is not the address of an image"),
        (b'{"source-ref":"s3://pictures"}', "is not the address of an image"),
        (b'{"source-ref":"s3://pictures/folder/"}', "is not the address of an image"),
        (b'{"source-ref":"s3://pictures/other/a.jpg"}', "is not below the images prefix s3://pictures/pens/images/"),
        (b'{"source-ref":"s3://pictures/pens/images/a.TXT"}', "is named like a label file"),
    ],
)
def test_a_line_that_is_no_manifest_line_is_named(text: bytes, message: str) -> None:
    """By its number, between two good lines."""
    (problem,) = refused(manifest([GOOD]) + text + b"\n" + manifest([line("c.jpg")]))

    assert problem.startswith("output.manifest:2: ")
    assert message in problem


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (changed(annotations=None), "pens: object missing required field annotations"),
        (changed(annotations={}), "pens.annotations: expected a list, got an object"),
        (changed(annotations=[{**BOX, "left": "7"}]), "pens.annotations[0].left: expected a number, got a text"),
        (changed(annotations=[BOX, {**BOX, "top": None}]), "pens.annotations[1].top: expected a number, got null"),
        (changed(annotations=[{**BOX, "width": True}]), "pens.annotations[0].width: expected a number, got bool"),
        (changed(annotations=[{"class_id": 0}]), "pens.annotations[0]: object missing required field left"),
        (changed(annotations=[{**BOX, "class_id": 1.5}]), "pens.annotations[0].class_id: expected a whole number"),
        (changed(annotations=[{**BOX, "class_id": 7}]), "pens: class_id 7 is not in the line's class-map"),
        (changed(annotations=[{**BOX, "class_id": -1}]), "pens: class_id -1 is not in the line's class-map"),
        (changed(image_size=None), "pens: object missing required field image_size"),
        (changed(image_size=[]), "pens.image_size is empty"),
        (changed(image_size=[{"width": 0, "height": 80}]), "pens.image_size[0] is 0 x 80, not a number of pixels"),
        (changed(image_size=[{"width": 100, "height": 0.5}]), "pens.image_size[0] is 100 x 0.5"),
        (changed(image_size=[{"width": -100, "height": 80}]), "pens.image_size[0] is -100 x 80"),
        (changed(image_size=[{"width": 1e300, "height": 80}]), "pens.image_size[0] is 1e+300 x 80"),
        (
            changed(image_size=[{"width": 100, "height": 80}, {"width": 80, "height": 100}]),
            "pens.image_size holds sizes that differ",
        ),
        ({**line("b.jpg"), "pens-metadata": None}, "has pens without pens-metadata"),
        ({**unlabeled("b.jpg"), "pens-metadata": {}}, "has pens-metadata with no failure-reason, but no pens"),
        ({**line("b.jpg"), "pens-metadata": []}, "pens-metadata: expected an object, got a list"),
    ],
)
def test_what_a_box_is_made_of_must_be_right(entry: dict[str, Any], message: str) -> None:
    """The message says where in the line, in words."""
    (problem,) = refused([GOOD, entry])

    assert problem.startswith("output.manifest:2: ")
    assert message in problem


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "0x10"])
def test_a_coordinate_must_be_finite(number: str) -> None:
    """JSON has no infinity, and what overflows is one."""
    text = json.dumps(changed(annotations=[{**BOX, "left": 4711}])).replace("4711", number)

    (problem,) = refused(manifest([GOOD]) + text.encode() + b"\n")

    assert problem.startswith("output.manifest:2: ")


def test_a_manifest_that_was_cut_in_the_middle_is_named_as_such() -> None:
    """At any byte of its last line."""
    whole = manifest([GOOD, line("b.jpg", ("pen", 1, 1, 5, 5))])
    start = whole.index(b"\n") + 1

    for end in range(start + 1, len(whole) - 1):
        (problem,) = refused(whole[:end])
        assert problem.startswith("output.manifest:2: is cut off: the file ends in the middle of it")


def test_a_whole_last_line_needs_no_newline() -> None:
    """Nothing of it is missing."""
    report = World().convert(manifest([GOOD, line("b.jpg")])[:-1])

    assert report.images.total == 2


def test_twenty_problems_are_shown_and_all_are_counted() -> None:
    """The message stays readable, whatever the file is."""
    world = World()
    lines = [GOOD, *({"source-ref": number} for number in range(50))]

    with pytest.raises(InvalidManifest) as caught:
        world.convert(lines)

    assert caught.value.total == 50
    assert [problem.where for problem in caught.value.problems] == [f"output.manifest:{n}" for n in range(2, 22)]
    assert str(caught.value).endswith("... and 30 more of 50 problems")


def test_all_unknown_classes_are_told_at_once() -> None:
    """By class id, with how many boxes have them and where each is first."""
    lines = [GOOD, line("b.jpg", ("rubber", 1, 1, 5, 5), ("ink", 1, 1, 5, 5)), line("c.jpg", ("ink", 1, 1, 5, 5))]

    (problem,) = refused(lines)

    assert problem.startswith(
        "labels: do not name these classes of boxes: 'rubber' (1 boxes, first at output.manifest:2),"
    )
    assert "'ink' (2 boxes, first at output.manifest:2); add what is missing to 'pencil', 'pen', at its end" in problem


def test_without_labels_the_names_that_were_found_are_told() -> None:
    """In the order of class ids, then as first seen, for the caller to use."""
    world = World()

    with pytest.raises(UnknownClasses) as caught:
        world.convert([line("b.jpg", ("rubber", 1, 1, 5, 5), ("ink", 1, 1, 5, 5)), GOOD], labels=())

    assert caught.value.names == ("rubber", "pen", "ink")
    assert world.files() == {}


def test_without_labels_or_boxes_there_are_no_names_to_tell() -> None:
    """A manifest of background images alone."""
    (problem,) = refused([line("a.jpg")], labels=())

    assert problem.startswith("labels: no classes were named, and the manifests have no boxes")


def test_an_empty_manifest_is_no_output_of_a_labeling_job() -> None:
    """Whether it has no line or only blank ones."""
    assert refused(b"")[0].startswith("output.manifest: is empty")
    assert refused(b"\n \n\r\n")[0].startswith("output.manifest: is empty")


def test_an_input_manifest_holds_no_annotations() -> None:
    """The message says which file is meant."""
    lines = [unlabeled("a.jpg"), unlabeled("b.jpg")]

    assert refused(lines) == ["output.manifest: holds no annotations; name the output manifest of a labeling job"]


def test_several_attributes_of_boxes_are_listed() -> None:
    """An adjusted job leaves two: the user decides."""
    both = line("a.jpg", ("pen", 1, 1, 5, 5), **line("a.jpg", ("pen", 2, 2, 5, 5), attribute="adjusted"))

    assert refused([both]) == [
        "output.manifest: holds several attributes of boxes: pens, adjusted; name the one to convert (--attribute)"
    ]


def test_a_second_attribute_is_seen_wherever_it_begins() -> None:
    """The last line of many is enough."""
    lines = [line(f"{number}.jpg") for number in range(2000)]
    lines.append(line("last.jpg", **line("last.jpg", attribute="adjusted")))

    assert "several attributes of boxes: pens, adjusted" in refused(lines)[0]


def test_an_attribute_that_is_nowhere_is_an_error_that_names_those_there() -> None:
    """A typing mistake must not make an empty dataset."""
    world = World()

    with pytest.raises(InvalidManifest) as caught:
        convert(plan_of(world.source([GOOD], attribute="pen")), world.output, world.buckets)

    assert (
        "holds no attribute 'pen', but pens (groundtruth/object-detection); name one that is there (--attribute)"
        in str(caught.value)
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("groundtruth/image-classification", 1),
        ("groundtruth/image-classification-multilabel", [1, 0, 8]),
        ("groundtruth/semantic-segmentation", "s3://b/k.png"),
        ("groundtruth/label-verification", "1"),
    ],
)
def test_another_task_type_is_refused_by_its_name(kind: str, value: Any) -> None:
    """Whether the attribute was named or not."""
    entry = {**unlabeled("a.jpg"), "kind": value, "kind-metadata": {"type": kind, "class-name": "x"}}
    world = World()

    assert f"holds no bounding boxes but kind ({kind})" in refused([entry])[0]
    with pytest.raises(InvalidManifest, match=f"kind is of the type {kind}; only groundtruth/object-detection"):
        convert(plan_of(world.source([entry], attribute="kind")), world.output, world.buckets)


def test_a_line_that_contradicts_another_is_an_error_that_names_both() -> None:
    """Nobody could say which of them is right."""
    lines = [GOOD, line("b.jpg"), line("a.jpg", ("pen", 11, 10, 20, 20))]

    said = "says of s3://pictures/pens/images/a.jpg something other than line 1; leave one of the two lines"
    assert refused(lines) == [f"output.manifest:3: {said}"]


def test_wrong_labels_and_shares_are_told_with_the_rest() -> None:
    """Everything that is wrong, at once."""
    problems = refused(
        [GOOD, {"source-ref": 1}],
        labels=("pen", "pen", "", "a\nb"),
        split=Split(0, 0, 0),
        output_format=OutputFormat.DARKNET,
    )

    assert [problem.split(": ")[0] for problem in problems] == [
        "labels[1]",
        "labels[2]",
        "labels[3]",
        "split",
        "output.manifest:2",
    ]


def test_no_traceback_whatever_the_bytes_are() -> None:
    """Any file is either converted or refused in words."""

    @settings(max_examples=150, deadline=None)
    @given(mutated())
    def check(content: bytes) -> None:
        world = World()
        try:
            world.convert(content)
        except InvalidManifest as error:
            assert error.problems  # noqa: PT017 either outcome is fine, but not another exception
            assert world.files() == {}

    check()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good manifest with some of its bytes replaced, taken out or put in."""
    content = bytearray(manifest([GOOD, failed("b.jpg"), unlabeled("c.jpg"), line("d.jpg")]))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=3)
            | st.sampled_from([b"\n", b'"', b"null", b"1e999", b"{}", b"[", b"\xff", b"\\ud800", b","])
        )
    return bytes(content)


@given(st.lists(st.binary(max_size=8).map(lambda part: part.replace(b"\r", b"")), max_size=6), st.integers(1, 7))
def test_lines_are_the_same_however_the_stream_is_cut(parts: list[bytes], size: int) -> None:
    """Chunks have no meaning."""
    content = b"\n".join(parts)

    chunks = [content[start : start + size] for start in range(0, len(content), size)]

    assert list(read_lines(chunks)) == list(read_lines([content]))
    assert b"".join(text + b"\n" * ended for _, text, ended in read_lines(chunks)) == content


def test_a_line_without_end_is_not_held_in_memory() -> None:
    """A file of a gigabyte without a newline must not fill it."""
    (only,) = read_lines(b"x" * 100_000 for _ in range(100))

    assert (only[0], len(only[1]), only[2]) == (1, MAX_LINE_BYTES + 1, False)
    assert [number for number, *_ in read_lines([b"x" * 500_000, b"y" * 10 + b"\nz\n"])] == [1, 2]


def test_windows_line_ends_are_fine() -> None:
    """And blank lines keep the numbers right."""
    content = manifest([GOOD]).replace(b"\n", b"\r\n") + b"\r\n" + b"{}\r\n"

    assert refused(content) == ["output.manifest:3: has no source-ref; add the address of the image: s3://bucket/key"]


def test_spaces_and_key_order_do_not_matter() -> None:
    """Manifests are often rewritten by scripts."""
    entry = line("a.jpg", ("pen", 10, 10, 20, 20), unknown={"x": [1]}, round=3)
    text = json.dumps(dict(reversed(entry.items())), indent=None, separators=(" , ", " : "), ensure_ascii=True)

    assert World().convert(text.encode()).boxes.written == 1


def test_the_images_prefix_is_a_folder() -> None:
    """`pens/images-old/` is not below `pens/images`."""
    entry = line("a.jpg", ("pen", 1, 1, 5, 5))
    entry["source-ref"] = f"s3://{BUCKET}/{PREFIX.rstrip('/')}-old/a.jpg"

    assert "is not below the images prefix" in refused([entry])[0]
