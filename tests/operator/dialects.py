"""What is said over HTTP, in three dialects: the name of a request's operation, and how the server would say no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

Refusal = tuple[int, str, bytes]


class Dialect(Protocol):
    """One of the three APIs."""

    def operation(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
        """What the request asks for, in the API's own words."""
        ...

    def mutates(self, operation: str) -> bool:
        """Whether the operation changes something."""
        ...

    def refusal(self, status: int, code: str) -> Refusal:
        """Status, content type and body of an error; `code` is the API's own name for it, "" for the usual one."""
        ...


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """Operations are a verb and a resource: `patch labelingrounds/status`, `watch jobs`, `get /version`."""

    def operation(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
        parts = path.strip("/").split("/")
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        if parts[0] not in {"api", "apis"} or not rest:
            return f"{method.lower()} {path}"
        if rest[0] == "namespaces" and len(rest) > 2:
            rest = rest[2:]
        resource, named = "/".join((rest[0], *rest[2:])), len(rest) > 1
        return f"{_kubernetes_verb(method, query, named=named)} {resource}"

    def mutates(self, operation: str) -> bool:
        return operation.split()[0] in {"create", "patch", "update", "delete", "deletecollection"}

    def refusal(self, status: int, code: str) -> Refusal:
        reason = code or _REASONS.get(status, "")
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f"a fault was asked for ({status})",
            "reason": reason,
            "code": status,
        }
        return status, "application/json", json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Labeling:
    """SageMaker's: `CreateLabelingJob`. Throttling and denials are errors of status 400 there."""

    def operation(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
        return headers.get("X-Amz-Target", "").rpartition(".")[2] or f"{method.lower()} {path}"

    def mutates(self, operation: str) -> bool:
        return operation in {"CreateLabelingJob", "StopLabelingJob"}

    def refusal(self, status: int, code: str) -> Refusal:
        usual_status, usual_code = _LABELING_ERRORS.get(status, (status, "InternalFailure"))
        body = {"__type": code or usual_code, "message": "a fault was asked for"}
        return usual_status, "application/x-amz-json-1.1", json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class S3:
    """Objects in paths of the form `/bucket/key`: `PutObject`, `ListObjectsV2`."""

    def operation(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
        asked = parse_qs(query, keep_blank_values=True)
        _, _, key = path.strip("/").partition("/")
        if not key:
            return _BUCKET_OPERATIONS.get(method, method) if method != "GET" or "list-type" in asked else "GetBucket"
        if "uploads" in asked or "uploadId" in asked:
            return _multipart(method, begun="uploadId" in asked)
        if method == "PUT" and "x-amz-copy-source" in headers:
            return "CopyObject"
        return f"{method.capitalize()}Object"

    def mutates(self, operation: str) -> bool:
        return not operation.startswith(("Get", "Head", "List"))

    def refusal(self, status: int, code: str) -> Refusal:
        name = code or _S3_ERRORS.get(status, "InternalError")
        body = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>a fault was asked for</Message></Error>"
        return status, "application/xml", body.encode()


_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}
_LABELING_ERRORS = {
    401: (400, "UnrecognizedClientException"),
    403: (400, "AccessDeniedException"),
    429: (400, "ThrottlingException"),
    500: (500, "InternalFailure"),
    503: (503, "ServiceUnavailable"),
}
_S3_ERRORS = {403: "AccessDenied", 404: "NoSuchBucket", 429: "SlowDown", 500: "InternalError", 503: "SlowDown"}
_BUCKET_OPERATIONS = {
    "GET": "ListObjectsV2",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "POST": "DeleteObjects",
    "DELETE": "DeleteBucket",
}


def _kubernetes_verb(method: str, query: str, *, named: bool) -> str:
    if method == "GET" and parse_qs(query).get("watch", ["0"])[-1] in {"1", "true"}:
        return "watch"
    verbs = {"GET": "get" if named else "list", "POST": "create", "PUT": "update", "PATCH": "patch"}
    return verbs.get(method) or ("delete" if named else "deletecollection")


def _multipart(method: str, *, begun: bool) -> str:
    if not begun:
        return "CreateMultipartUpload"
    return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}.get(
        method, "ListParts"
    )
