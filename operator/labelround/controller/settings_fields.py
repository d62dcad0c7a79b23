"""Every field of the operator's file of settings: its kind, its range and its default.

docs/configuration.md describes them; a test compares the two field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from labelround.controller.rules import EVERY_TAINT
from labelround.controller.selector import Operator
from labelround.groundtruth.constraints import CREATE_LABELING_JOB, matches
from labelround.spec import names, texts
from labelround.spec.fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    Items,
    Number,
    Optional,
    Reading,
    Section,
    Text,
    TextMap,
)
from labelround.spec.schema import CONVERSION as ROUND_CONVERSION

DAY_SECONDS = 86_400.0
SECRET_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_CLUSTER_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_CLUSTER_NAME_FORM = "the name of a cluster; use letters, digits, and . _ - between them"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_IMAGE = re.compile(r"[!-~]+")


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    return lambda text: "" if pattern.fullmatch(text) else f"{text!r} is not {what}"


def _role_problem(text: str) -> str:
    """Why `text` is not the ARN of a role."""
    if matches(CREATE_LABELING_JOB["RoleArn"].pattern, text):
        return ""
    return f"{text!r} is not a role's ARN; write arn:aws:iam::<account>:role/<name>"


def _key_problem(text: str) -> str:
    """Why `text` is not a KMS key."""
    if matches(CREATE_LABELING_JOB["OutputConfig.KmsKeyId"].pattern, text):
        return ""
    return f"{text!r} is not a KMS key; write its id or its ARN"


def _workteam_problem(text: str) -> str:
    """Why `text` is not the ARN of a workteam that may label."""
    if names.PUBLIC_WORKTEAM in text or not text.startswith("arn:"):
        return names.workteam_problem(text) or f"{text!r} is not an ARN; write the workteam's ARN"
    if names.WORKTEAM_ARN.fullmatch(text) and names.WORKTEAM_NAME.fullmatch(text.rpartition("/")[2]):
        return ""
    return f"{text!r} is not a workteam's ARN; write arn:aws:sagemaker:<region>:<account>:workteam/private-crowd/<name>"


def _endpoint_problem(text: str) -> str:
    """Why `text` is not the address of a server alone."""
    try:
        parts = urlsplit(text)
        plain = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        plain = False
    if not plain or text != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc or not _IMAGE.fullmatch(text):
        return f"{text!r} is not an address; write http://host:port or https://host"
    return ""


def _variable_problem(text: str) -> str:
    """Why `text` cannot be a variable in the file."""
    if text in SECRET_VARIABLES:
        return "is a secret, and secrets are not written here; use policy.rules[].conversionCredentialsSecret"
    return _matching(_VARIABLE, "the name of an environment variable")(text)


@dataclass(frozen=True, slots=True)
class Whole:
    """A field in which nothing may be null. Elsewhere a null is left out; a rule without it would allow more."""

    field: Field
    default: None = None

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        for where in _nulls(value, path):
            reading.refuse(where, "is empty", "write a value, or remove the line")
        return self.field.read(value, path, reading)


def _nulls(value: Any, path: str) -> Iterator[str]:
    """The paths of all nulls in a value."""
    if isinstance(value, Mapping):
        for name, content in value.items():
            yield from [f"{path}.{name}"] if content is None else _nulls(content, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{path}[{index}]")


_OBJECT_NAME = Text(max_length=names.OBJECT_NAME_MAX_LENGTH, min_length=1, check=names.object_name_problem)
_NAME = Text(max_length=63, min_length=1, check=names.object_name_problem)
_ENDPOINT = Text(max_length=512, min_length=1, check=_endpoint_problem)
_ROLE = Text(max_length=2048, min_length=20, check=_role_problem)
_PREFIX = Text(max_length=512, check=lambda text: texts.prefix_problem(text) if text else "")
_LABEL = Text(max_length=63)
_LABEL_KEY = Text(max_length=317, min_length=1)
_TOLERATION_KEY = Text(
    max_length=names.KUBERNETES_LABEL_MAX_LENGTH,
    min_length=1,
    check=lambda text: "" if text == EVERY_TAINT else names.kubernetes_label_problem(text),
)

BACKEND = Section(
    {
        "name": _NAME,
        "region": Choice(tuple(names.BUILT_IN_LAMBDA_ACCOUNTS)),
        "sagemakerEndpointURL": _ENDPOINT,
        "s3EndpointURL": _ENDPOINT,
        "roleARN": _ROLE,
        "credentialsSecret": _OBJECT_NAME,
    },
    required=("name", "region"),
)

BUCKET = Section(
    {
        "name": Text(max_length=63, min_length=3, check=names.bucket_name_problem),
        "prefixes": Items(_PREFIX, max_items=1000, min_items=1, unique=True),
    },
    required=("name", "prefixes"),
)

REQUIREMENT = Section(
    {
        "key": _LABEL_KEY,
        "operator": Choice(tuple(operator.value for operator in Operator)),
        "values": Items(_LABEL, max_items=1000, unique=True),
    },
    required=("key", "operator"),
)

NAMESPACE_SELECTOR = Section(
    {
        "matchLabels": TextMap(_LABEL, max_items=100, key=_LABEL_KEY),
        "matchExpressions": Items(REQUIREMENT, max_items=100),
    }
)

RULE = Section(
    {
        "namespaces": Items(_NAME, max_items=10_000, min_items=1, unique=True),
        "namespaceSelector": Optional(NAMESPACE_SELECTOR),
        "buckets": Items(BUCKET, max_items=1000, min_items=1),
        "bucketOwner": Text(max_length=12, min_length=12, check=_matching(_ACCOUNT, "an account; write its 12 digits")),
        "backend": _NAME,
        "executionRoleARN": _ROLE,
        "kmsKeyId": Text(max_length=2048, min_length=1, check=_key_problem),
        "workteamARNs": Items(Text(max_length=256, min_length=1, check=_workteam_problem), 1000, 1, unique=True),
        "serviceAccountNames": Items(_OBJECT_NAME, max_items=1000, min_items=1, unique=True),
        "priorityClassNames": Items(_OBJECT_NAME, max_items=1000, min_items=1, unique=True),
        "tolerationKeys": Items(_TOLERATION_KEY, max_items=1000, min_items=1, unique=True),
        "conversionCredentialsSecret": _OBJECT_NAME,
    },
    required=("buckets", "backend", "executionRoleARN", "workteamARNs"),
)

POLICY = Section(
    {
        "backends": Items(BACKEND, max_items=1000, min_items=1),
        "rules": Items(RULE, max_items=10_000, min_items=1),
    },
    required=("backends", "rules"),
)

CONVERSION = Section(
    {
        "image": Text(max_length=512, min_length=1, check=_matching(_IMAGE, "an image")),
        "imagePullPolicy": Choice(("Always", "IfNotPresent", "Never"), default="IfNotPresent"),
        "resources": ROUND_CONVERSION.fields["resources"],
        "environment": TextMap(
            Text(max_length=4096),
            max_items=100,
            key=Text(max_length=253, min_length=1, check=_variable_problem),
            default={},
        ),
    },
    required=("image",),
)

LEASE = Section(
    {
        "enabled": Boolean(default=True),
        "name": Text(max_length=253, min_length=1, check=names.object_name_problem, default="labelround"),
        "namespace": _NAME,
        "durationSeconds": Number(1, 3600, default=15.0),
        "renewSeconds": Number(0.1, 3600, default=10.0),
        "retrySeconds": Number(0.1, 3600, default=2.0),
    }
)

SETTINGS = Section(
    {
        "clusterName": Text(max_length=63, min_length=1, check=_matching(_CLUSTER_NAME, _CLUSTER_NAME_FORM)),
        "watch": Section({"namespaces": Items(_NAME, max_items=10_000, unique=True, default=())}),
        "workers": Integer(1, 256, default=8),
        "pollSeconds": Number(0.1, DAY_SECONDS, default=60.0),
        "resyncSeconds": Number(1, 7 * DAY_SECONDS, default=3600.0),
        "relistSeconds": Number(1, DAY_SECONDS, default=600.0),
        "retry": Section({"maxSeconds": Number(1, DAY_SECONDS, default=300.0)}),
        "deletionPatienceSeconds": Number(0, DAY_SECONDS, default=300.0),
        "apiTimeoutSeconds": Number(0.1, 600, default=30.0),
        "http": Section({"host": Text(max_length=253, default=""), "port": Integer(0, 65535, default=8080)}),
        "lease": LEASE,
        "conversion": CONVERSION,
        "finishedSeriesSeconds": Number(0, 365 * DAY_SECONDS, default=3600.0),
        "maxImagesPerRound": Integer(1, 100_000_000, default=1_000_000),
        "logLevel": Choice(("debug", "info", "warning", "error"), default="info"),
        "logFormat": Choice(("json", "text"), default="json"),
        "policy": Whole(POLICY),
    },
    required=("clusterName", "conversion", "policy"),
)
