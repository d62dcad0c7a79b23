"""The conversion as a Job: what its state, its pods and the dataset tell."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.controller.conversions import FAILED, NAMESPACE, Place, condition, labeled_round, terminated
from tests.controller.memory_cluster import Call

from labelround.cluster.api import JOBS, ObjectAbsent, RequestRefused
from labelround.conversionfile import decode
from labelround.dataset.claim import claim
from labelround.decide import ConversionState
from labelround.errors import Conflict, Unavailable
from labelround.observe import ObservedConversion
from labelround.storage import Folder

KEY = "pens/conversion.json"
STARTED = "2026-01-01T00:00:00Z"
BACKOFF = condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
WRONG_INPUT = condition("Failed", "PodFailurePolicy", "Container conversion failed with exit code 3")


@pytest.fixture
def place() -> Place:
    """A round whose labeling has ended."""
    return Place()


@pytest.fixture
def started(place: Place) -> Place:
    """Its conversion is started."""
    place.start()
    return place


def verbs(place: Place) -> list[tuple[str, str]]:
    """The calls to the API server."""
    return [(call.verb, call.resource.plural) for call in place.cluster.calls]


def test_nothing_is_there_before_the_start(place: Place) -> None:
    """One GET tells."""
    seen = place.converter.observe(place.round)

    assert seen == ObservedConversion(ConversionState.ABSENT)
    assert verbs(place) == [("get", "jobs")]


def test_a_start_writes_the_file_and_creates_the_job(place: Place) -> None:
    """The file says what an in-process conversion would be asked; the Job's command has its address."""
    place.start()

    container = place.job["spec"]["template"]["spec"]["containers"][0]
    read = decode(place.bucket.read(KEY), place.buckets, KEY)
    assert container["command"] == ["labelround", "conversion", f"s3://pictures/{KEY}"]
    assert (read.round, read.plan.owner, read.output.prefix) == ("default/pens-1", "u1", "pens/yolo_annot_files/")
    assert list(read.job_tables) == [source.job for source in read.plan.sources]
    assert verbs(place)[0] == ("create", "jobs")


def test_a_second_start_changes_nothing(started: Place) -> None:
    """As after a crash right behind the first."""
    before, written = started.job, started.bucket.head(KEY)

    started.start()

    assert started.job == before
    assert started.bucket.head(KEY) == written


def test_a_file_that_says_something_else_is_replaced(place: Place) -> None:
    """Left by another version, say."""
    place.bucket.write(KEY, b"{}")

    place.start()

    assert json.loads(place.bucket.read(KEY))["owner"] == "u1"


def test_rounds_that_adopt_one_job_do_not_share_the_file() -> None:
    """They may have one folder and two datasets, as for two formats."""
    places = [
        Place(labeled_round(uid=uid, labelingJob={"adopt": "yolo-bbox"}, outputPrefix=f"pens/{uid}"))
        for uid in ("u1", "u2")
    ]
    places[1].buckets = places[0].buckets

    for place in places:
        place.start()

    keys = {meta.key for meta in places[0].bucket.list("pens") if "conversion" in meta.key}
    assert keys == {f"pens/conversion-{place.job_name}.json" for place in places}


def test_the_folder_of_another_round_is_told_before_a_job_is_made(place: Place) -> None:
    """The pod would find out too, but late."""
    claim(Folder(place.bucket, place.round.output_prefix), "another", "pencils-2")

    with pytest.raises(Conflict) as conflict:
        place.start()

    assert conflict.value.reason == "PrefixInUse"
    assert place.cluster.all(JOBS) == []


@pytest.mark.parametrize("owners", [[], [{"uid": "another"}]], ids=["nobody's", "another round's"])
@pytest.mark.parametrize("step", ["observe", "start"])
def test_a_job_that_is_not_ours_is_a_conflict(place: Place, owners: list[dict[str, str]], step: str) -> None:
    """The message has the command that clears the way."""
    place.cluster.put(JOBS, NAMESPACE, {"metadata": {"name": place.job_name, "ownerReferences": owners}})

    with pytest.raises(Conflict) as conflict:
        place.start() if step == "start" else place.converter.observe(place.round)

    assert conflict.value.reason == "NameTaken"
    assert str(conflict.value).endswith(f"delete it: kubectl delete job {place.job_name} -n default")


