"""Selecting namespaces by their Kubernetes labels, with the meaning that a LabelSelector has in Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Operator(Enum):
    """How a requirement compares. The two negative ones also hold where the label is absent."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"

    @property
    def takes_values(self) -> bool:
        """Whether the requirement lists values."""
        return self in {Operator.IN, Operator.NOT_IN}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One entry of `matchExpressions`."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether these Kubernetes labels meet it."""
        match self.operator:
            case Operator.IN:
                return self.key in labels and labels[self.key] in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class NamespaceSelector:
    """Namespaces that have all these labels and meet all these requirements; without any, every namespace."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a namespace with these Kubernetes labels is one of them."""
        stated = all(labels.get(key) == value for key, value in self.match_labels.items())
        return stated and all(requirement.holds(labels) for requirement in self.match_expressions)

    @property
    def needs_labels(self) -> bool:
        """Whether the answer differs from namespace to namespace."""
        return bool(self.match_labels or self.match_expressions)
