"""The Kubernetes API over the `kubernetes` package: its credentials and its connections, without its models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from labelround import __version__
from labelround.cluster.api import Object, ObjectAbsent, ObjectChanged, ObjectTaken, RequestRefused, Resource
from labelround.errors import Conflict, LabelroundError, Unavailable

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
PAGE_SIZE = 100
"""Whoever may make rounds may make them large: a page of the largest must fit into memory."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
MERGE_PATCH = "application/merge-patch+json"
_MAY_PASS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS}
"""Answers that may be another one soon: a token is renewed by itself, and an API server may be about to start."""


class KubernetesCluster:
    """`Cluster` over an `ApiClient` of the kubernetes package, which is passed in."""

    def __init__(self, client: Any, *, read_timeout: float = READ_TIMEOUT_SECONDS) -> None:
        self._client = client
        self._timeout = (min(CONNECT_TIMEOUT_SECONDS, read_timeout), read_timeout)

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        return self._call("GET", resource.path(namespace, name))

    def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", metadata_only: bool = False
    ) -> Iterator[Object]:
        query = {"limit": str(PAGE_SIZE)} | ({"labelSelector": selector} if selector else {})
        accept = METADATA_LIST if metadata_only else "application/json"
        path = resource.path(namespace)
        while True:
            page = self._call("GET", path, query, accept=accept)
            yield from page["items"] or ()  # a list of metadata alone has null for none
            more = page["metadata"].get("continue")
            if not more:
                return
            query["continue"] = more

    def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
        return self._call("POST", resource.path(namespace), body=body)

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str = "",
    ) -> Object:
        path = resource.path(namespace, name, subresource)
        return self._call("PATCH", path, body=patch, content_type=MERGE_PATCH)

    def delete(self, resource: Resource, namespace: str | None, name: str, *, uid: str = "") -> None:
        options: Object = {"propagationPolicy": "Background"}  # or the pods of a Job would outlive it
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            self._call("DELETE", resource.path(namespace, name), body=options)
        except ObjectAbsent:
            pass
        except ObjectChanged:  # another object of that name: the one that was meant is gone
            if not uid:
                raise

    def text(self, path: str, query: Mapping[str, str]) -> str:
        return self._send("GET", path, query, "*/*").decode("utf-8", "replace")

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/json",
        content_type: str = "application/json",
    ) -> Object:
        content = self._send(method, path, query or {}, accept, body, content_type)
        try:
            answer = json.loads(content)
        except ValueError:
            raise Unavailable(f"{method} {path}: the Kubernetes API answered with something that is no JSON") from None
        if not isinstance(answer, dict):
            raise Unavailable(f"{method} {path}: the Kubernetes API answered with something that is no object")
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        accept: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        configuration = self._client.configuration
        headers = {"Accept": accept, "User-Agent": self._client.user_agent}
        if body is not None:
            headers["Content-Type"] = content_type
        for setting in configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        url = f"{configuration.host}{quote(path)}{'?' + urlencode(query) if query else ''}"
        try:
            response = self._client.rest_client.request(
                method, url, headers=headers, body=body, _request_timeout=self._timeout
            )
            content: bytes = response.read()
        except (ApiException, HTTPError, OSError) as error:
            raise Unavailable(f"{method} {path}: the Kubernetes API does not answer ({_cause(error)})") from error
        if not 200 <= response.status < 300:
            raise _refusal(method, path, response.status, content)
        return content


def connect(*, kubeconfig: str | None = None, context: str | None = None, threads: int = 8) -> Any:
    """An `ApiClient` for the cluster around this process, or for the one that a kubeconfig file names.

    Raises Conflict (`NoCluster`) when there is neither.
    """
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    configuration = client.Configuration()
    try:
        if kubeconfig is None and context is None:
            try:
                config.load_incluster_config(client_configuration=configuration)
            except ConfigException:
                config.load_kube_config(client_configuration=configuration)
        else:
            config.load_kube_config(kubeconfig, context, client_configuration=configuration)
    except (ConfigException, OSError, ValueError) as error:
        raise Conflict("NoCluster", f"no Kubernetes cluster is configured ({error}); set KUBECONFIG") from error
    configuration.retries = False  # who calls decides what is worth a second try
    configuration.connection_pool_maxsize = threads
    api_client = client.ApiClient(configuration)
    api_client.user_agent = f"labelround/{__version__}"
    return api_client


def _refusal(method: str, path: str, status: int, content: bytes) -> LabelroundError:
    """The API server's answer as an error. Its Status object says more than the number."""
    reason, message = "", ""
    try:
        answer = json.loads(content)
        reason, message = str(answer.get("reason", "")), str(answer.get("message", ""))
    except (ValueError, AttributeError):
        message = content[:200].decode("utf-8", "replace")
    text = f"{method} {path}: {message or reason or status}"
    if status == HTTPStatus.NOT_FOUND:
        return ObjectAbsent(text)
    if status == HTTPStatus.CONFLICT:
        return ObjectTaken(text) if reason == "AlreadyExists" else ObjectChanged(text)
    if status in _MAY_PASS or status >= 500:
        return Unavailable(text)
    return RequestRefused(text, status)


def _cause(error: BaseException) -> str:
    """The innermost reason in few words, without the addresses of objects, so that it is the same each time."""
    reason = getattr(error, "reason", None)
    return type(reason or error).__name__
