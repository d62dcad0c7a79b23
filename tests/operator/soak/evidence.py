"""What is left of a soak, gathered once, so that hundreds of rounds can be judged."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.operator.faults import Seen
from tests.operator.proxy import Proxy
from tests.operator.world import World

from labelround.cluster.api import EVENTS, ROUNDS, Object
from labelround.request import UID_TAG

Listed = Mapping[str, Sequence[Object]]


@dataclass(frozen=True)
class Evidence:
    """Rounds are by name, and all that belongs to a round is by its uid; pods are by the uid of their Job.

    `created` and `posted` count the labeling jobs and the Jobs that were really made, by name, and `overtaken` the
    writes to a round that somebody else's were faster than: refused for that, or given up by an operator that had stood
    still after it had told of them. `untold` are the uids of rounds of which an Event could not
    be written.
    """

    rounds: Mapping[str, Object]
    jobs: Listed = field(default_factory=dict)
    conversions: Listed = field(default_factory=dict)
    pods: Listed = field(default_factory=dict)
    events: Listed = field(default_factory=dict)
    created: Mapping[str, int] = field(default_factory=dict)
    posted: Mapping[str, int] = field(default_factory=dict)
    overtaken: Mapping[str, int] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()


def gather(world: World, ways: Sequence[Proxy]) -> Evidence:
    """Everything in the namespace, at the labeling API and in the memory of the proxies; `ways` lead to the cluster."""
    described = [
        world.labeling_client.describe_labeling_job(LabelingJobName=job["LabelingJobName"]) for job in world.jobs()
    ]
    events = sorted(
        world.cluster.list(EVENTS, world.namespace), key=lambda event: int(event["metadata"]["resourceVersion"])
    )
    return Evidence(
        rounds=rounds_of(world),
        jobs=_grouped((_tag(job), job) for job in described),
        conversions=_grouped(_owned(world.conversions())),
        pods=_grouped(_owned(world.pods())),
        events=_grouped((event["involvedObject"]["uid"], event) for event in events),
        created=Counter(
            json.loads(seen.sent)["LabelingJobName"] for seen in world.labeling.succeeded("CreateLabelingJob")
        ),
        posted=Counter(_sent(seen)["metadata"]["name"] for way in ways for seen in way.succeeded("create jobs")),
        overtaken=_overtaken(ways),
        untold=frozenset(
            _sent(seen)["involvedObject"]["uid"]
            for way in ways
            for seen in list(way.requests)
            if seen.operation == "create events" and not seen.succeeded
        ),
    )


def rounds_of(world: World) -> dict[str, Object]:
    """The rounds that are there, by name."""
    return {found["metadata"]["name"]: found for found in world.cluster.list(ROUNDS, world.namespace)}


def _overtaken(ways: Sequence[Proxy]) -> Counter[str]:
    requests = [seen for way in ways for seen in list(way.requests)]
    writes = [seen for seen in requests if seen.operation == "patch labelingrounds/status"]
    refused = Counter(_name(seen) for seen in writes if seen.status == HTTPStatus.CONFLICT)
    written = {(_name(seen), _sent(seen)["metadata"]["resourceVersion"]) for seen in writes}
    told = (_sent(seen)["involvedObject"] for seen in requests if seen.operation == "create events" and seen.succeeded)
    given_up = Counter(each["name"] for each in told if (each["name"], each["resourceVersion"]) not in written)
    return refused + given_up


def _name(seen: Seen) -> str:
    """Of the round that a write to its status is for."""
    return seen.path.split("/")[-2]


def _grouped(pairs: Iterable[tuple[str, Object]]) -> dict[str, list[Object]]:
    groups: dict[str, list[Object]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)


def _owned(objects: Iterable[Object]) -> Iterator[tuple[str, Object]]:
    for each in objects:
        for owner in each["metadata"].get("ownerReferences", ()):
            yield owner["uid"], each


def _tag(job: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in job.get("Tags", ()) if tag["Key"] == UID_TAG), "")


def _sent(seen: Seen) -> Any:
    return json.loads(seen.sent)
