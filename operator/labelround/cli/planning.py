"""`labelround plan`: what a round would do, found by reading only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from labelround import aws
from labelround.checks import CheckClients, CheckSettings, Findings, check_round
from labelround.cli.environment import (
    LOCAL_ACCOUNT,
    LOCAL_REGION,
    LOCAL_WORKTEAM,
    Options,
    known_workteam_arn,
    local_settings,
    workteam_arn,
)
from labelround.cli.pricing import Prices, cost_document
from labelround.cost import Cost, affordable_count, money, planned_cost
from labelround.dataset.since import all_labeled, labeled_keys
from labelround.errors import InvalidInput, LabelroundError, Problem
from labelround.manifest import Selection, select_images, without
from labelround.plan import Plan, plan_round
from labelround.request import JobSettings, labeling_job_request, ownership_tags
from labelround.spec.model import LabelingRound
from labelround.spec.parse import parse_round
from labelround.wording import counted

UNKNOWN_ROLE = "arn:aws:iam::000000000000:role/EXECUTION-ROLE"
UNKNOWN_WORKTEAM = "WORKTEAM"


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a round would do: images, skipped objects, jobs, requests, and what is wrong."""

    name: str
    images: int
    selection: Selection
    plan: Plan | None
    requests: tuple[Mapping[str, Any], ...]
    findings: Findings
    cost: Cost | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report for `-o json` and `-o yaml`."""
        return {
            "name": self.name,
            "images": self.images,
            "skipped": [
                {"reason": skipped.reason.value, "count": skipped.count, "examples": list(skipped.examples)}
                for skipped in self.selection.skipped
            ],
            "jobs": [
                {"name": job.name, "images": job.image_count, "labels": len(job.labels), "adopted": job.adopted}
                for job in (self.plan.jobs if self.plan else ())
            ],
            "requests": [dict(request) for request in self.requests],
            **({"cost": cost_document(self.cost)} if self.cost else {}),
            "errors": [str(problem) for problem in self.findings.errors],
            "warnings": [str(problem) for problem in self.findings.warnings],
        }


def plan_report(document: Mapping[str, Any], options: Options, prices: Prices | None = None) -> PlanReport:
    """Everything that can be known before the first write. What is wrong becomes a finding, never an exception."""
    try:
        round = parse_round(document)
    except InvalidInput as error:
        name = str((document.get("metadata") or {}).get("name", "?")) if isinstance(document, Mapping) else "?"
        return PlanReport(name, 0, Selection(()), None, (), Findings(errors=error.problems))
    selection, unreadable = _select(round, options)
    plan = plan_round(round, len(selection.keys))
    jobs = [job for job in plan.jobs if not job.adopted]
    clients, unreachable = _clients(options)
    settings = _settings(round, options, clients)
    requests, refused = _requests(round, plan, settings)
    checked = check_round(
        round,
        CheckSettings(
            region=settings.region,
            role_arn=options.role_arn or "",
            workteam=options.workteam or ("" if options.on_aws else LOCAL_WORKTEAM),
            job_names=tuple(job.name for job in jobs),
            owner_tags=ownership_tags(round, settings),
            on_aws=options.on_aws,
        ),
        options.buckets,
        clients,
    )
    known = {problem.where for problem in checked.errors}
    found = (*unreachable, *unreadable, *refused, *_over_budget(round, len(selection.keys), prices))
    own = Findings(errors=tuple(problem for problem in found if problem.where not in known))
    known_cost = prices is not None and not round.labeling_job.adopt
    cost = planned_cost(round, len(selection.keys), prices.task) if prices and known_cost else None
    return PlanReport(round.name, len(selection.keys), selection, plan, requests, own + checked, cost)


def render(report: PlanReport, output: str) -> str:
    """The report as text for stdout."""
    if output == "json":
        return json.dumps(report.as_dict(), ensure_ascii=False, indent=2)
    if output == "yaml":
        return yaml.safe_dump(report.as_dict(), sort_keys=False, allow_unicode=True, width=120).rstrip()
    return "\n".join(_lines(report))


def _select(round: LabelingRound, options: Options) -> tuple[Selection, tuple[Problem, ...]]:
    if round.labeling_job.adopt:
        return Selection(()), ()
    where = "spec.bucket"
    try:
        bucket = options.buckets.open(round.bucket)
        found = select_images(bucket.list(round.images_prefix), round.images_prefix)
        where = "spec.dataset.since"
        if not round.dataset.since:
            return found, ()
        new = without(found, labeled_keys(bucket, round.dataset.since))
        full = found.keys and not new.keys
        problem = all_labeled(bucket, round.dataset.since, round.images_prefix, len(found.keys))
        return new, (problem,) if full else ()
    except LabelroundError as error:
        return Selection(()), (Problem(where, str(error)),)


def _over_budget(round: LabelingRound, images: int, prices: Prices | None) -> Iterator[Problem]:
    """Whether a round may cost more than there is, and the limit with which it does not."""
    if prices is None or prices.budget is None or round.labeling_job.adopt:
        return
    count = affordable_count(round, images, prices.task, prices.budget)
    if count is None:
        return
    estimate = money(planned_cost(round, images, prices.task).estimate)
    what = f"all tasks cost {estimate}, more than the budget of {money(prices.budget)}"
    fix = f"write at most {count}" if count else "it pays for no picture of each labeling job"
    yield Problem("spec.labelingJob.maxHumanLabeledObjectCount", what, fix)


def _requests(
    round: LabelingRound, plan: Plan, settings: JobSettings
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Problem, ...]]:
    requests: list[Mapping[str, Any]] = []
    problems: list[Problem] = []
    for job in plan.jobs:
        if job.adopted:
            continue
        try:
            requests.append(labeling_job_request(job, round, settings))
        except InvalidInput as error:
            problems.extend(error.problems)
    return tuple(requests), tuple(dict.fromkeys(problems))


def _settings(round: LabelingRound, options: Options, clients: CheckClients) -> JobSettings:
    """As `run` would use them, with stand-ins for a role or team that is missing: the checks name those."""
    if not options.on_aws:
        return local_settings(round, options)
    if clients.sagemaker is None:
        return JobSettings(LOCAL_REGION, UNKNOWN_ROLE, workteam_arn(UNKNOWN_WORKTEAM, LOCAL_REGION, LOCAL_ACCOUNT))
    region = clients.sagemaker.meta.region_name
    workteam = round.labeling_job.workteam or options.workteam or UNKNOWN_WORKTEAM
    try:
        workteam = known_workteam_arn(workteam, clients.sagemaker)
    except LabelroundError:
        workteam = workteam_arn(workteam, region, LOCAL_ACCOUNT)
    return JobSettings(region, options.role_arn or UNKNOWN_ROLE, workteam)


def _clients(options: Options) -> tuple[CheckClients, tuple[Problem, ...]]:
    """The clients to ask, none for folders and for a server on this machine; and why one cannot be made."""
    if options.local:
        return CheckClients(), ()
    try:
        s3 = aws.client("s3", region=options.region, endpoint_url=options.s3_endpoint_url)
        if options.answers:
            return CheckClients(s3=s3), ()
        endpoint = options.sagemaker_endpoint_url
        sagemaker = aws.client("sagemaker", region=options.region, endpoint_url=endpoint)
    except LabelroundError as error:
        return CheckClients(), (Problem("--region", str(error)),)
    return CheckClients(s3=s3, sagemaker=sagemaker), ()


def _lines(report: PlanReport) -> Iterator[str]:
    yield f"round:    {report.name}"
    yield f"images:   {report.images}"
    for skipped in report.selection.skipped:
        shown = ", ".join(skipped.examples[:3]) + (", ..." if skipped.count > 3 else "")
        yield f"skipped:  {skipped.count} ({skipped.reason.value}): {shown}"
    for job in report.plan.jobs if report.plan else ():
        what = "adopted" if job.adopted else f"{job.image_count} images, {len(job.labels)} labels"
        yield f"job:      {job.name} ({what})"
    if report.cost:
        cost = report.cost
        yield f"cost:     at most {money(cost.estimate)} for {counted(cost.tasks, 'task')} at {cost.price}"
    for problem in report.findings.errors:
        yield f"error:    {problem}"
    for problem in report.findings.warnings:
        yield f"warning:  {problem}"
    if not report.findings.errors and not report.findings.warnings:
        yield "problems: none"
    for request in report.requests:
        yield "\nCreateLabelingJob"
        yield json.dumps(request, ensure_ascii=False, indent=2)
