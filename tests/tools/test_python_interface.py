"""`import labelround`: rounds, datasets and their pictures from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.servers.pens import IMAGES, PENS

import labelround
from labelround.dataset.convert import ConversionPlan, ManifestSource, convert
from labelround.errors import InvalidInput, InvalidRound, ObjectNotFound
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Folder, LocalBuckets, MemoryBuckets, locate

DATASET = "bounding_box/yolo_annot_files"
LABELS = ("pencil", "pen")


def made(
    root: Path, output_format: OutputFormat = OutputFormat.YOLO, images: ImagesMode = ImagesMode.REFERENCE
) -> Path:
    """The dataset of the example round, in a folder below `root` as `labelround run` leaves it."""
    (root / "pens" / "bounding_box").mkdir(parents=True)
    (root / "pens" / IMAGES).symlink_to(PENS / "pictures")
    buckets, answers = LocalBuckets(root), str(PENS / "answers.manifest")
    source = ManifestSource(locate(answers, buckets), answers, None)
    plan = ConversionPlan((source,), LABELS, output_format, owner="pens", images_mode=images)
    convert(plan, Folder(buckets.open("pens"), DATASET), buckets)
    return root / "pens" / DATASET


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bucket `pens`, its pictures and its dataset."""
    folder = tmp_path_factory.mktemp("root")
    made(folder)
    return folder


def test_a_round_leads_to_its_dataset(root: Path) -> None:
    """From the YAML alone, with the folders that stand for buckets."""
    pens = labelround.read_round(PENS / "round.yaml", root=root)

    dataset = pens.dataset()

    assert (pens.name, pens.spec.bucket, pens.spec.labels) == ("pens-1", "pens", LABELS)
    assert (dataset.classes, dataset.format, len(dataset.images())) == (LABELS, "YOLO", 15)
    assert dataset.uri == str(root / "pens" / DATASET)
    assert repr(dataset) == f"<YOLO dataset {dataset.uri}: 15 images, 31 boxes>"
    assert repr(pens) == f"<round pens-1: {dataset.uri}>"


def test_a_round_without_a_dataset_says_so(tmp_path: Path) -> None:
    """With the file that would be there."""
    (tmp_path / "pens").mkdir()
    pens = labelround.read_round(PENS / "round.yaml", root=tmp_path)

    with pytest.raises(InvalidInput, match=r"report\.json: is not there: the folder holds no dataset"):
        pens.dataset()


def test_of_several_rounds_one_is_chosen_by_its_name(tmp_path: Path) -> None:
    """Without a name, or with one that is not there, the error lists them."""
    one = (PENS / "round.yaml").read_text()
    file = tmp_path / "rounds.yaml"
    file.write_text(f"{one}\n---\n{one.replace('pens-1', 'pens-2')}")

    found = labelround.read_round(file, name="pens-2", root=tmp_path)

    assert found.name == "pens-2"
    with pytest.raises(InvalidInput, match="holds 2 rounds; give the name of one: pens-1, pens-2"):
        labelround.read_round(file, root=tmp_path)
    with pytest.raises(InvalidInput, match="holds 0 rounds called pens-3; give the name of one: pens-1, pens-2"):
        labelround.read_round(file, name="pens-3", root=tmp_path)


def test_a_round_that_is_wrong_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    """As every command does it."""
    file = tmp_path / "round.yaml"
    file.write_text((PENS / "round.yaml").read_text().replace("YOLO", "TFRecord").replace("bucket: pens", "bucket: P"))

    with pytest.raises(InvalidRound) as caught:
        labelround.read_round(file, root=tmp_path)

    assert {problem.where for problem in caught.value.problems} == {"spec.bucket", "spec.outputFormat"}


