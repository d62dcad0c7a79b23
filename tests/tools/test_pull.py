"""A pulled dataset trains where it lies, whatever happened on the way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.tools import picture_files as files
from tests.tools.made_datasets import BUCKET, Made, make, put, write_rows

from labelround.dataset.existing import ImageRow, dataset_folder
from labelround.dataset.pull import PullSummary, pull
from labelround.errors import Conflict, Failed, InvalidInput
from labelround.images import read_header
from labelround.progress import NoProgress
from labelround.storage import Bucket, Buckets, Folder, LocalBuckets, MemoryBuckets, local_bucket

PLAIN = files.jpeg(files.raster(16, 12))
TURNED = files.into_jpeg(PLAIN, [files.exif_segment(files.Exif(6).block())])
IMAGES = [
    Made("a.jpg", "0 0.5 0.5 0.2 0.2\n"),
    Made("deep/ b#.jpg", "1 0.5 0.5 0.2 0.2\n", split="val"),
    Made("turned.jpg", "1 0.5 0.5 0.2 0.2\n"),
    Made("failed.jpg", split="", state="failed"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the bucket of the images."""
    for image in IMAGES:
        put(tmp_path / "root", image.key, TURNED if image.key == "turned.jpg" else PLAIN)
    return tmp_path / "root"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return make(tmp_path / "dataset", IMAGES)


def run(dataset: Path, dest: Path, root: Path | Buckets, *, overwrite: bool = False) -> PullSummary:
    buckets = LocalBuckets(root) if isinstance(root, Path) else root
    return pull(dataset_folder(str(dataset), buckets), dest, buckets, NoProgress(), overwrite=overwrite)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_images_come_to_lie_beside_the_labels(dataset: Path, root: Path, tmp_path: Path) -> None:
    """With the lists and the tables, and nothing else."""
    summary = run(dataset, tmp_path / "here", root)

    assert (summary.images, summary.written, summary.set_upright) == (3, 3, 1)
    assert tree(tmp_path / "here") == {
        **tree(dataset),
        "images/a.jpg": PLAIN,
        "images/deep/ b#.jpg": PLAIN,
        "images/turned.jpg": TURNED.replace(files.Exif(6).block(), files.Exif(1).block()),
    }


def test_a_local_dataset_is_filled_where_it_lies(dataset: Path, root: Path) -> None:
    """Its own files stay as they are."""
    before = tree(dataset)

    run(dataset, dataset, root)

    after = tree(dataset)
    assert {name: content for name, content in after.items() if not name.startswith("images/")} == before
    assert len(after) == len(before) + 3


def test_darknet_images_lie_beside_their_label_files(root: Path, tmp_path: Path) -> None:
    """There is no folder of images in that layout."""
    dataset = make(tmp_path / "darknet", IMAGES, darknet=True)

    run(dataset, tmp_path / "here", root)

    assert (tmp_path / "here/deep/ b#.jpg").read_bytes() == PLAIN
    assert (tmp_path / "here/deep/ b#.txt").is_file()


def test_an_image_gets_the_name_that_the_dataset_gave_it(root: Path, tmp_path: Path) -> None:
    """images.csv maps each source to it."""
    put(root, "x.png", files.png(files.raster(4, 4)))
    dataset = make(tmp_path / "dataset", [Made("x.png", image="x_png.png"), Made("a.jpg", split="val")])

    run(dataset, tmp_path / "here", root)

    assert (tmp_path / "here/images/x_png.png").read_bytes() == files.png(files.raster(4, 4))


def test_a_second_pull_writes_nothing(dataset: Path, root: Path, tmp_path: Path) -> None:
    """Nor does it read an image again."""
    run(dataset, tmp_path / "here", root)
    images = Recording(root / BUCKET)

    summary = run(dataset, tmp_path / "here", Opened(images))

    assert (summary.written, summary.files, summary.replaced) == (0, 0, ())
    assert images.reads == []


@dataclass(frozen=True)
class Opened:
    """One bucket under every name."""

    bucket: Bucket

    def open(self, name: str) -> Bucket:
        return self.bucket


class Recording(Bucket):
    """A folder as a bucket that notes which keys are read."""

    def __init__(self, folder: Path) -> None:
        bucket = local_bucket(folder)
        super().__init__(bucket.name, bucket.store, bucket.local_path)
        object.__setattr__(self, "reads", [])

    reads: list[str]

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        self.reads.append(key)
        return super().read(key, at_most=at_most)


