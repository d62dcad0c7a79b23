"""`labelround server` as people start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.server.labeling import Place, client, refused, request, server_process

from labelround.cli.main import main
from labelround.cli.server import server
from labelround.server.faults import meanings

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "server.md"


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(server, arguments)


def test_one_line_on_stdout_and_the_rest_on_stderr(place: Place) -> None:
    """The address when it is ready; how to use it, what to know, and the log beside it. Ctrl-C ends it with 0."""
    environment = {"LABELROUND_SERVER_FAULTS": "throttle-every=2,list-lag-seconds=1", "AWS_REGION": "eu-west-1"}
    with process(place, "--request-log", str(place.path / "log"), "--fault", "zero-counters", **environment) as started:
        assert started.stdout
        url = started.stdout.readline().strip()
        api = client(url)
        first = refused(api.create_labeling_job, **request())
        second = refused(api.list_labeling_jobs)
        started.send_signal(signal.SIGINT)
        stdout, stderr = started.communicate(timeout=20)

    assert started.returncode == 0
    assert stdout == ""
    assert "region eu-west-1" in first[1]
    assert second[0] == "ThrottlingException"
    assert f"export AWS_ENDPOINT_URL_SAGEMAKER={url} AWS_DEFAULT_REGION=eu-west-1\n" in stderr
    assert "aws sagemaker list-labeling-jobs\n" in stderr
    assert "Signatures are not checked" in stderr
    assert (place.path / "buckets" / ".labelround" / "server.db").is_file()
    assert len((place.path / "log").read_text().splitlines()) == 2
    logged = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    [announced] = [entry["faults"] for entry in logged if entry["message"] == "faults are on"]
    assert announced == ["throttle-every=2", "zero-counters=True", "list-lag-seconds=1.0"]


def test_the_database_is_named_when_there_is_no_root() -> None:
    """There is no good place for it otherwise."""
    result = invoked("--s3-endpoint-url", "http://127.0.0.1:1")

    assert result.exit_code == 2
    assert "name the --database" in result.output


def test_another_host_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reached it could read and write the buckets."""
    with pytest.raises(SystemExit) as ended:
        main(["server", "--root", str(tmp_path), "--host", "0.0.0.0"])  # noqa: S104 it is refused

    assert ended.value.code == 3
    assert "does not check signatures" in capsys.readouterr().err


def test_an_unknown_fault_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    with pytest.raises(SystemExit) as ended:
        main(["server", "--root", str(tmp_path), "--fault", "throtle-every=2"])

    assert ended.value.code == 3
    assert "throttle-every" in capsys.readouterr().err


def test_missing_answers_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name."""
    with pytest.raises(SystemExit) as ended:
        main(["server", "--root", str(tmp_path), "--answers", str(tmp_path / "truth.manifest")])

    assert ended.value.code == 1
    assert "truth.manifest: not found" in capsys.readouterr().err


def test_faults_are_listed() -> None:
    """Each with what it does."""
    result = invoked("--list-faults")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{name}: {meaning}" for name, meaning in meanings().items()]


def test_the_document_names_every_option_and_every_fault() -> None:
    """So that nothing is added in silence."""
    text = DOCUMENT.read_text()
    options = [name for parameter in server.params for name in parameter.opts]

    assert [name for name in [*options, *meanings()] if f"`{name}" not in text] == []


@contextmanager
def process(place: Place, *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`labelround server` over the place's buckets."""
    command = [sys.executable, "-m", "labelround", "server", "--root", str(place.path / "buckets"), *options]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**inherited, **environment}
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        for stream in (started.stdout, started.stderr):
            assert stream
            stream.close()


def test_a_root_may_have_a_name_like_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is given as --database is taken for one."""
    (tmp_path / "me@home").mkdir()
    monkeypatch.chdir(tmp_path)

    with server_process([sys.executable, "-m", "labelround", "server", "--root", "me@home"]):
        assert (tmp_path / "me@home" / ".labelround" / "server.db").is_file()
