"""What the doctor finds in the operator's settings, and at the services that they name."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli_cluster.installations import OPERATOR_NAMESPACE
from tests.controller.memory_cluster import MemoryCluster
from tests.edges.fake_sagemaker import ACCOUNT, REGION, FakeSageMaker

from labelround.cluster.api import NAMESPACES, SECRETS
from labelround.cors import LABELING_RULE
from labelround.doctor.findings import Finding, Level
from labelround.doctor.settings import check_settings

ROLE = f"arn:aws:iam::{ACCOUNT}:role/labelround-execution"
RULE = "policy.rules[0]"


def workteam(name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/{name}"


@dataclass
class World:
    """An AWS with a bucket and a workteam, and settings of an operator that names them."""

    s3: Any
    sagemaker: FakeSageMaker
    folder: Path
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    backend: dict[str, Any] = field(default_factory=lambda: {"name": "aws", "region": REGION})
    rule: dict[str, Any] = field(
        default_factory=lambda: {
            "namespaces": ["team-a"],
            "backend": "aws",
            "buckets": [{"name": "pictures", "prefixes": ["team-a/"]}],
            "executionRoleARN": ROLE,
            "workteamARNs": [workteam("labelers")],
        }
    )

    def allow_portal(self, **change: Any) -> None:
        self.s3.put_bucket_cors(Bucket="pictures", CORSConfiguration={"CORSRules": [LABELING_RULE | change]})

    def findings(self, environment: Mapping[str, str] | None = None) -> list[Finding]:
        policy = {"backends": [self.backend], "rules": [self.rule]}
        settings = {"clusterName": "tests", "conversion": {"image": "labelround:1"}, "policy": policy}
        file = self.folder / "settings.yaml"
        file.write_text(yaml.safe_dump(settings), "utf-8")
        return list(check_settings(self.cluster, environment or {}, file, OPERATOR_NAMESPACE))

    def wrong(self) -> list[Finding]:
        """What is not as it should be."""
        return [finding for finding in self.findings() if finding.level is not Level.OK]


@pytest.fixture
def world(s3: Any, sagemaker: FakeSageMaker, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """With everything as it should be."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws)
    sagemaker.add_workteam("labelers")
    world = World(s3, sagemaker, tmp_path)
    world.allow_portal()
    return world


def test_settings_that_are_right_have_a_good_finding_for_each_part(world: World) -> None:
    """The file, whose credentials, and every rule."""
    found = world.findings()

    assert [(finding.level, finding.check) for finding in found] == [
        (Level.OK, "settings"),
        (Level.OK, "backend aws"),
        (Level.OK, RULE),
    ]
    assert found[1].message.endswith(f" may list labeling jobs in {REGION}")
    assert found[1].message.startswith("arn:aws:sts::")
    assert found[2].message == "1 bucket and 1 workteam are as they should be"


def test_settings_that_are_wrong_are_told_field_by_field(world: World) -> None:
    """As the operator would tell them; nobody outside is asked then."""
    world.backend["region"] = "mars-1"
    del world.rule["executionRoleARN"]

    found = world.findings()

    assert [finding.level for finding in found] == [Level.ERROR] * 2
    assert {finding.message.split(":")[1].strip() for finding in found} == {
        "policy.backends[0].region",
        "policy.rules[0].executionRoleARN",
    }


def test_a_bucket_that_is_not_there_is_an_error(world: World) -> None:
    """With the rule that names it."""
    world.rule["buckets"] = [{"name": "absent-bucket", "prefixes": [""]}]

    (finding,) = world.wrong()

    assert (finding.level, finding.check) == (Level.ERROR, RULE)
    assert finding.message == "there is no bucket absent-bucket"


def test_a_bucket_without_the_cors_rule_is_an_error_with_the_command_that_sets_it(world: World) -> None:
    """Workers would see no picture."""
    world.s3.delete_bucket_cors(Bucket="pictures")

    (finding,) = world.wrong()

    assert finding.level is Level.ERROR
    assert "the bucket pictures has no CORS rule" in finding.message
    assert "labelround push --set-cors" in finding.fix


def test_a_cors_rule_that_allows_others_is_a_warning(world: World) -> None:
    """It may be the portal's, or not."""
    world.allow_portal(AllowedOrigins=["https://example.org"])

    (finding,) = world.wrong()

    assert finding.level is Level.WARNING


