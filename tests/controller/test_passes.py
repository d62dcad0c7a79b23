"""One pass over one round: what it reads, what it writes, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.controller.memory_cluster import DELETED, Call
from tests.controller.operated import KEY, NAME, NAMESPACE, Operated
from tests.round.world import BUCKET

from labelround.cluster.api import ROUNDS, ObjectAbsent, ObjectChanged
from labelround.controller.deletion import FINALIZER
from labelround.controller.requeue import AT_ONCE, Again
from labelround.controller.rules import Backend, Policy
from labelround.errors import Unavailable
from labelround.groundtruth.api import JobStatus
from labelround.spec.names import MAX_IMAGES_PER_JOB


@pytest.fixture
def operated() -> Operated:
    """A cluster with nothing in it, and two pictures."""
    return Operated()


def labeling(operated: Operated) -> str:
    """A round whose labeling job runs; the job's name."""
    operated.apply()
    operated.step(3)
    return next(iter(operated.jobs.jobs))


def finished(operated: Operated, **spec: Any) -> None:
    """A round that has failed, since nothing was labeled."""
    operated.apply(**spec)
    operated.step(3)
    operated.jobs.change(next(iter(operated.jobs.jobs)), status=JobStatus.STOPPED)
    operated.poller().poll()
    operated.step()


def test_the_finalizer_is_set_before_anything_outside_is_touched(operated: Operated) -> None:
    """A deletion from then on waits until what runs is stopped."""
    operated.apply()
    seen: list[set[str]] = []
    operated.cluster.before = lambda call: seen.append(operated.objects()) if call.verb == "patch" else None

    operated.step()

    assert FINALIZER in operated.round()["metadata"]["finalizers"]
    assert all(key.startswith("pens/images/") for key in seen[0])
    assert operated.writes() == [
        "create labelingrounds",
        "patch labelingrounds",
        "create events",
        "patch labelingrounds/status",
    ]


def test_a_pass_that_changes_nothing_writes_nothing(operated: Operated) -> None:
    """However long it takes people to draw their boxes."""
    labeling(operated)
    before = operated.writes()

    for _ in range(5):
        operated.pass_by(3600)
        operated.step()

    assert operated.writes() == before


def test_each_transition_is_one_event(operated: Operated) -> None:
    """From the manifest to the workers."""
    labeling(operated)

    assert sorted(operated.events()) == [
        ("Normal", "CreatingLabelingJobs"),
        ("Normal", "Labeling"),
        ("Normal", "Preparing"),
    ]


def test_a_step_is_followed_by_the_next_at_once(operated: Operated) -> None:
    """One action a pass."""
    operated.apply()

    assert operated.passes.run(KEY) == AT_ONCE


def test_a_round_that_no_rule_serves_touches_nothing(operated: Operated) -> None:
    """Neither S3 nor the labeling API, and not even its own finalizer."""
    operated.apply(namespace="team-b")
    before = operated.objects()

    operated.step(key=KEY._replace(namespace="team-b"))

    body = operated.cluster.all(ROUNDS, "team-b")[0]
    assert body["status"]["phase"] == "Stalled"
    assert "finalizers" not in body["metadata"]
    assert operated.objects() == before
    assert operated.jobs.calls == []
    assert operated.events() == [("Warning", "NotAllowed")]


def test_the_same_refusal_again_is_neither_written_nor_told_again(operated: Operated) -> None:
    """It is looked at now and then, since the policy may have changed."""
    operated.apply(bucket="another")
    operated.step()
    before = operated.writes()

    operated.step(3)

    assert operated.writes() == before


def test_a_round_that_this_version_cannot_read_says_which_field(operated: Operated) -> None:
    """The API server checks most; the parser has the last word."""
    operated.apply(dataset={"split": {"groupBy": "("}})

    operated.step()

    assert operated.condition("Stalled")["status"] == "True"
    assert "spec.dataset.split.groupBy" in operated.condition("Stalled")["message"]
    assert operated.jobs.calls == []


def test_a_write_to_a_version_that_is_gone_is_not_made(operated: Operated) -> None:
    """Somebody changed the round during the pass: the next one sees it."""
    operated.apply()

    def interfere(call: Call) -> None:
        if call.subresource == "status":
            operated.cluster.before = lambda _: None
            operated.cluster.patch(ROUNDS, NAMESPACE, NAME, {"spec": {"suspend": True}})

    operated.cluster.before = interfere

    with pytest.raises(ObjectChanged):
        operated.step()
    operated.step()

    assert operated.status()["phase"] == "Suspended"


