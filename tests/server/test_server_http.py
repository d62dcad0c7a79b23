"""The HTTP side: the protocol, what it refuses, its log, and the server in a thread."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server.labeling import Place, client, post, refused, request

from labelround.errors import InvalidInput
from labelround.server import Faults, ServerSettings, background, create_app
from labelround.server.serving import NotStarted


def test_a_job_is_labeled_by_a_server_in_a_thread(place: Place) -> None:
    """`background` with its own thread for jobs and the wall clock; nobody ticks."""
    settings = ServerSettings(place.settings.database, answers=place.settings.answers, tick=0.01)
    before = set(threading.enumerate())
    with background(settings, place.buckets) as endpoint:
        api = client(endpoint, validate=True)
        api.create_labeling_job(**request())
        while api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] != "Completed":
            pass

    assert len(place.output()) == 4
    assert set(threading.enumerate()) <= before


def test_stock_clients_find_the_server_by_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_ENDPOINT_URL_SAGEMAKER alone, with any credentials."""
    import boto3

    with place.serving():
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", place.front.endpoint)
        api = boto3.Session("a", "b", region_name="us-east-1").client("sagemaker")

        assert api.list_labeling_jobs()["LabelingJobSummaryList"] == []


@pytest.mark.parametrize("operation", ["CreateWorkteam", "DeleteLabelingJob", "", "createlabelingjob"])
def test_other_operations_are_unknown(place: Place, operation: str) -> None:
    """As AWS calls it, with those that there are."""
    with place.serving():
        answer = post(place.front.endpoint, operation, {})

    assert (answer.status, answer.content["__type"]) == (400, "UnknownOperationException")
    assert "CreateLabelingJob" in answer.content["Message"]


def test_operations_of_other_services_are_unknown(place: Place) -> None:
    """The target names the service too."""
    with place.serving():
        answer = post(place.front.endpoint, "", {}, **{"X-Amz-Target": "DynamoDB.ListLabelingJobs"})

    assert answer.content["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"LabelingJobName": "\\ud800"}'])
def test_a_body_that_is_not_json_is_a_serialization_error(place: Place, body: bytes) -> None:
    """Never a failure of the server."""
    with place.serving():
        answer = post(place.front.endpoint, "DescribeLabelingJob", body)

    assert (answer.status, answer.content["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("time", ["-1e400", "9" * 400, "true"])
def test_a_time_that_no_number_holds_is_a_serialization_error(place: Place, time: str) -> None:
    """No number is so large that the server fails over it."""
    with place.serving():
        answer = post(place.front.endpoint, "ListLabelingJobs", b'{"CreationTimeAfter": %s}' % time.encode())

    assert (answer.status, answer.content["__type"]) == (400, "SerializationException")


def test_a_body_without_end_is_refused(place: Place) -> None:
    """A megabyte is enough for any request."""
    with place.serving():
        answer = post(place.front.endpoint, "CreateLabelingJob", b" " * ((1 << 20) + 1))

    assert (answer.status, answer.content["__type"]) == (413, "RequestEntityTooLargeException")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:80", "192.168.0.7:8080", "", "localhost.evil"]
)
def test_a_host_that_is_not_this_machine_is_refused(place: Place, host: str) -> None:
    """A web page that renames its own host to this machine's address gets nothing."""
    with place.serving():
        answer = post(place.front.endpoint, "ListLabelingJobs", {}, Host=host)

    assert (answer.status, answer.content["__type"]) == (403, "AccessDeniedException")


def test_a_trusted_network_may_use_any_name(place: Place) -> None:
    """In a cluster the server is called as its Service is."""
    place.change(trust_network=True, host="0.0.0.0")  # noqa: S104 the network is trusted

    with place.serving():
        answer = post(place.front.endpoint, "ListLabelingJobs", {}, Host="labelround-server.labelround-system:8080")

    assert answer.status == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "[::1]:8080", "127.0.0.5"])
def test_this_machine_has_several_names(place: Place, host: str) -> None:
    """Any loopback address, with or without a port."""
    with place.serving():
        assert post(place.front.endpoint, "ListLabelingJobs", {}, Host=host).status == 200


def test_every_answer_has_a_request_id(place: Place) -> None:
    """Clients show it with an error."""
    with place.serving() as api:
        answer = api.list_labeling_jobs()

    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_a_failure_of_the_server_is_an_internal_failure(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """The client learns nothing but where the log tells more."""
    with place.serving() as api:
        with closing(sqlite3.connect(place.database_file)) as database:
            database.execute("DROP TABLE labeling_jobs")

        code, message = refused(api.list_labeling_jobs)

    assert code == "InternalFailure"
    assert "labeling_jobs" not in message
    assert "a request failed" in caplog.text


def test_requests_are_logged_as_json_lines(place: Place, tmp_path: Path) -> None:
    """So that a test can count calls."""
    log = tmp_path / "requests.jsonl"
    place.change(request_log=log)
    with place.serving() as api:
        api.create_labeling_job(**request())
        refused(api.create_labeling_job, **request())
        refused(api.describe_labeling_job, LabelingJobName="other")

    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["operation"], entry["job"], entry["status"], entry["code"]) for entry in entries] == [
        ("CreateLabelingJob", "pens-1", 200, ""),
        ("CreateLabelingJob", "pens-1", 400, "ResourceInUse"),
        ("DescribeLabelingJob", "other", 400, "ResourceNotFound"),
    ]
    assert all(entry["time"] and entry["request_id"] for entry in entries)


