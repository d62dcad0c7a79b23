"""A large round's conversion as three Jobs in turn: what follows what, and what their states and pods tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.controller.conversions import NAMESPACE, Place, condition, labeled_round, terminated
from tests.controller.memory_cluster import Call

from labelround.cluster.api import JOBS, PODS
from labelround.controller.conversion_job import conversion_job_name
from labelround.conversionfile import decode
from labelround.dataset.convert import read_report
from labelround.decide import ConversionState, ConversionStep
from labelround.errors import Conflict
from labelround.observe import ObservedConversion
from labelround.storage import Folder

INDEX, SHARD, FINISH = ConversionStep
STARTED = "2026-01-01T00:00:00Z"
KEY = "pens/conversion.json"
FAILED_SHARDS = condition("Failed", "FailedIndexes", "Job has failed indexes")
PARTS = "pens/yolo_annot_files/.labelround-parts"


@pytest.fixture
def place() -> Place:
    """A round over two pictures, one a pod, whose labeling has ended; the first Job is there."""
    place = Place(labeled_round(conversion={"imagesPerPod": 1}))
    place.start()
    return place


@pytest.fixture
def converting(place: Place) -> Place:
    """Both shards have a pod."""
    place.run(INDEX)
    place.go_on()
    place.job_is(SHARD, startTime=STARTED, active=2, ready=2)
    return place


def observed(place: Place) -> ObservedConversion:
    return place.converter.observe(place.round)


def gets(place: Place) -> list[str]:
    """The Jobs that were asked for."""
    return [call.name for call in place.cluster.calls if (call.verb, call.resource) == ("get", JOBS)]


def name(place: Place, step: ConversionStep) -> str:
    return conversion_job_name(place.round, step)


def test_each_step_follows_the_one_before(place: Place) -> None:
    """The status shows which Job works, and how many shards are done; in the end there is the dataset."""
    told = []
    for step in (INDEX, SHARD, FINISH):
        place.job_is(step, startTime=STARTED, active=1, ready=1)
        running = observed(place)
        place.run(step)
        ended = observed(place)
        told.append((running.state, running.job, running.done, ended.state))
        if step is not FINISH:
            place.go_on()

    assert told == [
        (ConversionState.RUNNING, name(place, INDEX), 0, ConversionState.BETWEEN),
        (ConversionState.RUNNING, name(place, SHARD), 0, ConversionState.BETWEEN),
        (ConversionState.RUNNING, name(place, FINISH), 2, ConversionState.DONE),
    ]
    assert (observed(place).shards, observed(place).done) == (2, 2)
    assert read_report(Folder(place.bucket, "pens/yolo_annot_files/")) is not None


def test_a_round_of_one_pod_has_one_job() -> None:
    """Two images fit."""
    place = Place(labeled_round(conversion={"imagesPerPod": 2}))

    place.start()

    assert "annotations" not in place.job["metadata"]
    assert decode(place.bucket.read(KEY), place.buckets, KEY).shards == 1


def test_the_steps_are_asked_of_one_file(place: Place) -> None:
    """It says how many shards there are, and later steps do not write it again."""
    written = place.bucket.head(KEY)
    place.run(INDEX)

    place.go_on()

    assert decode(place.bucket.read(KEY), place.buckets, KEY).shards == 2
    assert place.bucket.head(KEY) == written
    assert place.job_of(SHARD)["metadata"]["annotations"]["labelround.dev/images"] == "2"


@pytest.mark.parametrize("step", [INDEX, SHARD])
def test_a_step_that_is_started_twice_is_there_once(place: Place, step: ConversionStep) -> None:
    """As after a crash right behind the first start."""
    place.run(INDEX)
    if step is SHARD:
        place.go_on()
        place.run(SHARD)
    snapshot = replace(place.snapshot(), conversion=observed(place))
    place.converter.start(snapshot)
    before = place.cluster.all(JOBS)

    place.converter.start(snapshot)

    assert place.cluster.all(JOBS) == before


def test_all_steps_run_the_image_of_the_first(place: Place) -> None:
    """Another version does not go on with what one has begun: the operator may be upgraded meanwhile."""
    images = []
    for step in (INDEX, SHARD, FINISH):
        images.append(place.job_of(step)["spec"]["template"]["spec"]["containers"][0]["image"])
        place.run(step)
        place.image = "labelround:2"
        if step is not FINISH:
            place.go_on()

    assert images == ["labelround:1"] * 3


def test_a_look_takes_at_most_three_gets(converting: Place) -> None:
    """While shards convert; one while the manifests are indexed, two while the dataset is finished."""
    converting.cluster.calls.clear()
    observed(converting)
    shards = gets(converting)
    converting.run(SHARD)
    converting.go_on()
    converting.job_is(FINISH, startTime=STARTED, active=1, ready=1)
    converting.cluster.calls.clear()
    observed(converting)

    assert shards == [name(converting, step) for step in (INDEX, FINISH, SHARD)]
    assert gets(converting) == [name(converting, step) for step in (INDEX, FINISH)]


@pytest.mark.parametrize("gone", [(INDEX,), (INDEX, SHARD)])
def test_jobs_whose_time_is_over_are_not_missed(converting: Place, gone: tuple[ConversionStep, ...]) -> None:
    """An ended Job goes after a day, and later steps may take longer."""
    if SHARD in gone:
        converting.run(SHARD)
        converting.go_on()
        converting.job_is(FINISH, startTime=STARTED, active=1, ready=1)
    for step in gone:
        converting.cluster.remove(JOBS, NAMESPACE, name(converting, step))

    seen = observed(converting)

    assert seen.state is ConversionState.RUNNING
    assert seen.step is (FINISH if SHARD in gone else SHARD)
    assert seen.shards == 2


def test_shards_are_counted_as_they_are_done(converting: Place) -> None:
    """Of a Job whose pods are not all ready, only one that has none is asked about."""
    converting.job_is(SHARD, startTime=STARTED, active=2, ready=1, succeeded=1)
    converting.cluster.calls.clear()

    seen = observed(converting)

    assert (seen.state, seen.done, seen.shards, seen.note) == (ConversionState.RUNNING, 1, 2, "")
    assert not [call for call in converting.cluster.calls if call.resource == PODS]


def test_a_shard_that_has_failed_is_told_while_the_others_go_on(converting: Place) -> None:
    """A person may look into it at once."""
    converting.job_is(SHARD, startTime=STARTED, active=1, ready=1, failedIndexes="1")

    seen = observed(converting)

    assert (seen.state, seen.note) == (ConversionState.RUNNING, "shard 1 failed, the others go on")


def test_a_shard_that_fails_for_ever_blocks_and_is_named(converting: Place) -> None:
    """Which it is, what images it has, what its own last pod said, and what to do."""
    converting.job_is(SHARD, startTime=STARTED, failed=4, succeeded=1, failedIndexes="1", conditions=[FAILED_SHARDS])
    converting.pod("other", terminated(137, "", finished=9, reason="OOMKilled"), shard=0, phase="Failed")
    said = "shard 1 (images 2 to 2 of 2): s3://pictures/pens/images/b.jpg: access denied"
    converting.pod("last", terminated(1, said, finished=5), shard=1, phase="Failed")

    seen = observed(converting)

    assert (seen.state, seen.done) == (ConversionState.BLOCKED, 1)
    assert seen.failure == (
        f"the Job {name(converting, SHARD)} has failed in 1 of 2 shards: shard 1 (images 2 to 2 of 2); its last pod"
        " ended with Error, exit code 1: s3://pictures/pens/images/b.jpg: access denied; what is done is kept: mend it"
        " and delete the round's Jobs (kubectl delete jobs -n default -l labelround.dev/round-uid=u1): new ones are"
        " made"
    )


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        ("0-1", "2 of 40 shards: shard 0 (images 1 to 5 of 200), shard 1 (images 6 to 10 of 200); "),
        ("3,7-30", "25 of 40 shards: shard 3 (images 16 to 20 of 200), shard 7 (images 36 to 40 of 200), shard 8"),
        ("38-99999999", "2 of 40 shards: shard 38 (images 191 to 195 of 200), shard 39 (images 196 to 200 of 200); "),
    ],
)
def test_many_failed_shards_are_counted_and_the_first_are_named(converting: Place, failed: str, told: str) -> None:
    """Kubernetes writes them as ranges."""
    annotations = {"labelround.dev/shards": "40", "labelround.dev/images": "200"}
    converting.cluster.patch(JOBS, NAMESPACE, name(converting, SHARD), {"metadata": {"annotations": annotations}})
    converting.job_is(SHARD, startTime=STARTED, failedIndexes=failed, conditions=[FAILED_SHARDS])

    seen = observed(converting)

    assert f"has failed in {told}" in seen.failure
    assert ("and 22 more" in seen.failure) == (failed == "3,7-30")


def test_the_work_of_the_other_shards_is_kept_when_all_jobs_are_deleted(converting: Place) -> None:
    """As the message says; the steps run again, and find that they are done."""
    converting.run(SHARD, 0)
    kept = {meta.key: meta.etag for meta in converting.bucket.list(f"{PARTS}/00000")}
    for step in (INDEX, SHARD):
        converting.cluster.remove(JOBS, NAMESPACE, name(converting, step))

    absent = observed(converting)
    for step in (INDEX, SHARD, FINISH):
        converting.go_on()
        if step is FINISH:
            assert {meta.key: meta.etag for meta in converting.bucket.list(f"{PARTS}/00000")} == kept
        converting.run(step)

    assert absent.state is ConversionState.ABSENT
    assert observed(converting).state is ConversionState.DONE


@pytest.mark.parametrize("step", [SHARD, FINISH])
def test_any_other_failure_of_a_later_step_blocks(converting: Place, step: ConversionStep) -> None:
    """Even wrong input: it is no longer the user's, whose input was checked by then."""
    if step is FINISH:
        converting.run(SHARD)
        converting.go_on()
    wrong = condition("Failed", "PodFailurePolicy", "Container conversion failed with exit code 3")
    converting.job_is(step, startTime=STARTED, failed=1, conditions=[wrong])

    seen = observed(converting)

    assert seen.state is ConversionState.BLOCKED
    assert seen.failure.startswith(f"the Job {name(converting, step)} has failed (PodFailurePolicy: ")
    assert "kubectl delete jobs -n default -l labelround.dev/round-uid=u1" in seen.failure


