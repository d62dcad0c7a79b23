"""What must hold between the fields of a round. Rules look only at fields that were read without a problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labelround.errors import Problem
from labelround.spec.names import ANNOTATIONS_FOLDER, ATTRIBUTE_NAME_MAX_LENGTH, DATASET_FOLDER, MAX_LABELS_PER_JOB
from labelround.spec.quantities import amount
from labelround.uri import folder

GROUP_ENDING_LENGTH = len("-g3")


def resolved_prefixes(spec: Mapping[str, Any]) -> tuple[str, str, str]:
    """The images prefix, the prefix and the output prefix as folders, with their defaults."""
    images = folder(spec["imagesPrefix"])
    prefix = folder(spec["prefix"]) if "prefix" in spec else _parent(images)
    output = folder(spec["outputPrefix"]) if "outputPrefix" in spec else f"{prefix}{DATASET_FOLDER}"
    return images, prefix, output


def problems_between(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with the fields taken together."""
    if "imagesPrefix" in spec:
        images, prefix, output = resolved_prefixes(spec)
        mixed = list(_mixed_round_folder(images, prefix))
        yield from mixed
        if not mixed or "outputPrefix" in spec:
            yield from _mixed_dataset_folder(images, prefix, output)
    yield from _label_groups(spec)
    yield from _conversion(spec.get("conversion", {}))
    if spec.get("labelingJob", {}).get("adopt") and spec.get("attempts", 1) > 1:
        yield Problem(
            "spec.attempts",
            "is above 1, and an adopted labeling job cannot be followed by another",
            "remove it, or remove spec.labelingJob.adopt",
        )
    if spec.get("labelingJob", {}).get("adopt") and spec.get("dataset", {}).get("since"):
        yield Problem(
            "spec.dataset.since",
            "names images to leave out, and an adopted labeling job has its own",
            "remove it, or remove spec.labelingJob.adopt",
        )


def _mixed_round_folder(images: str, prefix: str) -> Iterator[Problem]:
    """Neither the manifest among the pictures, nor the pictures among what the labeling service writes."""
    annotations = f"{prefix}{ANNOTATIONS_FOLDER}"
    if prefix.startswith(images):
        what = f"{prefix} lies inside the images, {images}"
        yield Problem("spec.prefix", what, "choose a folder outside; nothing is written there")
    elif images.startswith(annotations):
        what = f"{images} lies inside {annotations}, where the labeling service writes"
        yield Problem("spec.imagesPrefix", what, "move the pictures, or set spec.prefix to another folder")


def _mixed_dataset_folder(images: str, prefix: str, output: str) -> Iterator[Problem]:
    """The dataset has a place of its own."""
    annotations = f"{prefix}{ANNOTATIONS_FOLDER}"
    for place, whose in ((images, "the images"), (annotations, "the labeling service's folder")):
        if output.startswith(place):
            yield Problem("spec.outputPrefix", f"{output} lies inside {whose}, {place}", "choose a folder outside")
        elif place.startswith(output):
            yield Problem("spec.outputPrefix", f"{output} holds {whose}, {place}", "choose a folder beside it")


def _label_groups(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """More than 50 labels take several jobs, each with a label attribute of its own."""
    count, job = len(spec.get("labels", ())), spec.get("labelingJob", {})
    if count <= MAX_LABELS_PER_JOB:
        return
    if job.get("adopt"):
        yield Problem(
            "spec.labels",
            f"has {count} labels, and an adopted labeling job has at most {MAX_LABELS_PER_JOB}",
            "list the job's own labels",
        )
    longest = ATTRIBUTE_NAME_MAX_LENGTH - GROUP_ENDING_LENGTH
    if len(job.get("labelAttributeName", "")) > longest:
        yield Problem(
            "spec.labelingJob.labelAttributeName",
            f"leaves no room for the group's ending with more than {MAX_LABELS_PER_JOB} labels",
            f"write at most {longest} characters",
        )


def _conversion(conversion: Mapping[str, Any]) -> Iterator[Problem]:
    """A pod that Kubernetes would refuse is refused while it is easily changed."""
    resources = conversion.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for name in requests.keys() & limits.keys():
        if amount(requests[name]) > amount(limits[name]):
            yield Problem(
                f"spec.conversion.resources.requests.{name}",
                f"is {requests[name]}, more than the limit, {limits[name]}",
                "raise the limit",
            )
    for index, toleration in enumerate(conversion.get("tolerations", ())):
        yield from _toleration(toleration, f"spec.conversion.tolerations[{index}]")


def _toleration(toleration: Mapping[str, Any], path: str) -> Iterator[Problem]:
    exists = toleration.get("operator") == "Exists"
    if not toleration.get("key") and not exists:
        yield Problem(f"{path}.key", "is empty, which means every taint", "write a key, or operator: Exists")
    if toleration.get("value") and exists:
        yield Problem(f"{path}.value", "has no meaning with operator: Exists", "remove it")
    if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
        yield Problem(
            f"{path}.tolerationSeconds",
            "has no meaning without effect: NoExecute",
            "remove it, or add the effect",
        )


def _parent(prefix: str) -> str:
    """The folder that holds the folder `prefix`: `a/` for `a/b/`, the root of the bucket for `a/`."""
    head, slash, _ = prefix.rstrip("/").rpartition("/")
    return head + slash
