"""The server is killed, at any point, and started again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pytest
from tests.server.labeling import Front, Place, client, request, server_process, task

from labelround.errors import Conflict, InvalidInput
from labelround.server import background
from labelround.server.database import open_database
from labelround.server.schema import SCHEMA_VERSION
from labelround.server.service import opened
from labelround.storage import Bucket, LocalBuckets


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product may catch it."""


@dataclass
class Countdown:
    """Kills at the end of the `left`-th write; before its effect when `early`."""

    left: int
    early: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, effect: Callable[[], None]) -> None:
        with self.lock:
            self.left -= 1
            deadly = self.left == 0
        if not (deadly and self.early):
            effect()
        if deadly:
            raise Killed


@dataclass(frozen=True)
class DeadlyBucket(Bucket):
    """A bucket in which writing may kill."""

    countdown: Countdown | None = None

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        assert self.countdown
        self.countdown.write(lambda: Bucket.write(self, key, content, if_absent=if_absent))

    def write_stream(self, key: str, source: IO[bytes]) -> None:
        assert self.countdown
        self.countdown.write(lambda: Bucket.write_stream(self, key, source))


@dataclass(frozen=True)
class DeadlyBuckets(LocalBuckets):
    """The same folders, through deadly buckets."""

    countdown: Countdown | None = None

    def open(self, name: str) -> Bucket:
        bucket = super().open(name)
        return DeadlyBucket(bucket.name, bucket.store, bucket.local_path, countdown=self.countdown)


def killed_and_restarted(place: Place, countdown: Countdown) -> bool:
    """Label with a server that dies at a write, then with one that does not. Whether it died."""
    safe = place.buckets
    died = False
    with place.serving() as api:
        api.create_labeling_job(**request(HumanTaskConfig=task(NumberOfHumanWorkersPerDataObject=2)))
        place.buckets = DeadlyBuckets(place.path / "buckets", countdown=countdown)
        try:
            place.finish()
        except Killed:
            died = True
    place.buckets = safe
    with place.serving() as api:
        place.finish()
        assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"
    return died


@pytest.fixture
def undisturbed(tmp_path: Path, front: Front) -> dict[str, bytes]:
    """The whole output of a server that nobody killed."""
    place = busy(Place(tmp_path / "undisturbed", front))
    killed_and_restarted(place, Countdown(left=0))
    return place.files()


def busy(place: Place) -> Place:
    """Two images a tick, so that there are several steps to die in."""
    place.change(answers_per_tick=4, noise=0.2)
    return place


def test_a_server_killed_at_any_write_leaves_the_same_output(
    tmp_path: Path, front: Front, undisturbed: dict[str, bytes]
) -> None:
    """Before and after each write: all files are there in the end, byte for byte, and none beside them."""
    deaths = 0
    for early in (True, False):
        for number in range(1, 40):
            place = busy(Place(tmp_path / f"{number}-{early}", front))
            died = killed_and_restarted(place, Countdown(number, early))
            deaths += died

            assert place.files() == undisturbed
            if not died:
                break

    assert deaths >= 20


def test_stopping_survives_a_restart(place: Place) -> None:
    """A job that was asked to stop stops."""
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick()
        api.stop_labeling_job(LabelingJobName="pens-1")

    with place.serving() as api:
        place.finish()

        assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Stopped"


def test_a_killed_server_goes_on_where_it_was(place: Place) -> None:
    """SIGKILL of the real process while it labels; a new one finishes, and tags and counters are right."""
    (place.path / "truth.manifest").write_bytes(place.settings.answers)  # type: ignore[arg-type]
    tags = [{"Key": "labelround.dev/uid", "Value": "42"}]
    with process(place, "--delay", "0.2") as (url, server):
        api = client(url)
        api.create_labeling_job(**request("Pens-1", Tags=tags))
        labeled = 0
        while not labeled:
            labeled = described(api)["LabelCounters"]["TotalLabeled"]
        server.send_signal(signal.SIGKILL)
        server.wait()

    with process(place) as (url, _):
        api = client(url)
        while described(api)["LabelingJobStatus"] not in {"Completed", "Failed", "Stopped"}:
            pass
        job = described(api)

    assert 0 < labeled < 4
    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["TotalLabeled"] == 4
    assert job["Tags"] == tags
    assert len(place.output("Pens-1")) == 4
    assert [key for key in place.files() if key.endswith("output/output.manifest")] == [
        "Pens-1/manifests/output/output.manifest"
    ]


