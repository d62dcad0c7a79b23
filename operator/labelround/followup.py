"""The images a follow-up attempt asks for: those that no earlier attempt has labeled in every group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from labelround.conversion import conversion_plan
from labelround.dataset.annotation import LineError, read_annotation, read_entry, source_ref
from labelround.dataset.lines import read_lines
from labelround.dataset.problems import Problems
from labelround.dataset.source import ManifestSource
from labelround.observe import Snapshot
from labelround.plan import label_groups
from labelround.storage import Buckets


def unlabeled_keys(snapshot: Snapshot, buckets: Buckets) -> list[str]:
    """The keys, in the round's bucket and in order. Raises InvalidManifest for output that cannot be read."""
    plan = conversion_plan(snapshot, buckets)
    problems = Problems()
    labeled: defaultdict[int, set[str]] = defaultdict(set)
    for source in plan.sources:
        labeled[source.group or 0].update(_labeled_images(source, problems))
    asked = sorted({image for source in plan.inputs for image in _images(source, problems)})
    problems.raise_any()
    groups = range(len(label_groups(snapshot.round.labels)))
    start = len(snapshot.round.bucket) + 1
    return [image[start:] for image in asked if not all(image in labeled[group] for group in groups)]


def _images(source: ManifestSource, problems: Problems) -> Iterator[str]:
    """Every image of an input manifest, as `bucket/key`."""
    for number, line, ended in read_lines(source.location.bucket.chunks(source.location.key)):
        try:
            yield source_ref(read_entry(line, ended))
        except LineError as error:
            problems.add(f"{source.name}:{number}", str(error), error.fix)


def _labeled_images(source: ManifestSource, problems: Problems) -> Iterator[str]:
    """The images that an output manifest has labels for, confirmed empty ones included."""
    for number, line, ended in read_lines(source.location.bucket.chunks(source.location.key)):
        try:
            entry = read_entry(line, ended)
            annotation = read_annotation(entry, source.attribute or "", lambda _name, class_id: class_id)
            if annotation.state.in_dataset:
                yield source_ref(entry)
        except LineError as error:
            problems.add(f"{source.name}:{number}", str(error), error.fix)
