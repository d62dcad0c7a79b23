"""`labelround conversion`, as the pod of a round runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dataset.manifests import line, manifest, unlabeled
from tests.dataset.pictures import picture

from labelround.conversion import Conversion
from labelround.conversionfile import encode
from labelround.dataset.convert import ConversionPlan, ManifestSource
from labelround.dataset.report import Origin
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, LocalBuckets, Location
from labelround.uri import ObjectURI

ADDRESS = "s3://pictures/pens/conversion.json"
KILLED_AFTER = Path(__file__).with_name("killed_after.py")
NAMES = ("a.jpg", "b.jpg", "c.jpg")
OUTPUT = "pens/yolo/"
JOB = "pens/ground_truth_annots/pens-1/"
AWS_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LABELROUND_"))}


def prepared(root: Path, lines: bytes | None = None, shards: int = 1) -> Path:
    """A bucket-shaped folder in which a conversion is prepared, a preview included; the folder."""
    buckets = LocalBuckets(root)
    (root / "pictures").mkdir(parents=True)
    bucket = buckets.open("pictures")
    for name in NAMES:
        bucket.write(f"pens/images/{name}", picture(orientation=6 if name == "c.jpg" else 1))
    content = manifest([line("a.jpg", ("pen", 1, 1, 20, 20)), line("b.jpg", ("pencil", 4, 4, 9, 9)), line("c.jpg")])
    bucket.write(f"{JOB}manifests/output/output.manifest", content if lines is None else lines)
    bucket.write("pens/manifest.json", manifest(map(unlabeled, NAMES)))
    plan = ConversionPlan(
        sources=(source(buckets, f"{JOB}manifests/output/output.manifest"),),
        inputs=(source(buckets, "pens/manifest.json"),),
        labels=("pencil", "pen"),
        output_format=OutputFormat.YOLO,
        images_prefix=ObjectURI("pictures", "pens/images/"),
        previews=1,
        owner="uid-1",
        origin=Origin("default/pens-1"),
    )
    conversion = Conversion(plan, Folder(bucket, OUTPUT), {"pens-1": Folder(bucket, JOB)}, shards)
    bucket.write("pens/conversion.json", encode(conversion))
    return root


def source(buckets: LocalBuckets, key: str) -> ManifestSource:
    return ManifestSource(Location(buckets.open("pictures"), key), f"s3://pictures/{key}", job="pens-1")


def run(root: Path, *program: str | Path, step: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command, or a step of it, to its end; without a program, as it is installed."""
    command = [sys.executable, *(program or ("-m", "labelround")), "conversion", ADDRESS, "--root", root]
    command += ["--step", step] if step else []
    return subprocess.run(
        command, env=AWS_CLEAN | environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All files of a conversion to which nothing happens."""
    root = prepared(tmp_path_factory.mktemp("undisturbed") / "root")
    assert run(root).returncode == 0
    return tree(root)


def test_a_conversion_makes_the_dataset_and_says_where(tmp_path: Path) -> None:
    """stdout has the report's place, stderr the story; and the job gets its own table."""
    root = prepared(tmp_path / "root")

    ended = run(root)

    report = root / "pictures" / OUTPUT / "report.json"
    assert (ended.returncode, ended.stdout) == (0, f"{report}\n"), ended.stderr
    assert ended.stderr.startswith(f"converting default/pens-1 to {report.parent}\n")
    assert "3 images: 2 labeled, 1 empty, 0 failed, 0 unlabeled; 2 of 2 boxes written" in ended.stderr
    assert re.search(r"^took \d+s and at most [1-9]\d+ MB of memory$", ended.stderr, re.M)
    assert (root / "pictures" / JOB / "annot.csv").is_file()


def test_a_second_run_changes_nothing(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """The Job may start one pod too many."""
    root = prepared(tmp_path / "root")
    run(root)

    ended = run(root)

    assert ended.returncode == 0
    assert tree(root) == undisturbed


def test_dropped_boxes_are_no_failure(tmp_path: Path) -> None:
    """The report counts them; `labelround convert` exits with 5, but a Job knows only well and ill."""
    lines = manifest([line("a.jpg", ("pen", 1, 1, 20, 20), ("pen", 500, 500, 5, 5)), line("b.jpg"), line("c.jpg")])
    root = prepared(tmp_path / "root", lines)

    ended = run(root)

    assert ended.returncode == 0
    assert "dropped: 1 boxes (no area)" in ended.stderr


def test_a_pod_killed_after_every_effect_ends_with_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    """SIGKILL after the 1st effect, the next pod after its 2nd, and so on, until one comes to its end."""
    root, count = prepared(tmp_path / "root"), tmp_path / "count"

    for deadly in range(1, 100):
        ended = run(root, KILLED_AFTER, str(deadly), count)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    assert deadly > 10
    assert tree(root) == undisturbed


def test_the_steps_of_a_large_round_make_the_same_dataset(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """Index once, then each shard, whose number Kubernetes gives in a variable, then finish."""
    root = prepared(tmp_path / "root", shards=2)

    indexed = run(root, step="index")
    shards = [run(root, step="shard", JOB_COMPLETION_INDEX=str(number)) for number in (1, 0)]
    finished = run(root, step="finish")

    report = root / "pictures" / OUTPUT / "report.json"
    assert [each.returncode for each in (indexed, *shards, finished)] == [0] * 4, finished.stderr
    assert indexed.stderr.startswith("indexing default/pens-1 for 2 shards\n")
    assert shards[0].stderr.startswith(f"converting shard 1 of 0 to 1 of default/pens-1 to {report.parent}\n")
    assert "3 images: 2 labeled, 1 empty, 0 failed, 0 unlabeled; 2 of 2 boxes written" in finished.stderr
    assert [each.stdout for each in (indexed, *shards, finished)] == ["", "", "", f"{report}\n"]
    assert dataset(tree(root)) == dataset(undisturbed)


def dataset(files: dict[str, bytes]) -> dict[str, bytes]:
    """All files but the one that says how many shards there are."""
    return {path: content for path, content in files.items() if not path.endswith("conversion.json")}


def test_pods_of_all_steps_killed_after_every_effect_end_with_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    """SIGKILL after the 1st effect of a step, its next pod after the 2nd, and so on, until one comes to its end."""
    root, count = prepared(tmp_path / "root", shards=2), tmp_path / "count"
    kills = 0

    for step, number in [("index", ""), ("shard", "0"), ("shard", "1"), ("finish", "")]:
        for deadly in range(1, 100):
            environment = {"JOB_COMPLETION_INDEX": number} if number else {}
            ended = run(root, KILLED_AFTER, str(deadly), count, step=step, **environment)
            if ended.returncode == 0:
                break
            assert ended.returncode == -signal.SIGKILL, ended.stderr
            kills += 1

    assert kills > 20
    assert dataset(tree(root)) == dataset(undisturbed)


def test_wrong_input_ends_in_the_indexing_step(tmp_path: Path) -> None:
    """With the exit code that no further pod can change, before anything is written."""
    root = prepared(tmp_path / "root", manifest([line("a.jpg", ("crayon", 1, 1, 9, 9))]), shards=2)

    ended = run(root, step="index")

    assert ended.returncode == 3
    assert "crayon" in ended.stderr
    assert not (root / "pictures" / OUTPUT).exists()


def test_a_shard_has_to_be_named(tmp_path: Path) -> None:
    """Outside of Kubernetes, by --shard."""
    ended = run(prepared(tmp_path / "root", shards=2), step="shard")

    assert ended.returncode == 2
    assert "--step shard needs --shard" in ended.stderr


def test_wrong_input_has_an_exit_code_of_its_own_and_leaves_its_message(tmp_path: Path) -> None:
    """Exit code 3, which no further pod can change; the first 4 KiB go into the termination log; nothing is written."""
    lines = manifest(line(name, (f"{index}{'ä' * 300}", 1, 1, 9, 9)) for index, name in enumerate(NAMES * 8))
    root = prepared(tmp_path / "root", lines)
    log = tmp_path / "termination-log"

    ended = run(root, LABELROUND_TERMINATION_LOG=str(log))

    assert ended.returncode == 3
    message = log.read_text(encoding="utf-8")
    assert f"error: {message}" in ended.stderr
    assert "0ää" in message
    assert 4000 < log.stat().st_size <= 4096
    assert not (root / "pictures" / OUTPUT).exists()


def test_the_folder_of_another_ends_with_1(tmp_path: Path) -> None:
    """A person can clear the way, so this is no wrong input."""
    root = prepared(tmp_path / "root")
    claim = root / "pictures" / OUTPUT / ".labelround-claim.json"
    claim.parent.mkdir()
    claim.write_text('{"owner":"uid-2","name":"pencils-2"}\n')
    log = tmp_path / "termination-log"

    ended = run(root, LABELROUND_TERMINATION_LOG=str(log))

    assert ended.returncode == 1
    assert log.read_text() == f"{claim.parent}: it belongs to pencils-2; choose another folder"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "conversion.json: not found"),
        (b'{"version": 2}', f"{ADDRESS}: is of version 2, and labelround"),
    ],
    ids=["absent", "of another version"],
)
def test_a_file_that_cannot_be_read_ends_with_1(tmp_path: Path, content: bytes | None, message: str) -> None:
    """The labels are not to blame: once the operator has written it anew, the conversion goes on."""
    root = prepared(tmp_path / "root")
    file = root / "pictures" / "pens" / "conversion.json"
    file.unlink() if content is None else file.write_bytes(content)

    ended = run(root)

    assert ended.returncode == 1
    assert message in ended.stderr


