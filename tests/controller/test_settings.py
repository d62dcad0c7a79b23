"""The operator's settings: one file, variables before it, and every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.controller.settings_files import POD, load, refusal, shortest, with_backend, with_rule

from labelround.controller.lease import LeaseSettings
from labelround.controller.rules import Backend, BucketRule
from labelround.controller.selector import NamespaceSelector, Operator, Requirement
from labelround.controller.settings import ConversionSettings, OperatorSettings, load_settings
from labelround.errors import InvalidInput

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "operator" / "config.yaml"


def test_the_shortest_file_has_every_default(tmp_path: Path) -> None:
    """A cluster's name, an image and a policy are all that nobody can guess."""
    settings = load(tmp_path, shortest())

    assert settings == OperatorSettings(
        cluster_name="east",
        conversion=ConversionSettings("labelround:1"),
        policy=settings.policy,
        namespace="labelround",
        lease=LeaseSettings("labelround", "labelround", "labelround-0"),
    )
    assert settings.policy.backends == {"aws": Backend("aws", "us-east-1")}
    assert settings.policy.rules[0].buckets == (BucketRule("pictures", ("team-a",)),)


def test_the_example_loads() -> None:
    """It shows two backends and both ways of naming namespaces."""
    settings = load_settings(POD, EXAMPLE)

    assert list(settings.policy.backends) == ["aws", "own"]
    assert settings.policy.needs_namespace_labels


def test_the_commented_lines_of_the_example_are_the_defaults(tmp_path: Path) -> None:
    """Taking a comment sign away changes nothing."""
    text = EXAMPLE.read_text("utf-8")
    shown = text.replace("\n# watch:", "\nwatch:").replace("\n#   namespaces", "\n  namespaces")
    for name in ("workers", "pollSeconds", "resyncSeconds", "relistSeconds", "retry", "deletionPatienceSeconds"):
        shown = shown.replace(f"\n# {name}", f"\n{name}")
    for name in ("apiTimeoutSeconds", "http", "lease", "finishedSeriesSeconds", "logLevel", "logFormat"):
        shown = shown.replace(f"\n# {name}", f"\n{name}")

    settings = load(tmp_path, shown)

    assert len(yaml.safe_load(shown)) == len(yaml.safe_load(text)) + 13
    assert settings == load(tmp_path, text)


