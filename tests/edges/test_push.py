"""Pushing pictures: over HTTP to S3, and into local folders."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from labelround.errors import ObjectNotFound
from labelround.manifest import SkipReason
from labelround.progress import NoProgress
from labelround.push import FAILURES_IN_A_ROW, Outcome, Push, PushReport, push
from labelround.storage import Bucket, Folder, LocalBuckets, MemoryBuckets, S3Buckets, local_bucket

NAMES = [
    "plain.jpg",
    "with space.jpg",
    "sub folder/deep/a#1 100%.png",
    "question?.JPEG",
    "zero\u200bwidth.jpg",
    "한국어/사진.jpg",
    "plus+and&.png",
    "a.b.jpg",
]


class Recorder:
    """A progress that remembers what it heard."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def start(self, what: str, total: int | None, unit: str) -> None:
        self.total = total

    def advance(self, count: int = 1) -> None:
        self.done += count


def picture(seed: str, *, orientation: int = 1) -> bytes:
    """A small JPEG that depends on `seed`."""
    image = Image.new("RGB", (8, 6), "#" + hashlib.sha256(seed.encode()).hexdigest()[:6])
    exif = Image.Exif()
    if orientation != 1:
        exif[274] = orientation
    target = BytesIO()
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of pictures with odd names."""
    folder = tmp_path / "pictures"
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(name))
    return folder


@pytest.fixture
def target(s3_buckets: S3Buckets) -> Folder:
    """A folder in S3."""
    return Folder(s3_buckets.open("pictures"), "pens & pencils/images/")


def counts(report: PushReport) -> dict[str, int]:
    return {outcome.value: report.count(outcome) for outcome in Outcome if report.count(outcome)}


def objects(client: Any) -> dict[str, bytes]:
    """What the bucket holds, by another client's eyes."""
    listed = client.list_objects_v2(Bucket="pictures").get("Contents", [])
    return {one["Key"]: client.get_object(Bucket="pictures", Key=one["Key"])["Body"].read() for one in listed}


def test_every_picture_arrives_under_its_own_name(pictures: Path, target: Folder, s3: Any) -> None:
    """Sub-folders, spaces, `#`, `%`, `?`, U+200B and Korean included."""
    report = push(pictures, target, NoProgress())

    assert objects(s3) == {f"pens & pencils/images/{name}": (pictures / name).read_bytes() for name in NAMES}
    assert counts(report) == {"uploaded": len(NAMES)}
    assert report.uploaded_bytes == sum((pictures / name).stat().st_size for name in NAMES)


def test_a_second_push_sends_nothing(pictures: Path, target: Folder) -> None:
    """The ETag says that the content is there, whatever the times."""
    push(pictures, target, NoProgress())
    for name in NAMES:
        os.utime(pictures / name)

    report = push(pictures, target, NoProgress())

    assert counts(report) == {"already there": len(NAMES)}


def test_a_changed_picture_of_the_same_size_is_sent_again(pictures: Path, target: Folder, s3: Any) -> None:
    """Even one that looks older than the object."""
    push(pictures, target, NoProgress())
    path = pictures / "plain.jpg"
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, (0, 0))

    report = push(pictures, target, NoProgress())

    assert counts(report) == {"uploaded": 1, "already there": len(NAMES) - 1}
    assert objects(s3)["pens & pencils/images/plain.jpg"] == path.read_bytes()


def test_a_push_goes_on_where_it_was_interrupted(pictures: Path, target: Folder, s3: Any) -> None:
    """What arrived before counts as already there."""
    for name in NAMES[:3]:
        s3.put_object(Bucket="pictures", Key=f"pens & pencils/images/{name}", Body=(pictures / name).read_bytes())

    report = push(pictures, target, NoProgress())

    assert counts(report) == {"uploaded": len(NAMES) - 3, "already there": 3}


@pytest.mark.parametrize(("age", "outcome"), [(1, Outcome.PRESENT), (-1, Outcome.UPLOADED)])
def test_where_the_etag_is_no_md5_size_and_time_decide(
    pictures: Path, target: Folder, age: int, outcome: Outcome
) -> None:
    """An object that was uploaded in parts, and a file that is older (or younger) than it."""
    meta = next(iter(local_bucket(pictures).list("")))
    parted = replace(meta, etag='"d41d8cd98f00b204e9800998ecf8427e-2"', modified=meta.modified + timedelta(hours=age))
    work = Push(local_bucket(pictures), target, dry_run=True, present={meta.key: parted})

    pushed = work.picture(meta)

    assert pushed.outcome is outcome


def test_under_a_kms_key_the_etag_is_not_taken_for_the_content(pictures: Path, target: Folder, s3: Any) -> None:
    """It looks like an MD5 and is none, so size and time decide there too."""
    name = "plain.jpg"
    key = f"pens & pencils/images/{name}"
    s3.put_object(Bucket="pictures", Key=key, Body=(pictures / name).read_bytes(), ServerSideEncryption="aws:kms")
    meta = next(one for one in local_bucket(pictures).list("") if one.key == name)
    listed = replace(meta, etag='"00000000000000000000000000000000"', modified=datetime.now(UTC))
    work = Push(local_bucket(pictures), target, dry_run=True, present={name: listed})

    pushed = work.picture(meta)

    assert pushed.outcome is Outcome.PRESENT


