"""Counts every call of the Kubernetes API and of the labeling API, by its answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labelround.cluster.api import Cluster, Object, Resource
from labelround.controller.metrics import Metrics
from labelround.groundtruth.api import LabelingAPI, LabelingJob


@contextmanager
def metered(metrics: Metrics, service: str, operation: str) -> Iterator[None]:
    """Count one call: `ok`, or the name of the error that it raised."""
    started, code = time.perf_counter(), "ok"
    try:
        yield
    except Exception as error:
        code = type(error).__name__
        raise
    finally:
        metrics.requests.labels(service, operation, code).inc()
        metrics.request_duration.labels(service, operation).observe(time.perf_counter() - started)


@dataclass(frozen=True)
class MeteredCluster:
    """The same `Cluster`, counted."""

    cluster: Cluster
    metrics: Metrics

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        with self._call("get", resource):
            return self.cluster.get(resource, namespace, name)

    def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", metadata_only: bool = False
    ) -> Iterator[Object]:
        with self._call("list", resource):
            yield from self.cluster.list(resource, namespace, selector=selector, metadata_only=metadata_only)

    def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> Object:
        with self._call("create", resource):
            return self.cluster.create(resource, namespace, body)

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, Any],
        *,
        subresource: str = "",
    ) -> Object:
        with self._call("patch", resource, subresource):
            return self.cluster.patch(resource, namespace, name, patch, subresource=subresource)

    def delete(self, resource: Resource, namespace: str | None, name: str, *, uid: str = "") -> None:
        with self._call("delete", resource):
            self.cluster.delete(resource, namespace, name, uid=uid)

    def text(self, path: str, query: Mapping[str, str]) -> str:
        with metered(self.metrics, "kubernetes", "get text"):
            return self.cluster.text(path, query)

    @contextmanager
    def _call(self, verb: str, resource: Resource, subresource: str = "") -> Iterator[None]:
        what = "/".join(filter(None, (resource.plural, subresource)))
        with metered(self.metrics, "kubernetes", f"{verb} {what}"):
            yield


@dataclass(frozen=True)
class MeteredAPI:
    """The same `LabelingAPI`, counted under the names of its operations."""

    api: LabelingAPI
    metrics: Metrics

    def create(self, request: Mapping[str, Any]) -> str:
        with metered(self.metrics, "sagemaker", "CreateLabelingJob"):
            return self.api.create(request)

    def describe(self, name: str) -> LabelingJob | None:
        with metered(self.metrics, "sagemaker", "DescribeLabelingJob"):
            return self.api.describe(name)

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        with metered(self.metrics, "sagemaker", "ListLabelingJobs"):
            yield from self.api.list(created_after=created_after)

    def stop(self, name: str) -> None:
        with metered(self.metrics, "sagemaker", "StopLabelingJob"):
            self.api.stop(name)
