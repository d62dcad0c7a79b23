"""The names and limits of Ground Truth, S3 and Kubernetes that a round must keep, each stated once.

`*_problem` functions return what is wrong with a name as a phrase for a person, or an empty string.
"""

from __future__ import annotations

import re
from types import MappingProxyType

JOB_NAME_MAX_LENGTH = 63
ATTRIBUTE_NAME_MAX_LENGTH = 127
OBJECT_NAME_MAX_LENGTH = 253
KUBERNETES_LABEL_MAX_LENGTH = OBJECT_NAME_MAX_LENGTH + len("/") + 63
BUCKET_NAME_LENGTHS = (3, 63)
KEY_MAX_BYTES = 1024
MAX_LABELS_PER_JOB = 50
MAX_IMAGES_PER_JOB = 100_000
LABEL_MAX_LENGTH = 256

# The folders of the AWS blog on Ground Truth and YOLO, below a round's prefix.
ANNOTATIONS_FOLDER = "ground_truth_annots/"
DATASET_FOLDER = "yolo_annot_files/"

JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
ATTRIBUTE_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KUBERNETES_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
WORKTEAM_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
WORKTEAM_ARN = re.compile(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:workteam/[!-~]*")

PUBLIC_WORKTEAM = "workteam/public-crowd"
PUBLIC_WORKFORCE_CLOSED = "it was Amazon Mechanical Turk, which closed on 2026-09-30"
RESERVED_ATTRIBUTE_NAMES = frozenset({"source", "source-ref"})
RESERVED_ATTRIBUTE_ENDINGS = ("-metadata", "-ref")
OWNERSHIP_TAG_PREFIX = "labelround.dev/"
RESERVED_TAG_PREFIX = "aws:"

# Account ids are strings: one starts with a zero. AWS publishes the built-in Lambda functions in these regions only.
BUILT_IN_LAMBDA_ACCOUNTS = MappingProxyType(
    {
        "ap-northeast-1": "477331159723",
        "ap-northeast-2": "845288260483",
        "ap-south-1": "565803892007",
        "ap-southeast-1": "377565633583",
        "ap-southeast-2": "454466003867",
        "ca-central-1": "918755190332",
        "eu-central-1": "203001061592",
        "eu-west-1": "568282634449",
        "eu-west-2": "487402164563",
        "us-east-1": "432418664414",
        "us-east-2": "266458841044",
        "us-west-2": "081040173940",
    }
)


def job_name_problem(name: str) -> str:
    """Why `name` cannot be a labeling job."""
    if len(name) > JOB_NAME_MAX_LENGTH:
        return f"has {len(name)} characters; a labeling job's name has 1 to {JOB_NAME_MAX_LENGTH}"
    if not JOB_NAME.fullmatch(name):
        return f"{name!r} is not a labeling job's name; use letters, digits and - between them"
    return ""


def attribute_name_problem(name: str, max_length: int = ATTRIBUTE_NAME_MAX_LENGTH) -> str:
    """Why `name` cannot be the label attribute of a bounding box job."""
    if len(name) > max_length:
        return f"has {len(name)} characters; the label attribute's name may have 1 to {max_length} here"
    if name in RESERVED_ATTRIBUTE_NAMES:
        return f"{name!r} is reserved by Ground Truth; choose another name"
    for ending in RESERVED_ATTRIBUTE_ENDINGS:
        if name.endswith(ending):
            return f"{name!r} ends in {ending}, which Ground Truth gives another meaning; choose another name"
    if not ATTRIBUTE_NAME.fullmatch(name):
        return f"{name!r} is not a label attribute name; use letters, digits and - between them"
    return ""


def bucket_name_problem(name: str) -> str:
    """Why `name` cannot be an S3 bucket."""
    shortest, longest = BUCKET_NAME_LENGTHS
    if not shortest <= len(name) <= longest:
        return f"{name!r} has {len(name)} characters; a bucket's name has {shortest} to {longest}"
    if not BUCKET_NAME.fullmatch(name) or ".." in name or re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name):
        return f"{name!r} is not a bucket name; use lower case letters, digits, - and . between them"
    return ""


def object_name_problem(name: str) -> str:
    """Why `name` cannot be the name of a Kubernetes object."""
    if len(name) > OBJECT_NAME_MAX_LENGTH:
        return f"has {len(name)} characters; a name has 1 to {OBJECT_NAME_MAX_LENGTH}"
    if not OBJECT_NAME.fullmatch(name):
        return (
            f"{name!r} is not a name; use lower case letters, digits, - and . and begin and end with a letter or digit"
        )
    return ""


def kubernetes_label_problem(name: str) -> str:
    """Why `name` cannot be a Kubernetes label or a taint, which is a name, or a domain, / and a name."""
    domain, slash, last = name.rpartition("/")
    if not KUBERNETES_NAME.fullmatch(last) or (slash and object_name_problem(domain)):
        return f"{name!r} is no Kubernetes label; write a name, or a domain, / and a name"
    return ""


def kubernetes_value_problem(value: str) -> str:
    """Why `value` cannot be the value of a Kubernetes label."""
    if KUBERNETES_NAME.fullmatch(value):
        return ""
    return f"{value!r} is no value of a Kubernetes label; use letters, digits and -_. between them"


def workteam_problem(workteam: str) -> str:
    """Why `workteam`, a name or an ARN, cannot label a round."""
    if PUBLIC_WORKTEAM in workteam:
        return f"names the public workforce, but {PUBLIC_WORKFORCE_CLOSED}; name a private or vendor workteam"
    if WORKTEAM_ARN.fullmatch(workteam) or WORKTEAM_NAME.fullmatch(workteam):
        return ""
    return f"{workteam!r} is neither a workteam's name nor its ARN; write one of them"


def partition_of(region: str) -> str:
    """The ARN partition of an AWS region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
