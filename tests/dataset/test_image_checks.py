"""What the images themselves say: size, orientation, damage; and copies of them in the dataset."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageOps
from tests.dataset.manifests import BUCKET, PREFIX, World, line, plan_of
from tests.dataset.pictures import picture
from tests.dataset.watched import WatchedBucket, in_memory

from labelround.dataset.convert import convert
from labelround.dataset.report import Report
from labelround.errors import ObjectNotFound, StorageDenied
from labelround.images import read_header
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Bucket, Folder, MemoryBuckets

PEN = ("pen", 10, 20, 30, 40)


def checked(pictures: dict[str, bytes], *entries: Any, **options: Any) -> tuple[World, Report]:
    """A world of these pictures, and the report of a conversion that looks at them."""
    world = World()
    for name, content in pictures.items():
        world.bucket.write(PREFIX + name, content)
    report = world.convert(entries, check_images=True, **options)
    return world, report


def row_of(world: World, image: str) -> dict[str, str]:
    return next(row for row in world.rows("images.csv") if row["image"] == image)


def test_images_that_fit_change_nothing() -> None:
    """Neither a JPEG nor a PNG."""
    pictures = {"a.jpg": picture(), "b.png": picture(kind="PNG")}

    world, report = checked(pictures, line("a.jpg", PEN), line("b.png"))

    assert (report.images.labeled, report.images.empty, report.warnings) == (1, 1, ())
    assert row_of(world, "a.jpg")["reason"] == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the image is not there"),
        (b"", "the file is empty"),
        (b"no picture at all", "the content is neither JPEG nor PNG"),
        (picture()[:300], ""),
        (picture(64, 48), "the image has 64 x 48 pixels, and the boxes were drawn on 100 x 80"),
        (picture(80, 100), "the image has 80 x 100 pixels, and the boxes were drawn on 100 x 80"),
        (picture(80, 100, 3), "the image has 80 x 100 pixels, and the boxes were drawn on 100 x 80"),
    ],
    ids=["missing", "empty", "text", "cut", "smaller", "transposed", "upside down"],
)
def test_an_image_that_does_not_fit_is_failed(content: bytes | None, reason: str) -> None:
    """It has no label file and stands in no list, and its boxes are counted."""
    pictures = {"b.jpg": picture()} | ({} if content is None else {"a.jpg": content})

    world, report = checked(pictures, line("a.jpg", PEN, ("pen", 1, 1, 5, 5)), line("b.jpg"))

    row = row_of(world, "a.jpg")
    assert (row["state"], row["label_file"], row["split"]) == ("failed", "", "")
    assert reason in row["reason"]
    assert row["reason"]
    assert (report.images.failed, report.boxes.dropped) == (1, {"failed_image": 2})
    assert not world.output.exists("labels/a.txt")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_boxes_on_the_stored_raster_stay_and_a_turned_image_is_warned_about(orientation: int) -> None:
    """Readers that follow EXIF would train on wrong boxes."""
    world, report = checked({"a.jpg": picture(orientation=orientation)}, line("a.jpg", PEN))

    assert world.output.read("labels/a.txt") == b"1 0.250000 0.500000 0.300000 0.500000\n"
    assert row_of(world, "a.jpg")["reason"] == f"EXIF orientation {orientation}"
    (_, warning) = report.warnings
    assert f"1 image with an EXIF orientation other than 1 ({orientation}: 1)" in warning


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_boxes_that_were_drawn_on_the_turned_picture_are_mapped_back(orientation: int) -> None:
    """What they frame on the turned picture, they frame on the raster."""
    raster = Image.new("L", (100, 80))
    raster.paste(255, (10, 20, 40, 60))
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    raster.save(content, "PNG", exif=exif)
    left, top, right, bottom = ImageOps.exif_transpose(Image.open(content)).getbbox() or (0, 0, 0, 0)
    entry = line("a.png", ("pen", left, top, right - left, bottom - top), size=(80, 100))

    world, report = checked({"a.png": content.getvalue()}, entry)

    (row,) = world.rows("annot.csv")
    assert [row[name] for name in ("box_left", "box_top", "box_width", "box_height")] == ["10", "20", "30", "40"]
    assert (row["img_width"], row["img_height"]) == ("100", "80")
    assert "mapped back" in row_of(world, "a.png")["reason"]
    assert "the boxes of 1 image were drawn on the turned picture and mapped back" in report.warnings


def test_images_that_are_not_in_the_dataset_are_not_read() -> None:
    """A failed one may well be missing."""
    world, report = checked({"b.jpg": picture()}, {"source-ref": f"s3://{BUCKET}/{PREFIX}a.jpg"}, line("b.jpg"))

    assert report.images.unlabeled == 1
    assert row_of(world, "a.jpg")["reason"] == ""


def test_a_key_that_cannot_be_addressed_is_failed() -> None:
    """The storage library takes no control characters; the rest of the round goes on."""
    _, report = checked({"b.jpg": picture()}, line("a\tb.jpg"), line("b.jpg"))

    assert (report.images.failed, report.images.empty) == (1, 1)


class Denying(Bucket):
    """A bucket that may not be read."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        raise StorageDenied(self.uri(key), "access denied")


