"""One round of a cluster as a story for its owner: where it is, since when, what it waits for, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from labelround.advice import advice
from labelround.cli.durations import moment, shown, since
from labelround.cli.output import table
from labelround.cli.pricing import Prices, cost_of
from labelround.cli.rounds import event_time
from labelround.conditions import ConditionType, Phase
from labelround.cost import Cost, money
from labelround.shown import ShownRound
from labelround.wording import counted

INDENT = 13
SHOWN_EVENTS = 10
JOB_COLUMNS = ("JOB", "STATUS", "LABELED", "FAILED", "UNLABELED")
EVENT_COLUMNS = ("AGE", "TYPE", "REASON", "MESSAGE")
NEW_ROUND = "make a new round with another metadata.name and spec.prefix"
IMAGE_STATES = ("labeled", "empty", "failed", "unlabeled")


def story(
    round: ShownRound, events: Sequence[Mapping[str, Any]], now: datetime, prices: Prices | None = None
) -> Iterator[str]:
    """Lines for a terminal. `events` are the round's own, oldest first; with `prices` it tells the cost."""
    cost = cost_of(round, prices.task) if prices else None
    for name, value in (*_facts(round, now), *_cost(round, cost)):
        first, *rest = value.splitlines() or [""]
        yield f"{name + ':':<{INDENT}}{first}".rstrip()
        yield from (f"{'':<{INDENT}}{line}" for line in rest)
    if round.jobs:
        yield ""
        yield from table(JOB_COLUMNS, [_job(job) for job in round.jobs])
        yield from _below_jobs(round)
    if events:
        yield ""
        yield from table(EVENT_COLUMNS, [_event(event, now) for event in events[-SHOWN_EVENTS:]])
    for line in (*_spent(round, cost, prices), *next_step(round)):
        yield ""
        yield line


def next_step(round: ShownRound) -> Iterator[str]:
    """What a person can do now; nothing when the round goes on by itself."""
    if round.deleted:
        yield (
            "The round is being deleted: the operator stops its labeling jobs first, for five minutes at most. If none"
            " runs any more: labelround doctor"
        )
    elif not round.status:
        yield "No operator has looked at this round yet. To find out why: labelround doctor"
    elif round.stalled:
        todo = advice(round.reason)
        yield f"What to do: {todo}" if todo else "A person is needed; the message says what to do"
    elif round.succeeded:
        yield f"Bring the dataset home: labelround pull {round.status.get('dataset', {}).get('uri', '')}".rstrip()
    elif round.ended:
        yield f"This end is final. What to do: {advice(round.reason) or NEW_ROUND}"
    elif round.phase == Phase.SUSPENDED.value:
        patch = """'{"spec": {"suspend": false}}'"""
        yield (
            "To go on: kubectl patch labelinground"
            f" --namespace {round.namespace} {round.name} --type merge --patch {patch}"
        )


def _facts(round: ShownRound, now: datetime) -> Iterator[tuple[str, str]]:
    status = round.status
    yield "Round", f"{round.name} in {round.namespace}, created {since(round.created, now)} ago"
    if round.status:
        yield "Phase", _phase(round, now)
    if round.message:
        yield "Message", round.message
    yield from _images(round)
    if (last := moment(str(status.get("lastProgressTime", "")))) and not round.ended:
        yield "Last moved", f"{shown((now - last).total_seconds())} ago"
    if (end := moment(str(status.get("estimatedCompletionTime", "")))) and not round.ended:
        left = f"in {shown((end - now).total_seconds())}" if end > now else "overdue"
        yield "Expected", f"{end:%Y-%m-%d %H:%M} UTC ({left}), if workers go on as so far"
    if (portal := status.get("workerPortalURL")) and not round.ended:
        yield "Workers", f"label at {portal}"
    if conversion := status.get("conversion"):
        yield "Conversion", _conversion(conversion)
    if dataset := status.get("dataset"):
        yield "Dataset", _dataset(dataset)


def _cost(round: ShownRound, cost: Cost | None) -> Iterator[tuple[str, str]]:
    if cost is None:
        return
    whole = "" if round.ended else f" of at most {money(cost.estimate)}"
    tasks = counted(cost.tasks, "task") if round.ended else f"{cost.done} of {counted(cost.tasks, 'task')}"
    yield "Cost", f"{money(cost.spent)}{whole} ({tasks} at {cost.price})"


def _spent(round: ShownRound, cost: Cost | None, prices: Prices | None) -> Iterator[str]:
    """What to do when the budget is spent. Ground Truth cannot pause: there is only a stop."""
    if cost is None or prices is None or prices.budget is None or round.ended or cost.spent < prices.budget:
        return
    command = f"labelround cancel --namespace {round.namespace} {round.name}"
    yield f"The budget of {money(prices.budget)} is spent. To stop labeling and keep what is labeled: {command}"


def _phase(round: ShownRound, now: datetime) -> str:
    if round.ended:
        began, ended = (moment(str(round.status.get(name, ""))) for name in ("startTime", "completionTime"))
        took = f" after {shown((ended - began).total_seconds())}" if began and ended else ""
        ago = f", {shown((now - ended).total_seconds())} ago" if ended else ""
        return f"{round.phase}{took}{ago}"
    summary = round.condition(ConditionType.STALLED) if round.stalled else {}
    since_when = f" for {since(str(summary.get('lastTransitionTime', '')), now)}" if summary else ""
    reason = f" ({round.reason})" if round.reason and round.reason != round.phase else ""
    stopping = "; labeling is to stop" if round.spec.get("stopLabeling") else ""
    return f"{round.phase}{since_when}{reason}{stopping}"


def _images(round: ShownRound) -> Iterator[tuple[str, str]]:
    images = round.images
    if not images:
        return
    states = [f"{images[state]} {state}" for state in IMAGE_STATES if images.get(state)]
    yield "Images", f"{images.get('total', 0)}" + (f": {', '.join(states)}" if states else "")


def _conversion(conversion: Mapping[str, Any]) -> str:
    shards = f", {conversion.get('done', 0)} of {conversion['shards']} parts done" if "shards" in conversion else ""
    return f"Job {conversion.get('job', '?')}{shards}"


def _dataset(dataset: Mapping[str, Any]) -> str:
    counts = (
        counted(dataset.get("images", 0), "image"),
        counted(dataset.get("boxes", 0), "box", "boxes"),
        counted(dataset.get("classes", 0), "class", "classes"),
    )
    return f"{dataset.get('uri', '?')}\n{dataset.get('format', '?')}, {', '.join(counts)}"


def _job(job: Mapping[str, Any]) -> tuple[str, ...]:
    counters = job.get("labelCounters") or {}
    names = ("totalLabeled", "failedNonRetryableError", "unlabeled")
    return (
        str(job["name"]),
        str(job.get("status", "not created")),
        *(str(counters[name]) if name in counters else "-" for name in names),
    )


def _below_jobs(round: ShownRound) -> Iterator[str]:
    for job in round.jobs:
        if reason := job.get("failureReason"):
            yield f"{job['name']} failed: {reason}"
    more = int(round.status.get("labelingJobCount", 0)) - len(round.jobs)
    if more > 0:
        yield f"and {counted(more, 'more labeling job')}"


def _event(event: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    return (
        since(event_time(event), now),
        str(event.get("type", "")),
        str(event.get("reason", "")),
        " ".join(str(event.get("message", "")).split()),
    )
