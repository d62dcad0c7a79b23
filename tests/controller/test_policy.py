"""The policy: who is served, by which rule, and what a round that reaches too far is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.controller.policies import AWS, OWN, WORKTEAMS, a_policy, a_round, a_rule, folders

from labelround.controller.policy import grant
from labelround.controller.rules import BucketRule, Policy, Rule
from labelround.controller.selector import NamespaceSelector, Operator, Requirement
from labelround.errors import Conflict
from labelround.request import JobSettings
from labelround.spec.model import DatasetSpec, LabelingRound

ZERO_WIDTH, FULL_WIDTH_SLASH, HYPHEN = "\u200b", "\uff0f", "\u2010"


def refusal(round: LabelingRound, policy: Policy | None = None, labels: dict[str, str] | None = None) -> str:
    with pytest.raises(Conflict) as caught:
        grant(policy or a_policy(), round, labels or {})
    assert caught.value.reason == "NotAllowed"
    return str(caught.value)


def test_a_round_gets_the_first_of_what_its_rule_lists() -> None:
    """It need not name a workteam or a ServiceAccount."""
    granted = grant(a_policy(), a_round(), {})

    assert granted.backend == AWS
    assert granted.workteam_arn == f"{WORKTEAMS}/team-a"
    assert granted.service_account_name == "team-a-data"
    assert granted.job_settings("east") == JobSettings(
        "us-east-1", "arn:aws:iam::123456789012:role/team-a-execution", f"{WORKTEAMS}/team-a", "", "east"
    )


@pytest.mark.parametrize("workteam", ["team-a-experts", f"{WORKTEAMS}/team-a-experts"])
def test_a_workteam_is_named_or_given_by_its_arn(workteam: str) -> None:
    """Both ways lead to the ARN in the rule."""
    granted = grant(a_policy(), a_round(job={"workteam": workteam}), {})

    assert granted.workteam_arn == f"{WORKTEAMS}/team-a-experts"


def test_a_listed_service_account_may_be_named() -> None:
    """The conversion runs under it."""
    granted = grant(a_policy(), a_round(conversion={"serviceAccountName": "default"}), {})

    assert granted.service_account_name == "default"


def test_without_a_list_the_namespaces_default_is_the_only_service_account() -> None:
    """It is there in every namespace, and has no rights by itself."""
    policy = a_policy(a_rule(service_account_names=()))

    granted = grant(policy, a_round(), {})
    told = refusal(a_round(conversion={"serviceAccountName": "builder"}), policy)

    assert granted.service_account_name == "default"
    assert "spec.conversion.serviceAccountName: builder is not allowed (allowed: default)" in told


LISTED: dict[str, dict[str, Any]] = {
    "a PriorityClass": {"priorityClassName": "team-a-low"},
    "no PriorityClass": {"priorityClassName": ""},
    "a taint": {"tolerations": ({"key": "batch", "operator": "Exists"}, {"key": "batch", "value": "x"})},
    "no taint": {"tolerations": ()},
}


@pytest.mark.parametrize("conversion", LISTED.values(), ids=LISTED)
def test_a_listed_priority_class_and_a_listed_taint_may_be_named(conversion: dict[str, Any]) -> None:
    """What is left empty asks for nothing."""
    granted = grant(a_policy(), a_round(conversion=conversion), {})

    assert granted.rule == a_rule()


def test_a_star_allows_every_toleration() -> None:
    """One with a key, and one without, which tolerates every taint."""
    policy = a_policy(a_rule(toleration_keys=("*",)))
    tolerations = ({"operator": "Exists"}, {"key": "control-plane", "operator": "Exists"})

    granted = grant(policy, a_round(conversion={"tolerations": tolerations}), {})

    assert granted.rule.toleration_keys == ("*",)


def test_without_lists_no_priority_class_and_no_taint_may_be_named() -> None:
    """Who may create rounds alone can push nobody's pods aside, and runs on no node that is kept for others."""
    policy = a_policy(a_rule(priority_class_names=(), toleration_keys=()))
    conversion = {"priorityClassName": "team-a-low", "tolerations": ({"key": "batch"}, {"operator": "Exists"})}

    told = refusal(a_round(conversion=conversion), policy)

    assert told.endswith(
        "spec.conversion.priorityClassName: team-a-low is not allowed (allowed: none); "
        "spec.conversion.tolerations[0].key: batch is not allowed (allowed: none); "
        "spec.conversion.tolerations[1].key: * is not allowed (allowed: none)"
    )


