"""A LabelingRound as the API server shows it, for the commands that people type. Nothing in its status is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelround.conditions import ConditionType
from labelround.status import is_finished, is_succeeded

NO_STATUS = "-"


@dataclass(frozen=True, slots=True)
class ShownRound:
    """One object. `document` is the whole of it."""

    document: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Name, namespace, uid and what else the API server keeps."""
        metadata: Mapping[str, Any] = self.document["metadata"]
        return metadata

    @property
    def name(self) -> str:
        """Its name within the namespace."""
        return str(self.metadata["name"])

    @property
    def namespace(self) -> str:
        """The namespace that holds it."""
        return str(self.metadata["namespace"])

    @property
    def uid(self) -> str:
        """Its uid, which no other object ever has."""
        return str(self.metadata["uid"])

    @property
    def created(self) -> str:
        """When it was created, in RFC 3339."""
        return str(self.metadata.get("creationTimestamp", ""))

    @property
    def deleted(self) -> str:
        """When its deletion was asked for; empty when it was not."""
        return str(self.metadata.get("deletionTimestamp") or "")

    @property
    def finalizers(self) -> tuple[str, ...]:
        """What keeps a deleted round from going."""
        return tuple(self.metadata.get("finalizers") or ())

    @property
    def spec(self) -> Mapping[str, Any]:
        """What was asked for."""
        spec: Mapping[str, Any] = self.document.get("spec") or {}
        return spec

    @property
    def status(self) -> Mapping[str, Any]:
        """What the operator wrote; empty before its first pass, where the schema's default stands in for it."""
        status: Mapping[str, Any] = self.document.get("status") or {}
        return status if "phase" in status else {}

    @property
    def phase(self) -> str:
        """The word for the table; `-` before the operator's first pass."""
        return str(self.status.get("phase") or NO_STATUS)

    def condition(self, kind: ConditionType) -> Mapping[str, Any]:
        """The condition of this type; empty when there is none."""
        found = (each for each in self.status.get("conditions") or () if each.get("type") == kind.value)
        return next(found, {})

    @property
    def reason(self) -> str:
        """Why the round is where it is, in a word."""
        return str(self.condition(ConditionType.SUCCEEDED).get("reason", ""))

    @property
    def message(self) -> str:
        """Why, in a sentence; it may have several lines."""
        return str(self.condition(ConditionType.SUCCEEDED).get("message", ""))

    @property
    def images(self) -> Mapping[str, int]:
        """Numbers of images by state; empty while they are unknown."""
        images: Mapping[str, int] = self.status.get("images") or {}
        return images

    @property
    def jobs(self) -> tuple[Mapping[str, Any], ...]:
        """The labeling jobs that the status lists."""
        return tuple(self.status.get("labelingJobs") or ())

    @property
    def ended(self) -> bool:
        """Whether it has succeeded or failed for good."""
        return is_finished(self.status)

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return is_succeeded(self.status)

    @property
    def stalled(self) -> bool:
        """Whether it waits for a person. One that has failed is stalled in kstatus's sense, and waits for nobody."""
        return self.condition(ConditionType.STALLED).get("status") == "True" and not self.ended
