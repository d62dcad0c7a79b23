"""The Kubernetes Job of a conversion, from the round to the object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.plan.rounds import NAMES, make_round

from labelround.controller.conversion_job import (
    MAX_SHARDS,
    Part,
    conversion_job,
    conversion_job_name,
    job_labels,
    label_value,
    shards_of,
)
from labelround.controller.pod_template import PodSettings
from labelround.decide import ConversionStep

ADDRESS = "s3://ground-truth-data/bounding_box/conversion.json"
UID = "6f1a3c0e-5d0b-4d0e-9a64-2f8a1f8f3a10"
NAME = "pens-1-fe16b86f-convert"
SCRATCH = "/tmp"  # noqa: S108 a folder of the pod alone
LABELS = {
    "app.kubernetes.io/name": "labelround",
    "app.kubernetes.io/part-of": "labelround",
    "app.kubernetes.io/managed-by": "labelround",
    "app.kubernetes.io/component": "conversion",
    "labelround.dev/round": "pens-1",
    "labelround.dev/round-uid": UID,
}


WHOLE = Part()


def job_of(pod: PodSettings | None = None, part: Part = WHOLE, **conversion: Any) -> dict[str, Any]:
    """The Job of a round with these fields in `spec.conversion`."""
    round = make_round(uid=UID, conversion=conversion)
    return conversion_job(round, ADDRESS, pod or PodSettings("labelround:1"), part)


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = job["spec"]["template"]["spec"]["containers"][0]
    return container


def test_the_whole_job() -> None:
    """Every field as it goes to the API server, with all that settings and round can say."""
    pod = PodSettings(
        image="registry.example/labelround:1",
        image_pull_policy="Always",
        service_account_name="labelround-data",
        credentials_secret="s3-keys",
        s3_endpoint_url="http://minio.storage:9000",
        region="eu-central-1",
        environment={"HTTPS_PROXY": "http://proxy:3128"},
        resources={"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
    )

    job = job_of(
        pod,
        resources={"requests": {"cpu": 2}},
        nodeSelector={"kubernetes.io/arch": "amd64"},
        tolerations=[{"key": "batch", "operator": "Exists", "effect": "NoSchedule"}],
        priorityClassName="low",
        queueName="team-vision",
    )

    assert job == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": NAME,
            "namespace": "default",
            "labels": {**LABELS, "kueue.x-k8s.io/queue-name": "team-vision"},
            "ownerReferences": [
                {
                    "apiVersion": "labelround.dev/v1alpha1",
                    "kind": "LabelingRound",
                    "name": "pens-1",
                    "uid": UID,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "suspend": True,
            "backoffLimit": 3,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "FailJob",
                        "onExitCodes": {"containerName": "conversion", "operator": "In", "values": [3]},
                    },
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "ttlSecondsAfterFinished": 86400,
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 10,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "runAsGroup": 65532,
                        "fsGroup": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "serviceAccountName": "labelround-data",
                    "priorityClassName": "low",
                    "nodeSelector": {"kubernetes.io/arch": "amd64"},
                    "tolerations": [{"key": "batch", "operator": "Exists", "effect": "NoSchedule"}],
                    "containers": [
                        {
                            "name": "conversion",
                            "image": "registry.example/labelround:1",
                            "imagePullPolicy": "Always",
                            "command": ["labelround", "conversion", ADDRESS],
                            "env": [
                                {"name": "AWS_ACCESS_KEY_ID", "valueFrom": from_secret("AWS_ACCESS_KEY_ID")},
                                {"name": "AWS_DEFAULT_REGION", "value": "eu-central-1"},
                                {"name": "AWS_ENDPOINT_URL_S3", "value": "http://minio.storage:9000"},
                                {"name": "AWS_REGION", "value": "eu-central-1"},
                                {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": from_secret("AWS_SECRET_ACCESS_KEY")},
                                {
                                    "name": "AWS_SESSION_TOKEN",
                                    "valueFrom": from_secret("AWS_SESSION_TOKEN", optional=True),
                                },
                                {"name": "HOME", "value": SCRATCH},
                                {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
                                {"name": "TMPDIR", "value": SCRATCH},
                            ],
                            "resources": {
                                "requests": {"cpu": 2, "memory": "512Mi"},
                                "limits": {"memory": "1Gi"},
                            },
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "terminationMessagePath": "/dev/termination-log",
                            "terminationMessagePolicy": "FallbackToLogsOnError",
                            "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}],
                        }
                    ],
                    "volumes": [{"name": "scratch", "emptyDir": {}}],
                },
            },
        },
    }


def from_secret(key: str, **optional: bool) -> dict[str, Any]:
    return {"secretKeyRef": {"name": "s3-keys", "key": key, **optional}}


STEPS = [
    Part(ConversionStep.INDEX, shards=12),
    Part(ConversionStep.SHARD, shards=12, images=115_000),
    Part(ConversionStep.FINISH, shards=12),
]


@pytest.mark.parametrize("part", STEPS, ids=lambda part: part.step.value)
def test_the_jobs_of_a_large_round_differ_in_what_their_pods_do(part: Part) -> None:
    """Everything else is as for a small round, the queue included."""
    asked: dict[str, Any] = {"queueName": "team-vision", "resources": {"limits": {"memory": "256Mi"}}, "parallelism": 4}

    job, whole = job_of(part=part, **asked), job_of(**asked)

    assert part.step is not None
    assert container_of(job)["command"] == [*container_of(whole)["command"], "--step", part.step.value]
    container_of(job)["command"] = container_of(whole)["command"]
    for name in ("suspend", "ttlSecondsAfterFinished", "podReplacementPolicy", "template"):
        assert job["spec"][name] == whole["spec"][name]
    for name in ("labels", "ownerReferences", "namespace"):
        assert job["metadata"][name] == whole["metadata"][name]
    assert Part.of(job, part.step) == part


def test_shards_are_indexes_that_fail_alone() -> None:
    """One pod each, so many at once; wrong input ends an index at the first pod, and no limit ends the others."""
    job = job_of(part=STEPS[1], parallelism=4)

    template = job["spec"].pop("template")
    assert template["spec"]["restartPolicy"] == "Never"
    assert job["metadata"]["name"] == f"{NAME}-shards"
    assert job["metadata"]["annotations"] == {"labelround.dev/shards": "12", "labelround.dev/images": "115000"}
    assert job["spec"] == {
        "completionMode": "Indexed",
        "completions": 12,
        "parallelism": 4,
        "backoffLimitPerIndex": 3,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailIndex",
                    "onExitCodes": {"containerName": "conversion", "operator": "In", "values": [3]},
                },
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "ttlSecondsAfterFinished": 86400,
    }


@pytest.mark.parametrize("part", [WHOLE, STEPS[0], STEPS[2]], ids=["whole", "index", "finish"])
def test_a_job_of_one_pod_fails_whole(part: Part) -> None:
    """As the Job of a small round does."""
    spec = job_of(part=part)["spec"]

    assert spec["podFailurePolicy"]["rules"][0]["action"] == "FailJob"
    assert spec["backoffLimit"] == 3
    assert "completions" not in spec


def test_no_more_pods_run_at_once_than_there_are_shards() -> None:
    """Ten by default."""
    assert job_of(part=Part(ConversionStep.SHARD, 3))["spec"]["parallelism"] == 3
    assert job_of(part=Part(ConversionStep.SHARD, 30))["spec"]["parallelism"] == 10


@pytest.mark.parametrize(
    ("images", "per_pod", "shards"),
    [
        (0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (20, 10, 2), (1_000_000, 10_000, 100),
        (1_000_000, 1, MAX_SHARDS),
    ],
)  # fmt: skip
def test_a_pod_converts_as_many_images_as_the_round_says(images: int, per_pod: int, shards: int) -> None:
    """Unless there would be more pods than anybody wants to list."""
    assert shards_of(make_round(conversion={"imagesPerPod": per_pod}), images) == shards


@pytest.mark.parametrize("annotations", [None, {}, {"labelround.dev/shards": "many"}])
def test_the_first_job_does_it_all_unless_it_says_otherwise(annotations: dict[str, str] | None) -> None:
    """What others write into annotations is nobody's order."""
    job = {"metadata": {"name": NAME, "annotations": annotations}}

    assert Part.of(job, ConversionStep.INDEX) == WHOLE


