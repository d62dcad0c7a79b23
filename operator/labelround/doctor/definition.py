"""The check of the CustomResourceDefinition: that it is there, works, and is this labelround's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from labelround.cluster.api import CRDS, Cluster, ObjectAbsent
from labelround.doctor.findings import Finding, error, ok, warning
from labelround.spec.crd import crd_text
from labelround.wording import counted

CHECK = "CustomResourceDefinition"
INSTALL = "labelround crd | kubectl apply --server-side -f -"
SHOWN_DIFFERENCES = 5


def check_definition(cluster: Cluster) -> Iterator[Finding]:
    """Raises what the API server raises when it may not be read."""
    expected: Mapping[str, Any] = yaml.safe_load(crd_text())
    name = expected["metadata"]["name"]
    try:
        found = cluster.get(CRDS, None, name)
    except ObjectAbsent:
        yield error(CHECK, f"{name} is not installed", INSTALL)
        return
    if found["metadata"].get("deletionTimestamp"):
        yield error(
            CHECK,
            f"{name} is being deleted, and with it every round; it goes once no round has a finalizer",
            "let the operator run until they are gone, or: labelround doctor --release-finalizers",
        )
        return
    yield _established(found)
    yield _same_schema(expected, found)
    yield from _stored(expected, found)


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """The paths at which two schemas differ, descriptions aside."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in dict.fromkeys((*expected, *found)):
            if name == "description" and isinstance(expected.get(name, found.get(name)), str):
                continue
            yield from differences(expected.get(name), found.get(name), f"{path}.{name}" if path else name)
    elif isinstance(expected, Sequence) and not isinstance(expected, str) and len(expected) == len(found or ()):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif expected != found:
        yield path


def _established(found: Mapping[str, Any]) -> Finding:
    conditions = {each["type"]: each for each in found.get("status", {}).get("conditions", ())}
    if conditions.get("Established", {}).get("status") == "True":
        return ok(CHECK, "is established")
    names = conditions.get("NamesAccepted", {})
    cause = f": {names['message']}" if names.get("status") == "False" else ""
    return error(CHECK, f"is not established, so the API does not serve rounds{cause}", "kubectl describe crd")


def _same_schema(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Finding:
    """Whether the API server checks rounds as this labelround does."""
    (own,) = expected["spec"]["versions"]
    served = {each["name"]: each for each in found["spec"]["versions"] if each.get("served")}
    if own["name"] not in served:
        return error(CHECK, f"does not serve {own['name']}, which this labelround speaks", INSTALL)
    compared = ("schema", "selectableFields", "subresources")
    paths = [path for part in compared for path in differences(own.get(part), served[own["name"]].get(part), part)]
    if not paths:
        return ok(CHECK, f"{own['name']} is this labelround's own")
    shown = ", ".join(path.removeprefix("schema.openAPIV3Schema.") for path in paths[:SHOWN_DIFFERENCES])
    more = ", ..." if len(paths) > SHOWN_DIFFERENCES else ""
    told = f"differs from this labelround's in {counted(len(paths), 'place')}: {shown}{more}"
    return error(CHECK, told, f"{INSTALL} (or use the labelround of the cluster's version)")


def _stored(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Finding]:
    """Versions that objects may still be stored in and that are gone from this labelround."""
    known = {each["name"] for each in expected["spec"]["versions"]}
    unknown = [name for name in found.get("status", {}).get("storedVersions", ()) if name not in known]
    if unknown:
        told = f"rounds may still be stored as {', '.join(unknown)}, which this labelround does not know"
        yield warning(CHECK, told, "migrate the stored objects, then take the version from status.storedVersions")
