"""Policies and rounds to try on each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labelround.controller.rules import Backend, BucketRule, Policy, Rule
from labelround.spec.model import Instructions, LabelingJobSpec, LabelingRound, OutputFormat

ACCOUNT = "123456789012"
WORKTEAMS = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd"
AWS = Backend("aws", "us-east-1", role_arn=f"arn:aws:iam::{ACCOUNT}:role/labelround")
OWN = Backend("own", "us-east-1", "http://labeling.secret:8080", "http://store.secret:9000", credentials_secret="own")


def a_rule(team: str = "team-a", **changes: Any) -> Rule:
    """What one team may use: its folder of the shared bucket, a bucket of its own, two workteams."""
    rule = Rule(
        backend="aws",
        buckets=(BucketRule("pictures", (f"{team}/",)), BucketRule(f"{team}-pictures", ("",))),
        execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{team}-execution",
        workteam_arns=(f"{WORKTEAMS}/{team}", f"{WORKTEAMS}/{team}-experts"),
        namespaces=(team,),
        service_account_names=(f"{team}-data", "default"),
        priority_class_names=(f"{team}-low",),
        toleration_keys=("batch",),
    )
    return replace(rule, **changes)


def a_policy(*rules: Rule) -> Policy:
    """The rules; without any, those of two teams."""
    return Policy(rules or (a_rule("team-a"), a_rule("team-b", backend="own")), {"aws": AWS, "own": OWN})


def a_round(namespace: str = "team-a", *, job: dict[str, Any] | None = None, **changes: Any) -> LabelingRound:
    """A round in the team's folder, as it would be without the parser before it: the policy must be safe alone."""
    examples = {name: (job or {}).pop(name, ()) for name in ("good_examples", "bad_examples")}
    round = LabelingRound(
        name="pens-1",
        namespace=namespace,
        uid="u1",
        bucket="pictures",
        images_prefix=f"{namespace}/images/",
        labels=("pencil", "pen"),
        output_format=OutputFormat.YOLO,
        prefix=f"{namespace}/",
        output_prefix=f"{namespace}/dataset/",
        labeling_job=LabelingJobSpec(instructions=Instructions(**examples), **(job or {})),
    )
    return replace(round, **changes)


def folders(prefix: str) -> dict[str, Any]:
    """The three prefixes of a round below one folder."""
    return {"images_prefix": f"{prefix}images/", "prefix": prefix, "output_prefix": f"{prefix}dataset/"}
