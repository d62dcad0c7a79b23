"""`convert --from`: existing datasets become datasets of labelround, with all that they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.dataset.manifests import World, line, manifest, plan_of, table_rows, tree
from tests.dataset.pictures import picture
from tests.dataset.test_convert_command import run

from labelround.dataset.adopting import buckets_with, dataset_source
from labelround.dataset.convert import convert
from labelround.dataset.cumulative import MergeOptions, merge
from labelround.dataset.existing import open_dataset
from labelround.dataset.report import Origin
from labelround.dataset.split import KEPT
from labelround.dataset.stats import stats
from labelround.dataset.validate import validate
from labelround.progress import NoProgress
from labelround.samples import load
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Folder, MemoryBuckets, local_bucket, output_folder

PEN, PENCIL = ("pen", 10, 20, 30, 40), ("pencil", 1, 2, 3, 4)
SIZE = {"width": 100, "height": 80}


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def yolo(folder: Path, **more: str | bytes) -> Path:
    """A picture with two boxes to train with, and a background picture to validate with, as exporters write it."""
    return write(
        folder,
        {
            "data.yaml": "train: images/train\nval: images/val\nnames: {0: pencil, 1: pen}\n",
            "images/train/a.jpg": picture(),
            "labels/train/a.txt": "1 0.25 0.5 0.3 0.5\n0 0.025 0.05 0.03 0.05\n",
            "images/val/b.png": picture(kind="PNG"),
            "labels/val/b.txt": "",
            **more,
        },
    )


def voc(folder: Path) -> Path:
    """The same as XML, with corners that count from 1."""

    def xml(name: str, *boxes: tuple[str, int, int, int, int]) -> str:
        objects = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>"
            f"<xmax>{left + width}</xmax><ymax>{top + height}</ymax></bndbox></object>"
            for label, left, top, width, height in boxes
        )
        size = "<size><width>100</width><height>80</height></size>"
        return f"<annotation><filename>{name}</filename>{size}{objects}</annotation>"

    return write(
        folder,
        {
            "Annotations/a.xml": xml("a.jpg", PEN, PENCIL),
            "Annotations/b.xml": xml("b.png"),
            "JPEGImages/a.jpg": picture(),
            "JPEGImages/b.png": picture(kind="PNG"),
            "ImageSets/Main/train.txt": "a\n",
            "ImageSets/Main/val.txt": "b\n",
        },
    )


def coco(folder: Path) -> Path:
    """The same as JSON, a file for each part of the split, with category ids that have gaps and differ."""

    def document(number: int, name: str, *boxes: tuple[str, int, int, int, int]) -> str:
        ids = {"pencil": 3 + number, "pen": 90 + number}
        annotations = [{"image_id": number, "category_id": ids[label], "bbox": box} for label, *box in boxes]
        categories = [{"id": one, "name": label} for label, one in ids.items()]
        images = [{"id": number, "file_name": name, **SIZE}]
        return json.dumps({"images": images, "annotations": annotations, "categories": categories})

    return write(
        folder,
        {
            "annotations/instances_train2017.json": document(1, "a.jpg", PEN, PENCIL),
            "annotations/instances_val2017.json": document(2, "b.png"),
            "train2017/a.jpg": picture(),
            "val2017/b.png": picture(kind="PNG"),
        },
    )


@pytest.mark.parametrize("make", [yolo, voc, coco], ids=lambda make: make.__name__)
@pytest.mark.parametrize("output_format", ["YOLO", "PascalVOC", "COCO", "NDJSON"])
def test_a_dataset_becomes_one_of_labelround(make: Any, output_format: str, tmp_path: Path) -> None:
    """With every box to the pixel, the background picture, the classes and the split; in any format."""
    source, output = make(tmp_path / "old"), tmp_path / "new"

    code = run("--from", make.__name__, source, "--labels", "pencil,pen", "--output", output, "--format", output_format)

    boxes = [(row["category"], *(float(row[f"box_{side}"]) for side in ("left", "top", "width", "height")))
             for row in table_rows((output / "annot.csv").read_bytes())]  # fmt: skip
    rows = table_rows((output / "images.csv").read_bytes())
    assert code == 0
    assert boxes == [PEN, PENCIL]
    assert [(row["image"].rpartition("/")[2][-5:], row["split"], row["state"], row["width"]) for row in rows] == [
        ("a.jpg", "train", "labeled", "100"),
        ("b.png", "val", "empty", "100"),
    ]


@pytest.mark.parametrize("make", [yolo, coco], ids=lambda make: make.__name__)
def test_all_classes_are_taken_when_none_are_named(make: Any, tmp_path: Path) -> None:
    """In the order that the dataset gives them."""
    run("--from", make.__name__, make(tmp_path / "old"), "--output", tmp_path / "new")

    assert json.loads((tmp_path / "new" / "report.json").read_bytes())["classes"] == ["pencil", "pen"]


def test_classes_go_by_name(tmp_path: Path) -> None:
    """Whatever their ids are in the dataset that is made."""
    run("--from", "yolo", yolo(tmp_path / "old"), "--labels", "cup,pen,pencil", "--output", tmp_path / "new")

    assert [line.split()[0] for line in (tmp_path / "new" / "labels/train/a.txt").read_text().splitlines()] == [
        "1",
        "2",
    ]


def test_copies_come_from_the_dataset(tmp_path: Path) -> None:
    """So that it trains where it lies."""
    source = yolo(tmp_path / "Old Pens")

    run("--from", "yolo", source, "--output", tmp_path / "new", "--images", "copy")

    assert (tmp_path / "new/images/train/a.jpg").read_bytes() == (source / "images/train/a.jpg").read_bytes()
    rows = table_rows((tmp_path / "new" / "images.csv").read_bytes())
    assert rows[0]["source_ref"] == "s3://old-pens/images/train/a.jpg"


def test_what_labelround_made_comes_back_as_it_was(tmp_path: Path) -> None:
    """Addresses of the pictures, boxes, split and label files; and it is made only once."""
    run("--from", "coco", coco(tmp_path / "old"), "--output", tmp_path / "first", "--images", "copy")

    for output in ("second", "second"):
        run("--from", "yolo", tmp_path / "first", "--output", tmp_path / output, "--bucket", f"old={tmp_path / 'old'}")

    first, second = tree(tmp_path / "first"), tree(tmp_path / "second")
    same = ("data.yaml", "annot.csv", "images.csv", "train.txt", "val.txt")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}


def test_of_several_formats_in_a_folder_the_one_that_is_named_is_read(tmp_path: Path) -> None:
    """Some exporters leave data.yaml beside their own files."""
    source = coco(yolo(tmp_path / "old"))

    codes = [run("--from", kind, source, "--output", tmp_path / kind) for kind in ("coco", "yolo")]

    assert codes == [0, 0]


def test_pictures_that_have_an_address_are_not_looked_for_in_the_folder(tmp_path: Path) -> None:
    """A folder called like the bucket that its pictures came from is not that bucket."""
    run("--from", "yolo", yolo(tmp_path / "pens"), "--output", tmp_path / "made" / "pens", "--images", "copy")

    code = run("--from", "yolo", tmp_path / "made" / "pens", "--output", tmp_path / "new", "--images", "copy",
               "--bucket", f"pens={tmp_path / 'pens'}")  # fmt: skip

    assert code == 0
    assert (tmp_path / "new/images/train/a.jpg").read_bytes() == picture()


def test_a_dataset_without_a_split_gets_one(tmp_path: Path) -> None:
    """Drawn as for manifests."""
    image = {"file_name": "a.jpg", **SIZE}
    images = [{**image, "id": number, "file_name": f"{number}.jpg"} for number in range(20)]
    document = json.dumps({"images": images, "annotations": [], "categories": [{"id": 1, "name": "pen"}]})
    write(tmp_path / "old", {"annotations/instances_default.json": document})

    run("--from", "coco", tmp_path / "old", "--output", tmp_path / "new", "--train", "50", "--val", "50")

    rows = table_rows((tmp_path / "new" / "images.csv").read_bytes())
    assert {row["split"] for row in rows} == {"train", "val"}


def test_a_split_that_lacks_a_part_stays_so(tmp_path: Path) -> None:
    """Nothing moves, not even from test into an empty val."""
    source = yolo(tmp_path / "old", **{"data.yaml": "train: images/train\ntest: images/val\nnames: [pencil, pen]\n"})

    run("--from", "yolo", source, "--output", tmp_path / "new")

    rows = table_rows((tmp_path / "new" / "images.csv").read_bytes())
    assert [row["split"] for row in rows] == ["train", "test"]


@pytest.mark.parametrize(("words", "licence"), [((), "CC-BY-4.0"), (("--license", "MIT"), "MIT")])
def test_where_a_dataset_is_from_is_not_forgotten(words: tuple[str, ...], licence: str, tmp_path: Path) -> None:
    """Its round, jobs and workers, and its licence unless another is stated."""
    buckets, output = MemoryBuckets(), output_folder(str(tmp_path / "old"), MemoryBuckets())
    origin = Origin("team-a/pens-1", "CC-BY-4.0", 3)
    convert(plan_of(World(buckets).source([line("a.jpg", PEN)]), origin=origin), output, buckets)

    run("--from", "yolo", tmp_path / "old", "--output", tmp_path / "new", *words)

    report = json.loads((tmp_path / "new" / "report.json").read_bytes())
    assert report["options"]["origin"] == {
        "round": "team-a/pens-1",
        "license": licence,
        "workers_per_image": 3,
        "merged": [],
    }
    assert report["jobs"] == ["pens"]


def test_parts_of_pixels_that_voc_cannot_hold_are_told(tmp_path: Path) -> None:
    """Two boxes may become one; merging takes them as they were drawn."""
    for name, part in (("whole", 0.0), ("parts", 0.25)):
        boxes = [("pen", 10 + part, 10, 20, 20), ("pen", 10, 10, 20, 20), ("pencil", 1, 2, 3, 4)][part == 0 :]
        (tmp_path / f"{name}.manifest").write_bytes(manifest([line("a.jpg", *boxes)]))
        run(tmp_path / f"{name}.manifest", "--labels", "pencil,pen", "--format", "pascalvoc", "--output",
            tmp_path / name)  # fmt: skip

        run("--from", "voc", tmp_path / name, "--output", tmp_path / f"{name} again")

    warnings = [json.loads((tmp_path / f"{name} again/report.json").read_bytes())["warnings"]
                for name in ("whole", "parts")]  # fmt: skip
    options = MergeOptions("somebody", 10, OutputFormat.YOLO)
    merged = merge(
        output_folder(str(tmp_path / "merged"), MemoryBuckets()), [Folder(local_bucket(tmp_path / "parts"))], options
    )
    assert not any("pixels" in warning for warning in warnings[0])
    assert warnings[1][0] == (
        "1 box with parts of pixels was taken as it is in the XML files, in whole pixels;"
        " labelround merge --format takes those of annot.csv"
    )
    drawn = (tmp_path / "parts" / "annot.csv").read_bytes()
    assert sorted(merged.folder.read("annot.csv").splitlines()) == sorted(drawn.splitlines())


@pytest.mark.parametrize("kind", ["YOLO", "VOC", "COCO", "NDJSON"])
def test_pictures_to_test_with_do_not_train_where_the_others_also_validate(kind: str, tmp_path: Path) -> None:
    """A merged dataset without a picture to validate with; it is loaded, and comes back, as it was."""
    source = coco(tmp_path / "old")
    (source / "annotations/instances_val2017.json").rename(source / "annotations/instances_test2017.json")
    (source / "val2017").rename(source / "test2017")
    run("--from", "coco", source, "--output", tmp_path / "one")
    options = MergeOptions("somebody", 10, OutputFormat("PascalVOC" if kind == "VOC" else kind))
    merged = merge(
        output_folder(str(tmp_path / "merged"), MemoryBuckets()), [Folder(local_bucket(tmp_path / "one"))], options
    )

    code = run("--from", kind, tmp_path / "merged", "--output", tmp_path / "new")

    report = json.loads((tmp_path / "new" / "report.json").read_bytes())
    loaded = {split: [one.image for one in load(tmp_path / "merged", split)] for split in ("train", "val", "test")}
    assert code == 0
    assert merged.report.splits == report["splits"] == {"train": 1, "val": 1, "test": 1}
    assert [merged.report.lists(split) for split in ("train", "test")] == [("train", "val"), ("test",)]
    assert [len(names) for names in loaded.values()] == [1, 1, 1]
    assert loaded["train"] == loaded["val"] != loaded["test"]


def test_the_only_group_of_a_dataset_is_counted_and_read_once(tmp_path: Path) -> None:
    """Also where each part of the split has a folder of its own, with the same pictures in both."""
    (tmp_path / "output.manifest").write_bytes(manifest([line("a.jpg", PEN), line("b.jpg", PENCIL)]))
    run(tmp_path / "output.manifest", "--labels", "pencil,pen", "--group-by", "^.*/", "--output", tmp_path / "one",
        "--images-prefix", "s3://pictures/", "--format", "ndjson")  # fmt: skip

    code = run("--from", "ndjson", tmp_path / "one", "--output", tmp_path / "new")

    counted = stats(open_dataset(Folder(local_bucket(tmp_path / "one"))), NoProgress())
    report = json.loads((tmp_path / "new" / "report.json").read_bytes())
    assert code == 0
    assert (counted.total, counted.boxes, counted.splits) == (2, 2, {"train": 2, "val": 2})
    assert (report["boxes"]["read"], report["splits"]) == (2, {"train": 2, "val": 2, "test": 0})


def test_a_picture_without_a_label_file_is_background(tmp_path: Path) -> None:
    """As trainers take it; how many there were is a warning."""
    source = yolo(tmp_path / "old")
    (source / "labels/val/b.txt").unlink()

    run("--from", "yolo", source, "--output", tmp_path / "new")

    warnings = json.loads((tmp_path / "new" / "report.json").read_bytes())["warnings"]
    assert warnings == ["took 1 picture without a label file for background"]


def test_polygons_become_the_boxes_around_them(tmp_path: Path) -> None:
    """Rows of segmentation datasets."""
    source = yolo(tmp_path / "old", **{"labels/train/a.txt": "1 0.1 0.25 0.4 0.25 0.4 0.75 0.2 0.5\n"})

    run("--from", "yolo", source, "--output", tmp_path / "new")

    assert (tmp_path / "new/labels/train/a.txt").read_text() == "1 0.250000 0.500000 0.300000 0.500000\n"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is written."""
    lists = "train: [train.txt]\nval: [val.txt]\nnames: [pencil, pen]\n"
    source = yolo(
        tmp_path / "old",
        **{
            "data.yaml": lists,
            "train.txt": "./images/train/a.jpg\n./images/train/gone.jpg\n./images/val/b.png\n../../c.jpg\n",
            "val.txt": "./images/val/b.png\n",
            "labels/train/a.txt": "7 0.5 0.5 0.1 0.1\n1 0.5 x 0.1 0.1\n",
        },
    )

    code = run("--from", "yolo", source, "--output", tmp_path / "new")

    told = capsys.readouterr().err
    assert code == 3
    for problem in (
        "train.txt:4: ../../c.jpg lies outside the dataset's folder; bring it in",
        "images/val/b.png is in val and train; leave it in one part of the split",
        "labels/train/a.txt:1: the class 7 is not one of the 2 classes",
        "labels/train/a.txt:2: holds something that is not a number",
        "images/train/gone.jpg: has no known size: the picture is not there, or is neither JPEG nor PNG; put it there",
    ):
        assert problem in told
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--from", "coco"), 3, "is a dataset of the format YOLO, not COCO; say --from yolo"),
        (("--from", "yolo", "--attribute", "pens"), 2, "--from takes one dataset, without --attribute"),
        (("--from", "yolo", "--seed", "1"), 2, "has a split, which is kept: leave out --seed"),
        (("--from", "yolo", "--train", "80", "--group-by", "^."), 2, "kept: leave out --train, --group-by"),
        (("--from", "yolo", "--labels", "cup"), 3, "do not name these classes of boxes: 'pencil'"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: tuple[str, ...], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written."""
    found = run(*words, yolo(tmp_path / "old"), "--output", tmp_path / "new")

    assert found == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_dataset_in_a_bucket_keeps_the_addresses_of_its_pictures(tmp_path: Path) -> None:
    """And its pictures are copied from there; one process or several shards make the same of it."""
    buckets = MemoryBuckets()
    for name, content in tree(coco(tmp_path / "old")).items():
        buckets.open("pictures").write(f"old/{name}", content)
    dataset = open_dataset(Folder(buckets.open("pictures"), "old"), OutputFormat.COCO)
    source = dataset_source(dataset, OutputFormat.COCO, "s3://pictures/old")
    options: dict[str, Any] = {"split": KEPT, "images_prefix": None, "images_mode": ImagesMode.COPY}
    plan = plan_of(source, **options)

    made = [Folder(buckets.open("out"), str(shards)) for shards in (1, 3)]
    for shards, output in zip((1, 3), made, strict=True):
        convert(plan, output, buckets_with(dataset, buckets), shards=shards)

    first, second = ({meta.key: output.read(meta.key) for meta in output.list()} for output in made)
    refs = [row["source_ref"] for row in table_rows(first["images.csv"])]
    assert refs == ["s3://pictures/old/train2017/a.jpg", "s3://pictures/old/val2017/b.png"]
    assert first["images/train2017/a.jpg"] == picture()
    assert first == second


@pytest.mark.parametrize("place", [".", "new", "../old/new", ".."])
def test_a_dataset_is_not_converted_over_itself(place: str, tmp_path: Path) -> None:
    """Nor into its own folder, or around it."""
    source = tmp_path / "sets" / "old"
    run("--from", "yolo", yolo(tmp_path / "theirs"), "--output", source)
    before = tree(source)

    code = run("--from", "yolo", source, "--labels", "pen,pencil", "--output", source / place)

    assert code == 3
    assert tree(source) == before


def test_pascal_voc_goes_by_both_words(tmp_path: Path) -> None:
    """Wherever a format is named."""
    source = voc(tmp_path / "old")

    codes = [
        run("--from", word, source, "--format", word, "--output", tmp_path / f"new{number}")
        for number, word in enumerate(("voc", "pascalvoc", "VOC", "PascalVOC"))
    ]

    assert codes == [0, 0, 0, 0]
    assert len({json.loads(path.read_bytes())["digest"] for path in tmp_path.glob("new*/report.json")}) == 1


@pytest.mark.parametrize("output_format", list(OutputFormat))
def test_the_test_part_comes_along_in_every_format(output_format: OutputFormat, tmp_path: Path) -> None:
    """Nothing of what was converted is lost on the way back, and nothing is left over."""
    source, made, back = yolo(tmp_path / "old"), tmp_path / "made", tmp_path / "back"
    (source / "data.yaml").write_text("train: images/train\ntest: images/val\nnames: {0: pencil, 1: pen}\n")
    run("--from", "yolo", source, "--output", made, "--format", output_format.value, "--images", "Copy")

    run("--from", output_format.value, made, "--output", back, "--bucket", f"old={source}")

    opened = open_dataset(Folder(local_bucket(made)))
    unlisted = [found for found in validate(opened, NoProgress()).findings if "no split" in str(found)]
    splits = [row["split"] for row in table_rows((back / "images.csv").read_bytes())]
    assert sorted(splits) == ["test", "train"]
    assert unlisted == []
