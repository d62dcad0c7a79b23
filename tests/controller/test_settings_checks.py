"""What the operator's settings may not hold, and what each is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.controller.settings_files import TEAM, load, refusal, shortest, with_backend, with_rule

CHINA = "arn:aws-cn:iam::123456789012:role/r"
RULE = "config.yaml: policy.rules[0]"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a rule for nobody": (
        with_rule(namespaces=None),
        f"{RULE}.namespaces: is missing; list them, or select them with namespaceSelector ({{}} selects all)",
    ),
    "an empty list of namespaces": (with_rule(namespaces=[]), f"{RULE}.namespaces: has 0 items; write 1 to 10000"),
    "namespaces and a selector": (
        with_rule(namespaceSelector={}),
        f"{RULE}.namespaceSelector: stands beside namespaces; keep one of them, or make two rules",
    ),
    "a selector in a namespaced installation": (
        with_rule(namespaces=None, namespaceSelector={}) | {"watch": {"namespaces": ["team-a"]}},
        f"{RULE}.namespaceSelector: needs the right to read namespaces, which an operator with watch.namespaces does"
        " not have; list the namespaces",
    ),
    "a selector that is null": (
        with_rule() | {"policy": {**shortest()["policy"], "rules": [{"namespaceSelector": None}]}},
        f"{RULE}.namespaceSelector: is empty; write a value, or remove the line",
    ),
    "labels that are null": (
        with_rule(namespaces=None, namespaceSelector={"matchLabels": None}),
        f"{RULE}.namespaceSelector.matchLabels: is empty; write a value, or remove the line",
    ),
    "a label that is null": (
        with_rule(namespaces=None, namespaceSelector={"matchLabels": {"team": None}}),
        f"{RULE}.namespaceSelector.matchLabels.team: is empty; write a value, or remove the line",
    ),
    "a misspelt selector": (
        with_rule(namespaces=None, namespaceSelector={"matchLabel": {"team": "a"}}),
        f"{RULE}.namespaceSelector.matchLabel: unknown field; did you mean matchLabels?",
    ),
    "a requirement without values": (
        with_rule(namespaces=None, namespaceSelector={"matchExpressions": [{"key": "a", "operator": "NotIn"}]}),
        f"{RULE}.namespaceSelector.matchExpressions[0].values: is missing; NotIn compares with values",
    ),
    "a requirement with values too many": (
        with_rule(
            namespaces=None,
            namespaceSelector={"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]},
        ),
        f"{RULE}.namespaceSelector.matchExpressions[0].values: stands beside Exists; remove it",
    ),
    "an owner that is null": (
        with_rule() | {"policy": {**shortest()["policy"], "rules": [{"bucketOwner": None}]}},
        (f"{RULE}.bucketOwner: is empty; write a value, or remove the line"),
    ),
    "an owner that YAML takes for a number": (
        with_rule(bucketOwner=123456789012),
        f"{RULE}.bucketOwner: is 123456789012, a number; write it in quotes",
    ),
    "a bucket without prefixes": (
        with_rule(buckets=[{"name": "pictures"}]),
        f"{RULE}.buckets[0].prefixes: is missing; it is required",
    ),
    "a prefix that leads up": (
        with_rule(buckets=[{"name": "pictures", "prefixes": ["team-a/../team-b"]}]),
        f"{RULE}.buckets[0].prefixes[0]: 'team-a/../team-b' holds a . or .. folder; write the whole path without them",
    ),
    "a bucket twice": (
        with_rule(buckets=[{"name": "pictures", "prefixes": ["a"]}, {"name": "pictures", "prefixes": ["b"]}]),
        f"{RULE}.buckets[1].name: the bucket pictures repeats policy.rules[0].buckets[0].name; remove one",
    ),
    "no buckets": (with_rule(buckets=[]), f"{RULE}.buckets: has 0 items; write 1 to 1000"),
    "no workteams": (with_rule(workteamARNs=None), f"{RULE}.workteamARNs: is missing; it is required"),
    "a workteam by its name": (
        with_rule(workteamARNs=["team"]),
        f"{RULE}.workteamARNs[0]: 'team' is not an ARN; write the workteam's ARN",
    ),
    "the public workforce": (
        with_rule(workteamARNs=["arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"]),
        f"{RULE}.workteamARNs[0]: names the public workforce, but it was Amazon Mechanical Turk, which closed on"
        " 2026-09-30; name a private or vendor workteam",
    ),
    "a workteam without a name": (
        with_rule(workteamARNs=["arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/"]),
        f"{RULE}.workteamARNs[0]: 'arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/' is not a"
        " workteam's ARN; write arn:aws:sagemaker:<region>:<account>:workteam/private-crowd/<name>",
    ),
    "a workteam in another region": (
        with_rule(workteamARNs=[TEAM.replace("us-east-1", "eu-west-1")]),
        f"{RULE}.workteamARNs[0]: is in the region 'eu-west-1', and the backend aws in us-east-1; name one of the"
        " backend's region",
    ),
    "two workteams of one name": (
        with_rule(workteamARNs=[TEAM, TEAM.replace("123456789012", "210987654321")]),
        f"{RULE}.workteamARNs[1]: the name of the workteam team repeats policy.rules[0].workteamARNs[0]; remove one",
    ),
    "a role in another partition": (
        with_rule(executionRoleARN=CHINA),
        f"{RULE}.executionRoleARN: is not of the partition of us-east-1; it begins with arn:aws:",
    ),
    "a user for a role": (
        with_rule(executionRoleARN="arn:aws:iam::123456789012:user/ann"),
        f"{RULE}.executionRoleARN: 'arn:aws:iam::123456789012:user/ann' is not a role's ARN; write"
        " arn:aws:iam::<account>:role/<name>",
    ),
    "a key in another region": (
        with_rule(kmsKeyId="arn:aws:kms:eu-west-1:123456789012:key/1"),
        f"{RULE}.kmsKeyId: is in the region 'eu-west-1', and the backend aws in us-east-1; name one of the backend's"
        " region",
    ),
    "a ServiceAccount that is none": (
        with_rule(serviceAccountNames=["Data"]),
        f"{RULE}.serviceAccountNames[0]: 'Data' is not a name; use lower case letters, digits, - and . and begin and"
        " end with a letter or digit",
    ),
    "a toleration of no taint": (
        with_rule(tolerationKeys=["*", "batch*"]),
        f"{RULE}.tolerationKeys[1]: 'batch*' is no Kubernetes label; write a name, or a domain, / and a name",
    ),
    "a backend twice": (
        shortest(policy={**shortest()["policy"], "backends": [{"name": "aws", "region": "us-east-1"}] * 2}),
        "config.yaml: policy.backends[1].name: the backend aws repeats policy.backends[0].name; remove one",
    ),
    "a region without Ground Truth": (
        with_backend(region="us-east-3"),
        'config.yaml: policy.backends[0].region: is "us-east-3", a text; did you mean us-east-2?',
    ),
    "a role to assume in another partition": (
        with_backend(roleARN=CHINA),
        "config.yaml: policy.backends[0].roleARN: is not of the partition of us-east-1; it begins with arn:aws:",
    ),
    "a secret in the file": (
        shortest(conversion={"image": "i", "environment": {"AWS_SECRET_ACCESS_KEY": "x"}}),
        "config.yaml: conversion.environment['AWS_SECRET_ACCESS_KEY']: is a secret, and secrets are not written here;"
        " use policy.rules[].conversionCredentialsSecret",
    ),
    "no rules": (
        shortest(policy={**shortest()["policy"], "rules": []}),
        "config.yaml: policy.rules: has 0 items; write 1 to 10000",
    ),
    "a lease that others may take while it is kept": (
        shortest(lease={"durationSeconds": 10, "renewSeconds": 9}),
        "config.yaml: lease.durationSeconds: is 10, not above renewSeconds and retrySeconds together; a leader must"
        " give up before another may take over",
    ),
    "a name for the cluster that no tag takes": (
        shortest(clusterName="east/1"),
        "config.yaml: clusterName: 'east/1' is not the name of a cluster; use letters, digits, and . _ - between them",
    ),
    "endless pauses": (shortest(pollSeconds=float("inf")), "config.yaml: pollSeconds: is inf; write 0.1 to 86400"),
    "no number": (shortest(pollSeconds=float("nan")), "config.yaml: pollSeconds: is nan; write 0.1 to 86400"),
    "a text for a switch": (
        shortest(lease={"enabled": "yes"}),
        'config.yaml: lease.enabled: is "yes", a text; write true or false, without quotes',
    ),
}


@pytest.mark.parametrize(("document", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_told_with_its_path(tmp_path: Path, document: dict[str, Any], expected: str) -> None:
    """And what to write instead."""
    told = refusal(tmp_path, document)

    assert expected in told


ADDRESSES: dict[str, bool] = {
    "http://labelround-server:8080": True,
    "https://s3.example.org": True,
    "http://[::1]:9000": True,
    "https://s3.example.org/": False,
    "https://s3.example.org/path": False,
    "https://s3.example.org?x=1": False,
    "https://s3.example.org#x": False,
    "https://user:password@s3.example.org": False,
    "s3.example.org": False,
    "ftp://s3.example.org": False,
    "file:///etc/passwd": False,
    "http://": False,
    "http://:9000": False,
    "http://host:port": False,
    "http://host:99999": False,
    "http://ho st": False,
    "http://host\t": False,
}


@pytest.mark.parametrize(("address", "taken"), ADDRESSES.items(), ids=ADDRESSES)
def test_an_endpoint_is_the_address_of_a_server_alone(tmp_path: Path, address: str, taken: bool) -> None:
    """Passwords and paths would be lost, or kept where they should not be."""
    document = with_backend(sagemakerEndpointURL=address, s3EndpointURL=address)

    if taken:
        assert load(tmp_path, document).policy.backends["aws"].s3_endpoint_url == address
    else:
        assert [line.split(": ")[1] for line in refusal(tmp_path, document)] == [
            "policy.backends[0].sagemakerEndpointURL",
            "policy.backends[0].s3EndpointURL",
        ]
