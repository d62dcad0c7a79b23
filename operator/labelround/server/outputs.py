"""What a labeling job writes to S3, in Ground Truth's places and shapes, below `<S3OutputPath>/<job name>/`.

Every name and every byte follows from the database, so that writing again after a crash changes nothing. The output
manifest is written last.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labelround.parallel import in_threads
from labelround.server.jobs import Job, ObjectState, moment_of
from labelround.server.lines import compact
from labelround.server.results import output_line
from labelround.server.rows import OutputObject
from labelround.server.sources import check_inside
from labelround.server.store import JobStore
from labelround.server.work import Given
from labelround.storage import Buckets, Folder

OUTPUT_MANIFEST = "manifests/output/output.manifest"
INTERMEDIATE = "annotations/intermediate/1"
WORKER_RESPONSES = "annotations/worker-response/iteration-1"
CONSOLIDATION_REQUESTS = "annotations/consolidated-annotation/consolidation-request/iteration-1"
SPOOLED_BYTES = 1 << 22


def intermediate_is_due(job: Job) -> bool:
    """Whether the intermediate output is behind by a tenth of the job, or at the job's end by anything."""
    behind = job.closed - job.reported
    return behind >= max(1, (job.total or 0) // 10) or (job.ending is not None and behind > 0)


@dataclass(frozen=True, slots=True)
class JobOutput:
    """The output of one job. Errors are those of storage."""

    job: Job
    store: JobStore
    folder: Folder
    names: Mapping[str, str]

    @classmethod
    def open(cls, job: Job, store: JobStore, buckets: Buckets) -> JobOutput:
        """Raises StorageError when a symbolic link leads out of the bucket."""
        bucket = buckets.open(job.output.bucket)
        check_inside(bucket, job.output.key)
        return cls(job, store, Folder(bucket, job.output.key), store.names())

    def write_answers(self) -> None:
        """Write what workers answered about the objects finished since the last call."""
        for time in self.store.unwritten(self.job):
            closed = self.store.closed_at(self.job, time)
            for _ in in_threads(self._write_response, closed):
                pass
            labeled = [item for item in closed if item.state is ObjectState.LABELED]
            if labeled:
                name = f"{CONSOLIDATION_REQUESTS}/{moment_of(time):%Y-%m-%d_%H:%M:%S}.{time % 1000:03}.json"
                self.folder.write(name, _json([_consolidation(item) for item in labeled]))
            self.store.mark_written(self.job, time)

    def write_intermediate(self) -> None:
        """Write the manifest as far as it is labeled."""
        self._write_lines(f"{INTERMEDIATE}/annotations.json", _annotation_line)
        self._write_lines(f"{INTERMEDIATE}/output.manifest", self._line)
        self.store.mark_reported(self.job, self.job.closed)

    def write_manifest(self) -> str:
        """Write the output manifest; its address."""
        self._write_lines(OUTPUT_MANIFEST, self._line)
        return f"{self.job.output}{OUTPUT_MANIFEST}"

    def _write_lines(self, name: str, line: Any) -> None:
        with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as file:
            for item in self.store.all_objects(self.job):
                file.write(line(item).encode())
            file.seek(0)
            self.folder.write_stream(name, file)

    def _line(self, item: OutputObject) -> str:
        """One line of the output manifest; that of an object without a result is the input's."""
        text = output_line(item.line, self.job.attribute, item.members) if item.members else item.line
        return f"{text}\n"

    def _write_response(self, item: OutputObject) -> None:
        answers = [self._response(given) for given in item.given if given.boxes is not None]
        if answers:
            stamp = f"{moment_of(item.given[-1].submitted):%Y-%m-%d_%H:%M:%S}"
            self.folder.write(f"{WORKER_RESPONSES}/{item.place}/{stamp}.json", _json({"answers": answers}))

    def _response(self, given: Given) -> dict[str, Any]:
        """One worker's answer, with what is known of the worker."""
        name = self.names.get(given.worker)
        provider, subject = ("Simulated", given.worker) if name is None else ("Labelround", name)
        identity = {"identityProviderType": provider, "issuer": self.job.arn, "sub": subject}
        return {
            "acceptanceTime": _instant(given.accepted),
            "answerContent": _content(given),
            "submissionTime": _instant(given.submitted),
            "timeSpentInSeconds": (given.submitted - given.accepted) / 1000,
            "workerId": given.worker,
            "workerMetadata": {"identityData": identity},
        }


def _annotation_line(item: OutputObject) -> str:
    """One line of the intermediate annotations; nothing for an object without a result."""
    if not item.members:
        return ""
    entry = {
        "datasetObjectId": str(item.place),
        "inputAttribute": item.source_ref,
        "consolidatedAnnotation": {"content": item.members},
    }
    return f"{compact(entry)}\n"


def _consolidation(item: OutputObject) -> dict[str, Any]:
    """What the consolidation function is asked about one object."""
    return {
        "datasetObjectId": str(item.place),
        "dataObject": {"s3Uri": item.source_ref},
        "annotations": [
            {"workerId": given.worker, "annotationData": {"content": compact(_content(given))}}
            for given in item.given
            if given.boxes is not None
        ],
    }


def _content(given: Given) -> dict[str, Any]:
    boxes = [
        {"height": box.height, "label": box.label, "left": box.left, "top": box.top, "width": box.width}
        for box in given.boxes or ()
    ]
    properties = {"height": given.size.height, "width": given.size.width}
    return {"boundingBox": {"boundingBoxes": boxes, "inputImageProperties": properties}}


def _instant(time: int) -> str:
    return f"{moment_of(time):%Y-%m-%dT%H:%M:%S}.{time % 1000:03}Z"


def _json(content: dict[str, Any] | Iterable[Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
