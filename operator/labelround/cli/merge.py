"""`merge` and `diff`: rounds that add up, and what differs between two datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labelround.cli.convert import FormatName
from labelround.cli.merge_text import diff_document, diff_lines, merge_document, merge_lines
from labelround.cli.options import PATIENCE_SECONDS, bucket_options, open_buckets
from labelround.cli.output import output_option, show

if TYPE_CHECKING:
    from labelround.dataset.cumulative import MergeOptions

OWNER = "labelround merge"
KEEP = 10


@click.command(short_help="Merge datasets into one that grows, version by version.")
@click.argument("datasets", nargs=-1, required=True, metavar="DATASET...")
@click.option("--output", required=True, metavar="DIR", help="The dataset that grows: a folder or s3://bucket/prefix/.")
@click.option(
    "--format",
    "output_format",
    type=FormatName(),
    help="Default: that of the version before, YOLO at first.",
)
@click.option(
    "--group-by",
    metavar="REGEX",
    help="Images whose keys match alike stay in one split. Default: as at first, which is as in the first dataset.",
)
@click.option("--keep", type=click.IntRange(1), default=KEEP, show_default=True, help="So many versions stay.")
@click.option("-o", "printed", type=click.Choice(("table", "json", "yaml")), default="table", help="How to print.")
@bucket_options
def merge(
    datasets: tuple[str, ...],
    output: str,
    output_format: str | None,
    group_by: str | None,
    keep: int,
    printed: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Merge each DATASET, the later over the earlier, onto the newest version of the dataset in the output folder.

    DATASET is a folder or an S3 address of a round's dataset, or of one that was merged. The result is a new version;
    when there is nothing new, the newest one stays. An image that several have takes its labels from the last that
    labeled it; its name and its split stay what they were at first, and class ids never change. Old versions beyond
    --keep are removed once the new one is complete.
    """
    from labelround.cli.console import progress
    from labelround.dataset.cumulative import merge as merge_datasets
    from labelround.dataset.existing import dataset_folder
    from labelround.storage import output_folder

    buckets = open_buckets(root, bucket, s3_endpoint_url, region, patience_seconds=PATIENCE_SECONDS)
    folders = [dataset_folder(text, buckets) for text in datasets]
    options = _options(output_format, group_by, keep)
    with progress() as told:
        result = merge_datasets(output_folder(output, buckets), folders, options, progress=told)
    show(merge_document(result), [result.folder.uri()], printed)
    for line in merge_lines(result):
        click.echo(line, err=True)


def _options(output_format: str | None, group_by: str | None, keep: int) -> MergeOptions:
    from labelround.dataset.cumulative import MergeOptions
    from labelround.spec.model import OutputFormat

    return MergeOptions(OWNER, keep, OutputFormat(output_format) if output_format else None, group_by)


@click.command(short_help="Tell what differs between two datasets, or two versions of one.")
@click.argument("old")
@click.argument("new")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when they differ.")
@output_option
@bucket_options
@click.pass_context
def diff(
    context: click.Context,
    old: str,
    new: str,
    exit_code: bool,
    output: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Tell what differs between the datasets OLD and NEW: images, boxes, splits and classes.

    Each is a folder or an S3 address. DATASET@2 is version 2 of a dataset that grows; without a number it is the newest
    one. Exits with 0 whether they differ or not, since 1 means that something failed; --exit-code changes that, as it
    does for git diff.
    """
    from labelround.cli.console import progress
    from labelround.dataset.cumulative import compare
    from labelround.dataset.existing import dataset_folder

    buckets = open_buckets(root, bucket, s3_endpoint_url, region)
    places = [dataset_folder(text, buckets) for text in (old, new)]
    with progress() as told:
        found = compare(*places, progress=told)
    show(diff_document(found), diff_lines(found), output)
    if exit_code and not found.is_same:
        context.exit(1)
