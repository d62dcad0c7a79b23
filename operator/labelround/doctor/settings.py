"""The checks of the operator's settings: that they are right, and that what they name is there and can be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from labelround.cluster.api import NAMESPACES, Cluster
from labelround.controller.rules import Backend, Rule
from labelround.controller.sessions import Sessions
from labelround.controller.settings import OWN_NAMESPACE, OperatorSettings, load_settings
from labelround.doctor.backends import check_credentials, check_rule
from labelround.doctor.findings import Finding, asked, cause, error, ok, warning
from labelround.errors import InvalidInput, LabelroundError, Unavailable

CHECK = "settings"


def check_settings(
    cluster: Cluster, environment: Mapping[str, str], config: Path, operator_namespace: str
) -> Iterator[Finding]:
    """Reads the file as the operator would, then asks every backend for what every rule names.

    `operator_namespace` is where the Secrets of backends are, unless the environment says it, as in the operator's pod.
    """
    try:
        settings = load_settings({OWN_NAMESPACE: operator_namespace, **environment}, config)
    except InvalidInput as invalid:
        yield from (error(CHECK, f"{problem.where}: {problem.what}", problem.fix) for problem in invalid.problems)
        return
    yield ok(CHECK, f"{config} is right")
    yield from _check_policy(settings, cluster, Sessions(cluster, settings))


def _check_policy(settings: OperatorSettings, cluster: Cluster, sessions: Sessions) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for index, rule in enumerate(settings.policy.rules):
        where = f"policy.rules[{index}]"
        backend = settings.policy.backends[rule.backend]
        try:
            namespaces = _namespaces(rule, cluster) if backend.role_arn else ("",)
        except LabelroundError as refusal:
            yield warning(where, f"its namespaces were not looked up: {cause(refusal)}")
            continue
        for namespace in namespaces:
            place = f"{where} for {namespace}" if namespace else where
            anew = (backend.name, namespace) not in told
            told.add((backend.name, namespace))
            yield from _check_rule(rule, backend, namespace, sessions, place, anew=anew)


def _check_rule(
    rule: Rule, backend: Backend, namespace: str, sessions: Sessions, where: str, *, anew: bool
) -> Iterator[Finding]:
    """The checks of a rule with the credentials for a namespace, and `anew` those of the credentials themselves."""
    check = f"backend {backend.name}"
    try:
        session = sessions.open(backend, namespace)
    except Unavailable as refusal:
        yield warning(where, f"the {check} was not asked: {refusal}")
        return
    except LabelroundError as refusal:
        yield error(where, f"the {check} cannot be used: {refusal}")
        return
    if anew:
        yield from asked(check, "whether its credentials work", lambda: check_credentials(session, backend))
    yield from check_rule(rule, backend, session, where)


def _namespaces(rule: Rule, cluster: Cluster) -> Sequence[str]:
    """Those that the rule serves; the cluster is only asked where their Kubernetes labels decide."""
    if rule.namespace_selector is None:
        return rule.namespaces
    served: Iterable[str] = (
        found["metadata"]["name"]
        for found in cluster.list(NAMESPACES, metadata_only=True)
        if rule.serves(found["metadata"]["name"], found["metadata"].get("labels") or {})
    )
    return sorted(served)
