"""The page that tells of a soak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.operator.soak.adversary import KILLS
from tests.operator.soak.memory import Sample
from tests.operator.soak.plan import Life
from tests.operator.soak.play import Play


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
    restarts = sum(operator.restarts for operator in play.operators)
    measured = "\n".join(
        f"| {when} | {' | '.join(f'{samples[replica].mib:.0f}' for replica in sorted(samples))} |"
        for when, samples in memory.items()
    )
    longest = max(play.settled[1:], default=0.0)
    return f"""# Soak

Seed {play.plan.seed}, {seconds:.0f} seconds of faults, {datetime.now(UTC):%Y-%m-%d}. {machine}

Two operators share a Lease, one Kubernetes API, one labeling API and one object store. {made} rounds were made. The
operators were killed {counts[KILLS]} times with SIGKILL and started again {restarts} times. Every round ended as it
should; after the last fault the last of them took {longest:.0f} seconds. At rest nothing was written for a while.

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