def test_a_dry_run_writes_nothing_and_says_what_it_would(pictures: Path, target: Folder, s3: Any) -> None:
    """The same comparison, without the upload."""
    s3.put_object(Bucket="pictures", Key="pens & pencils/images/plain.jpg", Body=(pictures / "plain.jpg").read_bytes())

    report = push(pictures, target, NoProgress(), dry_run=True)

    assert counts(report) == {"uploaded": len(NAMES) - 1, "already there": 1}
    assert len(objects(s3)) == 1


def test_what_is_no_picture_is_skipped_by_reason(pictures: Path, target: Folder, s3: Any) -> None:
    """By the rules by which a round selects its images."""
    (pictures / "notes.txt").write_text("hello")
    (pictures / ".DS_Store").write_text("x")
    (pictures / "empty.png").touch()
    with (pictures / "huge.png").open("wb") as file:
        file.truncate(41 * 1024 * 1024)

    report = push(pictures, target, NoProgress())

    assert {one.reason: one.examples for one in report.skipped} == {
        SkipReason.HIDDEN: (".DS_Store",),
        SkipReason.NOT_AN_IMAGE: ("notes.txt",),
        SkipReason.EMPTY: ("empty.png",),
        SkipReason.TOO_LARGE: ("huge.png",),
    }
    assert len(objects(s3)) == len(NAMES)


def test_turned_and_unreadable_pictures_are_warned_about(pictures: Path, target: Folder) -> None:
    """They are uploaded all the same: the round decides what to do with them."""
    (pictures / "turned.jpg").write_bytes(picture("turned", orientation=6))
    (pictures / "text.jpg").write_bytes(b"no picture at all")
    size = (50_000).to_bytes(4, "big") + (2_001).to_bytes(4, "big")
    (pictures / "vast.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + size + b"\x08\x02" + bytes(7)
    )

    report = push(pictures, target, NoProgress())

    assert counts(report) == {"uploaded": len(NAMES) + 3}
    assert [warning.where for warning in report.warnings] == ["1 picture", "text.jpg", "vast.png"]
    assert "turned.jpg" in report.warnings[0].what
    assert "megapixels" in report.warnings[2].what


def test_one_failure_does_not_stop_the_others(pictures: Path, target: Folder, s3: Any) -> None:
    """A key that S3 cannot hold fails alone, and is named."""
    long = "/".join(["d" * 200] * 6) + "/x.jpg"
    path = pictures / long
    path.parent.mkdir(parents=True)
    path.write_bytes(picture("x"))

    report = push(pictures, target, NoProgress())

    assert counts(report) == {"uploaded": len(NAMES), "failed": 1}
    assert [problem.where for problem in report.failures] == [long]


def test_it_gives_up_when_nothing_works(tmp_path: Path) -> None:
    """A read-only bucket does not get a thousand tries, and what was not tried is counted."""
    for number in range(5 * FAILURES_IN_A_ROW):
        (tmp_path / f"{number:03}.jpg").write_bytes(picture(str(number)))
    broken = Folder(ReadOnly("pictures", MemoryBuckets().open("pictures").store), "images/")

    report = push(tmp_path, broken, NoProgress())

    assert counts(report) == {"failed": FAILURES_IN_A_ROW}
    assert report.untried == 4 * FAILURES_IN_A_ROW


class ReadOnly(Bucket):
    """A bucket that takes nothing."""

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        raise ObjectNotFound(self.uri(key), "not found")


def test_a_local_bucket_is_compared_by_content(pictures: Path, tmp_path: Path) -> None:
    """Its files have no ETag."""
    (tmp_path / "root" / "pictures").mkdir(parents=True)
    folder = Folder(LocalBuckets(tmp_path / "root").open("pictures"), "pens/images/")
    push(pictures, folder, NoProgress())
    path = pictures / "plain.jpg"
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, (0, 0))

    report = push(pictures, folder, NoProgress())

    assert counts(report) == {"uploaded": 1, "already there": len(NAMES) - 1}
    for name in NAMES:
        assert (tmp_path / "root" / "pictures" / "pens" / "images" / name).read_bytes() == (
            pictures / name
        ).read_bytes()


def test_progress_reaches_its_total(pictures: Path, target: Folder) -> None:
    """One step a picture, whatever becomes of it."""
    recorder = Recorder()

    push(pictures, target, recorder)

    assert (recorder.total, recorder.done) == (len(NAMES), len(NAMES))


def test_a_missing_bucket_is_said_before_the_first_upload(pictures: Path, s3_buckets: S3Buckets, s3: Any) -> None:
    """Not once for every picture."""
    folder = Folder(s3_buckets.open("no-such-bucket"), "images/")

    with pytest.raises(ObjectNotFound, match="bucket"):
        push(pictures, folder, NoProgress())


def test_a_folder_without_pictures_is_no_error(tmp_path: Path, target: Folder) -> None:
    """It ends with nothing uploaded."""
    report = push(tmp_path, target, NoProgress())

    assert counts(report) == {}
