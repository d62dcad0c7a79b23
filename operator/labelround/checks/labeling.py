"""Checks of the labeling service: role, region, workteam, and the jobs that the round would make or adopt."""

from __future__ import annotations

from typing import Any

from labelround.checks.adopted import check_adopted
from labelround.checks.findings import CheckClients, CheckSettings, Findings, asked, error, together, warning
from labelround.groundtruth.client import Boto3LabelingAPI
from labelround.groundtruth.constraints import CREATE_LABELING_JOB, matches
from labelround.spec.model import LabelingRound
from labelround.spec.names import (
    BUILT_IN_LAMBDA_ACCOUNTS,
    WORKTEAM_ARN,
    job_name_problem,
    workteam_problem,
)
from labelround.storage import Buckets
from labelround.workteams import find_workteam, workteam_name

ROLE_ARN = CREATE_LABELING_JOB["RoleArn"]
MANAGED_POLICY = "AmazonSageMakerGroundTruthExecution"
MANAGED_POLICY_WORDS = ("GroundTruth", "Groundtruth", "groundtruth", "SageMaker", "Sagemaker", "sagemaker")


def check_labeling(round: LabelingRound, settings: CheckSettings, buckets: Buckets, clients: CheckClients) -> Findings:
    """The labeling service's checks."""
    if round.labeling_job.adopt:
        if clients.sagemaker is None:
            return Findings()
        where = "spec.labelingJob.adopt"
        return asked(where, "the labeling job", lambda: check_adopted(round, buckets, clients.sagemaker))
    found = [_names(settings)]
    if settings.on_aws:
        found += [_role(settings), _managed_policy(round, settings), _region(settings), _workteam(round, settings)]
    if clients.sagemaker is not None:
        found.append(asked("metadata.name", "the labeling jobs' names", lambda: _taken(settings, clients)))
        if settings.on_aws:
            found.append(_existing_workteam(round, settings, clients.sagemaker))
    return together(found)


def _names(settings: CheckSettings) -> Findings:
    problems = ((name, job_name_problem(name)) for name in settings.job_names)
    return together(
        error("metadata.name", f"gives the labeling job {name}, which {what}") for name, what in problems if what
    )


def _role(settings: CheckSettings) -> Findings:
    """The execution role's ARN; that Ground Truth may assume it shows only when a job is created."""
    if not settings.role_arn:
        return error("--role-arn", "no execution role is given", "pass --role-arn or set LABELROUND_ROLE_ARN")
    if len(settings.role_arn) > (ROLE_ARN.maximum or 0) or not matches(ROLE_ARN.pattern, settings.role_arn):
        fix = "write arn:aws:iam::<12 digits>:role/<name>"
        return error("--role-arn", f"{settings.role_arn!r} is not a role's ARN", fix)
    return Findings()


def _managed_policy(round: LabelingRound, settings: CheckSettings) -> Findings:
    """AWS's own policy for execution roles reaches objects by a word in their ARN."""
    if not settings.role_arn or any(word in f"{round.bucket}/{round.prefix}" for word in MANAGED_POLICY_WORDS):
        return Findings()
    return warning(
        "--role-arn",
        f"a role with only the managed policy {MANAGED_POLICY} cannot reach {round.bucket}/{round.prefix}: it is"
        " limited to names with GroundTruth or SageMaker in them",
        "give the role a policy for this bucket",
    )


def _region(settings: CheckSettings) -> Findings:
    if settings.region in BUILT_IN_LAMBDA_ACCOUNTS:
        return Findings()
    regions = ", ".join(sorted(BUILT_IN_LAMBDA_ACCOUNTS))
    what = f"Ground Truth has no bounding box task in {settings.region}" if settings.region else "no AWS region is set"
    return error("--region", what, f"use one of {regions}")


def _workteam(round: LabelingRound, settings: CheckSettings) -> Findings:
    """What is wrong with the workteam's name by itself."""
    where, workteam = _named_workteam(round, settings)
    if not workteam:
        fix = "pass --workteam, set spec.labelingJob.workteam, or make one with `labelround team create`"
        return error(where, "no workteam is named", fix)
    problem = workteam_problem(workteam)
    if problem:
        return error(where, problem)
    arn_region = workteam.split(":")[3] if WORKTEAM_ARN.fullmatch(workteam) else settings.region
    if arn_region != settings.region:
        what = f"the workteam is in {arn_region}, and labeling jobs would run in {settings.region}"
        return error(where, what, "name a workteam of the same region")
    return Findings()


def _existing_workteam(round: LabelingRound, settings: CheckSettings, client: Any) -> Findings:
    """Whether there is such a private workteam. Vendors' workteams belong to other accounts and are not looked for."""
    where, workteam = _named_workteam(round, settings)
    if not workteam or workteam_problem(workteam) or "workteam/vendor-crowd/" in workteam:
        return Findings()

    def look() -> Findings:
        team = find_workteam(client, workteam_name(workteam))
        if team is None:
            fix = "make it with `labelround team create`, or correct the name and the region"
            return error(
                where, f"there is no private workteam {workteam_name(workteam)} in this account and region", fix
            )
        if WORKTEAM_ARN.fullmatch(workteam) and team.arn.lower() != workteam.lower():
            return error(where, f"the workteam {team.name} has the ARN {team.arn}", "write that ARN, or the name alone")
        return Findings()

    return asked(where, "the workteam", look)


def _named_workteam(round: LabelingRound, settings: CheckSettings) -> tuple[str, str]:
    """Where the workteam is named, and its name or ARN."""
    if round.labeling_job.workteam:
        return "spec.labelingJob.workteam", round.labeling_job.workteam
    return "--workteam", settings.workteam


def _taken(settings: CheckSettings, clients: CheckClients) -> Findings:
    """Jobs of the planned names that are not this round's."""
    api = Boto3LabelingAPI(clients.sagemaker)
    jobs = filter(None, map(api.describe, settings.job_names))
    return together(
        error(
            "metadata.name",
            f"a labeling job named {job.name} exists and is not this round's; a name is spent for good",
            "give the round another name",
        )
        for job in jobs
        if not settings.owner_tags.items() <= (job.tags or {}).items()
    )