def test_a_bucket_in_another_region_is_an_error(world: World) -> None:
    """Ground Truth reads its own region alone."""
    place = {"LocationConstraint": "eu-west-1"}
    world.s3.create_bucket(Bucket="far-away", CreateBucketConfiguration=place)
    world.s3.put_bucket_cors(Bucket="far-away", CORSConfiguration={"CORSRules": [LABELING_RULE]})
    world.rule["buckets"] = [{"name": "far-away", "prefixes": [""]}]

    (finding,) = world.wrong()

    assert finding.message == f"the bucket far-away is in eu-west-1, and the backend aws in {REGION}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda teams: teams.pop("labelers"), "there is no private workteam labelers"),
        (
            lambda teams: teams["labelers"].update(WorkteamArn=workteam("labelers").replace(ACCOUNT, "999999999999")),
            "the workteam labelers has the ARN",
        ),
    ],
)
def test_a_workteam_must_be_there_under_its_arn(world: World, change: Callable[[Any], None], told: str) -> None:
    """An ARN of another account allows nobody."""
    change(world.sagemaker.workteams)

    (finding,) = world.wrong()

    assert finding.level is Level.ERROR
    assert told in finding.message


def test_credentials_that_may_not_list_labeling_jobs_are_an_error(world: World) -> None:
    """The operator could not follow any job."""
    world.sagemaker.refusals["ListLabelingJobs"] = (400, "AccessDeniedException", "not you")

    (finding,) = world.wrong()

    assert (finding.level, finding.check) == (Level.ERROR, "backend aws")
    assert "not you" in finding.message


def test_what_may_not_be_asked_is_a_warning(world: World) -> None:
    """Whoever runs the doctor may have fewer rights than the operator."""
    world.sagemaker.refusals["ListWorkteams"] = (400, "AccessDeniedException", "not you")

    (finding,) = world.wrong()

    assert finding.level is Level.WARNING
    assert finding.message.startswith("the workteam labelers was not checked: ")


def test_a_service_that_does_not_answer_is_a_warning(world: World) -> None:
    """It may be away for a moment."""
    world.sagemaker.refusals["ListLabelingJobs"] = (500, "InternalFailure", "later")

    (finding,) = world.wrong()

    assert finding.level is Level.WARNING
    assert finding.message.startswith("whether its credentials work was not checked: ")


def test_a_secret_that_is_missing_is_an_error(world: World) -> None:
    """It is looked for in the operator's namespace."""
    world.backend["credentialsSecret"] = "aws-keys"

    (finding,) = world.wrong()

    assert (finding.level, finding.check) == (Level.ERROR, RULE)
    assert f"the Secret aws-keys in the namespace {OPERATOR_NAMESPACE} is missing" in finding.message


def test_the_keys_of_a_secret_are_used(world: World) -> None:
    """As the operator uses them; in its pod the namespace is the pod's."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    data = {name: base64.b64encode(b"AKIAIOSFODNN7EXAMPLE").decode() for name in names}
    world.backend["credentialsSecret"] = "aws-keys"
    world.cluster.put(SECRETS, "elsewhere", {"metadata": {"name": "aws-keys"}, "data": data})

    found = world.findings({"POD_NAMESPACE": "elsewhere"})

    assert [finding.level for finding in found] == [Level.OK] * 3


def test_a_role_is_assumed_for_every_namespace_that_the_rule_serves(world: World) -> None:
    """By a selector, for those that the cluster has."""
    world.backend["roleARN"] = f"arn:aws:iam::{ACCOUNT}:role/labelround-operator"
    del world.rule["namespaces"]
    world.rule["namespaceSelector"] = {"matchLabels": {"labeling": "yes"}}
    for name, labels in (("team-a", {"labeling": "yes"}), ("team-b", {"labeling": "yes"}), ("team-c", {})):
        world.cluster.put(NAMESPACES, None, {"metadata": {"name": name, "labels": labels}})

    found = world.findings()

    assert [finding.check for finding in found] == [
        "settings",
        "backend aws",
        f"{RULE} for team-a",
        "backend aws",
        f"{RULE} for team-b",
    ]
    assert all(finding.level is Level.OK for finding in found)
    assert "assumed-role/labelround-operator/labelround-team-b" in found[3].message


def test_a_labelround_server_needs_no_workteams_and_no_cors(world: World) -> None:
    """Its own portal loads the pictures."""
    world.backend["sagemakerEndpointURL"] = world.sagemaker.url
    world.s3.delete_bucket_cors(Bucket="pictures")
    world.sagemaker.workteams.clear()

    found = world.findings()

    assert [finding.level for finding in found] == [Level.OK] * 3
    assert found[1].message == f"{world.sagemaker.url} lists its labeling jobs"
