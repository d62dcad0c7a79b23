"""What the checks are given and what they return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from labelround.errors import LabelroundError, Problem


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What the command line and the environment add to a round.

    `region` is that of the labeling jobs; `role_arn` the execution role; `workteam` the name or ARN to use where the
    round names none. `job_names` are the labeling jobs that the plan would create and `owner_tags` the tags that make
    such a job this round's own. `on_aws` is false where a labelround server labels: role, region, workteam and CORS do
    not matter there.
    """

    region: str = ""
    role_arn: str = ""
    workteam: str = ""
    job_names: tuple[str, ...] = ()
    owner_tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    on_aws: bool = True


@dataclass(frozen=True, slots=True)
class CheckClients:
    """boto3 clients for what storage does not show; None where there is none (local buckets, no service yet)."""

    s3: Any = None
    sagemaker: Any = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong (`errors`: the round would fail) and what a person should look at (`warnings`)."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.errors + other.errors, self.warnings + other.warnings)


def error(where: str, what: str, fix: str = "") -> Findings:
    """One error."""
    return Findings(errors=(Problem(where, what, fix),))


def warning(where: str, what: str, fix: str = "") -> Findings:
    """One warning."""
    return Findings(warnings=(Problem(where, what, fix),))


def together(findings: Iterable[Findings]) -> Findings:
    """All of them as one."""
    return sum(findings, Findings())


def asked(where: str, what: str, check: Callable[[], Findings]) -> Findings:
    """The findings of `check`, or a warning that `what` was not checked since the service did not tell."""
    try:
        return check()
    except LabelroundError as refusal:
        return warning(where, f"{what} was not checked: {refusal}")