def test_what_nobody_asked_for_is_left_to_kubernetes() -> None:
    """No Secret, no queue, no place: the ServiceAccount's own identity counts, and the Job starts at once."""
    job = job_of()

    spec = job["spec"]["template"]["spec"]
    assert "suspend" not in job["spec"]
    assert "kueue.x-k8s.io/queue-name" not in job["metadata"]["labels"]
    assert not {"serviceAccountName", "priorityClassName", "nodeSelector", "tolerations"} & set(spec)
    assert container_of(job)["env"] == [{"name": "HOME", "value": SCRATCH}, {"name": "TMPDIR", "value": SCRATCH}]
    assert container_of(job)["resources"] == {}


def test_a_resource_that_the_round_names_is_its_own() -> None:
    """A default request of 512Mi beside the round's limit of 256Mi would be refused."""
    defaults = {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}

    job = job_of(PodSettings("labelround:1", resources=defaults), resources={"limits": {"memory": "256Mi"}})

    assert container_of(job)["resources"] == {"requests": {"cpu": "500m"}, "limits": {"memory": "256Mi"}}


def test_the_backend_wins_over_the_extra_environment() -> None:
    """The data stays where the policy says."""
    pod = PodSettings("labelround:1", s3_endpoint_url="http://right", environment={"AWS_ENDPOINT_URL_S3": "http://x"})

    job = job_of(pod)

    assert {"name": "AWS_ENDPOINT_URL_S3", "value": "http://right"} in container_of(job)["env"]


