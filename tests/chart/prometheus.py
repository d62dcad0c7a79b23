"""Prometheus and promtool, and the series that an operator gives them."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from prometheus_client import CollectorRegistry, ProcessCollector
from tests.chart.helm import built
from tests.servers.ports import free_port, wait_until_ready

from labelround.cluster.api import Object
from labelround.controller.fleet import Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.metrics import Metrics, RoundsCollector
from labelround.controller.queue import WorkQueue


def program(name: str) -> Path:
    """`prometheus` or `promtool`. Skips with the way to get it when it is not to be had, and fails in CI."""
    return built("prometheus.sh", name)


def filled(expression: str, variables: Mapping[str, str]) -> str:
    """An expression with Grafana's variables filled in."""
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server."""

    url: str

    def query(self, expression: str, start: float, end: float, step: float = 1.0) -> list[Any]:
        """The series that an expression gives between two Unix times, each with its `metric` and its `values`."""
        asked = urlencode({"query": expression, "start": start, "end": end, "step": step})
        address = f"{self.url}/api/v1/query_range?{asked}"
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 a loopback server
            found: list[Any] = json.load(answer)["data"]["result"]
        return found


@contextmanager
def running_prometheus(server: Path, folder: Path, target: str, interval: str = "500ms") -> Iterator[Prometheus]:
    """A server that scrapes `target`, a host and port, from its first moment on."""
    url, log, file = f"http://127.0.0.1:{free_port()}", folder / "prometheus.log", folder / "prometheus.yml"
    scraped = {"job_name": "labelround", "static_configs": [{"targets": [target]}]}
    times = {"scrape_interval": interval, "scrape_timeout": interval}
    file.write_text(yaml.safe_dump({"global": times, "scrape_configs": [scraped]}), "utf-8")
    command: list[str | Path] = [server, f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--web.listen-address={url.removeprefix('http://')}"], stdout=output, stderr=output
        )
    try:
        wait_until_ready("Prometheus", f"{url}/-/ready", process, log)
        yield Prometheus(url)
    finally:
        process.terminate()
        process.wait(timeout=30)


def series_of_the_operator() -> dict[str, set[str]]:
    """Each series of an operator that knows a round, with the names of its labels."""
    registry, fleet = CollectorRegistry(), Fleet()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry)
    metrics.reconciles.labels("ok").inc()
    metrics.requests.labels("sagemaker", "ListLabelingJobs", "ok").inc()
    metrics.request_duration.labels("sagemaker", "ListLabelingJobs").observe(1)
    metrics.converted_images.labels("labeled").inc()
    fleet.update(ROUND)
    queue: WorkQueue[RoundKey] = WorkQueue()
    registry.register(RoundsCollector(fleet, queue, lambda: 0.0, 0.0))
    series: dict[str, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    return series


MOMENT = "2026-11-25T10:00:00Z"
ROUND: Object = {
    "metadata": {"namespace": "team-a", "name": "pens-1"},
    "status": {
        "phase": "Converting",
        "startTime": MOMENT,
        "lastProgressTime": MOMENT,
        "images": {"labeled": 1},
        "conversion": {"job": "pens-1-convert", "shards": 4, "done": 1},
    },
}
