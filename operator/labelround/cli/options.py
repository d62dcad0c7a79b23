"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from labelround.storage import Buckets

Command = TypeVar("Command", bound=Callable[..., Any])

PATIENCE_SECONDS = 300.0
"""For a command that writes many files, and would have to begin again."""
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _bucket_folders(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """`NAME=DIR` pairs as a mapping."""
    folders: dict[str, Path] = {}
    for value in values:
        name, mark, path = value.partition("=")
        if not name or not mark or not path:
            raise click.BadParameter(f"{value!r} is not NAME=DIR")
        if not Path(path).is_dir():
            raise click.BadParameter(f"the folder {path!r} does not exist")
        if name in folders:
            raise click.BadParameter(f"the bucket {name!r} is named twice")
        folders[name] = Path(path)
    return folders


def endpoint_url(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """The address of a server, as `http://host:port` or `https://host`."""
    if value is not None and not re.fullmatch(r"https?://[^/\s]+/?", value):
        raise click.BadParameter(f"{value!r} is not an address; write http://host:port or https://host")
    return value


def bucket_options(command: Command) -> Command:
    """Add where buckets are: `root`, `bucket`, `s3_endpoint_url` and `region`, for `open_buckets`."""
    options = [
        click.option(
            "--root", type=FOLDER, help="Take the folders below DIR for buckets, instead of S3.", metavar="DIR"
        ),
        click.option(
            "--bucket",
            multiple=True,
            callback=_bucket_folders,
            metavar="NAME=DIR",
            help="Take DIR for the bucket NAME, instead of S3. May be repeated.",
        ),
        click.option(
            "--s3-endpoint-url",
            metavar="URL",
            callback=endpoint_url,
            help="The S3 server. Default: AWS_ENDPOINT_URL_S3, or AWS.",
        ),
        click.option("--region", help="The AWS region. Default: that of your AWS configuration."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def open_buckets(
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None = None,
    region: str | None = None,
    *,
    patience_seconds: float = 0.0,
) -> Buckets:
    """The buckets that `bucket_options` describe: folders when any is named, S3 otherwise. Opens no connection.

    A store that goes away in the middle is waited for `patience_seconds`. Raises UsageError when folders and S3 are
    mixed.
    """
    from labelround.storage import Limits, LocalBuckets, S3Buckets

    if not root and not bucket:
        return S3Buckets(s3_endpoint_url, region, limits=Limits(patience_seconds=patience_seconds))
    if s3_endpoint_url:
        raise click.UsageError("--s3-endpoint-url cannot be combined with --root or --bucket")
    return LocalBuckets(root.absolute() if root else None, {name: path.absolute() for name, path in bucket.items()})
