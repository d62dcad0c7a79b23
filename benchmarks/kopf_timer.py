"""The operator's work as one would write it with kopf alone: a timer for each round. `kopf run` runs it.

What it leaves out, labelround does: it makes no labeling job and no dataset, knows no policy, asks for one job a round,
and reads the job's name from the status, which labelround never does.
"""

from __future__ import annotations

import os
from typing import Any

import boto3
import kopf
from botocore.config import Config

INTERVAL = float(os.environ["KOPF_TIMER_SECONDS"])
THREADS = 8
PHASES = {"Initializing": "Labeling", "InProgress": "Labeling", "Stopping": "Labeling", "Stopped": "Converting",
          "Completed": "Converting", "Failed": "Failed"}  # fmt: skip


@kopf.on.startup()
def configure(memo: kopf.Memo, settings: kopf.OperatorSettings, **_: Any) -> None:
    """As the operator has it: as many threads, no Events by kopf, no second copy of every object in an annotation."""
    memo.sagemaker = boto3.client("sagemaker", config=Config(max_pool_connections=THREADS))
    settings.execution.max_workers = THREADS
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.diffbase_storage = kopf.StatusDiffBaseStorage(field="status.none")


@kopf.timer("labelround.dev", "v1alpha1", "labelingrounds", interval=INTERVAL)
def look(memo: kopf.Memo, status: kopf.Status, patch: kopf.Patch, **_: Any) -> None:
    """Ask for the round's labeling job, and write what is new of it into the status."""
    name = status["labelingJobs"][0]["name"]
    job = memo.sagemaker.describe_labeling_job(LabelingJobName=name)
    counters = job["LabelCounters"]
    found = {
        "phase": PHASES[job["LabelingJobStatus"]],
        "progress": f"{counters['TotalLabeled']}/{status['images']['total']}",
    }
    for field, value in found.items():
        if status.get(field) != value:
            patch.status[field] = value