def test_images_that_may_not_be_read_stop_the_conversion() -> None:
    """A dataset without any image would be no help; nothing is written."""
    buckets = MemoryBuckets()
    world = World(buckets)
    out = in_memory()
    buckets.buckets[BUCKET] = Denying(BUCKET, world.bucket.store)

    with pytest.raises(StorageDenied):
        convert(plan_of(world.source([line("a.jpg")]), check_images=True), Folder(out, "d"), buckets)

    assert out.effects.done == []


# ---- copies ----


@pytest.mark.parametrize("check_images", [True, False])
@pytest.mark.parametrize("output_format", OutputFormat)
def test_copies_lie_beside_their_labels_and_show_the_stored_raster(
    output_format: OutputFormat, check_images: bool
) -> None:
    """Under the dataset's names; pixels are not touched, and nothing is left to warn about."""
    world = World()
    contents = {"a.jpg": picture(), "a.png": picture(kind="PNG"), "b.jpg": picture(orientation=6)}
    for name, content in contents.items():
        world.bucket.write(PREFIX + name, content)

    report = world.convert(
        [line(name, PEN) for name in contents],
        images_mode=ImagesMode.COPY,
        output_format=output_format,
        check_images=check_images,
    )

    found = {path.rpartition("/")[2]: content for path, content in world.files().items()}
    assert found["a.jpg"] == contents["a.jpg"]
    assert found["a_png.png"] == contents["a.png"]
    upright = found["b.jpg"]
    assert read_header(lambda start, length: upright[start : start + length]).orientation == 1
    assert Image.open(io.BytesIO(upright)).tobytes() == Image.open(io.BytesIO(contents["b.jpg"])).tobytes()
    assert not any("EXIF" in warning for warning in report.warnings)


def test_the_store_copies_by_itself_what_needs_no_change() -> None:
    """In one bucket, when the header was read."""
    buckets = MemoryBuckets()
    watched = WatchedBucket(BUCKET, in_memory().store)
    buckets.buckets[BUCKET] = watched
    world = World(buckets)
    watched.write(PREFIX + "a.jpg", picture())
    watched.write(PREFIX + "b.jpg", picture(orientation=6))

    world.convert([line("a.jpg"), line("b.jpg")], images_mode=ImagesMode.COPY, check_images=True)

    assert f"copy {world.prefix}images/a.jpg" in watched.effects.done
    assert f"write {world.prefix}images/b.jpg" in watched.effects.done


def test_copies_of_images_that_left_the_dataset_go() -> None:
    """They were ours; pictures that somebody else put there stay."""
    world = World()
    for name in ("a.jpg", "b.jpg"):
        world.bucket.write(PREFIX + name, picture())
    world.convert([line("a.jpg"), line("b.jpg")], images_mode=ImagesMode.COPY)
    world.output.write("images/mine.jpg", b"mine")

    world.convert([line("a.jpg")], images_mode=ImagesMode.COPY)

    assert {name for name in world.files() if name.startswith("images/")} == {"images/a.jpg", "images/mine.jpg"}


def test_a_missing_image_stops_a_copy_without_checks() -> None:
    """There is no report then, and the error names the image."""
    world = World()

    with pytest.raises(ObjectNotFound, match=r"s3://pictures/pens/images/a\.jpg: not found"):
        world.convert([line("a.jpg")], images_mode=ImagesMode.COPY)

    assert "report.json" not in world.files()


# ---- previews ----


def test_previews_are_drawn_of_some_labeled_images() -> None:
    """As many as asked for, always the same ones, and the report names them."""
    world, again = World(), World()
    names = [f"{number}.jpg" for number in range(8)]
    for one in (world, again):
        for name in names:
            one.bucket.write(PREFIX + name, picture())

    report = world.convert([line(name, PEN) for name in names], previews=3)
    again.convert([line(name, PEN) for name in reversed(names)], previews=3)

    drawn = {name for name in world.files() if name.startswith("previews/")}
    assert drawn == set(report.previews)
    assert len(drawn) == 4
    assert world.files() == again.files()


def test_an_image_that_cannot_be_drawn_is_a_warning() -> None:
    """The dataset is none the worse."""
    world = World()
    world.bucket.write(PREFIX + "b.jpg", picture())

    report = world.convert([line("a.jpg", PEN), line("b.jpg", PEN)], previews=2)

    assert any("no preview of a.jpg" in warning for warning in report.warnings)
    assert world.output.exists("report.json")


def test_previews_of_images_that_are_drawn_no_more_go() -> None:
    """The next conversion of the folder asks for fewer."""
    world = World()
    for name in ("a.jpg", "b.jpg"):
        world.bucket.write(PREFIX + name, picture())
    entries = [line("a.jpg", PEN), line("b.jpg", PEN)]
    world.convert(entries, previews=2)

    world.convert(entries, previews=0)

    assert not any(name.startswith("previews/") for name in world.files())
