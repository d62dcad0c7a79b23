"""Which labeling jobs a round needs: images in chunks, labels in groups, and a name for each job.

Names are a function of the round's name and uid and of attempt, chunk and group alone, so that a plan made again
after a crash names the same jobs, however many images are found then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from labelround.layout import Layout
from labelround.spec.model import LabelingRound
from labelround.spec.names import JOB_NAME_MAX_LENGTH, MAX_IMAGES_PER_JOB, MAX_LABELS_PER_JOB


@dataclass(frozen=True, slots=True)
class PlannedManifest:
    """One input manifest: the images `start` to `stop` (exclusive) of the attempt's sorted keys."""

    key: str
    attempt: int
    chunk: int
    start: int
    stop: int

    @property
    def image_count(self) -> int:
        """How many lines the manifest holds."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """One labeling job. Attempts count from 1, chunks and groups from 0.

    An adopted job exists already: its input manifest is unknown (`manifest_key` is empty, `image_count` is 0) and
    so is its label attribute name, unless the round states it; DescribeLabelingJob tells both.
    """

    name: str
    attempt: int
    chunk: int
    group: int
    labels: tuple[str, ...]
    label_attribute_name: str
    manifest_key: str
    image_count: int
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a round. `image_count` is the number of images of the first attempt."""

    round: LabelingRound
    layout: Layout
    image_count: int

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The labels in groups of at most 50, in the order of the round; an image needs all of them."""
        return label_groups(self.round.labels)

    @property
    def jobs(self) -> tuple[PlannedJob, ...]:
        """The jobs of the first attempt."""
        return self.jobs_for_attempt(1, self.image_count)

    @property
    def manifests(self) -> tuple[PlannedManifest, ...]:
        """The input manifests of the first attempt."""
        return self.manifests_for_attempt(1, self.image_count)

    def manifests_for_attempt(self, attempt: int, image_count: int) -> tuple[PlannedManifest, ...]:
        """The input manifests for `image_count` images: none without images, and none for an adopted job."""
        if self.round.labeling_job.adopt:
            return ()
        starts = range(0, image_count, MAX_IMAGES_PER_JOB)
        return tuple(
            PlannedManifest(
                key=self.layout.manifest_key(attempt, chunk, len(starts)),
                attempt=attempt,
                chunk=chunk,
                start=start,
                stop=min(start + MAX_IMAGES_PER_JOB, image_count),
            )
            for chunk, start in enumerate(starts)
        )

    def jobs_for_attempt(self, attempt: int, image_count: int) -> tuple[PlannedJob, ...]:
        """The jobs that label `image_count` images: every group of labels over every chunk of images."""
        if self.round.labeling_job.adopt:
            return (_adopted_job(self.round),)
        return tuple(self._jobs(self.manifests_for_attempt(attempt, image_count)))

    def _jobs(self, manifests: Sequence[PlannedManifest]) -> Iterator[PlannedJob]:
        for manifest in manifests:
            for group, labels in enumerate(self.groups):
                yield PlannedJob(
                    name=job_name(self.round.name, self.round.uid, manifest.attempt, manifest.chunk, group),
                    attempt=manifest.attempt,
                    chunk=manifest.chunk,
                    group=group,
                    labels=labels,
                    label_attribute_name=attribute_name(self.round, group),
                    manifest_key=manifest.key,
                    image_count=manifest.image_count,
                )


def plan_round(round: LabelingRound, image_count: int) -> Plan:
    """The plan for a round over `image_count` images."""
    return Plan(round, Layout.of(round), image_count)


def label_groups(labels: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """`labels` in as few groups of at most 50 as possible, in order, whose sizes differ by one at most."""
    count = -(-len(labels) // MAX_LABELS_PER_JOB)
    edges = [len(labels) * index // count for index in range(count + 1)] if count else []
    return tuple(tuple(labels[start:stop]) for start, stop in pairwise(edges))


def job_name(name: str, uid: str, attempt: int = 1, chunk: int = 0, group: int = 0) -> str:
    """The name of a labeling job: `<name>-<8 hex digits of name and uid>`, then `-a2`, `-c1`, `-g1` where needed.

    The first attempt, chunk and group add nothing. A name that is too long for Ground Truth is cut; the digits keep
    it unique.
    """
    attempts = f"-a{attempt}" if attempt > 1 else ""
    return derived_name(name, uid, f"{attempts}{_indexes(chunk, group)}")


def derived_name(name: str, uid: str, ending: str, length: int = JOB_NAME_MAX_LENGTH) -> str:
    """`<name>-<8 hex digits of name and uid><ending>` in at most `length` characters, 63 by default.

    The digits keep a name that was cut unique.
    """
    digits = hashlib.sha256(f"{name}\n{uid}".encode()).hexdigest()[:8]
    tail = f"-{digits}{ending}"
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: length - len(tail)].rstrip("-")
    return f"{stem or 'round'}{tail}"


def attribute_name(round: LabelingRound, group: int) -> str:
    """The label attribute of a group: one for all its jobs, whatever chunk or attempt, so that their results merge.

    By default the name of the group's first job. A name that the round states serves the first group as it is; the
    others add `-g1` and so on.
    """
    stated = round.labeling_job.label_attribute_name
    return f"{stated}{_indexes(0, group)}" if stated else job_name(round.name, round.uid, group=group)


def _indexes(chunk: int, group: int) -> str:
    return (f"-c{chunk}" if chunk else "") + (f"-g{group}" if group else "")


def _adopted_job(round: LabelingRound) -> PlannedJob:
    return PlannedJob(
        name=round.labeling_job.adopt,
        attempt=1,
        chunk=0,
        group=0,
        labels=round.labels,
        label_attribute_name=round.labeling_job.label_attribute_name,
        manifest_key="",
        image_count=0,
        adopted=True,
    )
