"""The Kubernetes API as a Protocol of six verbs over plain JSON objects, and the resources that labelround touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from labelround.errors import Failed, LabelroundError
from labelround.spec.parse import API_VERSION

Object = dict[str, Any]


class ObjectAbsent(LabelroundError):
    """There is no such object, or the API server does not know its kind."""


class ObjectChanged(LabelroundError):
    """The object is not any more what it was when it was read (409): read it again."""


class ObjectTaken(LabelroundError):
    """An object of that name exists already (409)."""


class RequestRefused(Failed):
    """The API server said no, and saying it again cannot help. `status` is the HTTP status (403, 422, ...)."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of objects. `api_version` is `group/version`, or `v1`; `namespaced` says whether namespaces hold them."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """Where the API has the object, or the collection when no name is given (`namespace` None: everywhere)."""
        root = "api" if "/" not in self.api_version else "apis"
        where = ("namespaces", namespace) if namespace and self.namespaced else ()
        return "/" + "/".join(filter(None, (root, self.api_version, *where, self.plural, name, subresource)))


ROUNDS = Resource(API_VERSION, "LabelingRound", "labelingrounds")
JOBS = Resource("batch/v1", "Job", "jobs")
PODS = Resource("v1", "Pod", "pods")
EVENTS = Resource("v1", "Event", "events")
SECRETS = Resource("v1", "Secret", "secrets")
NAMESPACES = Resource("v1", "Namespace", "namespaces", namespaced=False)
CRDS = Resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
LEASES = Resource("coordination.k8s.io/v1", "Lease", "leases")
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False
)


class Cluster(Protocol):
    """One cluster. Every call is synchronous, bounded in time and safe in threads.

    Raises ObjectAbsent, ObjectChanged, ObjectTaken, RequestRefused, and Unavailable for what may pass by itself (401,
    429, 5xx, a connection that fails or takes too long).
    """

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """One object."""
        ...

    def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", metadata_only: bool = False
    ) -> Iterator[Object]:
        """The objects of a namespace, or of all; page by page. `selector` is one over Kubernetes labels.

        With `metadata_only` the API server sends nothing but `metadata`.
        """
        ...

    def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
        """Create an object; as the API server keeps it."""
        ...

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str = "",
    ) -> Object:
        """Apply a JSON merge patch; with `metadata.resourceVersion` in it, only to that very version."""
        ...

    def delete(self, resource: Resource, namespace: str | None, name: str, *, uid: str = "") -> None:
        """Delete an object; with `uid`, only that very one. An absent one is fine."""
        ...

    def text(self, path: str, query: Mapping[str, str]) -> str:
        """A page that is no object, such as a container's log."""
        ...
