"""Previews show the boxes where they are, under names that can be read."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.tools import picture_files as files
from tests.tools.made_datasets import Made, make, put

from labelround.dataset.existing import dataset_folder, open_dataset
from labelround.dataset.preview import Picture, PixelBox, file_name, write_previews
from labelround.dataset.preview.drawing import LONGEST_SIDE, draw
from labelround.dataset.preview.of_dataset import choose, pictures, reader
from labelround.dataset.preview.palette import color, ink
from labelround.errors import ObjectNotFound, StorageDenied
from labelround.storage import Folder, LocalBuckets, MemoryBuckets

LABELS = ("pencil", "pen")


def plain(width: int, height: int, value: int = 128) -> bytes:
    return files.png(Image.new("RGB", (width, height), (value, value, value)))


def drawn(content: bytes, boxes: Sequence[PixelBox] = (), labels: Sequence[str] = LABELS) -> Image.Image:
    return Image.open(io.BytesIO(draw(content, boxes, labels).png))


def test_an_edge_has_the_color_of_its_class() -> None:
    """On each of the four sides."""
    picture = drawn(plain(640, 640), [PixelBox(1, 200, 300, 100, 150)])

    for place in ((200, 400), (300, 400), (270, 300), (250, 450)):
        assert picture.getpixel(place) == color(1)
    assert picture.getpixel((250, 380)) == (128, 128, 128)


def test_a_small_box_is_drawn_over_a_large_one() -> None:
    """Whatever their order."""
    picture = drawn(plain(640, 640), [PixelBox(1, 200, 300, 100, 50), PixelBox(0, 200, 200, 400, 400)])

    assert picture.getpixel((200, 330)) == color(1)
    assert picture.getpixel((200, 500)) == color(0)


def test_a_turned_photograph_is_shown_as_it_is_stored() -> None:
    """Boxes refer to the raster, whatever EXIF says."""
    content = files.into_jpeg(files.jpeg(files.raster(640, 480)), [files.exif_segment(files.Exif(6).block())])

    assert drawn(content).size == (640, 480)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((4000, 2000), (1280, 640)), ((1280, 10), (1280, 10)), ((640, 480), (640, 480)), ((24, 12), (480, 240))],
)
def test_a_preview_is_neither_huge_nor_tiny(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """Large pictures shrink; small ones grow until names fit."""
    assert drawn(plain(*size), [PixelBox(0, 1, 1, 5, 5)]).size == expected


def test_boxes_are_scaled_with_their_picture() -> None:
    """A box over the right half of a large picture is over the right half of its preview."""
    picture = drawn(plain(4000, 2000), [PixelBox(0, 2000, 0, 2000, 2000)])

    assert picture.getpixel((LONGEST_SIDE // 2, 320)) == color(0)
    assert picture.getpixel((LONGEST_SIDE - 3, 320)) == color(0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_picture_can_be_drawn(mode: str) -> None:
    """Gray, black and white, transparent, of 16 bits, for print."""
    content = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 100, 50)).convert("L" if mode == "I;16" else mode).convert(mode).save(
        content, "JPEG" if mode == "CMYK" else "PNG"
    )

    assert drawn(content.getvalue(), [PixelBox(0, 5, 5, 20, 20)]).mode == "RGB"


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    boxes=st.lists(
        st.builds(
            PixelBox,
            st.integers(-1, 90),
            st.floats(-5, 95),
            st.floats(-5, 95),
            st.floats(0, 95),
            st.floats(0, 95),
        ),
        max_size=5,
    ),
    labels=st.lists(st.text(max_size=50), max_size=4),
)
def test_any_boxes_and_any_names_can_be_drawn(size: tuple[int, int], boxes: list[PixelBox], labels: list[str]) -> None:
    """Boxes without area or beyond the picture, classes without a name, names in any script."""
    assert drawn(plain(*size), boxes, labels).format == "PNG"


def _text_image(label: str) -> bytes:
    return drawn(plain(640, 480), [PixelBox(0, 100, 100, 300, 200)], [label]).tobytes()


def test_a_name_that_the_font_cannot_draw_gives_way_to_the_class_id() -> None:
    """Two names in scripts that the font lacks look the same; readable ones do not."""
    assert _text_image("设备") == _text_image("펜") == _text_image("")
    assert _text_image("pen") != _text_image("")
    assert _text_image("brûlée") == _text_image("brülée") != _text_image("brule")


def test_ink_is_readable_on_every_class_color() -> None:
    """A contrast of at least 4.5 to 1."""

    def luminance(part: tuple[int, int, int]) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in part]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for class_id in range(200):
        light, dark = sorted((luminance(color(class_id)), luminance(ink(color(class_id)))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_neighboring_classes_differ_in_color() -> None:
    """No two of the first forty are the same."""
    assert len({color(class_id) for class_id in range(40)}) == 40


class _Sheet(HTMLParser):
    """What a browser would load, run and show."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.described: list[str | None] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.described += [value for name, value in attrs if name == "alt"]
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def previews(
    pictures: Sequence[Picture], labels: Sequence[str], contents: dict[str, bytes]
) -> tuple[Folder, list[str]]:
    output = Folder(MemoryBuckets().open("out"), "previews")

    def read(source_ref: str) -> bytes:
        if source_ref not in contents:
            raise ObjectNotFound(source_ref, "not found")
        return contents[source_ref]

    return output, write_previews(pictures, labels, output, read)