def test_an_unexpected_error_is_told_too(tmp_path: Path) -> None:
    """By its kind; the whole story is in the log of the pod."""
    root = prepared(tmp_path / "root")
    log, failing = tmp_path / "termination-log", tmp_path / "failing.py"
    failing.write_text(
        "import sys, labelround.conversionfile as file\n"
        "def decode(*_): raise ZeroDivisionError('by zero')\n"
        "file.decode = decode\n"
        "from labelround.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )

    ended = run(root, failing, LABELROUND_TERMINATION_LOG=str(log))

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert log.read_text() == "ZeroDivisionError: by zero"


def test_a_termination_log_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    """The error that ended the conversion still says so on stderr."""
    root = prepared(tmp_path / "root", b"no manifest\n")

    ended = run(root, LABELROUND_TERMINATION_LOG=str(tmp_path))

    assert ended.returncode == 3
    assert f"{tmp_path}: the message could not be written (Is a directory)" in ended.stderr
    assert "error: s3://pictures" in ended.stderr


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_sigterm_ends_it_at_once_and_a_rerun_goes_on(
    tmp_path: Path, silent_server: socket.socket, undisturbed: dict[str, bytes]
) -> None:
    """Kubernetes asks a pod to go; here while it waits for S3, its longest wait."""
    url = f"http://127.0.0.1:{silent_server.getsockname()[1]}"
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    command = [sys.executable, "-m", "labelround", "conversion", ADDRESS, "--s3-endpoint-url", url]
    root = prepared(tmp_path / "root")

    with subprocess.Popen(command, env=AWS_CLEAN | keys, stderr=subprocess.PIPE, text=True) as running:
        connection, _ = silent_server.accept()
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=20)
        connection.close()

    assert running.returncode == 143
    assert told == "ended by SIGTERM; the conversion goes on when it is run again\n"
    assert run(root).returncode == 0
    assert tree(root) == undisturbed
