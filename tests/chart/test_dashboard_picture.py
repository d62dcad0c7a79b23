"""The picture of the dashboard in the documentation: what Prometheus has scraped of an operator at work."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from tests.chart.drawing import Drawn, draw
from tests.chart.helm import CHART, REPOSITORY
from tests.chart.prometheus import filled, program, running_prometheus
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of
from tests.operator.faults import Answer, on
from tests.operator.world import World
from tests.servers.s3 import S3Server
from tests.servers.waiting import until
from tests.sizes import only_full

from benchmarks.sharding.scene import IMAGES, LABELS, MANIFEST, furnish

pytestmark = [pytest.mark.minio, *only_full]
DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text("utf-8"))
PICTURE = REPOSITORY / "docs" / "images" / "dashboard.png"
ROUNDS, PICTURES = 6, 120
BETWEEN_SECONDS = 25.0
SHOWN = "shelf-2"


def test_the_dashboard_is_drawn(control_plane: ControlPlane, minio_server: S3Server, tmp_path: Path) -> None:
    """Rounds that begin one after the other, one that waits for a person, and a service that is away for a while."""
    namespace, pause = "shelves", threading.Event()
    scene = furnish(minio_server.new_bucket(), PICTURES)
    answers, start = scene.bucket.read(MANIFEST), time.time()
    with (
        namespace_of(control_plane, namespace),
        World(control_plane, namespace, minio_server, tmp_path, scene.bucket, answers, delay=0.7) as world,
        world.operator() as operator,
        running_prometheus(program("prometheus"), tmp_path, f"127.0.0.1:{operator.port}", "1s") as prometheus,
    ):
        names = [f"shelf-{number}" for number in range(1, ROUNDS + 1)]
        for name in names:
            bucket = scene.bucket.name if name != names[3] else "of-another-team"
            document = world.document(
                name, bucket=bucket, prefix=f"{name}/", imagesPrefix=IMAGES, labels=list(LABELS),
                conversion={"imagesPerPod": 50},
            )  # fmt: skip
            world.create(document)
            if name == names[2]:
                with world.fault(Answer(503), on("ListLabelingJobs", "DescribeLabelingJob"), times=12):
                    pause.wait(BETWEEN_SECONDS)
            else:
                pause.wait(BETWEEN_SECONDS)
        until(lambda: world.status(SHOWN).get("phase") == "Succeeded", lambda: world.story(SHOWN), 120)
        variables = {"$namespace": namespace, "$round": SHOWN, "$__rate_interval": "15s"}
        end, drawn = time.time(), []
        for panel in DASHBOARD["panels"]:
            found = {
                target["refId"]: prometheus.query(filled(target["expr"], variables), start, end)
                for target in panel.get("targets", ())
            }
            title = panel["title"].replace("$round", SHOWN)
            drawn.append(Drawn({**panel, "title": title}, found))

        draw(drawn, start, PICTURE)

    assert PICTURE.stat().st_size > 50_000
