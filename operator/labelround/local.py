"""A round run from this machine: the same reconciler as in a cluster, in a loop, with the conversion in process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labelround.conversion import conversion_of, observed_dataset
from labelround.dataset.claim import read_claim
from labelround.decide import Action, ConversionState, Reason
from labelround.errors import InvalidInput, InvalidManifest, InvalidRound, Problem, Unavailable, Unfinished
from labelround.observe import ObservedConversion, Snapshot
from labelround.progress import NoProgress, Progress
from labelround.reconcile import Reconciler, Result
from labelround.spec.model import LabelingRound
from labelround.spec.parse import changed_fields
from labelround.status import is_succeeded
from labelround.storage import Buckets, Folder
from labelround.storage.translation import translated

PATIENCE = 8
LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class InProcessConverter:
    """`Converter` that converts in this process, and so is done when `start` returns."""

    buckets: Buckets
    progress: Progress = field(default_factory=NoProgress)
    _failures: dict[str, str] = field(default_factory=dict)

    def observe(self, round: LabelingRound) -> ObservedConversion:
        """As the dataset shows; a failure of this process is remembered, since it wrote nothing."""
        if round.uid in self._failures:
            return ObservedConversion(ConversionState.FAILED, failure=self._failures[round.uid])
        return observed_dataset(round, self.buckets)

    def start(self, snapshot: Snapshot) -> None:
        """Convert. Wrong input is remembered as the conversion's failure; it wrote nothing."""
        try:
            conversion_of(snapshot, self.buckets).run(self.buckets, self.progress)
        except InvalidInput as error:
            self._failures[snapshot.round.uid] = str(error)


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a round between runs: the resource as it was given, its uid and its last status."""

    uid: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordFile:
    """The record of one round, on disk: `<state>/rounds/<bucket>/<name>.json`, replaced whole."""

    path: Path

    @classmethod
    def of(cls, state: Path, round: LabelingRound) -> RecordFile:
        return cls(state / "rounds" / round.bucket / f"{round.name}.json")

    def read(self) -> Record:
        """The record; an empty one when there is none. Raises InvalidManifest for a damaged file."""
        try:
            content = json.loads(self.path.read_bytes())
            return Record(content["uid"], content["document"], content["status"])
        except FileNotFoundError:
            return Record()
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidManifest(
                [Problem(str(self.path), f"is not a round's record ({error})", "delete it; the round is observed anew")]
            ) from error

    def write(self, record: Record) -> None:
        """Replace the record. Raises StorageError."""
        aside = self.path.with_suffix(".json.new")
        content = {"uid": record.uid, "document": record.document, "status": record.status}
        with translated(str(self.path)):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path)


@dataclass
class LocalRunner:
    """Runs rounds to their end. `sleep` takes seconds; `tell` hears of every pass."""

    reconciler: Reconciler
    state: Path
    poll_seconds: float
    sleep: Callable[[float], None]
    tell: Callable[[LabelingRound, Result], None] = lambda _round, _result: None

    def run(self, round: LabelingRound, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Reconcile until the round has ended, and return its status.

        Raises what a person has to act on (Conflict, InvalidInput), Unavailable when a service stays away, and
        Unfinished for a suspended round. Interrupted at any moment, it goes on where it was when it is called again.
        """
        file = RecordFile.of(self.state, round)
        status = self._known_status(round, document, file.read())
        failures = 0
        while True:
            result = self.reconciler.reconcile(round, status)
            if result.status != status:
                status = result.status
                file.write(Record(round.uid, document, status))
            self.tell(round, result)
            if result.decision is not None and result.decision.action is Action.NOTHING:
                return status
            failures = failures + 1 if result.error is not None else 0
            self._pause(round, result, failures)

    def _pause(self, round: LabelingRound, result: Result, failures: int) -> None:
        """Wait as long as the result asks for; raise when waiting cannot help."""
        if result.error is not None:
            if not isinstance(result.error, Unavailable) or failures >= PATIENCE:
                raise result.error
            self.sleep(min(2.0 ** (failures - 1), LONGEST_PAUSE_SECONDS))
        elif result.decision is not None and result.decision.action is Action.WAIT:
            if result.decision.reason is Reason.SUSPENDED:
                raise Unfinished(f"the round {round.name} is suspended; set spec.suspend to false and run it again")
            self.sleep(self.poll_seconds)

    def _known_status(self, round: LabelingRound, document: Mapping[str, Any], known: Record) -> Mapping[str, Any]:
        """The recorded status, if it is this round's. Raises InvalidRound when the spec of a begun round changed.

        A success whose dataset is gone is no longer one: the dataset is made again.
        """
        if known.uid in {round.uid, ""}:
            gone = is_succeeded(known.status) and self.reconciler.converter.observe(round).report is None
            return {} if gone else known.status
        bucket = self.reconciler.buckets.open(round.bucket)
        claims = [read_claim(Folder(bucket, prefix)) for prefix in (round.prefix, round.output_prefix)]
        if all(claim is None or claim.owner != known.uid for claim in claims):
            return {}
        raise InvalidRound(
            Problem(
                path,
                f"changed since the round {round.name} began, and a round's spec is immutable",
                "put it back, or make a new round with another metadata.name and spec.prefix",
            )
            for path in changed_fields(known.document["spec"], document["spec"])
        )