def test_sigterm_ends_the_process_cleanly(place: Place) -> None:
    """Exit code 0, and nothing but the address on stdout."""
    (place.path / "truth.manifest").write_bytes(b"")

    with process(place) as (_, server):
        server.send_signal(signal.SIGTERM)
        rest, messages = server.communicate(timeout=20)

    assert server.returncode == 0
    assert rest == ""
    assert "Traceback" not in messages


def test_a_second_server_on_one_database_is_refused(place: Place) -> None:
    """By name, with the process that holds it."""
    with (
        opened(place.settings, place.buckets),
        pytest.raises(
            Conflict, match=rf"in use by another labelround run or server \(process {os.getpid()}\)"
        ) as caught,
        background(replace(place.settings, port=0), place.buckets),
    ):
        pass

    assert caught.value.reason == "DatabaseInUse"


def test_a_database_is_free_after_its_server(place: Place) -> None:
    """One after the other is fine."""
    for _ in range(2):
        with opened(place.settings, place.buckets):
            pass


def test_a_database_is_its_owners_alone(place: Place) -> None:
    """Whoever else is on the machine reads neither answers nor names in it."""
    with place.serving() as api:
        api.create_labeling_job(**request())
        modes = {path.name: path.stat().st_mode & 0o777 for path in place.path.glob("server.db*")}

    assert modes["server.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_newer_database_is_refused(place: Place) -> None:
    """Rather than misread."""
    with opened(place.settings, place.buckets):
        pass
    with closing(sqlite3.connect(place.database_file)) as database:
        database.execute("UPDATE labelround_schema SET version = version + 1")
        database.commit()

    with pytest.raises(Conflict, match=f"its schema is {SCHEMA_VERSION + 1}, this one's {SCHEMA_VERSION}"):
        open_database(place.settings.database)


def test_a_database_of_an_earlier_version_gains_what_it_lacks(place: Place) -> None:
    """Its jobs stay, and go on."""
    with place.serving() as api:
        api.create_labeling_job(**request())
    with closing(sqlite3.connect(place.database_file)) as database:
        for table in ("leases", "people", "page_sessions"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE labelround_schema SET version = 1")
        database.commit()

    with place.serving() as api:
        place.finish()

        assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"
    with closing(sqlite3.connect(place.database_file)) as database:
        assert database.execute("SELECT version FROM labelround_schema").fetchone() == (SCHEMA_VERSION,)
        assert database.execute("SELECT count(*) FROM leases").fetchone() == (0,)


def test_a_file_that_is_no_database_is_refused(place: Place) -> None:
    """And left as it is."""
    place.database_file.write_bytes(b"not a database, but long enough to be taken for one" * 100)

    with pytest.raises(InvalidInput, match="cannot be used as the server's database"):
        open_database(place.settings.database)

    assert place.database_file.read_bytes().startswith(b"not a database")


def test_another_programs_database_is_refused(place: Place) -> None:
    """Its tables are none of ours."""
    with closing(sqlite3.connect(place.database_file)) as database:
        database.execute("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(InvalidInput, match="not a labelround server's"):
        open_database(place.settings.database)


def described(api: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.describe_labeling_job(LabelingJobName="pens-1")
    return answer


@contextmanager
def process(place: Place, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`labelround server` as a process of its own, ready."""
    command = [sys.executable, "-m", "labelround", "server", "--root", str(place.path / "buckets")]
    command += ["--answers", str(place.path / "truth.manifest"), "--database", str(place.settings.database), *options]
    with server_process(command) as running:
        yield running