def test_the_sheet_shows_every_preview_and_escapes_every_name() -> None:
    """Names of images and classes are text, not markup; links lead to the files."""
    names = ["deep/ b & <i>#1?.jpg", 'quo"te.png', "펜 50%.jpg"]
    labels = ["<script>alert(1)</script>", "设备 ", "unused"]
    made = [Picture(name, f"s3://b/{name}", [PixelBox(i, 1, 1, 5, 5)]) for i, name in enumerate(names)]

    output, warnings = previews(made, labels, {f"s3://b/{name}": plain(20, 20) for name in names})

    page = output.read("index.html").decode()
    sheet = _Sheet(page)
    assert warnings == []
    assert {unquote(link) for link in sheet.loaded} == {f"{name}.png" for name in names}
    assert all(output.exists(unquote(link)) for link in sheet.loaded)
    assert sheet.described == names
    assert not {"script", "i"} & set(sheet.tags)
    assert all(name in sheet.text for name in [*names, *labels])
    assert not re.search(r"https?://", unescape(page))


def test_the_sheet_counts_boxes_by_class() -> None:
    """The legend names every class of the dataset, also those without a box."""
    boxes = [PixelBox(0, 1, 1, 5, 5)] * 3 + [PixelBox(7, 1, 1, 5, 5)]

    output, _ = previews([Picture("a.png", "a", boxes)], LABELS, {"a": plain(20, 20)})

    text = " ".join(_Sheet(output.read("index.html").decode()).text.split())
    assert "1 picture, 4 boxes" in text
    assert "0 pencil 3 1 pen 0 7 class 7, which has no name 1" in text


def test_a_picture_that_cannot_be_drawn_is_a_warning() -> None:
    """The others are drawn."""
    made = [Picture(name, name, []) for name in ("gone.jpg", "broken.jpg", "good.png")]

    output, warnings = previews(made, LABELS, {"broken.jpg": b"\xff\xd8\xff", "good.png": plain(20, 20)})

    assert warnings == [
        "no preview of gone.jpg: gone.jpg: not found",
        "no preview of broken.jpg: the JPEG ends before its picture",
    ]
    assert output.exists("good.png.png")


def test_previews_are_the_same_each_time() -> None:
    """Byte for byte."""
    made = [Picture("a.png", "a", [PixelBox(1, 3, 3, 9, 9), PixelBox(0, 1, 1, 5, 5)])]

    first, _ = previews(made, LABELS, {"a": plain(50, 50)})
    second, _ = previews(made, LABELS, {"a": plain(50, 50)})

    assert first.read("a.png.png") == second.read("a.png.png")
    assert first.read("index.html") == second.read("index.html")


def test_an_output_that_cannot_be_written_is_an_error() -> None:
    """Unlike a picture that cannot be read."""

    class ReadOnly(Folder):
        def write(self, name: str, content: bytes, *, if_absent: bool = False) -> None:
            raise StorageDenied(name, "read-only")

    with pytest.raises(StorageDenied):
        write_previews([Picture("a", "a", [])], [], ReadOnly(MemoryBuckets().open("b")), lambda _: plain(9, 9))


def test_a_long_name_still_fits_a_file_system() -> None:
    """A picture's name may take all of the 255 bytes; different names stay different."""
    long = f"a/{'펜' * 83}.jpg"

    names = {file_name(long), file_name(long.replace(".jpg", ".png")), file_name("a/b.jpg")}

    assert len(names) == 3
    assert all(len(name.rpartition("/")[2].encode()) <= 255 for name in names)
    assert "a/b.jpg.png" in names


def test_a_dataset_is_sampled_the_same_way_each_time(tmp_path: Path) -> None:
    """Pictures with boxes come first, and the sheet is in the order of names."""
    made = [Made(f"{i:03}.jpg", "0 0.5 0.5 0.1 0.1\n" if i % 3 else "") for i in range(60)]
    dataset = open_dataset(dataset_folder(str(make(tmp_path / "dataset", made)), MemoryBuckets()))

    chosen = choose(dataset, 10)

    assert chosen == choose(dataset, 10)
    assert [entry.image_file for entry in chosen] == sorted(entry.image_file for entry in chosen)
    assert all(int(Path(entry.image_file).stem) % 3 for entry in chosen)
    assert len(choose(dataset, None)) == 60


def test_pictures_come_from_beside_the_labels_or_else_from_their_source(tmp_path: Path) -> None:
    """A dataset that was not pulled can be previewed too."""
    made = [Made("a.png", "1 0.5 0.5 0.5 0.5\n"), Made("b.png", split="val")]
    folder = make(tmp_path / "dataset", made)
    put(tmp_path, "a.png", plain(40, 40))
    (folder / "images").mkdir()
    (folder / "images/b.png").write_bytes(plain(60, 60))
    buckets = LocalBuckets(tmp_path)
    dataset = open_dataset(dataset_folder(str(folder), buckets))
    output = Folder(MemoryBuckets().open("out"))

    warnings = write_previews(pictures(dataset, choose(dataset, None)), dataset.names, output, reader(dataset, buckets))

    assert warnings == []
    preview = Image.open(io.BytesIO(output.read("a.png.png")))
    assert preview.getpixel((preview.width // 4, preview.height // 2)) == color(1)
    assert output.exists("b.png.png")