def test_a_service_that_is_away_is_told_once_and_keeps_what_was_known(operated: Operated) -> None:
    """The counts of a while ago are better than none."""
    name = labeling(operated)
    operated.jobs.failure = Unavailable("DescribeLabelingJob: no route to host")
    operated.poller().doubt(name)

    operated.step(2)

    assert operated.status()["images"]["total"] == 2
    assert operated.condition("ManifestReady")["status"] == "True"
    assert operated.events().count(("Warning", "ServiceUnavailable")) == 1


def test_an_ended_round_loses_its_finalizer(operated: Operated) -> None:
    """There is nothing left to tidy up, and an uninstalled operator must not hold it back."""
    finished(operated)

    assert operated.status()["phase"] == "Failed"
    assert "finalizers" not in operated.round()["metadata"] or operated.round()["metadata"]["finalizers"] == []


def test_an_ended_round_is_not_worked_on_again(operated: Operated) -> None:
    """Its end is final."""
    finished(operated)
    before, calls = operated.writes(), list(operated.jobs.calls)

    later = operated.passes.run(KEY)

    assert later is None
    assert operated.writes() == before
    assert operated.jobs.calls == calls


def test_an_ended_round_goes_after_its_time_to_live(operated: Operated) -> None:
    """Not before, and to the second."""
    finished(operated, ttlSecondsAfterFinished=600)
    completed = datetime.fromisoformat(operated.status()["completionTime"])

    operated.now = completed
    early = operated.passes.run(KEY)
    operated.pass_by(600)
    operated.step()

    assert early is not None
    assert early.seconds == 600
    with pytest.raises(ObjectAbsent):
        operated.step()


def test_a_time_to_live_that_comes_later_counts_too(operated: Operated) -> None:
    """The field may change after the end, and the status says that it was seen."""
    finished(operated)
    operated.cluster.patch(ROUNDS, NAMESPACE, NAME, {"spec": {"ttlSecondsAfterFinished": 3600}})

    later = operated.passes.run(KEY)

    assert later is not None
    assert operated.status()["observedGeneration"] == operated.round()["metadata"]["generation"]
    assert operated.status()["phase"] == "Failed"


def test_a_deleted_round_stops_its_job_and_goes(operated: Operated) -> None:
    """The data stays."""
    name = labeling(operated)
    before = operated.objects()
    operated.delete()

    operated.step()

    assert operated.jobs.jobs[name].status is JobStatus.STOPPING
    assert operated.cluster.all(ROUNDS) == []
    assert operated.objects() == before


def test_a_deleted_round_that_orphans_its_job_leaves_it_running(operated: Operated) -> None:
    """As its deletionPolicy says."""
    name = labeling(operated)
    operated.cluster.patch(ROUNDS, NAMESPACE, NAME, {"spec": {"deletionPolicy": "Orphan"}})
    operated.delete()

    operated.step()

    assert operated.jobs.jobs[name].status is JobStatus.IN_PROGRESS
    assert operated.cluster.all(ROUNDS) == []


def test_a_deletion_needs_neither_the_policy_nor_the_bucket(operated: Operated) -> None:
    """Both may be gone before the round is."""
    name = labeling(operated)
    operated.passes.gate.policy = Policy((), operated.passes.gate.policy.backends)
    operated.buckets.buckets.clear()
    operated.delete()

    operated.step()

    assert operated.jobs.jobs[name].status is JobStatus.STOPPING
    assert operated.cluster.all(ROUNDS) == []


def test_a_deletion_waits_for_a_backend_that_is_away_but_not_for_ever(operated: Operated) -> None:
    """Five minutes; then the object goes, and an Event says what may still run."""
    labeling(operated)
    operated.jobs.failure = Unavailable("away")
    operated.delete()

    operated.step()
    waiting = list(operated.cluster.all(ROUNDS))
    operated.pass_by(301)
    operated.step()

    assert len(waiting) == 1
    assert operated.cluster.all(ROUNDS) == []
    assert ("Warning", "LabelingJobsLeft") in operated.events()
    assert operated.registry.get_sample_value("labelround_abandoned_total") == 1


