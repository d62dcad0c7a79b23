"""The CORS rule that lets a worker's browser load pictures from a bucket.

Ground Truth sets it only for jobs that are made in the AWS console; without it, "labeling tasks will fail".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from labelround.aws import Absent, translated
from labelround.errors import Conflict

Rule = Mapping[str, Any]

EXPOSED_HEADER = "Access-Control-Allow-Origin"
LABELING_RULE: dict[str, list[str]] = {
    "AllowedHeaders": [],
    "AllowedMethods": ["GET"],
    "AllowedOrigins": ["*"],
    "ExposeHeaders": [EXPOSED_HEADER],
}
MAX_RULES = 100
COMMAND = (
    "run `labelround push --set-cors`, or set it with"
    f" `aws s3api put-bucket-cors --cors-configuration '{json.dumps({'CORSRules': [LABELING_RULE]})}'`"
)


def is_met(rules: Sequence[Rule]) -> bool:
    """Whether some rule allows all that `LABELING_RULE` allows."""
    return any(_covers(rule) for rule in rules)


def allows_some_reads(rules: Sequence[Rule]) -> bool:
    """Whether some rule allows GET from anywhere at all, if perhaps not from the worker portal."""
    return any("GET" in rule.get("AllowedMethods", ()) for rule in rules)


def merged(rules: Sequence[Rule]) -> list[Rule]:
    """`rules` with `LABELING_RULE` behind them, unless it is met already. S3 uses the first rule that matches."""
    return list(rules) if is_met(rules) else [*rules, LABELING_RULE]


def read_rules(client: Any, bucket: str) -> list[Rule]:
    """The bucket's CORS rules; none when it has no CORS configuration."""
    try:
        with translated(f"reading the CORS rules of the bucket {bucket}"):
            rules: list[Rule] = client.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except Absent as error:
        if error.code == "NoSuchCORSConfiguration":
            return []
        raise
    return rules


def allow_labeling(client: Any, bucket: str) -> bool:
    """Add `LABELING_RULE` to the bucket and keep its other rules; whether anything had to change."""
    before = read_rules(client, bucket)
    after = merged(before)
    if after == before:
        return False
    if len(after) > MAX_RULES:
        raise Conflict("TooManyRules", f"the bucket {bucket} already has {MAX_RULES} CORS rules; remove one first")
    with translated(f"setting the CORS rules of the bucket {bucket}"):
        client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": after})
    return True


def _covers(rule: Rule) -> bool:
    exposed = {header.lower() for header in rule.get("ExposeHeaders", ())}
    return (
        "GET" in rule.get("AllowedMethods", ())
        and "*" in rule.get("AllowedOrigins", ())
        and EXPOSED_HEADER.lower() in exposed
    )
