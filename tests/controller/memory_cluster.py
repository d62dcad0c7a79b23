"""A cluster in memory: what the Kubernetes API keeps of an object, without validation, defaults and controllers."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labelround.cluster.api import ACCESS_REVIEWS, Object, ObjectAbsent, ObjectChanged, ObjectTaken, Resource

CREATED = "2026-01-01T00:00:00Z"
DELETED = "2026-01-02T00:00:00Z"
WITH_STATUS = frozenset({"labelingrounds", "jobs", "pods", "namespaces", "customresourcedefinitions"})
"""The kinds that have a `status` subresource: any other request leaves their status as it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `name` is empty for a list, and the new object's for a create."""

    verb: str
    resource: Resource
    namespace: str | None
    name: str
    subresource: str = ""


def _nothing(_: Call) -> None:
    return None


Key = tuple[str, str, str, str]


@dataclass
class MemoryCluster:
    """A `Cluster` whose objects are dicts.

    `calls` holds every request in order. `before` is called with each before it does anything: it may raise, as a
    server that refuses or does not answer would. `pages` are what `text` returns, by path. `forbidden` names the verb
    and plural (`("get", "secrets")`) that access reviews deny.
    """

    before: Callable[[Call], None] = _nothing
    pages: dict[str, str] = field(default_factory=dict)
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    _objects: dict[Key, Object] = field(default_factory=dict)
    _version: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
        """Have an object as it stands, status included, as other parties would make it; not counted as a call."""
        with self._lock:
            made = _new(resource, namespace, body)
            return self._keep(_key(resource, namespace, made["metadata"]["name"]), made)

    def remove(self, resource: Resource, namespace: str | None, name: str) -> None:
        """Have an object gone at once, finalizers or not; not counted as a call."""
        with self._lock:
            self._objects.pop(_key(resource, namespace, name), None)

    def all(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """Every object of a kind, by namespace and name; not counted as a call."""
        kind = _key(resource, namespace, "")[:3] if namespace else _key(resource, None, "")[:2]
        with self._lock:
            return [copy.deepcopy(kept) for key, kept in sorted(self._objects.items()) if key[: len(kind)] == kind]

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        with self._called("get", resource, namespace, name):
            return copy.deepcopy(self._found(_key(resource, namespace, name)))

    def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", metadata_only: bool = False
    ) -> Iterator[Object]:
        with self._called("list", resource, namespace, ""):
            found = [each for each in self.all(resource, namespace) if _selected(each, selector)]
        for each in found:
            yield {"metadata": each["metadata"]} if metadata_only else each

    def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
        name = body.get("metadata", {}).get("name", "")
        with self._called("create", resource, namespace, name):
            if resource == ACCESS_REVIEWS:
                return self._reviewed(body)
            key = _key(resource, namespace, name)
            if key in self._objects:
                raise ObjectTaken(f'POST {resource.path(namespace)}: {resource.plural} "{name}" already exists')
            made = _new(resource, namespace, body)
            if resource.plural in WITH_STATUS:
                made.pop("status", None)
            return self._keep(key, made)

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str = "",
    ) -> Object:
        with self._called("patch", resource, namespace, name, subresource):
            key = _key(resource, namespace, name)
            old = self._found(key)
            stated = patch.get("metadata", {}).get("resourceVersion")
            if stated not in {None, old["metadata"]["resourceVersion"]}:
                raise ObjectChanged(
                    f"PATCH {resource.path(namespace, name, subresource)}: the object has been modified"
                )
            new = _patched(old, patch, subresource or ("" if resource.plural in WITH_STATUS else EVERYTHING))
            if new == old:
                return copy.deepcopy(old)
            if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers"):
                return self._objects.pop(key)
            return self._keep(key, new)

    def delete(self, resource: Resource, namespace: str | None, name: str, *, uid: str = "") -> None:
        with self._called("delete", resource, namespace, name):
            key = _key(resource, namespace, name)
            kept = self._objects.get(key)
            if kept is None or (uid and kept["metadata"]["uid"] != uid):
                return
            if not kept["metadata"].get("finalizers"):
                del self._objects[key]
            elif "deletionTimestamp" not in kept["metadata"]:
                generation = kept["metadata"]["generation"] + 1
                marked = {"metadata": {"deletionTimestamp": DELETED, "generation": generation}}
                self._keep(key, _merged(kept, marked))

    def text(self, path: str, query: Mapping[str, str]) -> str:
        with self._lock:
            if path not in self.pages:
                raise ObjectAbsent(f"GET {path}: not found")
            return self.pages[path]

    def _called(
        self, verb: str, resource: Resource, namespace: str | None, name: str, subresource: str = ""
    ) -> threading.RLock:
        """Note a request; the lock under which it is answered."""
        call = Call(verb, resource, namespace, name, subresource)
        with self._lock:
            self.calls.append(call)
        self.before(call)
        return self._lock

    def _found(self, key: Key) -> Object:
        if key not in self._objects:
            _, plural, namespace, name = key
            raise ObjectAbsent(f'GET: {plural} "{name}" not found{namespace and f" in {namespace}"}')
        return self._objects[key]

    def _keep(self, key: Key, body: Object) -> Object:
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        self._objects[key] = body
        return copy.deepcopy(body)

    def _reviewed(self, body: Mapping[str, Any]) -> Object:
        asked = body["spec"]["resourceAttributes"]
        allowed = (asked["verb"], asked["resource"]) not in self.forbidden
        return copy.deepcopy({**body, "status": {"allowed": allowed}})