def test_an_operator_that_was_away_tries_as_long_as_any_other(operated: Operated) -> None:
    """A round that was deleted long ago is not given up at the first hiccup after a start."""
    name = labeling(operated)
    operated.jobs.failure = Unavailable("throttled")
    operated.delete()
    operated.now = datetime.fromisoformat(DELETED) + timedelta(days=1)

    operated.step()
    operated.jobs.failure = None
    operated.step()

    assert operated.jobs.jobs[name].status is JobStatus.STOPPING
    assert ("Warning", "LabelingJobsLeft") not in operated.events()


def test_the_last_try_of_a_deletion_is_at_the_end_of_its_time(operated: Operated) -> None:
    """Pauses that double would overshoot it by minutes."""
    labeling(operated)
    operated.jobs.failure = Unavailable("away")
    operated.delete()
    operated.step()
    operated.pass_by(290)

    later = operated.passes.run(KEY)

    assert later == Again(10.0, growing=True)


def test_a_running_job_that_no_backend_has_is_told(operated: Operated) -> None:
    """Somebody took its backend out of the settings, say; waiting would not help."""
    labeling(operated)
    operated.jobs.jobs.clear()
    operated.delete()

    operated.step()

    assert operated.cluster.all(ROUNDS) == []
    assert ("Warning", "LabelingJobsLeft") in operated.events()
    assert operated.registry.get_sample_value("labelround_abandoned_total") == 1


def test_only_the_backends_of_a_namespace_are_asked_about_its_jobs(operated: Operated) -> None:
    """Another team's may well refuse us, and must not hold up the deletion."""
    gate = operated.passes.gate
    gate.policy = replace(gate.policy, backends={**gate.policy.backends, "other": Backend("other", "eu-west-1")})

    served, unserved = gate.backends(NAMESPACE), gate.backends("nobody-knows")

    assert [backend.name for backend in served] == ["main"]
    assert [backend.name for backend in unserved] == ["main", "other"]


def test_a_backend_that_is_away_does_not_matter_when_another_has_the_jobs(operated: Operated) -> None:
    """The round's jobs are at one place."""
    name = labeling(operated)
    gate = operated.passes.gate
    gate.policy = Policy((), {"away": Backend("away", "eu-west-1"), **gate.policy.backends})
    operated.delete()

    operated.step()

    assert operated.jobs.jobs[name].status is JobStatus.STOPPING
    assert operated.cluster.all(ROUNDS) == []


def test_the_finalizers_of_others_stay(operated: Operated) -> None:
    """Ours alone is set and taken away."""
    operated.apply(metadata={"finalizers": ["example.com/backup"]})
    operated.step()
    with_ours = list(operated.round()["metadata"]["finalizers"])
    operated.delete()

    operated.step()

    assert with_ours == ["example.com/backup", FINALIZER]
    assert operated.round()["metadata"]["finalizers"] == ["example.com/backup"]


def test_nothing_is_kept_of_a_round_that_is_gone(operated: Operated) -> None:
    """The operator's memory does not grow with the rounds it has seen."""
    labeling(operated)
    operated.delete()
    operated.step()
    operated.workers.forget(KEY)

    assert operated.passes._uids == {}
    assert operated.passes._deleting == {}
    assert operated.passes.manifests._known == {}
    assert operated.passes.fleet.snapshot() == {}
    assert operated.passes.versions.known() == set()
    assert all(poller.is_idle() for poller in operated.passes.gate.pollers._pollers.values())


def test_a_round_of_too_many_images_stalls_before_anything_is_written(operated: Operated) -> None:
    """One team's million of pictures must not take the memory of all."""
    operated.passes.manifests.max_images = 1
    operated.apply()
    before = operated.objects()

    operated.step()

    assert operated.condition("Stalled")["reason"] == "TooManyImages"
    assert operated.objects() == before


@pytest.mark.parametrize("lines", [MAX_IMAGES_PER_JOB + 1, 20 * MAX_IMAGES_PER_JOB])
def test_a_manifest_that_somebody_has_made_longer_makes_no_jobs(operated: Operated, lines: int) -> None:
    """Each hundred thousand lines would be a labeling job more."""
    operated.apply()
    operated.step()
    operated.buckets.open(BUCKET).write("pens/manifest.json", b"\n" * lines)

    operated.step(3)

    assert operated.condition("Stalled")["reason"] == "InvalidInput"
    assert "pens/manifest.json" in operated.condition("Stalled")["message"]
    assert operated.jobs.jobs == {}