def test_wrong_input_ends_in_the_indexing_step(place: Place) -> None:
    """For good, as for a small round."""
    wrong = condition("Failed", "PodFailurePolicy", "Container conversion failed with exit code 3")
    place.job_is(INDEX, startTime=STARTED, failed=1, conditions=[wrong])
    place.pod("wrong", terminated(3, "output.manifest:17: is not JSON"), phase="Failed")

    seen = observed(place)

    assert (seen.state, seen.failure) == (ConversionState.FAILED, "output.manifest:17: is not JSON")


def test_an_index_that_is_gone_blocks(place: Place) -> None:
    """Somebody deleted it, and the message says what to do."""
    place.job_is(INDEX, conditions=[condition("Complete")])

    with pytest.raises(Conflict, match="has ended well, but left no index at s3://pictures/pens") as conflict:
        place.go_on()

    assert conflict.value.reason == "ConversionBlocked"
    assert f"kubectl delete job {name(place, INDEX)} -n default" in str(conflict.value)


@pytest.mark.parametrize("step", [SHARD, FINISH])
@pytest.mark.parametrize("moment", ["observe", "start"])
def test_a_later_job_that_is_not_ours_is_a_conflict(converting: Place, step: ConversionStep, moment: str) -> None:
    """Its name is in the message."""
    if step is FINISH:
        converting.run(SHARD)
    snapshot = replace(
        converting.snapshot(),
        conversion=ObservedConversion(ConversionState.BETWEEN, shards=2, step=INDEX if step is SHARD else SHARD),
    )
    converting.cluster.remove(JOBS, NAMESPACE, name(converting, step))
    converting.cluster.put(JOBS, NAMESPACE, {"metadata": {"name": name(converting, step)}})

    with pytest.raises(Conflict) as conflict:
        observed(converting) if moment == "observe" else converting.converter.start(snapshot)

    assert conflict.value.reason == "NameTaken"
    assert str(conflict.value).endswith(f"kubectl delete job {name(converting, step)} -n default")


