"""Checks of the round's bucket: that it can be read and listed, where it is, and what else lies in the way."""

from __future__ import annotations

from itertools import islice
from typing import Any

from labelround import cors
from labelround.aws import Absent, translated
from labelround.checks.findings import CheckClients, CheckSettings, Findings, asked, error, together, warning
from labelround.dataset.claim import check_claim
from labelround.errors import Conflict, LabelroundError, ObjectNotFound
from labelround.layout import Layout
from labelround.manifest import skip_reason
from labelround.spec.model import LabelingRound
from labelround.spec.names import KEY_MAX_BYTES
from labelround.storage import Bucket, Buckets, Folder


def check_bucket(round: LabelingRound, settings: CheckSettings, buckets: Buckets, clients: CheckClients) -> Findings:
    """The bucket's checks; when it cannot be opened or listed, only that is said."""
    try:
        bucket = buckets.open(round.bucket)
        has_images = _has_images(round, bucket)
    except ObjectNotFound as absent:
        return error("spec.bucket", str(absent), "make the bucket, or name another one")
    except LabelroundError as refusal:
        return error("spec.bucket", f"cannot be listed ({refusal})", "grant s3:ListBucket, or name another bucket")
    found = [
        Findings() if has_images else _no_images(round, bucket),
        _examples(round, bucket),
        _long_keys(round, settings),
        asked("spec.outputPrefix", "whether another round writes there", lambda: _claims(round, bucket)),
    ]
    if clients.s3 is not None and bucket.local_path is None:
        found.append(_settings(round, settings, clients.s3))
    return together(found)


def _has_images(round: LabelingRound, bucket: Bucket) -> bool:
    """Whether there is an image to label, which is the adopted job's affair where there is one."""
    start = len(round.images_prefix)
    adopted = bool(round.labeling_job.adopt)
    return (
        any(adopted or not skip_reason(meta, meta.key[start:]) for meta in bucket.list(round.images_prefix)) or adopted
    )


def _no_images(round: LabelingRound, bucket: Bucket) -> Findings:
    return error(
        "spec.imagesPrefix",
        f"there is no image below {bucket.uri(round.images_prefix)}",
        "upload .jpg, .jpeg or .png files with `labelround push`, or correct the prefix",
    )


def _examples(round: LabelingRound, bucket: Bucket) -> Findings:
    """Example pictures of the instructions that are not in the bucket."""
    instructions = round.labeling_job.instructions
    found = []
    for field, keys in (("goodExamples", instructions.good_examples), ("badExamples", instructions.bad_examples)):
        for index, key in enumerate(keys):
            where = f"spec.labelingJob.instructions.{field}[{index}]"
            found.append(asked(where, "the example", lambda where=where, key=key: _example(where, key, bucket)))  # type: ignore[misc]
    return together(found)


def _example(where: str, key: str, bucket: Bucket) -> Findings:
    if bucket.exists(key):
        return Findings()
    return error(where, f"there is no object {bucket.uri(key)}", "upload the picture, or correct the key")


def _long_keys(round: LabelingRound, settings: CheckSettings) -> Findings:
    """Keys that Ground Truth would write and S3 cannot hold."""
    layout = Layout.of(round)
    longest = max((len(layout.output_manifest_key(name).encode()) for name in settings.job_names), default=0)
    if longest <= KEY_MAX_BYTES:
        return Findings()
    what = f"is too long: the labeling job's files would have keys of {longest} bytes, and S3 takes {KEY_MAX_BYTES}"
    return error("spec.prefix", what, "choose a shorter prefix")


def _claims(round: LabelingRound, bucket: Bucket) -> Findings:
    """Folders that another round, or somebody's other work, already fills."""
    found = []
    for where, prefix in (("spec.prefix", round.prefix), ("spec.outputPrefix", round.output_prefix)):
        folder = Folder(bucket, prefix)
        try:
            claim = check_claim(folder, round.uid)
        except Conflict as conflict:
            found.append(error(where, str(conflict)))
            continue
        if claim is None and where == "spec.outputPrefix" and any(islice(folder.list(), 1)):
            what = f"{folder.uri()} already holds files that no round wrote; they would stay among the new ones"
            found.append(warning(where, what, "empty the folder, or choose another outputPrefix"))
    return together(found)


def _settings(round: LabelingRound, settings: CheckSettings, client: Any) -> Findings:
    found = [asked("spec.bucket", "the bucket's encryption", lambda: _encryption(round.bucket, client))]
    if settings.on_aws:
        found.append(asked("spec.bucket", "the bucket's region", lambda: _region(round.bucket, settings, client)))
        found.append(asked("spec.bucket", "the bucket's CORS rules", lambda: _cors(round.bucket, client)))
    return together(found)


def _region(bucket: str, settings: CheckSettings, client: Any) -> Findings:
    """Ground Truth reads and writes in its own region only."""
    with translated(f"looking at the bucket {bucket}"):
        answer = client.head_bucket(Bucket=bucket)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region", "")
    if not region or not settings.region or region == settings.region:
        return Findings()
    what = f"the bucket {bucket} is in {region}, and labeling jobs would run in {settings.region}"
    return error("spec.bucket", what, f"pass --region {region}, or use a bucket in {settings.region}")


def _cors(bucket: str, client: Any) -> Findings:
    rules = cors.read_rules(client, bucket)
    if cors.is_met(rules):
        return Findings()
    if cors.allows_some_reads(rules):
        what = f"the CORS rules of the bucket {bucket} may not let the worker portal load pictures"
        return warning("spec.bucket", what, cors.COMMAND)
    what = f"the bucket {bucket} has no CORS rule for the worker portal, so workers' browsers cannot load pictures"
    return error("spec.bucket", what, cors.COMMAND)


def _encryption(bucket: str, client: Any) -> Findings:
    """A KMS key that the execution role must be allowed to use."""
    try:
        with translated(f"reading the encryption of the bucket {bucket}"):
            answer = client.get_bucket_encryption(Bucket=bucket)
    except Absent:
        return Findings()
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
            key = default.get("KMSMasterKeyID", "aws/s3")
            what = f"the bucket {bucket} encrypts with the KMS key {key}"
            return warning("spec.bucket", what, "grant the execution role kms:Decrypt and kms:GenerateDataKey on it")
    return Findings()
