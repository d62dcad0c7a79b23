"""One pass over a round: observe, decide, act, and say what it came to.

The local runner and the controller both call `Reconciler.reconcile` again and again until the result is final. Every
effect outside is idempotent by name, so a pass that was killed at any line is simply run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from labelround.dataset.claim import check_claim, claim
from labelround.dataset.since import all_labeled, labeled_keys
from labelround.decide import Action, Decision, decide
from labelround.errors import Conflict, LabelroundError, Unavailable
from labelround.followup import unlabeled_keys
from labelround.groundtruth.api import LabelingAPI
from labelround.groundtruth.errors import NameInUse
from labelround.layout import Layout
from labelround.manifest import Selection, manifest_content, select_images, without
from labelround.observe import ManifestCounter, ObservedConversion, Snapshot, observe
from labelround.plan import PlannedJob, plan_round
from labelround.request import JobSettings, label_category_config, labeling_job_request, ui_template
from labelround.spec.model import LabelingRound
from labelround.status import at_generation, is_finished, round_status, unobserved_status
from labelround.storage import Bucket, Buckets, Folder, ObjectMeta


class Converter(Protocol):
    """Runs the conversion somewhere and tells how far it is."""

    def observe(self, round: LabelingRound) -> ObservedConversion:
        """How far the conversion of the round is."""
        ...

    def start(self, snapshot: Snapshot) -> None:
        """Start it; starting it twice starts one."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What one pass came to: the new status, the decision that was carried out and the error that kept it from it.

    `decision` is None when the world could not be looked at; then an `error` says why. A pass with `Action.NOTHING` is
    final: `status` is the one that was recorded before.
    """

    status: Mapping[str, Any]
    decision: Decision | None = None
    error: LabelroundError | None = None


@dataclass
class Reconciler:
    """Brings rounds towards their end, one step a call. Everything it touches is passed in.

    `portal_url` gives the address of the page where a workteam labels, or "" when it has none. `manifests` may serve
    the reconcilers of other rounds too.
    """

    buckets: Buckets
    api: LabelingAPI
    settings: JobSettings
    converter: Converter
    clock: Callable[[], datetime]
    portal_url: Callable[[str], str] = lambda _: ""
    manifests: ManifestCounter = field(default_factory=ManifestCounter)

    def reconcile(self, round: LabelingRound, status: Mapping[str, Any]) -> Result:
        """One pass. `status` is the last recorded one, empty for a new round. No LabelroundError leaves it."""
        try:
            snapshot = self._observe(round, status)
        except LabelroundError as error:
            seen = unobserved_status(round.generation, error, status, self.clock(), suspended=round.suspend)
            return Result(seen, None, error)
        decision = decide(snapshot.observation())
        if decision.action is Action.NOTHING:
            return Result(at_generation(status, round.generation), decision)
        problem = self._try(decision, snapshot)
        now, portal = self.clock(), self._portal(snapshot)
        return Result(round_status(snapshot, decision, problem, status, now, portal), decision, problem)

    def _try(self, decision: Decision, snapshot: Snapshot) -> LabelroundError | None:
        """Act; the error that kept it from it, if there is one."""
        try:
            self._act(decision, snapshot)
        except LabelroundError as problem:
            return problem
        return None

    def _observe(self, round: LabelingRound, status: Mapping[str, Any]) -> Snapshot:
        return observe(
            round,
            self.buckets.open(round.bucket),
            self.api.describe,
            lambda: self.converter.observe(round),
            self.manifests,
            finished=is_finished(status),
        )

    def _act(self, decision: Decision, snapshot: Snapshot) -> None:
        match decision.action:
            case Action.WRITE_MANIFEST:
                self._write_manifests(snapshot)
            case Action.CREATE_JOB:
                self._create_job(_planned(snapshot, decision.job), snapshot.round)
            case Action.STOP_JOB:
                self.api.stop(decision.job)
            case Action.START_CONVERSION:
                self.converter.start(snapshot)
            case Action.STALL:
                raise Conflict(decision.reason.value, decision.message)
            case Action.NOTHING | Action.WAIT | Action.RECORD_SUCCESS | Action.RECORD_FAILURE:
                pass

    def _write_manifests(self, snapshot: Snapshot) -> None:
        """Write the manifests of the next attempt, the first chunk last: it completes the attempt."""
        round = snapshot.round
        bucket = self.buckets.open(round.bucket)
        keys = unlabeled_keys(snapshot, self.buckets) if snapshot.attempts else self._image_keys(round, bucket)
        if not keys and snapshot.attempts:
            self.converter.start(snapshot)  # the counters were behind: the output shows every image labeled
            return
        attempt = len(snapshot.attempts) + 1
        plan = plan_round(round, snapshot.image_count or len(keys))
        manifests = plan.manifests_for_attempt(attempt, len(keys))
        self._claim_prefix(round, bucket)
        self._delete_stale(snapshot, attempt, len(manifests))
        for manifest in reversed(manifests):
            bucket.write(manifest.key, manifest_content(keys[manifest.start : manifest.stop], round.bucket))

    def _image_keys(self, round: LabelingRound, bucket: Bucket) -> list[str]:
        """The images of a new round. Raises Conflict when there is none, and when there are too many."""
        found = select_images(self._listed(round, bucket), round.images_prefix)
        if round.dataset.since:
            found = self._new_images(found, round, bucket)
        keys = list(found.keys)
        if not keys:
            raise Conflict(
                "NoImages",
                f"spec.imagesPrefix: no .jpg, .jpeg or .png image lies below {bucket.uri(round.images_prefix)}; upload"
                " the pictures or correct the prefix",
            )
        return keys

    def _new_images(self, found: Selection, round: LabelingRound, bucket: Bucket) -> Selection:
        """Those that a dataset has no labels for yet. Raises Conflict when it has them for all."""
        new = without(found, labeled_keys(bucket, round.dataset.since))
        if found.keys and not new.keys:
            problem = all_labeled(bucket, round.dataset.since, round.images_prefix, len(found.keys))
            raise Conflict("NoImages", str(problem))
        return new

    def _listed(self, round: LabelingRound, bucket: Bucket) -> Iterator[ObjectMeta]:
        """The objects below the images prefix, whatever they are, up to the most that a round may have."""
        for number, listed in enumerate(bucket.list(round.images_prefix), 1):
            self.manifests.check(round, number)
            yield listed

    def _claim_prefix(self, round: LabelingRound, bucket: Bucket) -> None:
        """Make the round's folder its own. Raises Conflict when it is another round's, or has a manifest already."""
        folder = Folder(bucket, round.prefix)
        key = Layout.of(round).manifest_key(1, 0, 1)
        if check_claim(folder, round.uid) is None and bucket.exists(key):
            raise Conflict(
                "PrefixInUse",
                f"spec.prefix: {bucket.uri(key)} is not this round's; move it away or choose another prefix",
            )
        claim(folder, round.uid, round.name)

    def _delete_stale(self, snapshot: Snapshot, attempt: int, chunks: int) -> None:
        """Delete later chunks that an interrupted pass over more images left behind."""
        bucket = self.buckets.open(snapshot.round.bucket)
        layout = Layout.of(snapshot.round)
        while bucket.exists(key := layout.manifest_key(attempt, max(chunks, 1), 2)):
            bucket.delete(key)
            chunks += 1

    def _create_job(self, job: PlannedJob, round: LabelingRound) -> None:
        bucket = self.buckets.open(round.bucket)
        layout = Layout.of(round)
        request = labeling_job_request(job, round, self.settings)
        bucket.write(layout.label_category_key(job.name), label_category_config(job.labels))
        bucket.write(layout.ui_template_key(job.name), ui_template(round, job.labels))
        try:
            self.api.create(request)
        except NameInUse:
            if self.api.describe(job.name) is None:
                raise Unavailable(f"the labeling job {job.name} was created but cannot be seen yet") from None
            # The next pass compares its tags: ours from a pass that was cut short, or somebody else's.

    def _portal(self, snapshot: Snapshot) -> str:
        arns: Iterable[str] = (observed.job.workteam_arn for observed in snapshot.jobs if observed.job)
        arn = next(iter(arns), "")
        try:
            return self.portal_url(arn) if arn else ""
        except LabelroundError:
            return ""  # it is told, and decides nothing: the one that is known stays


def _planned(snapshot: Snapshot, name: str) -> PlannedJob:
    return next(observed.planned for observed in snapshot.jobs if observed.planned.name == name)
