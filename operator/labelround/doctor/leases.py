"""The check of the operator: whether one is at work, as its Lease shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labelround.cluster.api import LEASES, Cluster, Object, ObjectAbsent
from labelround.doctor.findings import Finding, cause, error, ok, warning
from labelround.errors import LabelroundError

CHECK = "operator"
LEASE_NAME = "labelround"
SECOND_LOOK_SECONDS = 5.0
"""Longer than a holder takes to renew."""
START = "start it, or look at the log of its pod"


@dataclass(frozen=True, slots=True)
class Watch:
    """The clock and how to wait."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Operators:
    """What the Leases tell. `running` is None where they could not be read, or there is none to tell."""

    running: bool | None
    findings: tuple[Finding, ...]


def find_operators(cluster: Cluster, namespace: str, watch: Watch) -> Operators:
    """The operators of the cluster, or the one whose own namespace is given."""
    try:
        return _found(cluster, namespace, watch)
    except LabelroundError as refusal:
        fix = "" if namespace else "name the operator's namespace with --operator-namespace"
        return Operators(None, (warning(CHECK, f"whether one is at work was not checked: {cause(refusal)}", fix),))


def _found(cluster: Cluster, namespace: str, watch: Watch) -> Operators:
    leases = _leases(cluster, namespace)
    if not leases:
        where = f"in the namespace {namespace}" if namespace else "in any namespace"
        told = f"there is no Lease {LEASE_NAME} {where}: no operator has run yet, or it runs without a Lease"
        return Operators(None, (warning(CHECK, told, "install the operator: labelround operator --help"),))
    held = dict(_held(cluster, leases, watch))
    findings = tuple(_finding(lease, fresh=held[_namespace(lease)], now=watch.now()) for lease in leases)
    return Operators(any(held.values()), findings)


def _leases(cluster: Cluster, namespace: str) -> list[Object]:
    if not namespace:
        return [lease for lease in cluster.list(LEASES) if lease["metadata"]["name"] == LEASE_NAME]
    try:
        return [cluster.get(LEASES, namespace, LEASE_NAME)]
    except ObjectAbsent:
        return []


def _held(cluster: Cluster, leases: Sequence[Object], watch: Watch) -> Iterator[tuple[str, bool]]:
    """Whether each Lease is held and kept. One that looks forgotten is looked at twice: clocks differ."""
    doubtful = []
    for lease in leases:
        if _spec(lease).get("holderIdentity") and not _is_fresh(lease, watch.now()):
            doubtful.append(lease)
        else:
            yield _namespace(lease), bool(_spec(lease).get("holderIdentity"))
    if not doubtful:
        return
    watch.sleep(SECOND_LOOK_SECONDS)
    for lease in doubtful:
        again = _leases(cluster, _namespace(lease))
        yield _namespace(lease), bool(again) and _version(again[0]) != _version(lease)


def _is_fresh(lease: Object, now: datetime) -> bool:
    renewed, duration = _renewed(lease), _spec(lease).get("leaseDurationSeconds") or 0
    return renewed is not None and 0 <= (now - renewed).total_seconds() <= duration


def _finding(lease: Object, *, fresh: bool, now: datetime) -> Finding:
    spec, namespace = _spec(lease), _namespace(lease)
    holder, renewed = spec.get("holderIdentity"), _renewed(lease)
    if fresh:
        return ok(CHECK, f"{holder} is at work, from the namespace {namespace}")
    if not holder:
        return error(CHECK, f"none is at work: the last in the namespace {namespace} gave its Lease back", START)
    since = f" for {(now - renewed).total_seconds():.0f} s" if renewed else ""
    return error(
        CHECK, f"none is at work: {holder} in the namespace {namespace} has not renewed its Lease{since}", START
    )


def _spec(lease: Object) -> dict[str, Any]:
    spec: dict[str, Any] = lease.get("spec") or {}
    return spec


def _renewed(lease: Object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(_spec(lease).get("renewTime")))
    except ValueError:
        return None


def _namespace(lease: Object) -> str:
    return str(lease["metadata"]["namespace"])


def _version(lease: Object) -> str:
    return str(lease["metadata"]["resourceVersion"])
