"""What `labelround plan` asks the outside world before anything is written: bucket, role, workteam, names, jobs.

Every check only reads. A check returns what it found as problems; a service that cannot be asked becomes a warning
that says what was not checked, so that one missing right never hides the other findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from labelround.errors import Problem
from labelround.spec.model import LabelingRound
from labelround.storage import Buckets

ROLE_ARN = re.compile(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
MIN_ROLE_ARN_LENGTH = 20
MAX_ROLE_ARN_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What the command line and the environment add to a round.

    `region` is that of the labeling jobs; `role_arn` the execution role; `workteam` the name or ARN to use where the
    round names none. `job_names` are the labeling jobs that the plan would create and `owner_tags` the tags that make
    such a job this round's own. `on_aws` is false for a labelround server, where role, region and CORS do not matter.
    """

    region: str = ""
    role_arn: str = ""
    workteam: str = ""
    job_names: tuple[str, ...] = ()
    owner_tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    on_aws: bool = True


@dataclass(frozen=True, slots=True)
class CheckClients:
    """boto3 clients for settings that storage does not show; None where there is none (local buckets, no server)."""

    s3: Any = None
    sagemaker: Any = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong (`errors`: the round would fail) and what a person should look at (`warnings`)."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.errors + other.errors, self.warnings + other.warnings)


def check_round(round: LabelingRound, settings: CheckSettings, buckets: Buckets, clients: CheckClients) -> Findings:
    """Everything that can be known before the first write. Never raises for what a service answers."""
    return _role(settings)


def _role(settings: CheckSettings) -> Findings:
    """The execution role's ARN; that Ground Truth may assume it shows only when a job is created."""
    if not settings.on_aws:
        return Findings()
    if not settings.role_arn:
        return Findings(
            errors=(Problem("roleARN", "no execution role is given", "pass --role-arn or set LABELROUND_ROLE_ARN"),)
        )
    fits = MIN_ROLE_ARN_LENGTH <= len(settings.role_arn) <= MAX_ROLE_ARN_LENGTH
    if not fits or not ROLE_ARN.fullmatch(settings.role_arn):
        fix = "write arn:aws:iam::<12 digits>:role/<name>"
        return Findings(errors=(Problem("roleARN", f"{settings.role_arn!r} is not a role's ARN", fix),))
    return Findings()
