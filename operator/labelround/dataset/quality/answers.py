"""What each worker of a labeling job answered, from what Ground Truth (or the labelround server) leaves of it in S3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from labelround.dataset.boxes import Box
from labelround.dataset.quality.agreement import Answered
from labelround.errors import InvalidManifest, ObjectNotFound, Problem
from labelround.storage import Folder

REQUESTS = "annotations/consolidated-annotation/consolidation-request"
"""Every answer, in batches, with the address of its picture. What worker-response has besides is about the worker."""


class _Drawn(msgspec.Struct):
    label: str
    left: float
    top: float
    width: float
    height: float


class _BoundingBox(msgspec.Struct, rename="camel"):
    bounding_boxes: list[_Drawn]


class _Content(msgspec.Struct, rename="camel"):
    bounding_box: _BoundingBox


class _Data(msgspec.Struct):
    content: str


class _Answer(msgspec.Struct, rename="camel"):
    worker_id: str
    annotation_data: _Data


class _DataObject(msgspec.Struct, rename="camel"):
    s3_uri: str


class _Request(msgspec.Struct, rename="camel"):
    dataset_object_id: str
    data_object: _DataObject
    annotations: list[_Answer]


_decode = msgspec.json.Decoder(list[_Request]).decode
_decode_content = msgspec.json.Decoder(_Content).decode


class JobAnswers:
    """The answers to a labeling job in `folder`, which holds its `annotations`. `names` grows as classes are met."""

    def __init__(self, folder: Folder, names: Sequence[str] = ()) -> None:
        self._folder = folder
        self._ids = {name: class_id for class_id, name in enumerate(names)}

    @property
    def names(self) -> dict[int, str]:
        """The classes so far, by class id: first those that were given."""
        return {class_id: name for name, class_id in self._ids.items()}

    def pictures(self) -> Iterator[Answered]:
        """Each picture once, by its latest request. One batch is in memory at a time.

        Raises ObjectNotFound when there is no answer at all, and InvalidManifest for a file that is none of these.
        """
        files = sorted((meta.key for meta in self._folder.list(REQUESTS) if meta.key.endswith(".json")), reverse=True)
        if not files:
            what = "holds no answers of workers; name the folder of a labeling job, <prefix>/ground_truth_annots/<job>"
            raise ObjectNotFound(self._folder.uri(REQUESTS), what)
        seen: set[str] = set()
        for file in files:
            for request in self._requests(file):
                if request.dataset_object_id not in seen:
                    seen.add(request.dataset_object_id)
                    yield self._answered(request, file)

    def _requests(self, file: str) -> list[_Request]:
        try:
            return _decode(self._folder.read(file))
        except msgspec.DecodeError as error:
            raise self._wrong(file, error) from None

    def _answered(self, request: _Request, file: str) -> Answered:
        answers: dict[str, tuple[Box, ...]] = {}
        for answer in request.annotations:
            try:
                drawn = _decode_content(answer.annotation_data.content).bounding_box.bounding_boxes
            except msgspec.DecodeError as error:
                raise self._wrong(file, error) from None
            answers[answer.worker_id] = tuple(self._box(one) for one in drawn)
        return Answered(request.data_object.s3_uri, tuple(answers.values()))

    def _box(self, drawn: _Drawn) -> Box:
        class_id = self._ids.setdefault(drawn.label, len(self._ids))
        return class_id, drawn.left, drawn.top, drawn.width, drawn.height

    def _wrong(self, file: str, error: Exception) -> InvalidManifest:
        what = f"is no request to consolidate bounding boxes ({error})"
        return InvalidManifest([Problem(self._folder.uri(file), what, "name the folder of a job of bounding boxes")])
