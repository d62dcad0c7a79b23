"""Reading rounds from a cluster, with a sentence for everything that may be absent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from labelround.cli.cluster_options import Target
from labelround.cluster.api import EVENTS, ROUNDS, Cluster, Object, ObjectAbsent
from labelround.errors import Failed
from labelround.shown import ShownRound

NO_CRD = (
    "the cluster does not know LabelingRounds; install their definition:"
    " labelround crd | kubectl apply --server-side -f -"
)


def named_rounds(target: Target, names: Sequence[str]) -> list[ShownRound]:
    """The rounds of these names, in the order given. Raises Failed with every name that is not there."""
    namespace = target.namespace
    found = find_rounds(target, names)
    known = {round.name for round in found}
    absent = [name for name in dict.fromkeys(names) if name not in known]
    if absent:
        _require_crd(target)
        raise Failed("\n".join(f"there is no LabelingRound {name} in the namespace {namespace}" for name in absent))
    return found


def find_rounds(target: Target, names: Sequence[str]) -> list[ShownRound]:
    """Those of the rounds of these names that are there."""
    found = (find_round(target.cluster, target.namespace, name) for name in dict.fromkeys(names))
    return [round for round in found if round is not None]


def all_rounds(target: Target) -> list[ShownRound]:
    """Every round of the namespace, or of all, by namespace and name. Raises Failed without the definition."""
    try:
        rounds = [ShownRound(document) for document in target.cluster.list(ROUNDS, target.namespace)]
    except ObjectAbsent:
        raise Failed(NO_CRD) from None
    return sorted(rounds, key=lambda round: (round.namespace, round.name))


def find_round(cluster: Cluster, namespace: str | None, name: str) -> ShownRound | None:
    """The round of this name; None when there is none."""
    try:
        return ShownRound(cluster.get(ROUNDS, namespace, name))
    except ObjectAbsent:
        return None


def round_events(cluster: Cluster, round: ShownRound) -> list[Object]:
    """The Events about a round, oldest first."""
    selector = {"fieldSelector": f"involvedObject.uid={round.uid}"}
    events: list[Object] = json.loads(cluster.text(EVENTS.path(round.namespace), selector))["items"]
    return sorted(events, key=event_time)


def event_time(event: Mapping[str, Any]) -> str:
    """When an Event last happened."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next(filter(None, times), "") or event["metadata"].get("creationTimestamp", ""))


def _require_crd(target: Target) -> None:
    """Raise Failed when the cluster does not know the kind at all."""
    try:
        next(iter(target.cluster.list(ROUNDS, target.namespace, metadata_only=True)), None)
    except ObjectAbsent:
        raise Failed(NO_CRD) from None
