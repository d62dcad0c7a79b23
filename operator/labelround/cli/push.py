"""`labelround push`: pictures into a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelround.cli.options import FOLDER, PATIENCE_SECONDS, bucket_options, open_buckets
from labelround.cli.output import output_option, show
from labelround.errors import Failed, InvalidInput, Problem

if TYPE_CHECKING:
    from labelround.push import PushReport
    from labelround.storage import Folder


@click.command(short_help="Upload a folder of pictures to S3, in the layout a round expects.")
@click.argument("pictures", type=FOLDER)
@click.argument("target", metavar="s3://BUCKET/PREFIX/images/")
@bucket_options
@click.option("--dry-run", is_flag=True, help="Say what would be uploaded and write nothing.")
@click.option("--set-cors", is_flag=True, help="Let workers' browsers load pictures from the bucket (a CORS rule).")
@output_option
def push(
    pictures: Path,
    target: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    dry_run: bool,
    set_cors: bool,
    output: str,
) -> None:
    """Upload the pictures below the folder PICTURES.

    Sub-folders are kept. What is already there with the same content is not sent again, so an interrupted push goes on
    where it was when it is run again. Only .jpg, .jpeg and .png files of at most 40 MB are pictures; the others are
    listed with the reason. Exits with 1 when a picture could not be uploaded.
    """
    from labelround.cli.console import progress
    from labelround.push import push as push_pictures

    folder = _folder(target, root, bucket, s3_endpoint_url, region)
    if set_cors:
        _set_cors(folder, dry_run)
    with progress() as bar:
        report = push_pictures(pictures, folder, bar, dry_run=dry_run)
    show(_document(report, target), _lines(report, folder), output)
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    if report.failures:
        raise Failed("\n".join(_failures(report)))


def _folder(
    target: str, root: Path | None, bucket: dict[str, Path], endpoint: str | None, region: str | None
) -> Folder:
    from labelround.storage import Folder, key_problem
    from labelround.uri import ObjectURI, folder

    try:
        uri = ObjectURI.parse(target)
    except ValueError as error:
        raise InvalidInput([Problem("the target", str(error))]) from None
    problem = key_problem(folder(uri.key)) if folder(uri.key) else ""
    if problem:
        raise InvalidInput([Problem("the target", problem, "write s3://bucket/prefix/images/")])
    return Folder(
        open_buckets(root, bucket, endpoint, region, patience_seconds=PATIENCE_SECONDS).open(uri.bucket), uri.key
    )


def _set_cors(folder: Folder, dry_run: bool) -> None:
    from labelround import cors

    client, name = folder.bucket.boto_client, folder.bucket.name
    if client is None:
        click.echo(f"{folder.uri()}: a folder needs no CORS rule", err=True)
        return
    changed = not cors.is_met(cors.read_rules(client, name)) if dry_run else cors.allow_labeling(client, name)
    if not changed:
        click.echo(f"the bucket {name} has a CORS rule for the worker portal already", err=True)
    else:
        click.echo(f"the bucket {name} {'would get' if dry_run else 'got'} a CORS rule for the worker portal", err=True)


def _document(report: PushReport, target: str) -> dict[str, Any]:
    from labelround.push import Outcome

    return {
        "target": target,
        "dryRun": report.dry_run,
        "uploaded": report.count(Outcome.UPLOADED),
        "uploadedBytes": report.uploaded_bytes,
        "alreadyThere": report.count(Outcome.PRESENT),
        "failed": [{"name": problem.where, "reason": problem.what} for problem in report.failures],
        "untried": report.untried,
        "skipped": [
            {"reason": skipped.reason.value, "count": skipped.count, "examples": list(skipped.examples)}
            for skipped in report.skipped
        ],
        "warnings": [str(warning) for warning in report.warnings],
    }


def _lines(report: PushReport, folder: Folder) -> Iterator[str]:
    from labelround.push import Outcome

    yield f"target:        {folder.uri()}"
    size = f"{report.uploaded_bytes / 1e6:.1f} MB"
    yield f"{'would upload:' if report.dry_run else 'uploaded:':14} {report.count(Outcome.UPLOADED)} pictures, {size}"
    yield f"already there: {report.count(Outcome.PRESENT)} pictures"
    for skipped in report.skipped:
        shown = ", ".join(skipped.examples[:3]) + (", ..." if skipped.count > 3 else "")
        yield f"skipped:       {skipped.count} ({skipped.reason.value}): {shown}"


def _failures(report: PushReport) -> Iterator[str]:
    total = len(report.pushed) + report.untried
    yield f"{len(report.failures)} of {total} pictures could not be uploaded; run the same command again to go on"
    yield from (f"  {problem}" for problem in report.failures)
    if report.untried:
        yield f"gave up after {len(report.failures)} failures; {report.untried} pictures were not tried"
