"""What must hold between the operator's settings. Checks look only at fields that were read without a problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from labelround.controller.selector import Operator
from labelround.errors import Problem
from labelround.spec.names import partition_of

Section = Mapping[str, Any]

LEASE_TIMES = ("durationSeconds", "renewSeconds", "retrySeconds")
POD_NAMESPACE_FIX = "have POD_NAMESPACE set from metadata.namespace of the pod"


def problems_between(settings: Section, namespace: str) -> Iterator[Problem]:
    """Everything that is wrong with the settings taken together. `namespace` is the operator's own, "" if unknown."""
    policy = settings.get("policy", {})
    backends = [backend for backend in policy.get("backends", ()) if "name" in backend]
    watched = settings.get("watch", {}).get("namespaces", ())
    yield from _lease(settings.get("lease", {}), namespace)
    yield from _repeated((each["name"] for each in backends), "policy.backends[{}].name", "the backend")
    for index, backend in enumerate(policy.get("backends", ())):
        yield from _backend(backend, f"policy.backends[{index}]", namespace)
    for index, rule in enumerate(policy.get("rules", ())):
        path = f"policy.rules[{index}]"
        yield from _who(rule, path, namespaced=bool(watched))
        yield from _buckets(rule, path)
        yield from _place(rule, path, backends)


def _lease(lease: Section, namespace: str) -> Iterator[Problem]:
    if not lease.get("enabled"):
        return
    if not namespace and "namespace" not in lease:
        yield Problem("lease.namespace", "is not known", f"set it, or {POD_NAMESPACE_FIX}")
    times: list[float] = [lease[name] for name in LEASE_TIMES if name in lease]
    if len(times) == len(LEASE_TIMES) and times[0] <= times[1] + times[2]:
        what = f"is {times[0]:g}, not above renewSeconds and retrySeconds together"
        yield Problem("lease.durationSeconds", what, "a leader must give up before another may take over")


def _backend(backend: Section, path: str, namespace: str) -> Iterator[Problem]:
    if "credentialsSecret" in backend and not namespace:
        what = "is a Secret of the operator's namespace, which is not known"
        yield Problem(f"{path}.credentialsSecret", what, POD_NAMESPACE_FIX)
    yield from _other_partition(backend.get("roleARN"), f"{path}.roleARN", backend)


def _who(rule: Section, path: str, *, namespaced: bool) -> Iterator[Problem]:
    """Whom a rule serves: one of the two ways of saying it."""
    selector = rule.get("namespaceSelector")
    if selector is None and "namespaces" not in rule:
        fix = "list them" if namespaced else "list them, or select them with namespaceSelector ({} selects all)"
        yield Problem(f"{path}.namespaces", "is missing", fix)
    elif selector is not None and "namespaces" in rule:
        yield Problem(f"{path}.namespaceSelector", "stands beside namespaces", "keep one of them, or make two rules")
    if selector is not None and namespaced:
        what = "needs the right to read namespaces, which an operator with watch.namespaces does not have"
        yield Problem(f"{path}.namespaceSelector", what, "list the namespaces")
    for index, requirement in enumerate((selector or {}).get("matchExpressions", ())):
        yield from _requirement(requirement, f"{path}.namespaceSelector.matchExpressions[{index}]")


def _requirement(requirement: Section, path: str) -> Iterator[Problem]:
    if "operator" not in requirement:
        return
    operator, values = Operator(requirement["operator"]), requirement.get("values")
    if operator.takes_values and not values:
        yield Problem(f"{path}.values", "is missing", f"{operator.value} compares with values")
    elif not operator.takes_values and values:
        yield Problem(f"{path}.values", f"stands beside {operator.value}", "remove it")


def _buckets(rule: Section, path: str) -> Iterator[Problem]:
    names = (bucket.get("name", "") for bucket in rule.get("buckets", ()))
    yield from _repeated(names, f"{path}.buckets[{{}}].name", "the bucket")


def _place(rule: Section, path: str, backends: Iterable[Section]) -> Iterator[Problem]:
    """That the backend is there, and that what the rule names is in the backend's region."""
    if "backend" not in rule:
        return
    known = {backend["name"]: backend for backend in backends}
    backend = known.get(rule["backend"])
    if backend is None:
        fix = f"there are {', '.join(known)}" if known else "there is none"
        yield Problem(f"{path}.backend", f'"{rule["backend"]}" is no backend of policy.backends', fix)
        return
    yield from _other_partition(rule.get("executionRoleARN"), f"{path}.executionRoleARN", backend)
    arns = [(f"{path}.workteamARNs[{index}]", arn) for index, arn in enumerate(rule.get("workteamARNs", ()))]
    if rule.get("kmsKeyId", "").startswith("arn:"):
        arns.append((f"{path}.kmsKeyId", rule["kmsKeyId"]))
    for where, arn in arns:
        yield from _other_region(arn, where, backend)
    names = (arn.rpartition("/")[2] for arn in rule.get("workteamARNs", ()))
    yield from _repeated(names, f"{path}.workteamARNs[{{}}]", "the name of the workteam")


def _other_partition(arn: str | None, where: str, backend: Section) -> Iterator[Problem]:
    if arn and "region" in backend and arn.split(":")[1] != partition_of(backend["region"]):
        expected = f"arn:{partition_of(backend['region'])}:"
        yield Problem(where, f"is not of the partition of {backend['region']}", f"it begins with {expected}")


def _other_region(arn: str, where: str, backend: Section) -> Iterator[Problem]:
    region = arn.split(":")[3] if arn.count(":") > 3 else ""
    if "region" in backend and region != backend["region"]:
        what = f"is in the region {region!r}, and the backend {backend['name']} in {backend['region']}"
        yield Problem(where, what, "name one of the backend's region")
    else:
        yield from _other_partition(arn, where, backend)


def _repeated(names: Iterable[str], where: str, what: str) -> Iterator[Problem]:
    """Names that stand twice; `where` is the path of one, with `{}` for its place in the list."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            yield Problem(where.format(index), f"{what} {name} repeats {where.format(first[name])}", "remove one")
