"""Letting go of rounds that no operator will let go any more: after an uninstall, say."""

from __future__ import annotations

from collections.abc import Iterable

from labelround.cluster.api import ROUNDS, Cluster, ObjectAbsent, ObjectChanged
from labelround.controller.deletion import FINALIZER
from labelround.groundtruth.api import JobStatus
from labelround.shown import ShownRound

ENDED = frozenset(status.value for status in JobStatus if status.is_terminal)


def held(rounds: Iterable[ShownRound], *, everyone: bool) -> list[ShownRound]:
    """The rounds with the operator's finalizer: those that are being deleted, or `everyone`."""
    return [round for round in rounds if FINALIZER in round.finalizers and (everyone or round.deleted)]


def running_jobs(round: ShownRound) -> list[str]:
    """The labeling jobs that nobody will stop, as far as the status tells. An adopted job is not the round's."""
    if (round.spec.get("labelingJob") or {}).get("adopt"):
        return []
    return [str(job["name"]) for job in round.jobs if job.get("arn") and job.get("status") not in ENDED]


def release(cluster: Cluster, round: ShownRound) -> None:
    """Take the operator's finalizer away and leave all others; a round that is gone is fine."""
    while True:
        try:
            kept = [name for name in round.finalizers if name != FINALIZER]
            metadata = {"finalizers": kept, "resourceVersion": round.metadata["resourceVersion"]}
            cluster.patch(ROUNDS, round.namespace, round.name, {"metadata": metadata})
            return
        except ObjectAbsent:
            return
        except ObjectChanged:
            try:
                again = ShownRound(cluster.get(ROUNDS, round.namespace, round.name))
            except ObjectAbsent:
                return
            if again.uid != round.uid or FINALIZER not in again.finalizers:
                return
            round = again