class Stopping(Recording):
    """A bucket in which reading one key ends the process."""

    def __init__(self, folder: Path, key: str) -> None:
        super().__init__(folder)
        object.__setattr__(self, "fatal", key)

    fatal: str

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        if key == self.fatal:
            raise KeyboardInterrupt
        return super().read(key, at_most=at_most)


def test_a_pull_that_is_killed_anywhere_goes_on_where_it_was(dataset: Path, root: Path, tmp_path: Path) -> None:
    """Meanwhile no completion marker lies there, and no half of a file."""
    run(dataset, tmp_path / "whole", root)
    whole = tree(tmp_path / "whole")
    for i, name in enumerate(sorted(whole)):
        here = tmp_path / f"here {i}"
        source = Folder(Stopping(dataset, name))
        buckets = Opened(Stopping(root / BUCKET, name.removeprefix("images/")))
        with pytest.raises(KeyboardInterrupt):
            pull(source, here, buckets, NoProgress())
        halfway = tree(here)

        run(dataset, here, root)

        assert "report.json" not in halfway
        assert halfway.items() <= whole.items()
        assert tree(here) == whole


def test_an_interrupted_pull_of_a_newer_version_does_not_count_as_complete(
    dataset: Path, root: Path, tmp_path: Path
) -> None:
    """The marker of the older version goes before the first change."""
    run(dataset, tmp_path / "here", root)
    make(dataset, [Made("a.jpg", "1 0.1 0.1 0.1 0.1\n"), Made("new.jpg", split="val")])
    put(root, "new.jpg", PLAIN)

    with pytest.raises(KeyboardInterrupt):
        pull(Folder(local_bucket(dataset)), tmp_path / "here", Opened(Stopping(root / BUCKET, "new.jpg")), NoProgress())

    assert not (tmp_path / "here/report.json").exists()


def test_all_missing_images_are_named_at_once(dataset: Path, root: Path, tmp_path: Path) -> None:
    """The others are in place, but the dataset does not count as complete."""
    (root / BUCKET / "a.jpg").unlink()
    (root / BUCKET / "deep/ b#.jpg").unlink()

    with pytest.raises(Failed, match=r"(?s)2 files .*a\.jpg.* b#\.jpg"):
        run(dataset, tmp_path / "here", root)

    assert (tmp_path / "here/images/turned.jpg").is_file()
    assert not (tmp_path / "here/report.json").exists()


def test_an_image_that_was_pulled_stays_when_its_original_is_gone(dataset: Path, root: Path, tmp_path: Path) -> None:
    """Originals may be archived."""
    run(dataset, tmp_path / "here", root)
    (root / BUCKET / "a.jpg").unlink()

    summary = run(dataset, tmp_path / "here", root)

    assert summary.written == 0