def test_a_refused_job_names_what_the_api_server_said(place: Place) -> None:
    """A quota, a webhook, a toleration that it does not take: a person is needed, and the next pass tries again."""

    def refuse(call: Call) -> None:
        if call.verb == "create":
            raise RequestRefused("POST /apis/batch/v1/jobs: exceeded quota: jobs", 403)

    place.cluster.before = refuse

    with pytest.raises(
        Conflict, match=f"the Job {place.job_name} cannot be created: POST .*exceeded quota"
    ) as conflict:
        place.start()

    assert conflict.value.reason == "ConversionBlocked"


@pytest.mark.parametrize(
    "refusal", [Unavailable("401"), ObjectAbsent("namespace")], ids=["its own credentials", "the namespace is gone"]
)
def test_what_is_not_about_the_job_is_not_the_round_s_fault(place: Place, refusal: Exception) -> None:
    """The operator's credentials are the operator's affair, and a namespace takes its rounds with it."""

    def refuse(call: Call) -> None:
        if call.verb == "create":
            raise refusal

    place.cluster.before = refuse

    with pytest.raises(Unavailable):
        place.start()


def test_the_report_makes_it_done_whatever_the_job_says(started: Place) -> None:
    """Its Job may be gone, failed at its last breath, or another's by now."""
    started.convert()
    started.job_is(conditions=[BACKOFF])

    with_job = started.converter.observe(started.round)
    started.cluster.remove(JOBS, NAMESPACE, started.job_name)
    without = started.converter.observe(started.round)

    assert (with_job.state, with_job.job, with_job.done, with_job.shards) == (
        ConversionState.DONE, started.job_name, 1, 1,
    )  # fmt: skip
    assert (without.state, without.job) == (ConversionState.DONE, "")
    assert without.report == with_job.report


def test_a_dataset_without_images_is_a_failure(started: Place) -> None:
    """As in a local run."""
    started.convert(FAILED)

    seen = started.converter.observe(started.round)

    assert seen.state is ConversionState.FAILED
    assert seen.failure == "no image is labeled; images.csv says why for each"


def test_the_report_of_another_round_is_none(started: Place) -> None:
    """The claim says whose it is."""
    started.convert()

    seen = started.converter.observe(replace(started.round, uid="u2"))

    assert seen.state is ConversionState.ABSENT


WAITING: dict[str, tuple[dict[str, Any], ConversionState, str]] = {
    "before the Job controller has seen it": ({}, ConversionState.RUNNING, "its Job has not started yet"),
    "while its pod runs": ({"startTime": STARTED, "active": 1, "ready": 1}, ConversionState.RUNNING, ""),
    "while its pod ends": ({"startTime": STARTED, "terminating": 1}, ConversionState.RUNNING, ""),
    "while its end is counted": (
        {"startTime": STARTED, "uncountedTerminatedPods": {"succeeded": ["uid"]}}, ConversionState.RUNNING, "",
    ),
    "while it comes to its end": (
        {"startTime": STARTED, "failed": 1, "conditions": [condition("FailureTarget")]}, ConversionState.RUNNING, "",
    ),
    "between two pods": (
        {"startTime": STARTED, "failed": 1}, ConversionState.RUNNING, "its pod has failed; another one follows",
    ),
    "when no pod can be made": (
        {"startTime": STARTED}, ConversionState.RUNNING,
        "it has no pod yet; should that last, `kubectl describe job {job} -n default` says why",
    ),
}  # fmt: skip


@pytest.mark.parametrize("when", WAITING)
def test_a_job_that_has_not_ended_is_waited_for(started: Place, when: str) -> None:
    """Its status is enough: one GET, and no look at pods."""
    status, state, note = WAITING[when]
    started.job_is(**status)
    started.cluster.calls.clear()

    seen = started.converter.observe(started.round)

    expected = note.format(job=started.job_name)
    assert seen == ObservedConversion(state, job=started.job_name, shards=1, note=expected)
    assert verbs(started) == [("get", "jobs")]


