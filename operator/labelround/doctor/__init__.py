"""What `labelround doctor` looks at: the Kubernetes API, the definition, rights, the operator, its rounds and settings.

Every check only reads. One that cannot be made becomes a warning that says what was not checked, so that a missing
right never hides the other findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labelround.cluster.api import Cluster
from labelround.doctor.api_server import check_api_server
from labelround.doctor.definition import check_definition
from labelround.doctor.findings import Finding, Level, asked
from labelround.doctor.leases import Operators, Watch, find_operators
from labelround.doctor.rights import check_rights, needed_rights, rbac_text
from labelround.doctor.rounds import check_rounds, list_rounds

__all__ = ["Finding", "Level", "Scope", "examine"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: the rounds of one namespace, or of all (""), and the operator of a namespace, or any ("")."""

    namespace: str = ""
    operator_namespace: str = ""


def examine(cluster: Cluster, scope: Scope, watch: Watch | None = None) -> Iterator[Finding]:
    """Everything about an installation, as it is found. Never raises for what a service answers."""
    watch = watch or Watch()
    answers = check_api_server(cluster)
    yield answers
    if answers.level is Level.ERROR:
        return
    yield from asked("CustomResourceDefinition", "the definition", lambda: check_definition(cluster))
    yield from asked("rights", "what this user may do", lambda: _rights(cluster, scope))
    operators = find_operators(cluster, scope.operator_namespace, watch)
    yield from operators.findings
    yield from asked("rounds", "whether a round needs somebody", lambda: _rounds(cluster, scope, operators, watch))


def _rounds(cluster: Cluster, scope: Scope, operators: Operators, watch: Watch) -> Iterator[Finding]:
    rounds = list_rounds(cluster, scope.namespace or None)
    yield from check_rounds(rounds, watch.now(), running=operators.running)


def _rights(cluster: Cluster, scope: Scope) -> Iterator[Finding]:
    needed = needed_rights(rbac_text(), namespace=scope.namespace, operator_namespace=scope.operator_namespace)
    yield check_rights(cluster, needed)
