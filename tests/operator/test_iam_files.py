"""The IAM policies in deploy/iam: they are policies, the documents' own, and grant what a round takes and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.container import Container, Ended, run_process
from tests.operator.dialects import S3
from tests.operator.proxy import Proxy
from tests.operator.world import World
from tests.servers.s3 import S3Server

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "deploy" / "iam"
FILES = sorted(FOLDER.glob("*.json"))
ACTION_OF = {
    "ListObjectsV2": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CopyObject": "s3:PutObject",  # and s3:GetObject, which others take anyway
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
}
OF_THE_DOCTOR = {"s3:GetBucketCORS"}
NEVER_MET = {"iam:PassRole", "sagemaker:AddTags", "sagemaker:StopLabelingJob", "sagemaker:DescribeWorkteam"}
"""What the run below does not show: rights without a call of their own, an ended round, and AWS's worker page."""
UNHAPPY = {"s3:AbortMultipartUpload", "s3:DeleteObject"}
"""A large file that could not be written whole, and manifests that an interrupted pass left behind."""
SERVICES = {"s3", "sts", "iam", "sagemaker", "cloudwatch", "logs"}


def actions(name: str) -> set[str]:
    """All actions that a file allows."""
    return set(_actions(json.loads((FOLDER / name).read_text("utf-8"))))


def _actions(policy: Any) -> Iterator[str]:
    for statement in policy["Statement"]:
        listed = statement["Action"]
        yield from [listed] if isinstance(listed, str) else listed


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_a_policy(file: Path) -> None:
    """One that trusts names a principal, any other its resources; nothing is allowed by a star alone but lists."""
    policy = json.loads(file.read_text("utf-8"))

    assert policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert ("Principal" in statement) is file.name.startswith("trust-")
        assert ("Resource" in statement) is not file.name.startswith("trust-")
        assert all(
            action.partition(":")[0] in SERVICES and "*" not in action
            for action in _actions({"Statement": [statement]})
        )
        if statement.get("Resource") == "*":
            assert statement["Sid"] in {"Lists", "Logs"}


def test_every_action_of_the_labeling_api_exists() -> None:
    """As an operation of the service model."""
    known = botocore.session.get_session().get_service_model("sagemaker").operation_names

    named = {action.partition(":")[2] for file in FILES for action in actions(file.name) if "sagemaker:" in action}

    assert named <= set(known)


@pytest.mark.parametrize(
    ("name", "page", "place"),
    [
        ("execution.json", "aws.md", 2),
        ("trust-execution.json", "aws.md", 3),
        ("trust-backend.json", "configuration.md", 0),
    ],
)
def test_a_policy_that_a_page_shows_is_the_file(name: str, page: str, place: int) -> None:
    """Word for word."""
    blocks = re.findall(r"```json\n(.*?)```", (REPOSITORY / "docs" / page).read_text("utf-8"), re.DOTALL)

    assert json.loads(blocks[place]) == json.loads((FOLDER / name).read_text("utf-8"))


@pytest.mark.minio
def test_a_round_takes_exactly_the_actions_of_the_files(
    control_plane: ControlPlane, namespace: str, minio_server: S3Server, tmp_path: Path
) -> None:
    """The operator those of its backend's role, the conversion its own."""
    with Proxy(minio_server.url, S3()) as of_conversions:

        def convert(container: Container) -> Ended:
            environment = {**container.environment, "AWS_ENDPOINT_URL_S3": of_conversions.url}
            return run_process(replace(container, environment=environment))

        with World(control_plane, namespace, minio_server, tmp_path, run=convert) as world, world.operator():
            world.create(world.document(dataset={"images": "Copy"}))
            world.wait_for_phase("pens-1", "Succeeded")
            world.delete()
            operator = {ACTION_OF[each.operation] for each in world.store.requests}
            labeling = {f"sagemaker:{each.operation}" for each in world.labeling.requests}
        conversion = {ACTION_OF[each.operation] for each in of_conversions.requests}

    assert operator | labeling | OF_THE_DOCTOR | NEVER_MET | UNHAPPY == actions("backend.json")
    assert conversion | UNHAPPY == actions("conversion.json")