@pytest.mark.parametrize(
    ("queue", "note"),
    [("team-vision", "its Job waits in the queue team-vision"), ("", "its Job is suspended; set spec.suspend of the")],
    ids=["Kueue's", "a person's"],
)
def test_a_suspended_job_is_queued(queue: str, note: str) -> None:
    """Kueue lets it start, or who suspended it."""
    place = Place(labeled_round(conversion={"queueName": queue}))
    place.start()
    place.cluster.patch(JOBS, NAMESPACE, place.job_name, {"spec": {"suspend": True}})

    seen = place.converter.observe(place.round)

    assert seen.state is ConversionState.QUEUED
    assert seen.note.startswith(note)


CANNOT_START: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no node has room": (
        {},
        {
            "containerStatuses": [],
            "conditions": [
                {**condition("PodScheduled", "Unschedulable", "0/3 nodes: too little memory"), "status": "False"}
            ],
        },
        "its pod cannot be scheduled: 0/3 nodes: too little memory",
    ),
    "the image is not there": (
        {"waiting": {"reason": "ErrImagePull", "message": "rpc error: code = NotFound"}}, {},
        "its pod cannot start: the image labelround:1 cannot be pulled",
    ),
    "the image is still not there": (
        {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}, {},
        "its pod cannot start: the image labelround:1 cannot be pulled",
    ),
    "the Secret is not there": (
        {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "s3-keys" not found'}}, {},
        'its pod cannot start: CreateContainerConfigError (secret "s3-keys" not found)',
    ),
    "the runtime refuses": (
        {"waiting": {"reason": "CreateContainerError", "message": "container 5f2c... is in use"}}, {},
        "its pod cannot start: CreateContainerError",
    ),
    "it is just starting": ({"waiting": {"reason": "ContainerCreating"}}, {}, ""),
    "it has just started": ({"running": {}}, {"phase": "Running"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("why", CANNOT_START)
def test_a_pod_that_is_not_ready_says_why(started: Place, why: str) -> None:
    """In words that stay the same while the kubelet tries again; one GET and one list."""
    state, status, note = CANNOT_START[why]
    started.job_is(startTime=STARTED, active=1, ready=0)
    started.pod("old", terminated(1, "an older pod"), phase="Failed")
    started.pod("new", state, created=5, **status)
    started.cluster.calls.clear()

    seen = started.converter.observe(started.round)

    assert (seen.state, seen.note) == (ConversionState.RUNNING, note)
    assert verbs(started) == [("get", "jobs"), ("list", "pods")]


def test_wrong_input_fails_with_what_the_pod_said(started: Place) -> None:
    """The pod that ended with exit code 3, not one that was disrupted."""
    started.job_is(startTime=STARTED, failed=2, conditions=[WRONG_INPUT])
    started.pod("wrong", terminated(3, "output.manifest:17: is not JSON\n", finished=1), phase="Failed")
    started.pod("disrupted", terminated(143, "", finished=2), phase="Failed")

    seen = started.converter.observe(started.round)

    assert (seen.state, seen.failure) == (ConversionState.FAILED, "output.manifest:17: is not JSON")
    assert (seen.job, seen.shards, seen.done) == (started.job_name, 1, 0)


def test_wrong_input_whose_pod_is_gone_says_how_to_learn_more(started: Place) -> None:
    """A node that went away takes its pods with it."""
    started.job_is(startTime=STARTED, failed=1, conditions=[WRONG_INPUT])

    seen = started.converter.observe(started.round)

    assert seen.failure == (
        "the input is wrong; `labelround conversion 's3://pictures/pens/conversion.json'` says what, its pod is gone"
    )


def test_any_other_failure_blocks_until_a_person_deletes_the_job(started: Place) -> None:
    """The labels are kept; the message has what the last pod said, and the way out."""
    started.job_is(startTime=STARTED, failed=2, conditions=[BACKOFF])
    started.pod("second", terminated(1, "s3://pictures: access denied", finished=9), created=9, phase="Failed")
    started.pod("first", terminated(137, "", finished=1, reason="OOMKilled"), phase="Failed")

    seen = started.converter.observe(started.round)

    name = started.job_name
    assert seen.state is ConversionState.BLOCKED
    assert seen.failure == (
        f"the Job {name} has failed (BackoffLimitExceeded: Job has reached the specified backoff limit); its last pod"
        f" ended with Error, exit code 1: s3://pictures: access denied; mend it and delete the Job (kubectl delete job"
        f" {name} -n default): a new one is made"
    )


def test_a_pod_that_was_killed_has_no_words(started: Place) -> None:
    """Its reason has to do."""
    started.job_is(startTime=STARTED, failed=1, conditions=[BACKOFF])
    started.pod("only", terminated(137, "", reason="OOMKilled"), phase="Failed")

    seen = started.converter.observe(started.round)

    assert "its last pod ended with OOMKilled, exit code 137; mend it and delete the Job" in seen.failure


def test_a_job_that_ended_well_without_a_dataset_blocks(started: Place) -> None:
    """Somebody deleted the dataset right away, or the pod wrote elsewhere."""
    started.job_is(startTime=STARTED, succeeded=1, conditions=[condition("Complete")])

    seen = started.converter.observe(started.round)

    assert seen.state is ConversionState.BLOCKED
    assert seen.failure.startswith(
        f"the Job {started.job_name} has ended well, but there is no dataset of this round at"
        " s3://pictures/pens/yolo_annot_files/; mend it and delete the Job (kubectl delete job "
    )


def test_a_report_that_is_written_while_we_look_is_not_missed(started: Place) -> None:
    """The Job is read first: it may be complete only after its report is there."""

    def finish(call: Call) -> None:
        started.cluster.before = lambda _: None
        if call.verb == "get":
            started.convert()
            started.job_is(startTime=STARTED, succeeded=1, conditions=[condition("Complete")])

    started.cluster.before = finish

    assert started.converter.observe(started.round).state is ConversionState.DONE


@pytest.mark.parametrize("message", ["x" * 4096, "é" * 2000])
@pytest.mark.parametrize("end", [WRONG_INPUT, BACKOFF])
def test_long_messages_are_cut_but_not_the_way_out(started: Place, end: dict[str, str], message: str) -> None:
    """A condition's message has at most 1,024 characters."""
    started.job_is(startTime=STARTED, failed=1, conditions=[end])
    started.pod("only", terminated(3, message), phase="Failed")

    seen = started.converter.observe(started.round)

    assert len(seen.failure) == 1000
    assert f"{message[:500]}" in seen.failure
    assert seen.state is ConversionState.FAILED or seen.failure.endswith("): a new one is made")


@pytest.mark.parametrize("active", [1, 0])
def test_a_job_that_is_being_deleted_is_still_there(place: Place, active: int) -> None:
    """Even a failed one: who deleted it wants a new one, which has the same name."""
    place.start()
    place.cluster.patch(JOBS, NAMESPACE, place.job_name, {"metadata": {"finalizers": ["foregroundDeletion"]}})
    place.job_is(startTime=STARTED, active=active, conditions=[BACKOFF])
    place.cluster.delete(JOBS, NAMESPACE, place.job_name)

    seen = place.converter.observe(place.round)

    assert seen.state is ConversionState.RUNNING
    assert seen.note == "its Job is being deleted; a new one follows"


def test_two_looks_at_the_same_state_are_equal(started: Place) -> None:
    """So that a pass in which nothing happened writes nothing, whatever the order in which pods are listed."""
    started.job_is(startTime=STARTED, failed=2, conditions=[BACKOFF])
    for name in ("b", "a"):
        started.pod(name, terminated(1, f"said {name}"), phase="Failed")

    first, second = (started.converter.observe(started.round) for _ in range(2))

    assert first == second
    assert "said b" in first.failure