def test_every_field_of_a_rule_reaches_the_policy(tmp_path: Path) -> None:
    """By its name in the file."""
    selector = {
        "matchLabels": {"team": "a"},
        "matchExpressions": [
            {"key": "stage", "operator": "In", "values": ["dev", "test"]},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    document = with_rule(
        namespaces=None,
        namespaceSelector=selector,
        bucketOwner="012345678901",
        kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/1",
        serviceAccountNames=["data"],
        priorityClassNames=["low"],
        tolerationKeys=["example.org/batch", "*"],
        conversionCredentialsSecret="store",
    )

    rule = load(tmp_path, document).policy.rules[0]

    assert rule.namespace_selector == NamespaceSelector(
        {"team": "a"},
        (Requirement("stage", Operator.IN, ("dev", "test")), Requirement("old", Operator.DOES_NOT_EXIST)),
    )
    assert (rule.bucket_owner, rule.kms_key_id) == ("012345678901", "arn:aws:kms:us-east-1:123456789012:key/1")
    assert (rule.service_account_names, rule.conversion_credentials_secret) == (("data",), "store")
    assert (rule.priority_class_names, rule.toleration_keys) == (("low",), ("example.org/batch", "*"))


def test_an_empty_selector_selects_every_namespace(tmp_path: Path) -> None:
    """It has to be written; leaving it out serves nobody."""
    rule = load(tmp_path, with_rule(namespaces=None, namespaceSelector={})).policy.rules[0]

    assert rule.serves("anything", {})


def test_variables_go_before_the_file(tmp_path: Path) -> None:
    """Of every kind that a variable can hold."""
    settings = load(
        tmp_path,
        shortest(workers=2, watch={"namespaces": ["team-b"]}),
        LABELROUND_CLUSTER_NAME="west",
        LABELROUND_WATCH_NAMESPACES="team-a, team-c",
        LABELROUND_WORKERS="3",
        LABELROUND_POLL_SECONDS="0.5",
        LABELROUND_LEASE_ENABLED="False",
        LABELROUND_LOG_LEVEL="debug",
        LABELROUND_CONVERSION_IMAGE="labelround:2",
    )

    assert settings.cluster_name == "west"
    assert settings.namespaces == ("team-a", "team-c")
    assert (settings.workers, settings.poll_seconds, settings.lease) == (3, 0.5, None)
    assert (settings.log_level, settings.conversion.image) == ("debug", "labelround:2")


def test_a_variable_may_give_what_the_file_lacks(tmp_path: Path) -> None:
    """Required settings, too."""
    document = shortest()
    del document["clusterName"], document["conversion"]

    settings = load(tmp_path, document, LABELROUND_CLUSTER_NAME="west", LABELROUND_CONVERSION_IMAGE="labelround:2")

    assert (settings.cluster_name, settings.conversion.image) == ("west", "labelround:2")


@pytest.mark.parametrize("value", ["", "tcp://10.0.0.1:8080"])
def test_what_kubernetes_sets_for_a_service_is_no_setting(tmp_path: Path, value: str) -> None:
    """A Service `labelround-http` brings a LABELROUND_HTTP_PORT of its own; an empty variable counts as none."""
    settings = load(
        tmp_path,
        shortest(),
        LABELROUND_HTTP_PORT=value,
        LABELROUND_HTTP_PORT_80_TCP="tcp://10.0.0.1:80",
        LABELROUND_HTTP_SERVICE_PORT="80",
        LABELROUND_ROLE_ARN="arn:aws:iam::123456789012:role/x",
    )

    assert settings.http_port == 8080


def test_a_misspelt_variable_is_told() -> None:
    """It would be passed over in silence otherwise."""
    with pytest.raises(InvalidInput) as caught:
        load_settings(POD | {"LABELROUND_POLLSECONDS": "5"}, EXAMPLE)

    assert str(caught.value) == "LABELROUND_POLLSECONDS: is no setting; did you mean LABELROUND_POLL_SECONDS?"


def test_all_problems_are_told_at_once_where_they_are(tmp_path: Path) -> None:
    """The variable, or the file and the path in it."""
    document = with_rule(backend="awz", workteam="x") | {"workers": 0, "pollSecond": 5, "http": {"port": "80"}}

    told = refusal(tmp_path, document, LABELROUND_RELIST_SECONDS="soon", LABELROUND_RESYNC_SECONDS="0")

    assert told == [
        'LABELROUND_RELIST_SECONDS: is "soon"; write a number',
        "config.yaml: pollSecond: unknown field; did you mean pollSeconds?",
        "config.yaml: workers: is 0; write 1 to 256",
        "LABELROUND_RESYNC_SECONDS: is 0.0; write 1 to 604800",
        'config.yaml: http.port: is "80", a text; write a whole number from 0 to 65535',
        "config.yaml: policy.rules[0].workteam: unknown field; did you mean workteamARNs?",
        'config.yaml: policy.rules[0].backend: "awz" is no backend of policy.backends; there are aws',
    ]


def test_without_a_file_everything_required_is_named() -> None:
    """By the field itself, not by the section that holds it."""
    with pytest.raises(InvalidInput) as caught:
        load_settings(POD, None)

    assert [problem.where for problem in caught.value.problems] == [
        "settings: clusterName",
        "settings: conversion.image",
        "settings: policy.backends",
        "settings: policy.rules",
    ]


BROKEN: dict[str, tuple[str, str]] = {
    "not YAML": ("workers: [", "config.yaml:1: is not YAML"),
    "a list": ("- workers", "config.yaml: is not a mapping; write `name: value` lines"),
    "two documents": ("workers: 1\n---\nworkers: 2\n", "config.yaml: holds 2 documents; write one"),
    "a key twice": ("workers: 1\nworkers: 2\n", "config.yaml:2: the key 'workers' stands twice in one mapping"),
    "a key twice in the policy": (
        "policy:\n  rules:\n    - {backend: a, backend: b}\n",
        "config.yaml:3: the key 'backend' stands twice in one mapping",
    ),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    """As a round's file is."""
    told = refusal(tmp_path, text)

    assert told[0].startswith(expected)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(InvalidInput, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        load_settings(POD, tmp_path / "none.yaml")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """YAML is UTF-8 here."""
    (tmp_path / "config.yaml").write_bytes(b"clusterName: \xff")

    with pytest.raises(InvalidInput, match=r"config\.yaml: is not text in UTF-8"):
        load_settings(POD, tmp_path / "config.yaml")


def test_the_operators_namespace_is_asked_for_only_where_it_is_needed(tmp_path: Path) -> None:
    """The Lease and the Secrets lie in it."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(with_backend(credentialsSecret="store")), "utf-8")

    with pytest.raises(InvalidInput) as caught:
        load_settings({}, file)

    assert [str(problem) for problem in caught.value.problems] == [
        "config.yaml: lease.namespace: is not known; set it, or have POD_NAMESPACE set from metadata.namespace of the"
        " pod",
        "config.yaml: policy.backends[0].credentialsSecret: is a Secret of the operator's namespace, which is not"
        " known; have POD_NAMESPACE set from metadata.namespace of the pod",
    ]


def test_outside_a_pod_an_operator_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Two of them on one machine are two."""
    settings = load(tmp_path, shortest(lease={"namespace": "elsewhere"}), POD_NAME="")

    assert settings.lease is not None
    assert settings.lease.namespace == "elsewhere"
    assert settings.lease.identity.rpartition("-")[2].isdigit()
