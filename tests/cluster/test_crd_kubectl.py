"""The resource as kubectl shows it: made, read, listed, chosen and explained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.access import CRD, CRD_FOLDER, REPOSITORY, ControlPlane
from tests.spec.structural import CRD as DEFINITION
from tests.spec.structural import MINIMAL, SPEC_SCHEMA, document, leaves

from labelround.cluster.api import CRDS, ROUNDS
from labelround.cluster.client import KubernetesCluster
from labelround.spec.parse import load_rounds, parse_round

EXAMPLES = sorted((REPOSITORY / "examples").glob("*/round.yaml"))
STATUS_SCHEMA = DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
SECTIONS: dict[str, dict[str, Any]] = {
    ".".join(name for name in ("labelingrounds", top, *path) if name != "[]"): field.get("items", field)
    for top, schema in (("spec", SPEC_SCHEMA), ("status", STATUS_SCHEMA))
    for path, field in [((), schema), *leaves(schema)]
    if ("properties" in field and path[-1:] != ("[]",)) or "properties" in field.get("items", {})
}
STATUS: dict[str, Any] = {
    "observedGeneration": 1,
    "phase": "Labeling",
    "progress": "37/120",
    "labelingJobs": [{"name": "pens-1-14842a56"}],
    "dataset": {"uri": "s3://pens/yolo/", "boxes": 301},
    "conditions": [
        {
            "type": "Succeeded",
            "status": "Unknown",
            "reason": "Labeling",
            "message": "37 of 120 images are labeled",
            "lastTransitionTime": "2026-11-25T10:00:00Z",
        }
    ],
}


def text(round: dict[str, Any]) -> str:
    """What a person would write into a file."""
    return str(yaml.safe_dump(round, allow_unicode=True))


def made(cluster: KubernetesCluster, namespace: str, name: str, **spec: Any) -> None:
    cluster.create(ROUNDS, namespace, {**document({**MINIMAL, **spec}), "metadata": {"name": name}})


def test_the_definition_is_whole(cluster: KubernetesCluster) -> None:
    """Its names are its own, and its schema is structural."""
    definition = cluster.get(CRDS, None, "labelingrounds.labelround.dev")

    conditions = {condition["type"]: condition["status"] for condition in definition["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def test_applying_the_definition_warns_of_nothing(control_plane: ControlPlane) -> None:
    """The API server has no remark on any field, and applying it again changes nothing."""
    applied = control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", CRD_FOLDER)
    waited = control_plane.kubectl("wait", "--for=condition=Established", CRD)

    assert applied.stderr + waited.stderr == ""


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_examples_apply(file: Path, control_plane: ControlPlane, namespace: str) -> None:
    """A dry run changes nothing, and applying twice is applying once."""
    words = ("apply", "-n", namespace, "-f", file)

    tried = control_plane.kubectl(*words, "--dry-run=server").stdout
    first, second = control_plane.kubectl(*words).stdout, control_plane.kubectl(*words).stdout

    assert tried.endswith(" created (server dry run)\n")
    assert (first.rpartition(" ")[2], second.rpartition(" ")[2]) == ("created\n", "unchanged\n")


def test_a_dry_run_says_everything_that_is_wrong(control_plane: ControlPlane, namespace: str) -> None:
    """Nothing is made."""
    bad = text(document({**MINIMAL, "labels": ["pen", "pen"], "outputPrefix": "bounding_box"}))

    tried = control_plane.kubectl("apply", "-n", namespace, "--dry-run=server", "-f", "-", input=bad, check=False)

    assert tried.returncode == 1
    assert "spec.labels: Invalid value: holds a label twice; remove one" in tried.stderr
    assert "spec.outputPrefix: Invalid value: holds imagesPrefix; choose a folder beside it" in tried.stderr
    assert control_plane.kubectl("get", "lr", "-n", namespace, "-o", "name").stdout == ""


def test_an_unknown_field_is_refused(control_plane: ControlPlane, namespace: str) -> None:
    """kubectl asks for strictness by itself."""
    bad = text(document({**MINIMAL, "labls": ["pen"]}))

    applied = control_plane.kubectl("apply", "-n", namespace, "-f", "-", input=bad, check=False)

    assert applied.returncode == 1
    assert 'unknown field "spec.labls"' in applied.stderr


def test_the_api_server_writes_the_defaults_that_the_parser_knows(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """Those that follow from other fields are not written."""
    smallest = document(MINIMAL)

    control_plane.kubectl("apply", "-n", namespace, "-f", "-", input=text(smallest))

    spec = cluster.get(ROUNDS, namespace, "pens-1")["spec"]
    assert spec == MINIMAL | {
        "attempts": 1,
        "stopLabeling": False,
        "suspend": False,
        "deletionPolicy": "Stop",
        "labelingJob": {
            "workersPerImage": 1,
            "taskTimeLimitSeconds": 3600,
            "taskAvailabilitySeconds": 864000,
            "maxConcurrentTasks": 1000,
        },
        "dataset": {
            "split": {"train": 80, "val": 20, "test": 0, "seed": 0},
            "images": "Reference",
            "checkImages": True,
            "previews": 20,
        },
        "conversion": {"imagesPerPod": 10000, "parallelism": 10},
    }
    assert parse_round(document(spec)) == parse_round(smallest)


def test_a_round_from_the_cluster_reads_as_the_file_it_came_from(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """The uid of a local run included: it is the same work."""
    for file in EXAMPLES:
        (written,) = load_rounds(file.read_text("utf-8"), str(file))
        control_plane.kubectl("apply", "-n", namespace, "-f", file)

        kept = cluster.get(ROUNDS, namespace, written["metadata"]["name"])

        metadata = {"name": kept["metadata"]["name"]}
        assert parse_round({**kept, "metadata": metadata}) == parse_round(written)


def test_the_table_tells_the_story(control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str) -> None:
    """Also under the short name and the category; -o wide says more."""
    made(cluster, namespace, "pens-1")
    cluster.patch(ROUNDS, namespace, "pens-1", {"status": STATUS}, subresource="status")

    short, category = (control_plane.kubectl("get", word, "-n", namespace).stdout for word in ("lr", "labeling"))
    wide = control_plane.kubectl("get", "labelinground", "-n", namespace, "-o", "wide").stdout

    header, row = (line.split() for line in short.splitlines())
    assert header == ["NAME", "PHASE", "LABELED", "BOXES", "AGE"]
    assert row[:4] == ["pens-1", "Labeling", "37/120", "301"]
    assert category.split()[:-1] == short.split()[:-1]  # the age may have grown meanwhile
    wide_header, wide_row = (line.split() for line in wide.splitlines())
    assert wide_header[5:] == ["JOB", "DATASET", "REASON"]
    assert wide_row[5:] == ["pens-1-14842a56", "s3://pens/yolo/", "Labeling"]


def test_rounds_are_chosen_by_bucket_and_phase(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """By the API server, so that a client need not list them all."""
    for name, bucket in (("a", "pens"), ("b", "pens"), ("c", "pots")):
        made(cluster, namespace, name, bucket=bucket)
    cluster.patch(ROUNDS, namespace, "b", {"status": STATUS}, subresource="status")

    def chosen(selector: str) -> list[str]:
        words = ("get", "lr", "-n", namespace, "--field-selector", selector, "-o", "jsonpath={.items[*].metadata.name}")
        return control_plane.kubectl(*words).stdout.split()

    assert chosen("spec.bucket=pens") == ["a", "b"]
    assert chosen("status.phase=Labeling") == ["b"]
    assert chosen("spec.bucket=pens,status.phase!=Labeling") == ["a"]


def test_the_status_is_the_operator_s_alone(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """Who writes a round cannot write its status, and who writes the status cannot write the round."""
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", input=text({**document(MINIMAL), "status": STATUS}))
    applied = cluster.get(ROUNDS, namespace, "pens-1")

    both = {"status": STATUS, "spec": {"suspend": True}}
    reported = cluster.patch(ROUNDS, namespace, "pens-1", both, subresource="status")
    steered = cluster.patch(ROUNDS, namespace, "pens-1", {"spec": {"suspend": True}, "status": {"phase": "Failed"}})

    assert "phase" not in applied.get("status", {})
    assert (reported["spec"]["suspend"], reported["status"]["phase"]) == (False, "Labeling")
    assert (steered["spec"]["suspend"], steered["status"]["phase"]) == (True, "Labeling")
    generations = [round["metadata"]["generation"] for round in (applied, reported, steered)]
    assert generations == [1, 1, 2]


def test_kubectl_waits_for_the_end_of_a_round(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """As cluster users do."""
    made(cluster, namespace, "pens-1")
    ended = {**STATUS["conditions"][0], "status": "True", "reason": "Converted"}
    cluster.patch(ROUNDS, namespace, "pens-1", {"status": STATUS | {"conditions": [ended]}}, subresource="status")

    waited = control_plane.kubectl("wait", "--for=condition=Succeeded", "lr/pens-1", "-n", namespace, "--timeout=30s")

    assert waited.stdout == "labelinground.labelround.dev/pens-1 condition met\n"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_is_explained(section: str, control_plane: ControlPlane) -> None:
    """kubectl explain is a manual: under each field stands what it means."""
    shown = control_plane.kubectl("explain", section).stdout

    listed = re.findall(r"^  (\S+)\t<.*\n(?:  enum: .*\n)?    (\S.*)", shown.partition("FIELDS:\n")[2], re.MULTILINE)
    told = dict(listed)
    assert set(told) == set(SECTIONS[section]["properties"])
    for name, field in SECTIONS[section]["properties"].items():
        assert field["description"].startswith(told[name]), name


def test_all_fields_are_listed_at_once(control_plane: ControlPlane) -> None:
    """And one field is explained by itself."""
    listed = control_plane.kubectl("explain", "labelingrounds.spec", "--recursive").stdout
    labels = control_plane.kubectl("explain", "lr.spec.labels").stdout

    names = {path[-1] for path, _ in leaves(SPEC_SCHEMA)} - {"[]", "{}"}
    assert names <= set(listed.split())
    assert "class id in the dataset" in " ".join(labels.split())
    assert "Example: [pencil, pen]" in " ".join(labels.split())


def test_the_largest_round_there_may_be_fits(cluster: KubernetesCluster, namespace: str) -> None:
    """Every text, list and map is as long as it may be, in the widest letters; so is the status."""
    wide = "𐐀"
    keys = [f"{number:02}" + "k" * 1022 for number in range(10)]
    spec = {
        "bucket": "b" * 63,
        "imagesPrefix": "i" * 512,
        "prefix": "p" * 512,
        "outputPrefix": "o" * 512,
        "labels": [f"{number:03}" + wide * 253 for number in range(180)],
        "outputFormat": "YOLO",
        "labelingJob": {
            "title": "연" * 128,
            "description": wide * 255,
            "instructions": {
                "short": wide * 2000,
                "full": wide * 10000,
                "goodExamples": keys,
                "badExamples": keys,
            },
            "tags": {f"{number:02}" + wide * 126: wide * 256 for number in range(45)},
        },
        "dataset": {"split": {"groupBy": "(?:)" * 128}},
        "conversion": {
            "nodeSelector": {f"{number:02}" + "d" * 251 + "/" + "n" * 63: "v" * 63 for number in range(32)},
            "tolerations": [{"key": "d" * 253 + "/" + "n" * 63, "value": "v" * 63}] * 32,
        },
    }
    condition = STATUS["conditions"][0] | {"message": wide * 1024}
    job = {"name": "j" * 63, "arn": "a" * 2048, "status": "InProgress", "failureReason": wide * 1024}
    status = STATUS | {
        "conditions": [condition | {"type": f"Type{number}"} for number in range(16)],
        "labelingJobs": [job] * 20,
    }

    round = cluster.create(ROUNDS, namespace, document(spec))
    reported = cluster.patch(ROUNDS, namespace, "pens-1", {"status": status}, subresource="status")

    assert parse_round(round).labels == tuple(spec["labels"])
    assert 500_000 < len(json.dumps(reported, ensure_ascii=False).encode()) < 1_500_000
