"""`stats`: the numbers of a dataset, and what in it looks wrong."""

from __future__ import annotations

from pathlib import Path

import click

from labelround.cli.dataset import open_named
from labelround.cli.options import bucket_options, open_buckets
from labelround.cli.output import output_option, show
from labelround.dataset.quality.suspicion import LIMITS

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
    output: str,
) -> None:
    """Count the images, boxes and classes of DATASET, a folder or an S3 address, and name the boxes that look wrong.

    A suspicious box is tiny, huge, goes around the whole picture, or lies on another of its class. The table shows the
    first twenty of each kind, -o json the first thousand.
    """
    from labelround.cli.console import progress
    from labelround.cli.stats_text import stats_document, stats_lines
    from labelround.dataset.quality.suspicion import Limits
    from labelround.dataset.stats import stats as count

    opened = open_named(dataset, open_buckets(root, bucket, s3_endpoint_url, region))
    with progress() as bar:
        numbers = count(opened, bar, Limits(tiny, huge, overlap))
    show(stats_document(numbers), stats_lines(numbers), output)
