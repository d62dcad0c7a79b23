"""The checks of what a rule of the policy names: credentials, buckets, workteams. They only read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import boto3

from labelround import cors
from labelround.aws import Absent, client_of, translated
from labelround.controller.rules import Backend, BucketRule, Rule, workteam_name
from labelround.controller.sessions import Session
from labelround.doctor.findings import Finding, asked, error, ok, warning
from labelround.errors import Conflict, LabelroundError, ObjectNotFound
from labelround.uri import ObjectURI, folder
from labelround.wording import counted
from labelround.workteams import find_workteam

VENDORS = "workteam/vendor-crowd/"


def check_credentials(session: Session, backend: Backend) -> Iterator[Finding]:
    """Whether they may list labeling jobs, and whose they are. Raises what the services raise."""
    check = f"backend {backend.name}"
    try:
        with translated("ListLabelingJobs"):
            session.sagemaker.list_labeling_jobs(MaxResults=1)
    except Conflict as refusal:
        yield error(check, str(refusal), "docs/aws.md has the least policy")
        return
    if backend.sagemaker_endpoint_url:
        yield ok(check, f"{backend.sagemaker_endpoint_url} lists its labeling jobs")
        return
    sts = client_of(_same_credentials(session), "sts")
    with translated("GetCallerIdentity"):
        who = sts.get_caller_identity()["Arn"]
    yield ok(check, f"{who} may list labeling jobs in {backend.region}")


def _same_credentials(session: Session) -> Any:
    """A boto3 session for a service that the operator itself does not use."""
    keys = session.credentials.get_frozen_credentials()
    return boto3.Session(keys.access_key, keys.secret_key, keys.token, session.region)


def check_rule(rule: Rule, backend: Backend, session: Session, where: str) -> Iterator[Finding]:
    """Every bucket and workteam of a rule; one good finding when there is nothing to say of any."""
    found = [
        *(finding for bucket in rule.buckets for finding in _bucket(bucket, rule, backend, session, where)),
        *(finding for arn in rule.workteam_arns for finding in _workteam(arn, backend, session, where)),
    ]
    yield from found
    if not found:
        names = f"{counted(len(rule.buckets), 'bucket')} and {counted(len(rule.workteam_arns), 'workteam')}"
        yield ok(where, f"{names} are as they should be")


def _bucket(bucket: BucketRule, rule: Rule, backend: Backend, session: Session, where: str) -> Iterator[Finding]:
    """Whether it is there, the right account's, in the backend's region, can be listed and has the CORS rule."""
    name = bucket.name
    try:
        region = _head(name, rule.bucket_owner, session)
        for prefix in bucket.prefixes or ("",):
            list(islice(session.buckets.open(name).list(folder(prefix) if prefix else ""), 1))
    except (Absent, ObjectNotFound):
        yield error(where, f"there is no bucket {name}", "make it, or correct its name")
        return
    except Conflict as refusal:
        owner = f", or is not of the account {rule.bucket_owner}" if rule.bucket_owner else ""
        yield error(where, f"the bucket {name} cannot be listed{owner}: {refusal}")
        return
    except LabelroundError as refusal:
        yield warning(where, f"the bucket {name} was not checked: {refusal}")
        return
    if backend.sagemaker_endpoint_url:
        return
    if region and region != backend.region:
        what = f"the bucket {name} is in {region}, and the backend {backend.name} in {backend.region}"
        yield error(where, what, "use a bucket and a backend of one region")
    yield from asked(where, f"the CORS rules of the bucket {name}", lambda: _cors(name, session, where))


def _head(bucket: str, owner: str, session: Session) -> str:
    """The bucket's region, "" where the store does not tell."""
    expected = {"ExpectedBucketOwner": owner} if owner else {}
    with translated(f"looking at {ObjectURI(bucket, '')}"):
        answer = session.s3.head_bucket(Bucket=bucket, **expected)
    return str(answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", ""))


def _cors(bucket: str, session: Session, where: str) -> Iterator[Finding]:
    rules = cors.read_rules(session.s3, bucket)
    if cors.is_met(rules):
        return
    if cors.allows_some_reads(rules):
        what = f"the CORS rules of the bucket {bucket} may not let the worker portal load pictures"
        yield warning(where, what, cors.COMMAND)
        return
    what = f"the bucket {bucket} has no CORS rule for the worker portal, so workers' browsers cannot load pictures"
    yield error(where, what, cors.COMMAND)


def _workteam(arn: str, backend: Backend, session: Session, where: str) -> Iterator[Finding]:
    """Whether there is such a private workteam. Those of vendors belong to other accounts, and servers keep none."""
    if backend.sagemaker_endpoint_url or VENDORS in arn:
        return

    def look() -> Iterator[Finding]:
        team = find_workteam(session.sagemaker, workteam_name(arn))
        if team is None:
            what = f"there is no private workteam {workteam_name(arn)} in this account and region"
            yield error(where, what, "make it with `labelround team create`, or correct the ARN")
        elif team.arn.lower() != arn.lower():
            yield error(where, f"the workteam {team.name} has the ARN {team.arn}", "write that ARN")

    yield from asked(where, f"the workteam {workteam_name(arn)}", look)
