"""Whatever the policy grants lies inside a rule for the round's namespace, by a reckoning of its own."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from tests.controller.policies import ACCOUNT, AWS, OWN, WORKTEAMS

from labelround.controller.policy import grant
from labelround.controller.rules import BucketRule, Policy, Rule
from labelround.controller.selector import NamespaceSelector, Operator, Requirement
from labelround.errors import Conflict
from labelround.spec.model import Instructions, LabelingJobSpec, LabelingRound, OutputFormat

NAMESPACES = st.sampled_from(["team-a", "team-b"])
BUCKETS = st.sampled_from(["pictures", "pictures2"])
SEGMENTS = st.sampled_from(["a", "ab", "b", "A", ".", "..", "", "%2e%2e", "a\u200b", "．．", "a b"])
KEYS = st.sampled_from(["a/", "a/b/", "a/b/c/", "a/b/d"]) | st.lists(SEGMENTS, max_size=4).map("/".join)
PREFIXES = st.sampled_from(["a/", "a", "", "ab/", "a/b/"])
NAMES = st.sampled_from(["day", "night", "private-crowd/day", ""])
WORKTEAM_ARNS = st.sampled_from([f"{WORKTEAMS}/day", f"{WORKTEAMS}/night", f"{WORKTEAMS}2/day"])
ACCOUNTS = st.sampled_from(["default", "data", "admin"])
CLASSES = st.sampled_from(["low", "high"])
TAINTS = st.sampled_from(["batch", "gpu", "*"])
TOLERATIONS = st.sampled_from([{"key": "batch"}, {"key": "gpu"}, {"key": ""}, {"operator": "Exists"}])
LABELS = st.dictionaries(st.sampled_from(["team", "stage"]), st.sampled_from(["a", "b"]))

SELECTORS = st.builds(
    NamespaceSelector,
    LABELS,
    st.lists(st.builds(Requirement, st.just("team"), st.sampled_from(Operator), st.just(("a",))), max_size=2).map(
        tuple
    ),
)
RULES = st.builds(
    Rule,
    backend=st.sampled_from(["aws", "own"]),
    buckets=st.lists(st.builds(BucketRule, BUCKETS, st.lists(PREFIXES, max_size=2).map(tuple)), max_size=2).map(tuple),
    execution_role_arn=st.just(f"arn:aws:iam::{ACCOUNT}:role/r"),
    workteam_arns=st.lists(WORKTEAM_ARNS, min_size=1, max_size=2).map(tuple),
    namespaces=st.lists(NAMESPACES, max_size=2).map(tuple),
    namespace_selector=st.none() | SELECTORS,
    service_account_names=st.lists(ACCOUNTS, max_size=2).map(tuple),
    priority_class_names=st.lists(CLASSES, max_size=2).map(tuple),
    toleration_keys=st.lists(TAINTS, max_size=2).map(tuple),
)
POLICIES = st.lists(RULES, min_size=1, max_size=4).map(lambda rules: Policy(tuple(rules), {"aws": AWS, "own": OWN}))
EXAMPLES = st.lists(KEYS, max_size=2).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Policy, LabelingRound, dict[str, str]]:
    """A policy, the Kubernetes labels of a namespace, and a round there that often keeps to one of the rules.

    No parser has seen the round.
    """
    policy = draw(POLICIES)
    rule = draw(st.sampled_from(policy.rules))
    places = [(each.name, f"{prefix.rstrip('/')}/".lstrip("/")) for each in rule.buckets for prefix in each.prefixes]
    bucket, place = draw(st.sampled_from(places)) if places else ("pictures", "a/")

    def mostly(good: st.SearchStrategy[Any], wild: st.SearchStrategy[Any]) -> Any:
        return draw(wild if draw(st.integers(0, 19)) == 0 else good)

    keys = st.sampled_from([place, f"{place}a/", f"{place}b/c/"])
    examples = st.lists(keys, max_size=1).map(tuple)
    conversion = {
        "serviceAccountName": mostly(st.sampled_from([None, *rule.service_account_names]), st.none() | ACCOUNTS),
        "priorityClassName": mostly(st.sampled_from([None, *rule.priority_class_names]), CLASSES),
        "tolerations": mostly(
            st.sampled_from([(), *(({"key": key.strip("*")},) for key in rule.toleration_keys)]),
            st.lists(TOLERATIONS, max_size=2).map(tuple),
        ),
    }
    round = LabelingRound(
        name="pens-1",
        namespace=mostly(st.sampled_from(rule.namespaces or ("team-a",)), NAMESPACES),
        uid="u1",
        bucket=mostly(st.just(bucket), BUCKETS),
        images_prefix=mostly(keys, KEYS),
        labels=("pen",),
        output_format=OutputFormat.YOLO,
        prefix=mostly(keys, KEYS),
        output_prefix=mostly(keys, KEYS),
        labeling_job=LabelingJobSpec(
            adopt=draw(st.sampled_from(["", "job"])),
            workteam=mostly(st.sampled_from(["", *rule.workteam_arns]), NAMES | WORKTEAM_ARNS),
            instructions=Instructions("", "", mostly(examples, EXAMPLES), mostly(examples, EXAMPLES)),
        ),
        conversion={name: value for name, value in conversion.items() if value is not None},
    )
    return policy, round, draw(LABELS)


def lies_inside(key: str, rule: Rule, bucket: str, *, folder: bool) -> bool:
    """Segment by segment, without the code under test."""
    folder, key = folder or key.endswith("/"), key.rstrip("/")
    segments = key.split("/") if key else []
    if any(segment in {"", ".", "..", "%2e%2e", "．．"} for segment in segments):
        return False
    places = [prefix.rstrip("/") for each in rule.buckets if each.name == bucket for prefix in each.prefixes]
    for place in places:
        wanted = place.split("/") if place else []
        deeper = folder or not wanted or len(segments) > len(wanted)
        if segments[: len(wanted)] == wanted and deeper:
            return True
    return False


@given(cases())
def test_whatever_is_granted_lies_inside_a_rule_for_the_namespace(
    case: tuple[Policy, LabelingRound, dict[str, str]],
) -> None:
    """Bucket, folders, example pictures, workteam, ServiceAccount, PriorityClass, taints and backend."""
    policy, round, labels = case
    try:
        granted = grant(policy, round, labels)
    except Conflict:
        return
    event("granted")

    rule, shown = granted.rule, round.labeling_job.instructions
    served = round.namespace in rule.namespaces or (
        rule.namespace_selector is not None and rule.namespace_selector.selects(labels)
    )
    assert rule in policy.rules
    assert served
    assert granted.backend == policy.backends[rule.backend]
    for prefix in (round.images_prefix, round.prefix, round.output_prefix):
        assert lies_inside(prefix, rule, round.bucket, folder=True)
    for key in (*shown.good_examples, *shown.bad_examples):
        assert lies_inside(key, rule, round.bucket, folder=False)
    assert granted.workteam_arn in rule.workteam_arns or (round.labeling_job.adopt and not granted.workteam_arn)
    assert granted.service_account_name in (rule.service_account_names or ("default",))
    assert round.conversion.get("priorityClassName") in (None, *rule.priority_class_names)
    for toleration in round.conversion["tolerations"]:
        assert "*" in rule.toleration_keys or (toleration.get("key") or "*") in rule.toleration_keys


@given(cases())
def test_a_round_that_is_refused_is_allowed_by_no_rule_alone(
    case: tuple[Policy, LabelingRound, dict[str, str]],
) -> None:
    """The order of the rules decides who serves, never whether."""
    policy, round, labels = case
    outcomes = {served(Policy((rule,), policy.backends), round, labels) for rule in policy.rules}

    together = served(policy, round, labels)

    assert together is (True in outcomes)


def served(policy: Policy, round: LabelingRound, labels: dict[str, str]) -> bool:
    try:
        grant(policy, round, labels)
    except Conflict:
        return False
    return True
