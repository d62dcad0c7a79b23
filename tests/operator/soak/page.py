"""The page that tells of a soak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.operator.soak.adversary import KILLS
from tests.operator.soak.memory import Sample
from tests.operator.soak.plan import Life
from tests.operator.soak.play import REST_SECONDS, Play

from labelround.controller.run import LEASE_LOST_EXIT_CODE


@dataclass(frozen=True)
class Ends:
    """How the rounds of each life ended."""

    counts: Counter[tuple[Life, str]]

    def rows(self) -> Iterator[str]:
        for life in Life:
            for (each, end), number in sorted(self.counts.items(), key=lambda item: item[0][1]):
                if each is life:
                    yield f"| {life.value} | {end} | {number} |"


def page(
    play: Play,
    seconds: float,
    machine: str,
    ends: Ends,
    memory: Mapping[str, Mapping[int, Sample]],
) -> str:
    """All numbers of a soak, as Markdown."""
    counts = play.chronicle.counts
    faults = "\n".join(f"| {name} | {number} |" for name, number in sorted(counts.items()) if name != KILLS)
    rows = "\n".join(ends.rows())
    made = sum(len(uids) for uids in play.users.uids.values())
    lost = sum(operator.codes.count(LEASE_LOST_EXIT_CODE) for operator in play.operators)
    measured = "\n".join(
        f"| {when} | {' | '.join(f'{samples[replica].mib:.0f}' for replica in sorted(samples))} |"
        for when, samples in memory.items()
    )
    longest = max(play.settled[1:], default=0.0)
    return f"""# Soak

Seed {play.plan.seed}, {seconds:.0f} seconds of faults, {datetime.now(UTC):%Y-%m-%d}. {machine}

Two operators share a Lease, a Kubernetes API, a labeling API and an object store, while users make {made} rounds. The
operators were killed with SIGKILL {counts[KILLS]} times and ended {lost} times because they could not keep the Lease;
each time they were started again. Every round ended as it should; the last one {longest:.0f} seconds after the last
fault. Then the operators wrote nothing for {REST_SECONDS:.0f} seconds, and all rounds could be deleted.

| Rounds | End | Number |
| --- | --- | ---: |
{rows}

| Fault | Times |
| --- | ---: |
{faults}

| Resident memory, MiB | operator-0 | operator-1 |
| --- | ---: | ---: |
{measured}

The peak was {play.memory.peak():.0f} MiB.
"""