def test_the_first_rule_that_allows_everything_serves() -> None:
    """A rule that allows only a part is passed over."""
    narrow = a_rule(buckets=(BucketRule("pictures", ("team-a/images/",)),))
    wide, later = a_rule(backend="own"), a_rule()

    granted = grant(a_policy(narrow, wide, later), a_round(), {})

    assert granted.rule is wide
    assert granted.backend == OWN


def test_a_rule_for_adopted_jobs_alone_needs_no_workteam() -> None:
    """Nothing is created under it."""
    policy = a_policy(a_rule(workteam_arns=()))

    granted = grant(policy, a_round(job={"adopt": "yolo-bbox"}), {})

    assert granted.workteam_arn == ""
    assert "spec.labelingJob.workteam: the policy names none" in refusal(a_round(), policy)


ATTEMPTS: dict[str, tuple[LabelingRound, list[str]]] = {
    "another team's bucket": (a_round(bucket="team-b-pictures"), ["spec.bucket"]),
    "a bucket whose name begins like an allowed one": (a_round(bucket="pictures2"), ["spec.bucket"]),
    "a bucket in other letters": (a_round(bucket="Pictures"), ["spec.bucket"]),
    "another team's pictures": (a_round(images_prefix="team-b/images/"), ["spec.imagesPrefix"]),
    "another team's folder": (a_round(prefix="team-b/"), ["spec.prefix"]),
    "another team's earlier rounds": (
        a_round(dataset=DatasetSpec(since="team-b/pens/")),
        ["spec.dataset.since"],
    ),
    "another team's dataset": (a_round(output_prefix="team-b/dataset/"), ["spec.outputPrefix"]),
    "everything of another team": (
        a_round(**folders("team-b/")),
        ["spec.imagesPrefix", "spec.prefix", "spec.outputPrefix"],
    ),
    "a folder whose name begins like an allowed one": (a_round(images_prefix="team-ab/images/"), ["spec.imagesPrefix"]),
    "an allowed folder's name without an end": (a_round(output_prefix="team-abc"), ["spec.outputPrefix"]),
    "the root of the bucket": (a_round(prefix=""), ["spec.prefix"]),
    "the root of the bucket with a slash": (a_round(prefix="/"), ["spec.prefix"]),
    "a folder with a slash before it": (a_round(prefix="/team-a/"), ["spec.prefix"]),
    "a way up": (a_round(images_prefix="team-a/../team-b/images/"), ["spec.imagesPrefix"]),
    "a way up at the end": (a_round(output_prefix="team-a/.."), ["spec.outputPrefix"]),
    "a way up, percent-encoded": (a_round(images_prefix="team-a/%2e%2e/team-b/"), ["spec.imagesPrefix"]),
    "a way up with an encoded slash": (a_round(images_prefix="team-a/x%2F..%2F..%2Fteam-b/"), ["spec.imagesPrefix"]),
    "a way up in wide characters": (a_round(images_prefix="team-a/．．/team-b/"), ["spec.imagesPrefix"]),
    "an empty folder": (a_round(images_prefix="team-a//images/"), ["spec.imagesPrefix"]),
    "a line feed": (a_round(images_prefix="team-a/\n/images/"), ["spec.imagesPrefix"]),
    "a null character": (a_round(images_prefix="team-a\0/images/"), ["spec.imagesPrefix"]),
    "half of a character": (a_round(images_prefix="team-a/\ud800/"), ["spec.imagesPrefix"]),
    "a zero-width space in the folder's name": (
        a_round(images_prefix=f"team-a{ZERO_WIDTH}/images/"),
        ["spec.imagesPrefix"],
    ),
    "a hyphen that looks the same": (a_round(images_prefix=f"team{HYPHEN}a/images/"), ["spec.imagesPrefix"]),
    "a letter that looks the same": (a_round(images_prefix="team-\u0430/images/"), ["spec.imagesPrefix"]),
    "a slash that looks the same": (a_round(output_prefix=f"team-a{FULL_WIDTH_SLASH}"), ["spec.outputPrefix"]),
    "a folder in other letters": (a_round(images_prefix="TEAM-A/images/"), ["spec.imagesPrefix"]),
    "an example picture of another team": (
        a_round(job={"good_examples": ("team-a/good.jpg", "team-b/secret.jpg")}),
        ["spec.labelingJob.instructions.goodExamples[1]"],
    ),
    "a bad example of another team": (
        a_round(job={"bad_examples": ("team-b/secret.jpg",)}),
        ["spec.labelingJob.instructions.badExamples[0]"],
    ),
    "an example picture by a way up": (
        a_round(job={"good_examples": ("team-a/../team-b/secret.jpg",)}),
        ["spec.labelingJob.instructions.goodExamples[0]"],
    ),
    "an example picture that is named like the folder": (
        a_round(job={"good_examples": ("team-a",)}),
        ["spec.labelingJob.instructions.goodExamples[0]"],
    ),
    "another team's workteam": (a_round(job={"workteam": "team-b"}), ["spec.labelingJob.workteam"]),
    "another team's workteam by its ARN": (
        a_round(job={"workteam": f"{WORKTEAMS}/team-b"}),
        ["spec.labelingJob.workteam"],
    ),
    "a workteam of that name elsewhere": (
        a_round(job={"workteam": "arn:aws:sagemaker:us-east-1:999999999999:workteam/private-crowd/team-a"}),
        ["spec.labelingJob.workteam"],
    ),
    "a workteam by a part of its ARN": (
        a_round(job={"workteam": "private-crowd/team-a"}),
        ["spec.labelingJob.workteam"],
    ),
    "a workteam for an adopted job": (
        a_round(job={"workteam": "team-b", "adopt": "yolo-bbox"}),
        ["spec.labelingJob.workteam"],
    ),
    "another ServiceAccount": (
        a_round(conversion={"serviceAccountName": "cluster-admin"}),
        ["spec.conversion.serviceAccountName"],
    ),
    "another PriorityClass": (
        a_round(conversion={"priorityClassName": "system-cluster-critical"}),
        ["spec.conversion.priorityClassName"],
    ),
    "a taint that is not listed": (
        a_round(conversion={"tolerations": ({"key": "batch"}, {"key": "control-plane", "operator": "Exists"})}),
        ["spec.conversion.tolerations[1].key"],
    ),
    "every taint": (
        a_round(conversion={"tolerations": ({"operator": "Exists"}, {"key": "", "operator": "Exists"})}),
        ["spec.conversion.tolerations[0].key", "spec.conversion.tolerations[1].key"],
    ),
    "a bucket and a ServiceAccount": (
        a_round(bucket="team-b-pictures", conversion={"serviceAccountName": "cluster-admin"}),
        ["spec.bucket", "spec.conversion.serviceAccountName"],
    ),
}


