"""The lines of manifests are counted once a round, and forgotten with it."""

from __future__ import annotations

from tests.plan.rounds import make_round
from tests.round.scenes import BUCKET, Scene, scene

from labelround.conditions import Phase
from labelround.layout import Layout
from labelround.observe import ManifestCounter
from labelround.plan import Plan
from labelround.storage import MemoryBuckets


def plan_of(uid: str) -> Plan:
    round = make_round(uid=uid, bucket=BUCKET, imagesPrefix=f"{uid}/images/")
    return Plan(round, Layout.of(round), 0)


def test_a_manifest_is_read_once_however_often_a_round_is_looked_at() -> None:
    """It never changes: what lies there later does not count."""
    counter, bucket, plan = ManifestCounter(), MemoryBuckets().open(BUCKET), plan_of("u1")
    bucket.write("u1/manifest.json", b"{}\n" * 3)

    first = counter.written(bucket, plan, 1)
    bucket.write("u1/manifest.json", b"{}\n" * 9)

    assert (first, counter.written(bucket, plan, 1)) == (3, 3)


def test_a_forgotten_round_leaves_nothing_behind() -> None:
    """Ten thousand rounds come and go, and the counter is as large as it was."""
    counter, bucket = ManifestCounter(), MemoryBuckets().open(BUCKET)
    for number in range(100):
        bucket.write(f"u{number}/manifest.json", b"{}\n")
        counter.written(bucket, plan_of(f"u{number}"), 1)

    for number in range(100):
        counter.forget(f"u{number}")

    assert counter == ManifestCounter()


def test_forgetting_a_round_that_was_never_counted_is_fine() -> None:
    """A round that stalls before its first manifest, for one."""
    counter = ManifestCounter()

    counter.forget("u1")

    assert counter == ManifestCounter()


def test_one_counter_serves_the_reconcilers_of_all_rounds() -> None:
    """A reconciler is made for each pass, and the counter stays."""
    counter = ManifestCounter()
    stage: Scene = scene().until(Phase.LABELING)
    reconciler = stage.reconciler
    reconciler.manifests = counter
    reconciler.reconcile(stage.round, stage.status)

    stage.bucket.write("pens/manifest.json", b"")
    result = reconciler.reconcile(stage.round, stage.status)

    assert result.status["progress"] == "0/5"
