"""The users of the rounds of a soak: they make, change and delete them, and mend what a message asks them to mend."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.operator.soak.chronicle import Chronicle
from tests.operator.soak.plan import Deed, Life, Verb
from tests.operator.world import World
from tests.round.world import NAMES, picture

from labelround.cluster.api import JOBS, ROUNDS, ObjectAbsent, ObjectTaken
from labelround.errors import LabelroundError, Unavailable

MANY_LABELS = ["pencil", *(f"label {number}" for number in range(59)), "pen"]
FOREIGN_BUCKET = "another-teams"
RETRY_SECONDS = 0.5
ONE_MORE = "one-more.jpg"
TWIN = "-twin"
PATCHES: Mapping[Verb, Mapping[str, Any]] = {
    Verb.SUSPEND: {"suspend": True},
    Verb.RESUME: {"suspend": False},
    Verb.STOP: {"stopLabeling": True},
}


@dataclass
class Users:
    """They try again when the API server is away.

    `uids` are those of all rounds that were made, by name; `mended` counts how often a Job was deleted, by its name.
    """

    world: World
    lives: Mapping[str, Life]
    chronicle: Chronicle
    uids: dict[str, list[str]] = field(default_factory=dict)
    mended: Counter[str] = field(default_factory=Counter)

    def follow(self, deeds: Iterable[Deed], over: threading.Event) -> None:
        """Do all, each at its time or as soon after it as can be."""
        began, order = time.monotonic(), itertools.count()
        due = [(deed.at, next(order), deed) for deed in deeds]
        heapq.heapify(due)
        while due:
            at, _, deed = heapq.heappop(due)
            if over.wait(max(0.0, began + at - time.monotonic())):
                return
            try:
                self._do(deed)
            except LabelroundError as error:
                self.chronicle.note(f"a user {deed.verb.value} {deed.name}, in vain: {error}")
                heapq.heappush(due, (time.monotonic() - began + RETRY_SECONDS, next(order), deed))
            else:
                self.chronicle.note(f"a user {deed.verb.value} {deed.name} ({self.lives[deed.name].value})")

    def mend(self, rounds: Iterable[Mapping[str, Any]]) -> None:
        """Delete the conversions' Jobs that have failed too often, each once, as the rounds ask for it."""
        for round in rounds:
            for each in (round.get("status") or {}).get("conditions", ()):
                if each["reason"] == "ConversionBlocked" and each["type"] == "Stalled":
                    self._delete_job(each["message"])

    def _delete_job(self, message: str) -> None:
        name = message.partition("kubectl delete job ")[2].split()[0]
        try:
            job = self.world.cluster.get(JOBS, self.world.namespace, name)
            if not _has_failed(job):
                return  # the next one is at work already, and the round will say so
            self.world.cluster.delete(JOBS, self.world.namespace, name, uid=job["metadata"]["uid"])
        except LabelroundError:
            return  # it is gone already, or the next look comes soon
        self.mended[name] += 1
        self.chronicle.note(f"a user deletes the Job {name}: {message}", count="Jobs of conversions deleted by hand")

    def _do(self, deed: Deed) -> None:
        name, verb = deed.name, deed.verb
        if verb is Verb.CREATE:
            self._create(name)
            if self.lives[name] is Life.TWINS:
                self._create(name + TWIN)
        elif name not in self.uids:
            raise Unavailable("it is not there yet")
        elif verb is Verb.CREATE_AGAIN:
            self._create(name, again=True)
        elif verb is Verb.TAKE_ONE_AWAY:
            self.world.bucket.delete(f"{name}/images/{ONE_MORE}")
        elif verb is Verb.DELETE:
            self._delete(name)
        else:
            self._patch(name, PATCHES[verb])

    def _create(self, name: str, *, again: bool = False) -> None:
        if self.lives.get(name) is Life.CROWDED:
            for index, picked in enumerate((*NAMES, ONE_MORE)):
                self.world.bucket.write(f"{name}/images/{picked}", picture(40 * index))
        known = self.uids.setdefault(name, []) if again else self.uids.get(name, [])
        try:
            made = self.world.create(self.document(name, again=again))
        except ObjectTaken:
            made = self.world.get(name)
            if made["metadata"]["uid"] in known:
                raise
        self.uids.setdefault(name, []).append(made["metadata"]["uid"])

    def document(self, name: str, *, again: bool = False) -> dict[str, Any]:
        """The round of this name. Rounds share their pictures, and each has a folder of its own for all else."""
        life = self.lives[name.removesuffix(TWIN)]
        spec: dict[str, Any] = {"prefix": f"{name}-again" if again else name.removesuffix(TWIN)}
        if life is Life.TWO_JOBS:
            spec["labels"] = MANY_LABELS
        elif life is Life.SUSPENDED_FIRST:
            spec["suspend"] = True
        elif life is Life.SHORT:
            spec["ttlSecondsAfterFinished"] = 1
        elif life is Life.REFUSED:
            spec["bucket"] = FOREIGN_BUCKET
        elif life is Life.CROWDED:
            spec["imagesPrefix"] = f"{name}/images/"
        return self.world.document(name, **spec)

    def _patch(self, name: str, spec: Mapping[str, Any]) -> None:
        try:
            self.world.patch(name, **spec)
        except ObjectAbsent:
            return

    def _delete(self, name: str) -> None:
        try:
            self.world.cluster.delete(ROUNDS, self.world.namespace, name, uid=self.uids[name][0])
        except ObjectAbsent:
            return


def _has_failed(job: Mapping[str, Any]) -> bool:
    conditions = (job.get("status") or {}).get("conditions", ())
    return any(each["type"] == "Failed" and each["status"] == "True" for each in conditions)