@pytest.mark.parametrize(("round", "paths"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_round_that_reaches_too_far_is_refused_field_by_field(round: LabelingRound, paths: list[str]) -> None:
    """Exactly the fields that reach too far are named."""
    told = refusal(round)

    named = [part.split(": ")[0] for part in told.partition(". ")[2].split("; ")]
    assert named == paths


@pytest.mark.parametrize("round", [round for round, _ in ATTEMPTS.values()], ids=ATTEMPTS)
def test_a_refusal_tells_nothing_of_others_and_nothing_of_rights(round: LabelingRound) -> None:
    """Only what the round itself names, and what its own namespace may use."""
    told = refusal(round)

    choices = re.findall(r"allowed: ([^)]*)", told)
    assert not [choice for choice in choices if "team-b" in choice]
    assert not [secret for secret in ("arn:aws:iam", "role/", "secret:", "team-b-experts") if secret in told]
    assert "change it, or ask the administrator of the operator" in told
    assert told.isprintable()


def test_a_refusal_says_what_is_allowed() -> None:
    """The person can mend the round without asking."""
    told = refusal(a_round(prefix="team-ab/", job={"workteam": "team-b"}))

    assert told == (
        "the operator's policy does not allow the round; change it, or ask the administrator of the operator. "
        "spec.prefix: s3://pictures/team-ab/ is not allowed (allowed: s3://pictures/team-a/); "
        "spec.labelingJob.workteam: team-b is not allowed (allowed: team-a, team-a-experts)"
    )


def test_fields_that_no_one_rule_allows_together_are_told_so() -> None:
    """Each alone is allowed, by another rule."""
    policy = a_policy(a_rule(workteam_arns=(f"{WORKTEAMS}/day",)), a_rule(service_account_names=("night",)))

    told = refusal(a_round(job={"workteam": "day"}, conversion={"serviceAccountName": "night"}), policy)

    assert "does not allow the round together with its other fields" in told
    assert "spec.conversion.serviceAccountName: night is not allowed" in told


def test_a_long_refusal_stays_readable() -> None:
    """A status message has room for 1,024 characters."""
    keys = tuple(f"team-b/{'x' * 900}{number}.jpg" for number in range(9))

    told = refusal(a_round(job={"good_examples": keys}))

    assert told.endswith("; and 4 more")
    assert len(told) < 1024


def test_a_namespace_without_a_rule_is_told_so() -> None:
    """Whatever its rounds name."""
    told = refusal(a_round("team-c"))

    assert told == (
        "no rule of the operator's policy serves the namespace team-c; ask the administrator of the operator for one"
    )


SELECTORS: dict[str, tuple[NamespaceSelector, dict[str, str], bool]] = {
    "an empty selector": (NamespaceSelector(), {}, True),
    "a label that is there": (NamespaceSelector({"team": "a"}), {"team": "a", "x": "y"}, True),
    "a label with another value": (NamespaceSelector({"team": "a"}), {"team": "b"}, False),
    "a label that is absent": (NamespaceSelector({"team": "a"}), {}, False),
    "one of two labels": (NamespaceSelector({"team": "a", "stage": "dev"}), {"team": "a"}, False),
    "In, with the value": (NamespaceSelector({}, (Requirement("team", Operator.IN, ("a", "b")),)), {"team": "b"}, True),
    "In, with another": (NamespaceSelector({}, (Requirement("team", Operator.IN, ("a", "b")),)), {"team": "c"}, False),
    "In, absent": (NamespaceSelector({}, (Requirement("team", Operator.IN, ("",)),)), {}, False),
    "NotIn, with the value": (
        NamespaceSelector({}, (Requirement("team", Operator.NOT_IN, ("a",)),)),
        {"team": "a"},
        False,
    ),
    "NotIn, with another": (
        NamespaceSelector({}, (Requirement("team", Operator.NOT_IN, ("a",)),)),
        {"team": "b"},
        True,
    ),
    "NotIn, absent": (NamespaceSelector({}, (Requirement("team", Operator.NOT_IN, ("a",)),)), {}, True),
    "Exists": (NamespaceSelector({}, (Requirement("team", Operator.EXISTS),)), {"team": ""}, True),
    "Exists, absent": (NamespaceSelector({}, (Requirement("team", Operator.EXISTS),)), {"Team": "a"}, False),
    "DoesNotExist": (NamespaceSelector({}, (Requirement("team", Operator.DOES_NOT_EXIST),)), {"team": "a"}, False),
    "DoesNotExist, absent": (NamespaceSelector({}, (Requirement("team", Operator.DOES_NOT_EXIST),)), {}, True),
    "labels and a requirement": (
        NamespaceSelector({"team": "a"}, (Requirement("stage", Operator.EXISTS),)),
        {"team": "a"},
        False,
    ),
}


@pytest.mark.parametrize(("selector", "labels", "served"), SELECTORS.values(), ids=SELECTORS)
def test_namespaces_are_selected_as_kubernetes_does(
    selector: NamespaceSelector, labels: dict[str, str], served: bool
) -> None:
    """Absent labels count for the negative requirements."""
    rule = a_rule(namespaces=(), namespace_selector=selector)

    serves = rule.serves("team-a", labels)

    assert serves is served


def test_a_rule_without_namespaces_serves_nobody() -> None:
    """A missing selector is no empty one."""
    rule = a_rule(namespaces=(), namespace_selector=None)

    serves = rule.serves("team-a", {"team": "a"})

    assert not serves


LABELED: dict[str, tuple[dict[str, Any], bool]] = {
    "names": ({}, False),
    "an empty selector": ({"namespaces": (), "namespace_selector": NamespaceSelector()}, False),
    "labels": ({"namespaces": (), "namespace_selector": NamespaceSelector({"team": "a"})}, True),
}


@pytest.mark.parametrize(("changes", "needed"), LABELED.values(), ids=LABELED)
def test_labels_of_namespaces_are_asked_for_only_where_they_matter(changes: dict[str, Any], needed: bool) -> None:
    """An operator without the right to read namespaces can do without."""
    policy = a_policy(a_rule(), a_rule(**changes))

    assert policy.needs_namespace_labels is needed


WHOLE = Rule("aws", (BucketRule("pictures", ("",)),), "arn:aws:iam::1:role/r", ("arn/w",))


@pytest.mark.parametrize(
    ("key", "held"), {"": True, "a.jpg": True, "a/b/": True, "../a": False, "a//b": False, "a/./b": False}.items()
)
def test_the_empty_prefix_holds_the_whole_bucket(key: str, held: bool) -> None:
    """But for keys that lead somewhere else."""
    holds = WHOLE.holds("pictures", key)

    assert holds is held


def test_a_bucket_without_prefixes_holds_nothing() -> None:
    """What is not granted is refused."""
    bucket = BucketRule("pictures", ())

    held = [bucket.holds("pictures", key) for key in ("", "a.jpg", "a/")]

    assert held == [False, False, False]