WRONG_SETTINGS: dict[str, dict[str, Any]] = {
    "host": {"host": "0.0.0.0"},  # noqa: S104 it is refused
    "region": {"region": "eu-north-1"},
    "account": {"account": "12"},
    "noise": {"noise": 1.5},
    "decline_rate": {"decline_rate": -0.1},
    "delay": {"delay": -1.0},
    "answers_per_tick": {"answers_per_tick": 0},
    "tick": {"tick": 0.0},
    "port": {"port": 70000},
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_a_wrong_setting_is_refused_by_name(place: Place, name: str) -> None:
    """Before anything is opened."""
    settings = replace(place.settings, **WRONG_SETTINGS[name])

    with pytest.raises(InvalidInput, match=name), background(settings, place.buckets):
        pass

    assert not place.database_file.exists()


def test_all_wrong_settings_are_told_at_once(place: Place) -> None:
    """One after the other would be a nuisance."""
    with pytest.raises(InvalidInput) as caught:
        replace(place.settings, noise=2, tick=-1, account="x").check()

    assert {problem.where for problem in caught.value.problems} == {"noise", "tick", "account"}


def test_wrong_answers_are_told_before_the_server_listens(place: Place) -> None:
    """With the number of the line."""
    place.change(answers=b'{"source-ref"')

    with pytest.raises(InvalidInput, match="answers:1"), background(place.settings, place.buckets):
        pass


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    """And the database is free again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place.change(port=taken.getsockname()[1])

        with pytest.raises(NotStarted, match="choose another port"), background(place.settings, place.buckets):
            pass

    with background(replace(place.settings, port=0), place.buckets) as url:
        assert url.startswith("http://127.0.0.1:")


def test_the_server_listens_on_ipv6_too(place: Place) -> None:
    """Its loopback address is an allowed host."""
    place.change(host="::1")

    with background(place.settings, place.buckets) as url:
        assert url.startswith("http://[::1]:")
        assert client(url).list_labeling_jobs()["LabelingJobSummaryList"] == []


def test_the_application_runs_under_any_asgi_server(place: Place) -> None:
    """`create_app` opens its database when the application starts, and closes it when it ends."""
    import asyncio

    async def once() -> list[str]:
        app = create_app(place.settings, place.buckets)
        received: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        sent: asyncio.Queue[Any] = asyncio.Queue()
        await received.put({"type": "lifespan.startup"})
        await received.put({"type": "lifespan.shutdown"})
        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, received.get, sent.put)
        return [sent.get_nowait()["type"] for _ in range(sent.qsize())]

    assert asyncio.run(once()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert place.database_file.exists()


def test_importing_the_server_loads_none_of_its_heavy_parts() -> None:
    """Neither the extra's packages nor boto3, and no client, engine or registry is made."""
    heavy = ["starlette", "uvicorn", "sqlalchemy", "boto3", "botocore", "pandas", "obstore"]
    program = f"import sys, labelround.server; print([name for name in {heavy} if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"


def test_a_missing_extra_is_told_in_one_sentence(tmp_path: Path) -> None:
    """How to install it, instead of a traceback."""
    program = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from pathlib import Path\n"
        "from labelround.cli.main import main\n"
        f"main(['server', '--root', {str(tmp_path)!r}])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr == "error: the server needs uvicorn; install it: pip install 'labelround[server]'\n"


def test_answers_are_read_from_a_file_or_a_bucket(place: Place, tmp_path: Path) -> None:
    """As a path, or as an S3 address."""
    assert isinstance(place.settings.answers, bytes)
    place.write("truth.manifest", place.settings.answers)
    seen: list[int] = []
    for where in (place.bucket / "truth.manifest", str(place.bucket / "truth.manifest"), "s3://pens/truth.manifest"):
        settings = ServerSettings(tmp_path / f"{len(seen)}.db", answers=where, tick=0.01)
        with background(settings, place.buckets) as endpoint:
            api = client(endpoint)
            name = f"pens-{len(seen)}"
            api.create_labeling_job(**request(name))
            while api.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"] != "Completed":
                pass
        seen.append(sum("pens" in line for line in place.output(name)))

    assert seen == [4, 4, 4]


def test_faults_are_announced(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody takes them for the server's own."""
    place.change(faults=Faults(throttle_every=2))

    with place.serving():
        pass

    [record] = [record for record in caplog.records if record.getMessage() == "faults are on"]
    assert vars(record)["faults"] == ["throttle-every=2"]
