"""Rounds that must be taken and rounds that must not, by a sentence about each.

A spec is stated by what it adds to the smallest one; None takes a field away. A refusal names the field and a part of
the API server's message.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.spec.structural import MINIMAL

Spec = dict[str, Any]

WORKTEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/pictures"
DOMAIN = "a" * 253


# A spec that says something in every field, and nothing that is a default.
FULL: Spec = {
    **MINIMAL,
    "prefix": "bounding_box/round",
    "outputPrefix": "bounding_box/dataset",
    "attempts": 2,
    "suspend": True,
    "stopLabeling": True,
    "deletionPolicy": "Orphan",
    "ttlSecondsAfterFinished": 60,
    "labelingJob": {
        "adopt": "",
        "workteam": "pictures",
        "labelAttributeName": "boxes",
        "title": "Pens",
        "description": "Mark every pen.",
        "instructions": {"short": "Tight.", "full": "Very tight.", "goodExamples": ["a.png"], "badExamples": ["b.png"]},
        "workersPerImage": 3,
        "taskTimeLimitSeconds": 600,
        "taskAvailabilitySeconds": 3600,
        "maxConcurrentTasks": 100,
        "maxHumanLabeledObjectCount": 500,
        "maxPercentageOfInputDatasetLabeled": 80,
        "tags": {"team": "vision"},
    },
    "dataset": {
        "split": {"train": 70, "val": 25, "test": 5, "seed": 1, "groupBy": "^(a)"},
        "images": "Copy",
        "checkImages": False,
        "previews": 5,
        "since": "bounding_box/pens",
        "license": "Apache-2.0 WITH LLVM-exception OR CC-BY-4.0",
    },
    "quality": {
        "maxFailedShare": 0.5,
        "maxUnlabeledShare": 0.25,
        "maxSuspiciousShare": 0.1,
        "minBoxesPerClass": 10,
    },
    "conversion": {
        "imagesPerPod": 500,
        "parallelism": 2,
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "1Gi"},
            "limits": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "2Gi"},
        },
        "serviceAccountName": "data",
        "nodeSelector": {"disk": "fast"},
        "tolerations": [
            {"key": "batch", "operator": "Equal", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 60}
        ],
        "priorityClassName": "low",
        "queueName": "team",
    },
}


def spec(changes: Mapping[str, Any]) -> Spec:
    """The smallest spec with these changes."""
    changed: Spec = {**copy.deepcopy(MINIMAL), **changes}
    return {name: value for name, value in changed.items() if value is not None}


def labels(count: int) -> list[str]:
    return [f"label {number}" for number in range(count)]


def job(**fields: Any) -> Spec:
    return {"labelingJob": fields}


def pod(**fields: Any) -> Spec:
    return {"conversion": fields}


def toleration(**fields: Any) -> Spec:
    return pod(tolerations=[fields])


def resources(requests: Spec, limits: Spec) -> Spec:
    return pod(resources={"requests": requests, "limits": limits})


GOOD: dict[str, Spec] = {
    "the smallest": {},
    "folders without a slash at the end": {"imagesPrefix": "a/images", "prefix": "a", "outputPrefix": "b"},
    "images in the root of the bucket's first folder": {"imagesPrefix": "images"},
    "one letter for a folder": {"imagesPrefix": "i"},
    "a folder whose name begins as the images' does": {"outputPrefix": "bounding_box/images-2"},
    "a dataset beside the labeling service's folder": {"outputPrefix": "bounding_box/ground_truth_annots-2"},
    "images where datasets go by default, with another place for this one": {
        "imagesPrefix": "a/yolo_annot_files/",
        "outputPrefix": "b",
    },
    "images in a folder that is called as the labeling service's, elsewhere": {
        "imagesPrefix": "a/ground_truth_annots/b/",
        "prefix": "c",
    },
    "a folder with three dots": {"imagesPrefix": "a/.../b"},
    "a folder in Korean, 700 bytes long": {"imagesPrefix": "연" * 233 + "a"},
    "a label in emoji": {"labels": ["✏️", "🖊"]},
    "labels that differ in a space at the end": {"labels": ["pen", "pen ", "Pen"]},
    "as many labels as there may be": {"labels": labels(180)},
    "as many labels as an adopted job may have": {**job(adopt="yolo-bbox"), "labels": labels(50)},
    "an adopted job, tried once": {**job(adopt="yolo-bbox"), "attempts": 1},
    "an empty name of an adopted job": {**job(adopt=""), "attempts": 3},
    "the longest attribute for several groups of labels": {
        **job(labelAttributeName="a" * 124),
        "labels": labels(51),
    },
    "the longest attribute for one group of labels": {**job(labelAttributeName="a" * 127), "labels": labels(50)},
    "a workteam by its ARN": job(workteam=WORKTEAM),
    "instructions of several lines": job(instructions={"short": "Tight boxes.\n\nNo shadows.", "full": "\tAs above."}),
    "example pictures": job(instructions={"goodExamples": ["a/it's good.png"], "badExamples": ['a/"bad".png']}),
    "tags with letters of any script": job(tags={"équipe": "팀 1"}),
    "a null for a field with a default": job(workersPerImage=None),
    "a null for a section": {"dataset": None},
    "a licence with an exception": {"dataset": {"license": "GPL-3.0-only WITH Classpath-exception-2.0 AND MIT"}},
    "a split without a test set, in parts of ten": {"dataset": {"split": {"train": 8, "val": 2}}},
    "all that a pod may ask for": resources({"cpu": "500m", "memory": "1Gi"}, {"cpu": 1, "ephemeral-storage": "2G"}),
    "as much as the limit, in another unit": resources({"cpu": "1000m", "memory": "1Ki"}, {"cpu": 1, "memory": 1024}),
    "amounts with exponents and points": resources({"cpu": ".5", "memory": "1e3"}, {"cpu": "5E-1", "memory": "1.k"}),
    "amounts beyond all numbers": resources({"memory": "9e98"}, {"memory": "1e99"}),
    "a node by labels with and without a domain": pod(nodeSelector={"kubernetes.io/arch": "amd64", "gpu": ""}),
    "a label with the longest domain": pod(nodeSelector={f"{DOMAIN}/{'b' * 63}": "a" * 63}),
    "every taint tolerated": toleration(operator="Exists"),
    "a taint tolerated by key and value": toleration(key="batch", value="yes"),
    "a taint tolerated for a while": toleration(key="batch", effect="NoExecute", tolerationSeconds=300),
    "deleted at once when finished": {"ttlSecondsAfterFinished": 0},
    "stopped before it begins": {"stopLabeling": True},
}

BAD: dict[str, tuple[Spec, str, str]] = {
    "no bucket": ({"bucket": None}, "spec.bucket", "Required value"),
    "a bucket in capitals": ({"bucket": "Pictures"}, "spec.bucket", "should match"),
    "a bucket with two dots in a row": ({"bucket": "a..b"}, "spec.bucket", "is not a bucket name"),
    "a bucket that is an IP address": ({"bucket": "10.0.0.1"}, "spec.bucket", "is not a bucket name"),
    "no labels": ({"labels": []}, "spec.labels", "at least 1 items"),
    "a label twice": ({"labels": ["pen", "pencil", "pen"]}, "spec.labels", "holds a label twice"),
    "a label twice in the longest list": ({"labels": [*labels(179), "label 0"]}, "spec.labels", "label twice"),
    "too many labels": ({"labels": labels(181)}, "spec.labels", "at most 180 items"),
    "a blank label": ({"labels": [" "]}, "spec.labels[0]", "should match"),
    "a label of two lines": ({"labels": ["pen\npencil"]}, "spec.labels[0]", "should match"),
    "an unknown format": ({"outputFormat": "VOC"}, "spec.outputFormat", "supported values"),
    "images in a folder above": ({"imagesPrefix": "a/../b"}, "spec.imagesPrefix", "holds a . or .. folder"),
    "images in the same folder": ({"imagesPrefix": "./a"}, "spec.imagesPrefix", "holds a . or .. folder"),
    "images at an address": ({"imagesPrefix": "s3://pens/images"}, "spec.imagesPrefix", "should match"),
    "images at the root": ({"imagesPrefix": "/images"}, "spec.imagesPrefix", "should match"),
    "a path of 701 bytes": ({"imagesPrefix": "연" * 233 + "ab"}, "spec.imagesPrefix", "more than 700 bytes"),
    "the round's folder among the images": (
        {"prefix": "bounding_box/images/a"},
        "spec.prefix",
        "lies inside imagesPrefix; choose a folder outside, since nothing is written there",
    ),
    "the images among what the labeling service writes": (
        {"imagesPrefix": "a/ground_truth_annots/images", "prefix": "a/"},
        "spec.imagesPrefix",
        "lies inside ground_truth_annots in prefix",
    ),
    "the images where the labeling service writes by default": (
        {"imagesPrefix": "ground_truth_annots"},
        "spec.imagesPrefix",
        "lies inside ground_truth_annots in prefix",
    ),
    "the images where the dataset goes by default": (
        {"imagesPrefix": "a/b/yolo_annot_files/"},
        "spec.outputPrefix",
        "is yolo_annot_files in prefix by default, which holds imagesPrefix",
    ),
    "the images in the dataset's default folder of a prefix": (
        {"imagesPrefix": "a/yolo_annot_files/images", "prefix": "a"},
        "spec.outputPrefix",
        "is yolo_annot_files in prefix by default, which holds imagesPrefix",
    ),
    "the dataset among the images": (
        {"outputPrefix": "bounding_box/images/dataset"},
        "spec.outputPrefix",
        "lies inside imagesPrefix; choose a folder outside",
    ),
    "the images in the dataset": (
        {"imagesPrefix": "a/b/images", "outputPrefix": "a"},
        "spec.outputPrefix",
        "holds imagesPrefix; choose a folder beside it",
    ),
    "the dataset among what the labeling service writes": (
        {"prefix": "a", "outputPrefix": "a/ground_truth_annots/dataset"},
        "spec.outputPrefix",
        "lies inside ground_truth_annots in prefix",
    ),
    "the dataset where the labeling service writes by default": (
        {"outputPrefix": "bounding_box/ground_truth_annots"},
        "spec.outputPrefix",
        "lies inside ground_truth_annots in prefix",
    ),
    "the labeling service's folder in the dataset": (
        {"prefix": "a/b", "outputPrefix": "a"},
        "spec.outputPrefix",
        "holds ground_truth_annots in prefix",
    ),
    "a licence that is a sentence": (
        {"dataset": {"license": "free for all"}},
        "spec.dataset.license",
        "should match",
    ),
    "an adopted job and a second attempt": (
        {**job(adopt="yolo-bbox"), "attempts": 2},
        "spec.attempts",
        "is above 1, and an adopted labeling job cannot be followed by another",
    ),
    "an adopted job and images to leave out": (
        {**job(adopt="yolo-bbox"), "dataset": {"since": "pens/all"}},
        "spec.dataset",
        "names images to leave out with since, and an adopted labeling job has its own",
    ),
    "a dataset outside the bucket": ({"dataset": {"since": "../pens"}}, "spec.dataset.since", "holds a . or .. folder"),
    "an adopted job and more labels than it can have": (
        {**job(adopt="yolo-bbox"), "labels": labels(51)},
        "spec.labels",
        "an adopted labeling job has at most 50",
    ),
    "an attribute without room for the groups of labels": (
        {**job(labelAttributeName="a" * 125), "labels": labels(51)},
        "spec.labelingJob",
        "leaves no room for the group's ending",
    ),
    "an attribute that Ground Truth reserves": (
        job(labelAttributeName="pens-ref"),
        "spec.labelingJob.labelAttributeName",
        "is reserved by Ground Truth",
    ),
    "the public workforce": (
        job(workteam="arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"),
        "spec.labelingJob.workteam",
        "closed on 2026-09-30",
    ),
    "a title with an emoji": (job(title="Pens 🖊"), "spec.labelingJob.title", "should match"),
    "ten workers": (job(workersPerImage=10), "spec.labelingJob.workersPerImage", "less than or equal to 9"),
    "half a worker": (job(workersPerImage=0.5), "spec.labelingJob.workersPerImage", "must be of type int"),
    "an example above": (
        job(instructions={"goodExamples": ["a/../b.png"]}),
        "spec.labelingJob.instructions.goodExamples[0]",
        "holds a . or .. folder",
    ),
    "an example whose key is too long": (
        job(instructions={"badExamples": ["연" * 342]}),
        "spec.labelingJob.instructions.badExamples[0]",
        "more than 1,024 bytes",
    ),
    "an example with both kinds of quotes": (
        job(instructions={"badExamples": ["a'\".png"]}),
        "spec.labelingJob.instructions.badExamples[0]",
        "holds both kinds of quotes",
    ),
    "a tag without a key": (job(tags={"": "a"}), "spec.labelingJob.tags", "key that is empty"),
    "a tag with a long key": (job(tags={"a" * 129: "a"}), "spec.labelingJob.tags", "more than 128 characters"),
    "a tag with a brace": (job(tags={"{": "a"}), "spec.labelingJob.tags", "other characters than letters"),
    "a tag of AWS": (job(tags={"aws:x": "a"}), "spec.labelingJob.tags", "which are reserved"),
    "a tag of labelround": (job(tags={"labelround.dev/x": "a"}), "spec.labelingJob.tags", "which are reserved"),
    "a split without training": ({"dataset": {"split": {"train": 0}}}, "spec.dataset.split.train", "equal to 1"),
    "a key of a node that is no label": (
        pod(nodeSelector={"a b": ""}),
        "spec.conversion.nodeSelector",
        "holds a key that is no Kubernetes label",
    ),
    "a key of a node with too long a domain": (
        pod(nodeSelector={f"{DOMAIN}a/b": ""}),
        "spec.conversion.nodeSelector",
        "holds a key that is no Kubernetes label",
    ),
    "a value of a node that is none of a label": (
        pod(nodeSelector={"a": "b c"}),
        "spec.conversion.nodeSelector",
        "should match",
    ),
    "less than nothing": (resources({"cpu": -1}, {}), "spec.conversion.resources.requests.cpu", "equal to 0"),
    "less than nothing in words": (resources({"cpu": "-1"}, {}), "spec.conversion.resources.requests.cpu", "match"),
    "a resource that no conversion needs": (
        resources({"nvidia.com/gpu": 1}, {}),
        "",
        'unknown field "spec.conversion.resources.requests.nvidia.com/gpu"',
    ),
    "more processors than the limit": (
        resources({"cpu": "1001m"}, {"cpu": 1}),
        "spec.conversion.resources.requests",
        "asks for more cpu than limits allows",
    ),
    "more memory than the limit": (
        resources({"memory": "1Gi"}, {"memory": "1G"}),
        "spec.conversion.resources.requests",
        "asks for more memory than limits allows",
    ),
    "more room on the disk than the limit": (
        resources({"ephemeral-storage": 2}, {"ephemeral-storage": 1}),
        "spec.conversion.resources.requests",
        "asks for more ephemeral-storage than limits allows",
    ),
    "every taint tolerated without saying so": (
        toleration(effect="NoSchedule"),
        "spec.conversion.tolerations[0].key",
        "is empty, which means every taint",
    ),
    "a taint's value with Exists": (
        toleration(key="batch", operator="Exists", value="yes"),
        "spec.conversion.tolerations[0].value",
        "has no meaning with operator: Exists",
    ),
    "a taint tolerated for a while that evicts nobody": (
        toleration(key="batch", tolerationSeconds=300),
        "spec.conversion.tolerations[0].tolerationSeconds",
        "has no meaning without effect: NoExecute",
    ),
    "a taint with too long a domain": (
        toleration(key=f"{DOMAIN}a/b"),
        "spec.conversion.tolerations[0].key",
        "has a domain of more than 253 characters",
    ),
    "a field with a slip of the pen": ({"labls": ["pen"]}, "", 'unknown field "spec.labls"'),
    "a field in the wrong section": (job(split={}), "", 'unknown field "spec.labelingJob.split"'),
    "a text where a list belongs": ({"labels": "pen"}, "spec.labels", "must be of type array"),
    "a text where a switch belongs": ({"suspend": "yes"}, "spec.suspend", "must be of type boolean"),
    "a null in a list": ({"labels": ["pen", None]}, "spec.labels[1]", "must be of type string"),
}
