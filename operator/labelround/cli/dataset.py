"""`pull`, `validate` and `preview`: a dataset that exists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labelround.cli.dataset_text import (
    pull_document,
    pull_lines,
    validation_document,
    validation_lines,
)
from labelround.cli.options import PATIENCE_SECONDS, bucket_options, open_buckets
from labelround.cli.output import output_option, show
from labelround.cli.signing import KEY_FILE
from labelround.errors import Failed, InvalidInput

if TYPE_CHECKING:
    from labelround.dataset.existing import Dataset
    from labelround.storage import Buckets

DEFAULT_PREVIEWS = 20


@click.command(short_help="Put the images beside the labels, so that a dataset trains in place.")
@click.argument("dataset")
@click.argument("dest", required=False, type=click.Path(file_okay=False, path_type=Path))
@bucket_options
@click.option("--overwrite", is_flag=True, help="Replace files in DEST that no pull put there.")
@output_option
def pull(
    dataset: str,
    dest: Path | None,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    overwrite: bool,
    output: str,
) -> None:
    """Bring DATASET (s3://bucket/prefix or a folder) to the folder DEST, with its images beside the labels.

    DEST is by default the last part of an S3 address; a local DATASET gets its images where it lies. Orientation tags
    are set upright, since OpenCV would turn such pictures away from their boxes; the pixels are not encoded again.
    What is there already is not fetched again, so that an interrupted pull goes on when it is run again. Exits with 1
    when an image could not be read.
    """
    from labelround.cli.console import progress
    from labelround.dataset.existing import dataset_folder
    from labelround.dataset.pull import pull as pull_dataset
    from labelround.uri import is_s3

    buckets = open_buckets(root, bucket, s3_endpoint_url, region, patience_seconds=PATIENCE_SECONDS)
    source = dataset_folder(dataset, buckets)
    if dest is None:
        name = dataset.rstrip("/").rpartition("/")[2]
        dest = Path(name) if is_s3(dataset) else Path(source.uri())
    with progress() as bar:
        summary = pull_dataset(source, dest.absolute(), buckets, bar, overwrite=overwrite)
    for name in summary.replaced:
        click.echo(f"warning: {name} held something else and was replaced", err=True)
    show(pull_document(summary), pull_lines(summary), output)


@click.command(short_help="Report what a trainer would reject in a dataset.")
@click.argument("dataset")
@bucket_options
@click.option("--no-images", is_flag=True, help="Do not read the pictures, which takes most of the time.")
@click.option("--public-key", type=KEY_FILE, metavar="FILE", help="Whose signature it must bear; Ed25519 in PEM form.")
@output_option
@click.pass_context
def validate(
    context: click.Context,
    dataset: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    no_images: bool,
    public_key: Path | None,
    output: str,
) -> None:
    """Report what a trainer would reject, or change in silence, in DATASET.

    DATASET is a folder or an S3 address, made by labelround or by others. Exits with 3 when there are errors; warnings
    alone do not count. With --public-key it is an error, too, when the dataset is not signed by that key or is another
    than was signed.
    """
    from labelround.cli.console import progress
    from labelround.dataset.signature import public_key as read_key
    from labelround.dataset.validate import validate as validate_dataset

    signer = read_key(public_key.read_bytes(), str(public_key)) if public_key else None

    opened = open_named(dataset, open_buckets(root, bucket, s3_endpoint_url, region))
    with progress() as bar:
        validation = validate_dataset(opened, bar, images=not no_images, signed_by=signer)
    show(validation_document(validation), validation_lines(validation), output)
    if not validation.is_valid:
        context.exit(InvalidInput.exit_code)


@click.command(short_help="Draw the boxes of a dataset on its pictures.")
@click.argument("dataset")
@click.option("--count", type=click.IntRange(1), default=DEFAULT_PREVIEWS, show_default=True, help="So many pictures.")
@click.option("--all", "every", is_flag=True, help="All pictures.")
@click.option("--output", metavar="DIR", help="Folder for the pictures and the sheet. Default: DATASET/previews.")
@bucket_options
def preview(
    dataset: str,
    count: int,
    every: bool,
    output: str | None,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Draw the boxes of DATASET, a folder or an S3 address, and print where the sheet of all pictures is.

    A picture is taken from beside its labels, or else from where the manifest named it. Exits with 1 when none could
    be drawn.
    """
    from labelround.cli.console import progress
    from labelround.dataset.preview import INDEX, write_previews
    from labelround.dataset.preview.of_dataset import choose, pictures, reader
    from labelround.storage import output_folder

    buckets = open_buckets(root, bucket, s3_endpoint_url, region)
    opened = open_named(dataset, buckets)
    folder = output_folder(output, buckets) if output else opened.folder.child("previews")
    entries = choose(opened, None if every else count)
    if not entries:
        raise Failed(f"{opened.folder.uri()} lists no pictures")
    with progress() as bar:
        bar.start("drawing previews", len(entries), "images")
        warnings = write_previews(pictures(opened, entries), opened.names, folder, reader(opened, buckets), bar)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if len(warnings) == len(entries):
        raise Failed("no picture could be drawn; see the warnings")
    click.echo(folder.uri(INDEX))


def open_named(dataset: str, buckets: Buckets) -> Dataset:
    """The dataset that a command names."""
    from labelround.dataset.existing import dataset_folder, open_dataset

    return open_dataset(dataset_folder(dataset, buckets))