def test_every_job_waits_in_the_queue() -> None:
    """Kueue lets each start, and each is Queued until then."""
    place = Place(labeled_round(conversion={"imagesPerPod": 1, "queueName": "team-vision"}))
    notes = []
    for step in (INDEX, SHARD, FINISH):
        place.go_on()
        seen = observed(place)
        notes.append((seen.state, seen.job, seen.note))
        place.cluster.patch(JOBS, NAMESPACE, name(place, step), {"spec": {"suspend": False}})
        place.run(step)

    note = "its Job waits in the queue team-vision"
    assert notes == [(ConversionState.QUEUED, name(place, step), note) for step in (INDEX, SHARD, FINISH)]
    assert observed(place).state is ConversionState.DONE


def test_a_dataset_that_is_there_needs_no_later_step(converting: Place) -> None:
    """Somebody finished it by hand; the Job that is left may go as it likes."""
    converting.run(SHARD, 0, 1)
    decode(converting.bucket.read(KEY), converting.buckets, KEY).run(converting.buckets)

    seen = observed(converting)

    assert (seen.state, seen.job, seen.done) == (ConversionState.DONE, name(converting, SHARD), 2)


def test_long_messages_are_cut_but_neither_the_shard_nor_the_way_out(converting: Place) -> None:
    """A condition's message has at most 1,024 characters."""
    converting.job_is(SHARD, startTime=STARTED, failedIndexes="0", conditions=[FAILED_SHARDS])
    converting.pod("last", terminated(1, "x" * 4096), shard=0, phase="Failed")

    seen = observed(converting)

    assert len(seen.failure) == 1000
    assert "shard 0 (images 1 to 1 of 2)" in seen.failure
    assert seen.failure.endswith("): new ones are made")


def calls_of(place: Place) -> list[Call]:
    return [call for call in place.cluster.calls if call.verb not in {"get", "list"}]


def test_nothing_that_others_change_in_a_job_is_written_back(converting: Place) -> None:
    """Kueue may set a node selector, and a person may turn the parallelism down."""
    changed: dict[str, Any] = {"spec": {"parallelism": 1, "template": {"spec": {"nodeSelector": {"pool": "a"}}}}}
    converting.cluster.patch(JOBS, NAMESPACE, name(converting, SHARD), changed)
    converting.cluster.calls.clear()

    observed(converting)
    converting.run(SHARD)
    converting.go_on()

    written = [call for call in calls_of(converting) if not call.subresource]
    assert [(call.verb, call.name) for call in written] == [("create", name(converting, FINISH))]