EVERYTHING = "*"
SERVER_SIDE = frozenset(
    {"resourceVersion", "uid", "name", "namespace", "generation", "creationTimestamp", "deletionTimestamp"}
)


def _key(resource: Resource, namespace: str | None, name: str) -> Key:
    return resource.api_version, resource.plural, (namespace or "") if resource.namespaced else "", name


def _new(resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
    """An object with what the API server adds to it."""
    made: Object = copy.deepcopy(dict(body))
    own = {"uid": str(uuid.uuid4()), "creationTimestamp": CREATED, "generation": 1}
    place = {"namespace": namespace} if namespace and resource.namespaced else {}
    metadata = own | dict(made.get("metadata", {})) | place
    return {"apiVersion": resource.api_version, "kind": resource.kind} | made | {"metadata": metadata}


def _patched(old: Object, patch: Mapping[str, Any], part: str) -> Object:
    """The object after a patch of the subresource `part`, of all but the status (""), or of EVERYTHING.

    A change of anything besides metadata and status makes a new generation.
    """
    counted = {
        name: value
        for name, value in patch.items()
        if name == part or part == EVERYTHING or (not part and name != "status")
    }
    if "metadata" in counted:
        stated = dict(counted["metadata"]).items()
        counted["metadata"] = {name: value for name, value in stated if name not in SERVER_SIDE}
    new: Object = _merged(old, counted)
    if _specified(new) != _specified(old):
        new["metadata"]["generation"] = old["metadata"]["generation"] + 1
    return new


def _specified(body: Object) -> Object:
    return {name: value for name, value in body.items() if name not in {"metadata", "status"}}


def _merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386) applied to a copy."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    merged = copy.deepcopy(dict(target)) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _selected(body: Object, selector: str) -> bool:
    """Whether an object's Kubernetes labels fit `a=b,c!=d,e,!f`."""
    labels = body["metadata"].get("labels", {})
    return all(_fits(labels, term.strip()) for term in selector.split(",") if term.strip())


def _fits(labels: Mapping[str, str], term: str) -> bool:
    if "!=" in term:
        name, _, value = term.partition("!=")
        return labels.get(name) != value
    if "=" in term:
        name, _, value = term.partition("=")
        return labels.get(name) == value.removeprefix("=")
    return term[1:] not in labels if term.startswith("!") else term in labels
