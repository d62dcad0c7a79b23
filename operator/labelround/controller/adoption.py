"""Whether a labeling job that a round adopts may be the round's: all that it reads and writes lies inside the grant.

What lies outside is not named: the name of somebody else's job must not tell where that job keeps its pictures. The
lines of the input manifest are, since that manifest lies inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from labelround.controller.policy import ASK, NOT_ALLOWED
from labelround.controller.rules import Grant, Rule
from labelround.dataset.annotation import LineError, read_entry, source_ref
from labelround.dataset.lines import read_lines
from labelround.errors import Conflict, ObjectNotFound
from labelround.groundtruth.api import LabelingJob
from labelround.spec.model import LabelingRound
from labelround.spec.names import MAX_IMAGES_PER_JOB
from labelround.spec.wording import printable
from labelround.storage import Bucket, Buckets
from labelround.uri import SCHEME, ObjectURI, folder

WHERE = "spec.labelingJob.adopt"
SHOWN_LINES = 3
SHOWN_CHARACTERS = 120


def check_adopted(round: LabelingRound, job: LabelingJob, grant: Grant, buckets: Buckets) -> None:
    """Raise Conflict (`NotAllowed`) when the job reads or writes anything outside the rule of the grant.

    `job` is as Describe shows it. The whole input manifest is read, line by line.
    """
    name = round.labeling_job.adopt
    foreign = list(_foreign(job, grant.rule))
    if foreign:
        lies = "lies" if len(foreign) == 1 else "lie"
        what = f"{' and '.join(foreign)} of the labeling job {name} {lies} outside what the policy allows"
        raise Conflict(NOT_ALLOWED, f"{WHERE}: {what}; adopt another job, or {ASK}")
    manifest = ObjectURI.parse(job.input_manifest_uri)
    try:
        lines = list(islice(_foreign_lines(buckets.open(manifest.bucket), manifest.key, grant.rule), SHOWN_LINES + 1))
    except ObjectNotFound:
        what = f"the input manifest of the labeling job {name}, {manifest}, is gone, so its pictures cannot be checked"
        raise Conflict(NOT_ALLOWED, f"{WHERE}: {what}; put it back, or {ASK}") from None
    if lines:
        more = "; and more" if len(lines) > SHOWN_LINES else ""
        told = "; ".join(lines[:SHOWN_LINES])
        what = f"the labeling job {name} shows what the policy does not allow ({told}{more})"
        raise Conflict(NOT_ALLOWED, f"{WHERE}: {what}; adopt another job, or {ASK}")


def adopted_buckets(job: LabelingJob, rule: Rule) -> tuple[str, ...]:
    """The buckets of the rule that the job reads or writes; they need not be the round's."""
    places = (job.input_manifest_uri, job.output_uri, job.output_manifest_uri)
    named = {place.removeprefix(SCHEME).partition("/")[0] for place in places if place}
    return tuple(bucket.name for bucket in rule.buckets if bucket.name in named)


def _foreign(job: LabelingJob, rule: Rule) -> Iterator[str]:
    """What of the job lies outside the rule, in words."""
    if not _is_inside(job.input_manifest_uri, rule):
        yield "the input manifest"
    if not _is_inside(job.output_uri or "", rule, is_folder=True):
        yield "the output folder"
    if job.output_manifest_uri and not _is_inside(job.output_manifest_uri, rule):
        yield "the output manifest"
    if job.label_category_config_uri and not _is_inside(job.label_category_config_uri, rule):
        yield "the label category file"
    if job.workteam_arn not in rule.workteam_arns:
        yield "the workteam"


def _is_inside(address: str, rule: Rule, *, is_folder: bool = False) -> bool:
    try:
        uri = ObjectURI.parse(address)
    except ValueError:
        return False
    return rule.holds(uri.bucket, folder(uri.key) if is_folder else uri.key)


def _foreign_lines(bucket: Bucket, key: str, rule: Rule) -> Iterator[str]:
    """The lines of an input manifest that show no picture, or one outside the rule."""
    for number, line, ended in read_lines(bucket.chunks(key)):
        if number > MAX_IMAGES_PER_JOB:
            yield f"more than {MAX_IMAGES_PER_JOB} lines, which no labeling job takes"
            return
        if not line.strip():
            continue
        try:
            bucket_name, _, picture = source_ref(read_entry(line, ended)).partition("/")
        except LineError as error:
            yield _told(number, str(error))
            continue
        if not rule.holds(bucket_name, picture):
            yield _told(number, f"source-ref {ObjectURI(bucket_name, picture)}")


def _told(number: int, what: str) -> str:
    text = printable(what)
    return f"line {number}: {text if len(text) <= SHOWN_CHARACTERS else f'{text[:SHOWN_CHARACTERS]}...'}"