@pytest.mark.parametrize(
    "place", ["s3://pens/bounding_box/yolo_annot_files", "s3://pens/bounding_box/yolo_annot_files/"]
)
def test_an_s3_address_is_found_below_the_root(root: Path, place: str) -> None:
    """The same words work on a laptop and with S3."""
    tables = [labelround.read_dataset(place, root=root).annotations(), labelround.read_annotations(place, root=root)]

    assert [len(table) for table in tables] == [31, 31]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("output_format", OutputFormat)
@pytest.mark.parametrize("images", ImagesMode)
def test_every_output_format_gives_the_same_samples(
    tmp_path: Path, root: Path, output_format: OutputFormat, images: ImagesMode
) -> None:
    """The tables are the same in all of them, and so are the pictures."""
    folder = made(tmp_path, output_format, images)
    expected = labelround.load("s3://pens/bounding_box/yolo_annot_files", root=root)

    samples = labelround.load(folder, root=tmp_path)

    assert [sample.source_ref for sample in samples] == [sample.source_ref for sample in expected]
    assert [sample.boxes for sample in samples] == [sample.boxes for sample in expected]
    assert sum(len(sample.boxes) for sample in samples) == 31
    for sample in samples:
        assert sample.picture().size == (sample.width, sample.height)


def test_samples_have_a_length_and_indices(root: Path) -> None:
    """So that whatever takes a sequence takes them."""
    samples = labelround.load(root / "pens" / DATASET, root=root)

    assert len(samples) == 15
    assert samples[-1] == list(samples)[14]
    assert [sample.image for sample in samples[2:4]] == [samples[2].image, samples[3].image]
    with pytest.raises(IndexError):
        samples[15]


def test_the_splits_part_the_samples(root: Path) -> None:
    """Each is in one of them."""
    folder = root / "pens" / DATASET

    parts = [labelround.load(folder, split, root=root) for split in ("train", "val", "test")]

    assert [len(part) for part in parts] == list(labelround.read_dataset(folder).report.splits.values())
    names = [sample.image for part in parts for sample in part]
    assert sorted(names) == sorted(sample.image for sample in labelround.load(folder, root=root))
    with pytest.raises(ValueError, match="there is no split 'valid'; the splits are train, val, test"):
        labelround.load(folder, "valid", root=root)


def test_a_single_group_validates_with_what_it_trains_on(tmp_path: Path) -> None:
    """As its lists have it, though images.csv names one split an image."""
    buckets = MemoryBuckets()
    line = (PENS / "answers.manifest").read_text().splitlines()[0]
    buckets.open("b").write("one.manifest", line.encode())
    source = ManifestSource(locate("s3://b/one.manifest", buckets), "one.manifest", None)
    plan = ConversionPlan((source,), LABELS, OutputFormat.YOLO, owner="one", check_images=False)
    convert(plan, Folder(buckets.open("b"), "out"), buckets)

    train, val = (labelround.load("s3://b/out", split, buckets=buckets) for split in ("train", "val"))

    assert list(train) == list(val)
    assert len(val) == 1


def test_boxes_fit_the_picture_as_it_is_stored(root: Path) -> None:
    """The photograph has an EXIF orientation; its raster, which the boxes are measured in, is not turned."""
    (photograph,) = (one for one in labelround.load(root / "pens" / DATASET, root=root) if "pens-and" in one.image)

    picture = photograph.picture()

    assert picture.getexif()[0x0112] == 6
    assert picture.size == (photograph.width, photograph.height)
    assert max(box.left + box.width for box in photograph.boxes) <= picture.width


def test_a_picture_comes_from_beside_its_labels_when_it_is_there(root: Path, tmp_path: Path) -> None:
    """So a dataset that was pulled or copied trains without the bucket."""
    folder = made(tmp_path / "made", images=ImagesMode.COPY)
    (tmp_path / "made" / "pens" / IMAGES).unlink()

    samples = labelround.load(folder, root=tmp_path / "made")

    assert all(sample.content() for sample in samples)