def test_a_prefix_that_looks_like_a_variable_stays_as_it_is() -> None:
    """Kubernetes replaces $(HOME) in a command and makes $ of $$."""
    job = conversion_job(make_round(), "s3://b/$(HOME)/conversion.json", PodSettings("labelround:1"))

    assert container_of(job)["command"][2] == "s3://b/$$(HOME)/conversion.json"


def test_the_job_is_plain_json() -> None:
    """Whatever the parser freezes: the API server takes nothing else."""
    job = job_of(tolerations=[{"key": "batch"}], nodeSelector={"a": "b"}, resources={"limits": {"cpu": 1}})

    assert json.loads(json.dumps(job)) == job


@given(NAMES)
def test_names_and_labels_fit_whatever_the_round_is_called(name: str) -> None:
    """A round's name may have 253 characters, a label's value and so a Job's name 63."""
    round = make_round(name, uid=UID)

    values = [*(conversion_job_name(round, step) for step in (None, *ConversionStep)), *job_labels(round).values()]

    assert all(0 < len(value) <= 63 and value[-1].isalnum() for value in values)
    assert len(f"{conversion_job_name(round, ConversionStep.SHARD)}-{MAX_SHARDS - 1}") <= 63


@pytest.mark.parametrize("first", ["a" * 64, "a" * 53 + "." + "a" * 10])
def test_long_names_that_begin_alike_stay_apart(first: str) -> None:
    """The digits are those of the whole name."""
    assert label_value(f"{first}x") != label_value(f"{first}y")
    assert conversion_job_name(make_round(f"{first}x")) != conversion_job_name(make_round(f"{first}y"))


def test_rounds_of_one_name_have_jobs_of_their_own() -> None:
    """A round that was deleted and made again does not meet the Job of the first."""
    assert conversion_job_name(make_round(uid="u1")) != conversion_job_name(make_round(uid="u2"))
