"""From a document to a LabelingRound: everything checked, every default resolved, all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from labelround.errors import InvalidRound
from labelround.spec.documents import load_rounds
from labelround.spec.fields import Integer, Reading, Section, Text
from labelround.spec.identity import changed_fields, local_uid
from labelround.spec.model import (
    DatasetSpec,
    DeletionPolicy,
    ImagesMode,
    Instructions,
    LabelingJobSpec,
    LabelingRound,
    OutputFormat,
    QualityGates,
    Split,
)
from labelround.spec.names import object_name_problem
from labelround.spec.rules import problems_between, resolved_prefixes
from labelround.spec.schema import SPEC
from labelround.spec.template import round_yaml
from labelround.uri import folder

__all__ = ["API_VERSION", "KIND", "changed_fields", "load_rounds", "parse_round", "round_yaml"]

API_VERSION = "labelround.dev/v1alpha1"
KIND = "LabelingRound"

_DOCUMENT_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")
_METADATA = Section(
    {
        "name": Text(max_length=253, min_length=1, check=object_name_problem),
        "namespace": Text(max_length=63, min_length=1, check=object_name_problem, default="default"),
        "uid": Text(max_length=128),
        "generation": Integer(1, 2**63 - 1, default=1),
    },
    required=("name",),
)


def parse_round(document: Mapping[str, Any], *, uid: str | None = None) -> LabelingRound:
    """The round that `document` (a LabelingRound in Kubernetes' form) states. Raises InvalidRound.

    The uid is `uid`, else the document's, else one that follows from the bucket, the name and the spec.
    """
    reading = Reading(SPEC.places("spec"))
    if not isinstance(document, Mapping):
        reading.refuse("document", "is not a mapping", f"write a {KIND} with apiVersion, kind, metadata and spec")
        raise InvalidRound(reading.problems)
    _read_top(document, reading)
    metadata = _read_metadata(document.get("metadata"), reading)
    spec = SPEC.read(document.get("spec") or {}, "spec", reading)
    reading.problems.extend(problems_between(spec))
    if reading.problems:
        raise InvalidRound(reading.problems)
    round = _round(metadata, spec)
    return replace(round, uid=uid or metadata.get("uid") or local_uid(round))


def _read_top(document: Mapping[str, Any], reading: Reading) -> None:
    for name, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if document.get(name) != expected:
            stated = f'is "{document[name]}"' if document.get(name) else "is missing"
            reading.refuse(name, stated, f"write {name}: {expected}")
    for name in document:
        if name not in _DOCUMENT_FIELDS:
            place = reading.places.get(name) if isinstance(name, str) else None
            known = f"known are {', '.join(_DOCUMENT_FIELDS)}"
            reading.refuse(str(name), "unknown field", f"it belongs at {place}" if place else known)


def _read_metadata(metadata: Any, reading: Reading) -> dict[str, Any]:
    """The four fields of metadata that matter; the others are the Kubernetes API's affair."""
    if isinstance(metadata, Mapping):
        metadata = {name: metadata[name] for name in _METADATA.fields if name in metadata}
    return _METADATA.read(metadata or {}, "metadata", reading)


def _round(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> LabelingRound:
    images_prefix, prefix, output_prefix = resolved_prefixes(spec)
    return LabelingRound(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid="",
        generation=metadata["generation"],
        bucket=spec["bucket"],
        images_prefix=images_prefix,
        labels=spec["labels"],
        output_format=OutputFormat(spec["outputFormat"]),
        prefix=prefix,
        output_prefix=output_prefix,
        labeling_job=_labeling_job(spec["labelingJob"]),
        stop_labeling=spec["stopLabeling"],
        attempts=spec["attempts"],
        dataset=_dataset(spec["dataset"]),
        quality=QualityGates(**_snake(spec["quality"])),
        conversion=_frozen(spec["conversion"]),
        suspend=spec["suspend"],
        deletion_policy=DeletionPolicy(spec["deletionPolicy"]),
        ttl_seconds_after_finished=spec.get("ttlSecondsAfterFinished"),
    )


def _labeling_job(job: Mapping[str, Any]) -> LabelingJobSpec:
    instructions = Instructions(**_snake(job["instructions"]))
    return LabelingJobSpec(**(_snake(job) | {"instructions": instructions}))


def _dataset(dataset: Mapping[str, Any]) -> DatasetSpec:
    split, since = Split(**_snake(dataset["split"])), folder(dataset.get("since", ""))
    return DatasetSpec(**(_snake(dataset) | {"split": split, "images": ImagesMode(dataset["images"]), "since": since}))


def _snake(section: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): value for name, value in section.items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({name: _frozen(content) for name, content in value.items()})
    return tuple(_frozen(item) for item in value) if isinstance(value, tuple) else value
