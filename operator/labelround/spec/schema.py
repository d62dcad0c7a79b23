"""Every field of `spec`: its kind, its range and its default.

The same table stands in `crds/labelingrounds.yaml` for the Kubernetes API; a test compares the two field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from labelround.spec import names, texts
from labelround.spec.fields import Boolean, Choice, Integer, IntegerOrText, Items, Number, Section, Text, TextMap
from labelround.spec.model import DeletionPolicy, ImagesMode, OutputFormat
from labelround.spec.names import PUBLIC_WORKFORCE_CLOSED
from labelround.spec.quantities import RESOURCES, quantity_problem

# What the cost limit of the Kubernetes API leaves room for, when it looks for repeated labels of 256 characters.
MAX_LABELS = 180
MAX_USER_TAGS = 45
LARGEST_INTEGER = 2**31 - 1


def _where_given(check: Callable[[str], str]) -> Callable[[str], str]:
    """`check` for a field in which the empty text means the default."""
    return lambda text: check(text) if text else ""


def _values(members: type[Enum]) -> tuple[str, ...]:
    return tuple(member.value for member in members)


_PREFIX = Text(max_length=512, min_length=1, check=texts.prefix_problem)
_LABEL = Text(max_length=names.LABEL_MAX_LENGTH, min_length=1, check=texts.label_problem)
_EXAMPLES = Items(Text(max_length=1024, min_length=1, check=texts.example_key_problem), max_items=10)
_OBJECT_NAME = Text(max_length=253, check=_where_given(names.object_name_problem))
_QUANTITY = IntegerOrText(Text(max_length=64, check=quantity_problem))
_AMOUNTS = Section(dict.fromkeys(RESOURCES, _QUANTITY))
_KUBERNETES_LABEL = Text(
    max_length=names.KUBERNETES_LABEL_MAX_LENGTH, min_length=1, check=names.kubernetes_label_problem
)
_KUBERNETES_VALUE = Text(max_length=63, check=_where_given(names.kubernetes_value_problem))

INSTRUCTIONS = Section(
    {
        "short": Text(max_length=2000, check=texts.paragraphs_problem),
        "full": Text(max_length=10000, check=texts.paragraphs_problem),
        "goodExamples": _EXAMPLES,
        "badExamples": _EXAMPLES,
    }
)

LABELING_JOB = Section(
    {
        "adopt": Text(max_length=63, check=_where_given(names.job_name_problem)),
        "workteam": Text(max_length=256, check=_where_given(names.workteam_problem)),
        "labelAttributeName": Text(max_length=127, check=_where_given(names.attribute_name_problem)),
        "title": Text(max_length=128, check=texts.title_problem),
        "description": Text(max_length=255, check=texts.line_problem),
        "instructions": INSTRUCTIONS,
        "workersPerImage": Integer(1, 9, default=1),
        "taskTimeLimitSeconds": Integer(30, 28800, default=3600),
        "taskAvailabilitySeconds": Integer(60, 2592000, default=864000),
        "maxConcurrentTasks": Integer(1, 5000, default=1000),
        "maxHumanLabeledObjectCount": Integer(1, LARGEST_INTEGER),
        "maxPercentageOfInputDatasetLabeled": Integer(1, 100),
        "tags": TextMap(
            Text(max_length=256, check=texts.tag_text_problem),
            max_items=MAX_USER_TAGS,
            key=Text(max_length=128, min_length=1, check=texts.tag_key_problem),
        ),
    },
    refused={
        "price": f"only the public workforce was paid by the task; {PUBLIC_WORKFORCE_CLOSED}",
        "publicworkforce": f"{PUBLIC_WORKFORCE_CLOSED}; use a private or vendor workteam",
    },
)

DATASET = Section(
    {
        "split": Section(
            {
                "train": Integer(1, 1_000_000, default=80),
                "val": Integer(1, 1_000_000, default=20),
                "test": Integer(0, 1_000_000, default=0),
                "seed": Integer(0, LARGEST_INTEGER, default=0),
                "groupBy": Text(max_length=512, check=texts.expression_problem),
            }
        ),
        "images": Choice(_values(ImagesMode), default="Reference"),
        "checkImages": Boolean(default=True),
        "previews": Integer(0, 1000, default=20),
        "since": _PREFIX,
        "license": Text(max_length=texts.LICENSE_MAX_LENGTH, check=_where_given(texts.license_problem)),
    }
)

QUALITY = Section(
    {
        "maxFailedShare": Number(0, 1),
        "maxUnlabeledShare": Number(0, 1),
        "maxSuspiciousShare": Number(0, 1),
        "minBoxesPerClass": Integer(1, LARGEST_INTEGER),
    }
)

TOLERATION = Section(
    {
        "key": Text(max_length=names.KUBERNETES_LABEL_MAX_LENGTH, check=_where_given(names.kubernetes_label_problem)),
        "operator": Choice(("Exists", "Equal")),
        "value": _KUBERNETES_VALUE,
        "effect": Choice(("NoSchedule", "PreferNoSchedule", "NoExecute")),
        "tolerationSeconds": Integer(0, LARGEST_INTEGER),
    }
)

CONVERSION = Section(
    {
        "imagesPerPod": Integer(1, 100_000, default=10_000),
        "parallelism": Integer(1, 1000, default=10),
        "resources": Section({"requests": _AMOUNTS, "limits": _AMOUNTS}),
        "serviceAccountName": _OBJECT_NAME,
        "nodeSelector": TextMap(_KUBERNETES_VALUE, max_items=32, key=_KUBERNETES_LABEL),
        "tolerations": Items(TOLERATION, max_items=32),
        "priorityClassName": _OBJECT_NAME,
        "queueName": Text(max_length=63, check=_where_given(names.object_name_problem)),
    }
)

SPEC = Section(
    {
        "bucket": Text(max_length=63, min_length=3, check=names.bucket_name_problem),
        "imagesPrefix": _PREFIX,
        "labels": Items(_LABEL, max_items=MAX_LABELS, min_items=1, unique=True),
        "outputFormat": Choice(_values(OutputFormat)),
        "prefix": _PREFIX,
        "outputPrefix": _PREFIX,
        "labelingJob": LABELING_JOB,
        "stopLabeling": Boolean(default=False),
        "attempts": Integer(1, 10, default=1),
        "dataset": DATASET,
        "quality": QUALITY,
        "conversion": CONVERSION,
        "suspend": Boolean(default=False),
        "deletionPolicy": Choice(_values(DeletionPolicy), default="Stop"),
        "ttlSecondsAfterFinished": Integer(0, LARGEST_INTEGER),
    },
    required=("bucket", "imagesPrefix", "labels", "outputFormat"),
    refused=LABELING_JOB.refused,
)
