"""`stats`: the numbers of a dataset, and what in it looks wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labelround.cli.dataset import open_named
from labelround.cli.options import bucket_options, open_buckets
from labelround.cli.output import output_option, show
from labelround.dataset.quality.fingerprints import FARTHEST_LOOK, LOOK_DISTANCE
from labelround.dataset.quality.suspicion import LIMITS

if TYPE_CHECKING:
    from labelround.dataset.existing import Dataset
    from labelround.dataset.quality.agreement import Agreement
    from labelround.dataset.quality.leakage import Leakage
    from labelround.dataset.quality.page import Findings
    from labelround.progress import Progress
    from labelround.storage import Buckets

SHARE = click.FloatRange(0, 1)


@click.command(short_help="Count images, boxes and classes of a dataset, and say what looks wrong.")
@click.argument("dataset")
@bucket_options
@click.option(
    "--tiny",
    type=SHARE,
    default=LIMITS.tiny,
    show_default=True,
    help="A box is tiny when one of its sides is under this share of the picture's.",
)
@click.option(
    "--huge",
    type=SHARE,
    default=LIMITS.huge,
    show_default=True,
    help="A box is huge when it covers this share of the picture.",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0.01, 1),
    default=LIMITS.overlap,
    show_default=True,
    help="Two boxes of a class overlap when their common area is this share of what they cover together.",
)
@click.option(
    "--leaks",
    type=click.Choice(["exact", "near"]),
    help="Read every picture and name those of val and test that an earlier split has, too: the same file, or also one"
    " that looks like it.",
)
@click.option(
    "--distance",
    type=click.IntRange(0, FARTHEST_LOOK),
    default=LOOK_DISTANCE,
    show_default=True,
    help="With --leaks near: in so many of 64 bits the look of two pictures may differ.",
)
@click.option(
    "--workers",
    metavar="FOLDER",
    help="Say how far the workers of a labeling job agree: its folder, such as s3://BUCKET/PREFIX/ground_truth_annots/JOB.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write a page with all of it and with pictures, in one file.",
)
@output_option
def stats(
    dataset: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    tiny: float,
    huge: float,
    overlap: float,
    leaks: str | None,
    distance: int,
    workers: str | None,
    html: Path | None,
    output: str,
) -> None:
    """Count the images, boxes and classes of DATASET, a folder or an S3 address, and name the boxes that look wrong.

    A suspicious box is tiny, huge, goes around the whole picture, or lies on another of its class. The table shows the
    first twenty of each kind, -o json the first thousand. Pictures are read for --leaks and --html alone: from beside
    the labels, or else from where the manifest named them.
    """
    from labelround.cli.console import progress
    from labelround.cli.stats_text import stats_document, stats_lines
    from labelround.dataset.quality.page import Findings
    from labelround.dataset.quality.suspicion import Limits
    from labelround.dataset.stats import stats as count
    from labelround.spec.wording import printable

    buckets = open_buckets(root, bucket, s3_endpoint_url, region)
    opened = open_named(dataset, buckets)
    with progress() as bar:
        numbers = count(opened, bar, Limits(tiny, huge, overlap))
        found = _leakage(opened, buckets, bar, distance if leaks == "near" else None) if leaks else None
        agreed = _agreement(workers, opened, buckets) if workers else None
        if html is not None:
            _write_page(html, opened, buckets, bar, Findings(numbers, found, agreed))
    for unread in found.unread if found else ():
        click.echo(f"warning: not compared: {printable(unread)}", err=True)
    show(stats_document(numbers, found, agreed), stats_lines(numbers, found, agreed), output)


def _write_page(html: Path, opened: Dataset, buckets: Buckets, bar: Progress, findings: Findings) -> None:
    from labelround.dataset.preview.of_dataset import reader
    from labelround.dataset.quality.page import page
    from labelround.dataset.quality.pictures import Album
    from labelround.storage import output_folder

    pictures = Album(opened, reader(opened, buckets)).pictures(findings.numbers.suspicious.found, findings.leakage, bar)
    place = html.absolute()
    output_folder(str(place.parent), buckets).write(place.name, page(findings, pictures).encode())


def _agreement(workers: str, opened: Dataset, buckets: Buckets) -> Agreement:
    from labelround.dataset.existing import dataset_folder
    from labelround.dataset.quality.agreement import agreement
    from labelround.dataset.quality.answers import JobAnswers

    answers = JobAnswers(dataset_folder(workers, buckets), opened.names)
    return agreement(answers.pictures(), lambda class_id: answers.names[class_id])


def _leakage(opened: Dataset, buckets: Buckets, bar: Progress, distance: int | None) -> Leakage:
    from labelround.dataset.preview.of_dataset import reader
    from labelround.dataset.quality.leakage import leakage

    return leakage(opened, reader(opened, buckets), bar, distance)