def test_a_picture_that_is_nowhere_is_named(root: Path, tmp_path: Path) -> None:
    """When it is asked for, not before."""
    folder = root / "pens" / DATASET
    (tmp_path / "pens").mkdir()

    samples = labelround.load(folder, root=tmp_path)

    with pytest.raises(ObjectNotFound, match="not found"):
        samples[0].picture()


@pytest.mark.parametrize("bucket", ["..", "."])
def test_an_address_does_not_lead_out_of_the_root(tmp_path: Path, bucket: str) -> None:
    """A dataset from elsewhere may name anything."""
    folder = made(tmp_path / "root")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "root" / "secret.jpg").write_bytes(b"secret")
    table = folder / "images.csv"
    table.write_text(
        table.read_text().replace("s3://pens/bounding_box/images/desk-01.jpg", f"s3://{bucket}/secret.jpg")
    )

    (sample,) = (one for one in labelround.load(folder, root=tmp_path / "root") if one.image == "desk-01.jpg")

    assert sample.source_ref == f"s3://{bucket}/secret.jpg"
    with pytest.raises(ObjectNotFound, match="there is no folder for the bucket"):
        sample.content()


def test_the_table_of_images_has_its_types(root: Path) -> None:
    """Text is text, also where it is empty; numbers are whole."""
    images = labelround.read_dataset(root / "pens" / DATASET).images()

    assert list(images["state"].value_counts().sort_index().items()) == [("empty", 2), ("labeled", 13)]
    assert [str(images[name].dtype) for name in ("boxes", "width", "height")] == ["int64"] * 3
    assert sorted(set(images["reason"])) == ["", "EXIF orientation 6"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("img_file,category\nx.jpg,pen\n", "holds no column and no class 'box_left'"),
        (
            "img_file,category,box_left,box_top,box_width,box_height\nx.jpg,ink,1,2,3,4\n",
            "holds no column and no class 'ink'",
        ),
        (
            "img_file,category,box_left,box_top,box_width,box_height\nx.jpg,pen,left,2,3,4\n",
            "is no table of annotations",
        ),
    ],
)
def test_samples_of_a_damaged_table_are_refused(tmp_path: Path, table: str, words: str) -> None:
    """With the file and the reason."""
    folder = made(tmp_path)
    (folder / "annot.csv").write_text(table)

    with pytest.raises(InvalidInput, match=rf"annot\.csv: {words}"):
        labelround.load(folder, root=tmp_path)


def test_a_folder_that_holds_no_dataset_is_refused(tmp_path: Path) -> None:
    """Whoever asks."""
    for read in (labelround.read_dataset, labelround.load):
        with pytest.raises(InvalidInput, match="the folder holds no dataset, or its conversion did not end"):
            read(tmp_path)


def test_root_and_buckets_are_one_too_many(tmp_path: Path) -> None:
    """They say the same thing."""
    with pytest.raises(TypeError, match="give root or buckets, not both"):
        labelround.read_dataset(tmp_path, root=tmp_path, buckets=labelround.LocalBuckets(tmp_path))


def test_every_public_name_is_there_and_listed() -> None:
    """Where a type checker finds it, and where a notebook completes it."""
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")

    found = {name: getattr(labelround, name) for name in labelround.__all__}

    assert set(dir(labelround)) >= found.keys()
    assert [name for name in found if name not in page and name != "__version__"] == []
    assert all(value is not None for value in found.values())
    with pytest.raises(AttributeError, match="module 'labelround' has no attribute 'write_dataset'"):
        labelround.write_dataset  # noqa: B018 the look is what is tested


def test_loading_needs_neither_pandas_nor_torch(root: Path) -> None:
    """So a training image may leave pandas out."""
    program = f"""
import sys, labelround
sys.modules.update(dict.fromkeys(["pandas", "numpy", "torch"]))
print(sum(len(sample.boxes) for sample in labelround.load({str(root / "pens" / DATASET)!r})))
"""

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("31\n", "")
