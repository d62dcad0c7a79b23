"""What a dataset has labels for already, so that a round over more pictures asks for the new ones alone."""

from __future__ import annotations

from collections.abc import Iterator

from labelround.dataset.convert import read_report
from labelround.dataset.existing import image_rows, newest_version
from labelround.dataset.formats import IMAGES, REPORT
from labelround.dataset.lines import read_lines
from labelround.errors import ObjectNotFound, Problem
from labelround.storage import Bucket, Folder
from labelround.uri import ObjectURI


def all_labeled(bucket: Bucket, since: str, images_prefix: str, count: int) -> Problem:
    """What is wrong with a round over `count` images that are all in the dataset: it has nothing to ask for."""
    what = f"{bucket.uri(since)} has labels for all {count} images below {bucket.uri(images_prefix)}"
    return Problem("spec.dataset.since", what, "upload new pictures")


def labeled_keys(bucket: Bucket, since: str) -> Iterator[str]:
    """The keys of the images in `bucket` that are in the dataset of its folder `since`, or in its newest version.

    An image that failed there, or that nobody came to, is not among them. Raises ObjectNotFound where there is no
    complete dataset: to ask for everything would be a costly answer to a slip of the pen. Bounded memory.
    """
    folder = newest_version(Folder(bucket, since))
    if read_report(folder) is None:
        fix = "name the folder of a dataset that is complete, or leave it out"
        raise ObjectNotFound(folder.uri(REPORT), "spec.dataset.since: there is no dataset", fix)
    start = str(ObjectURI(bucket.name, ""))
    lines = (f"{line.decode()}\n" for _, line, _ in read_lines(folder.chunks(IMAGES)))
    for row in image_rows(lines, folder.uri(IMAGES)):
        if row.in_dataset and row.source_ref.startswith(start):
            yield row.source_ref[len(start) :]