def test_a_missing_bucket_is_told_as_the_images_that_it_costs(dataset: Path, tmp_path: Path) -> None:
    """With the folder that was looked for."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(Failed, match=r"3 files .*\n.*there is no folder for the bucket pictures"):
        run(dataset, tmp_path / "here", tmp_path / "empty")


def test_an_unfinished_dataset_is_refused(dataset: Path, root: Path, tmp_path: Path) -> None:
    """report.json is what the conversion writes last."""
    (dataset / "report.json").unlink()

    with pytest.raises(InvalidInput, match=r"report\.json: is not there: .* or its conversion did not end"):
        run(dataset, tmp_path / "here", root)

    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("name", ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "", "a//b.jpg", "nul\x00.jpg"])
@pytest.mark.parametrize("column", ["image", "label_file"])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    dataset: Path, root: Path, tmp_path: Path, name: str, column: str
) -> None:
    """images.csv may come from elsewhere."""
    row = {"image": "a.jpg", "label_file": "labels/a.txt", column: name}
    write_rows(
        dataset,
        [
            ImageRow(
                f"s3://{BUCKET}/a.jpg", **row, split="train", state="labeled", boxes=1, width=1, height=1, reason=""
            )
        ],
    )

    with pytest.raises(InvalidInput, match="is refused"):
        run(dataset, tmp_path / "here", root)

    assert not (tmp_path / "here").exists()


def test_files_of_somebody_else_are_not_replaced(dataset: Path, root: Path, tmp_path: Path) -> None:
    """All are named, and an option is needed."""
    (tmp_path / "here/labels").mkdir(parents=True)
    (tmp_path / "here/labels/a.txt").write_text("my own work")

    for _ in range(2):
        with pytest.raises(Conflict, match=r"(?s)1 other files .*add --overwrite.*labels/a\.txt"):
            run(dataset, tmp_path / "here", root)
    kept = (tmp_path / "here/labels/a.txt").read_text()
    summary = run(dataset, tmp_path / "here", root, overwrite=True)

    assert kept == "my own work"
    assert summary.replaced == ("labels/a.txt",)


def test_a_newer_version_replaces_what_differs_and_removes_what_is_gone(
    dataset: Path, root: Path, tmp_path: Path
) -> None:
    """And says so; files that no pull wrote stay."""
    run(dataset, tmp_path / "here", root)
    (tmp_path / "here/weights.pt").write_text("mine")
    make(dataset, [Made("a.jpg", "1 0.1 0.1 0.1 0.1\n"), Made("turned.jpg", split="val")])

    summary = run(dataset, tmp_path / "here", root)

    assert set(summary.removed) == {"images/deep/ b#.jpg", "labels/deep/ b#.txt"}
    assert {"labels/a.txt", "images.csv", "train.txt"} <= set(summary.replaced)
    assert not (tmp_path / "here/images/deep").exists()
    assert (tmp_path / "here/weights.pt").is_file()
    assert (tmp_path / "here/labels/a.txt").read_bytes() == (dataset / "labels/a.txt").read_bytes()


def test_an_original_is_never_changed(root: Path, tmp_path: Path) -> None:
    """Not even when the dataset was made around it."""
    put(root, "images/turned.jpg", TURNED)
    dataset = make(root / BUCKET, [Made("images/turned.jpg", image="turned.jpg"), Made("a.jpg", split="val")])

    with pytest.raises(Failed, match="is the original itself, which is never changed; pull into another folder"):
        run(dataset, dataset, root)

    assert (root / BUCKET / "images/turned.jpg").read_bytes() == TURNED


def test_a_copy_in_the_dataset_serves_instead_of_the_original(dataset: Path, tmp_path: Path) -> None:
    """A dataset that holds its images needs no bucket."""
    for name in ("a.jpg", "deep/ b#.jpg", "turned.jpg"):
        path = dataset / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PLAIN)
    (tmp_path / "empty").mkdir()

    summary = run(dataset, tmp_path / "here", tmp_path / "empty")

    assert summary.written == 3


def test_a_changed_original_of_the_same_size_is_fetched_again(dataset: Path, root: Path, tmp_path: Path) -> None:
    """Its time tells."""
    run(dataset, tmp_path / "here", root)
    other = PLAIN[:-3] + bytes([PLAIN[-3] ^ 1]) + PLAIN[-2:]
    put(root, "a.jpg", other)
    os.utime(root / BUCKET / "a.jpg", (0, 0))

    summary = run(dataset, tmp_path / "here", root)

    assert summary.replaced == ("images/a.jpg",)
    assert (tmp_path / "here/images/a.jpg").read_bytes() == other


def test_every_pulled_image_is_upright(dataset: Path, root: Path, tmp_path: Path) -> None:
    """As its header tells."""
    run(dataset, tmp_path / "here", root)

    for path in (tmp_path / "here/images").rglob("*.jpg"):
        content = path.read_bytes()
        assert read_header(lambda start, length, content=content: content[start : start + length]).orientation == 1  # type: ignore[misc]


def test_a_dataset_is_pulled_from_a_store_that_is_no_folder(dataset: Path, root: Path, tmp_path: Path) -> None:
    """As from S3: again and again, without reading what is there."""
    buckets = MemoryBuckets()
    for name, content in tree(dataset).items():
        buckets.open("datasets").write(f"round 1/{name}", content)
    for image in IMAGES:
        buckets.open(BUCKET).write(image.key, (root / BUCKET / image.key).read_bytes())

    first = pull(Folder(buckets.open("datasets"), "round 1"), tmp_path / "here", buckets, NoProgress())
    second = pull(Folder(buckets.open("datasets"), "round 1"), tmp_path / "here", buckets, NoProgress())

    run(dataset, tmp_path / "there", root)
    assert (first.written, first.set_upright, second.written, second.files) == (3, 1, 0, 0)
    assert tree(tmp_path / "here") == tree(tmp_path / "there")
