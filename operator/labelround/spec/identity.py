"""Which round is the same round: the uid of one without a cluster, and the fields that may not change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

from labelround.spec.fields import Reading
from labelround.spec.model import LabelingRound
from labelround.spec.rules import resolved_prefixes
from labelround.spec.schema import SPEC

MUTABLE = ("suspend", "stopLabeling", "quality", "deletionPolicy", "ttlSecondsAfterFinished")
# What the work itself does not depend on; `conversion` shapes pods alone, and `quality` judges what is made.
_WITHOUT_WEIGHT = frozenset(
    {
        "namespace",
        "uid",
        "generation",
        "suspend",
        "stop_labeling",
        "deletion_policy",
        "ttl_seconds_after_finished",
        "conversion",
        "quality",
    }
)


def local_uid(round: LabelingRound) -> str:
    """32 hex digits that stay the same while the round asks for the same work in the same place.

    Fields at their defaults do not count, so that a later version with more fields knows its rounds again.
    """
    canonical = json.dumps(_stated(round, _WITHOUT_WEIGHT), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of the immutable fields in which two `spec` documents differ, defaults resolved.

    `spec.stopLabeling` may change from false to true only.
    """
    before, after = (_resolved(spec) for spec in (old, new))
    reset = before["stopLabeling"] and not after["stopLabeling"]
    return (*_changed(before, after, "spec", MUTABLE), *(("spec.stopLabeling",) if reset else ()))


def _resolved(spec: Mapping[str, Any]) -> dict[str, Any]:
    read = SPEC.read(spec, "spec", Reading())
    if "imagesPrefix" in read:
        names = ("imagesPrefix", "prefix", "outputPrefix")
        read |= dict(zip(names, resolved_prefixes(read), strict=True))
    return read


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], path: str, ignored: Collection[str]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if name in ignored or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changed(before, after, f"{path}.{name}", ())
        else:
            yield f"{path}.{name}"


def _stated(value: Any, ignored: frozenset[str] = frozenset()) -> Any:
    """`value` in JSON's types, without the dataclass fields that have their defaults."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        stated = ((field, getattr(value, field.name)) for field in fields(value) if field.name not in ignored)
        return {field.name: _stated(content) for field, content in stated if content != _default(field)}
    if isinstance(value, Mapping):
        return {name: _stated(content) for name, content in value.items()}
    return [_stated(item) for item in value] if isinstance(value, tuple) else value


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
