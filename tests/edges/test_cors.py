"""The CORS rule for the worker portal, set beside the rules that a bucket already has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.cors import LABELING_RULE, MAX_RULES, allow_labeling, allows_some_reads, is_met, merged, read_rules
from labelround.errors import Conflict

UPLOADS = {"AllowedMethods": ["PUT", "POST"], "AllowedOrigins": ["https://app.example.org"], "AllowedHeaders": ["*"]}
METHODS = st.lists(st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]), min_size=1, unique=True)
ORIGINS = st.lists(st.sampled_from(["*", "https://example.org", "https://*.sagemaker.aws"]), min_size=1, unique=True)
HEADERS = st.lists(st.sampled_from(["Access-Control-Allow-Origin", "ETag", "access-control-allow-origin"]), unique=True)
RULES = st.lists(
    st.fixed_dictionaries({"AllowedMethods": METHODS, "AllowedOrigins": ORIGINS, "ExposeHeaders": HEADERS}), max_size=4
)

MET = {
    "exactly the rule": [LABELING_RULE],
    "the rule after others": [UPLOADS, LABELING_RULE],
    "more than the rule": [{**LABELING_RULE, "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["*"]}],
    "the exposed header in lower case": [{**LABELING_RULE, "ExposeHeaders": ["access-control-allow-origin", "ETag"]}],
}
UNMET: dict[str, list[dict[str, Any]]] = {
    "no rule": [],
    "another method": [{**LABELING_RULE, "AllowedMethods": ["PUT"]}],
    "another origin": [{**LABELING_RULE, "AllowedOrigins": ["https://example.org"]}],
    "no exposed header": [{**LABELING_RULE, "ExposeHeaders": []}],
    "members left out": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}],
    "halves in two rules": [{**LABELING_RULE, "ExposeHeaders": []}, {**LABELING_RULE, "AllowedMethods": ["PUT"]}],
}


@pytest.mark.parametrize("rules", MET.values(), ids=MET.keys())
def test_a_sufficient_rule_is_recognised(rules: list[dict[str, Any]]) -> None:
    """One rule must allow all of it."""
    assert is_met(rules)


@pytest.mark.parametrize("rules", UNMET.values(), ids=UNMET.keys())
def test_an_insufficient_rule_is_not_taken_for_enough(rules: list[dict[str, Any]]) -> None:
    """S3 answers by the first rule that matches and joins none."""
    assert not is_met(rules)


@given(RULES)
def test_merging_keeps_every_rule_and_meets_the_need(rules: list[dict[str, Any]]) -> None:
    """Merging again changes nothing."""
    after = merged(rules)

    assert after[: len(rules)] == rules
    assert is_met(after)
    assert allows_some_reads(after)
    assert merged(after) == after


def test_the_rule_is_set_on_a_bucket_without_any(s3: Any) -> None:
    """And asking again changes nothing."""
    assert allow_labeling(s3, "pictures") is True
    assert allow_labeling(s3, "pictures") is False
    assert is_met(read_rules(s3, "pictures"))


def test_the_rules_of_others_stay(s3: Any) -> None:
    """An application's own uploads go on working."""
    s3.put_bucket_cors(Bucket="pictures", CORSConfiguration={"CORSRules": [UPLOADS]})

    allow_labeling(s3, "pictures")

    rules = read_rules(s3, "pictures")
    assert rules[0] == UPLOADS
    assert len(rules) == 2


def test_a_bucket_full_of_rules_is_left_alone(s3: Any) -> None:
    """S3 takes a hundred rules; which one to drop is a person's decision."""
    rules = [{**UPLOADS, "AllowedOrigins": [f"https://{number}.example.org"]} for number in range(MAX_RULES)]
    s3.put_bucket_cors(Bucket="pictures", CORSConfiguration={"CORSRules": rules})

    with pytest.raises(Conflict, match="already has 100 CORS rules"):
        allow_labeling(s3, "pictures")

    assert len(read_rules(s3, "pictures")) == MAX_RULES
