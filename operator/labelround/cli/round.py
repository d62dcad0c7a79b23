"""`label`, `run`, `plan` and `init`: a LabelingRound from this machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelround.cli.options import bucket_options, endpoint_url, open_buckets
from labelround.cli.pricing import price_options, prices
from labelround.errors import Failed, InvalidRound, Problem

if TYPE_CHECKING:
    from labelround.cli.environment import Options

LABEL_BUCKET = "local"
DRAWINGS_ARE_KEPT = "Every saved answer is kept, and what is not saved yet is in the browser."
NEW_ROUND = "make a new round with another metadata.name and spec.prefix"


def labeling_options(command: Any) -> Any:
    """Who labels: `answers` and its kin, `sagemaker_endpoint_url`, `role_arn`, `workteam`, `state_dir`."""
    options = [
        click.option("--answers", metavar="FILE", help="Simulate workers who answer from this output manifest."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the simulated workers."),
        click.option(
            "--noise", type=click.FloatRange(0, 1), default=0.0, help="How far simulated boxes stray, 0 to 1."
        ),
        click.option(
            "--decline-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of declined images, 0 to 1."
        ),
        click.option("--delay", type=click.FloatRange(0), default=0.0, help="Seconds a simulated answer takes."),
        click.option(
            "--sagemaker-endpoint-url",
            metavar="URL",
            callback=endpoint_url,
            help="The labeling API. Default: AWS_ENDPOINT_URL_SAGEMAKER, or AWS.",
        ),
        click.option(
            "--role-arn",
            envvar="LABELROUND_ROLE_ARN",
            help="Execution role of labeling jobs on AWS. [env: LABELROUND_ROLE_ARN]",
        ),
        click.option(
            "--workteam",
            envvar="LABELROUND_WORKTEAM",
            help="Name or ARN of the private team. [env: LABELROUND_WORKTEAM]",
        ),
        click.option(
            "--state-dir",
            type=click.Path(file_okay=False, path_type=Path),
            help="Where this machine remembers rounds. Default: <root>/.labelround.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def page_options(command: Any) -> Any:
    """Who labels in a browser when nobody else does: `workers`, `port` and `open_page`."""
    options = [
        click.option(
            "--worker",
            "workers",
            multiple=True,
            metavar="NAME",
            help="Somebody who labels in a browser; may be repeated. Default: you.",
        ),
        click.option("--port", type=click.IntRange(0, 65535), help="The page's port. Default: one of the round's own."),
        click.option(
            "--open/--no-open", "open_page", default=True, show_default=True, help="Open the page in a browser."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


FILE_OPTION = click.option(
    "-f", "--file", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The LabelingRound, as YAML or JSON.",
)  # fmt: skip


@click.command(short_help="Run a LabelingRound to its end from this machine.")
@FILE_OPTION
@bucket_options
@labeling_options
@page_options
@click.option("--poll-seconds", type=click.FloatRange(0.05), help="How often to look. Default: 30 on AWS, 0.5 here.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def run(file: Path, poll_seconds: float | None, output: str, **options: Any) -> None:
    """Run a LabelingRound to its end from this machine.

    Writes the manifest, creates the labeling job, waits for it and converts its output. Interrupted, it leaves the job
    running; run again, it goes on where it was. Without --root or --bucket, the buckets are those of AWS or of the S3
    server at --s3-endpoint-url.
    """
    documents = _documents(file)
    for document in documents:
        _run(document, _options(options, poll_seconds), output)


@click.command(short_help="Label a folder of pictures: write its round.yaml and run it.")
@click.argument("pictures", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--labels", required=True, help="The classes, separated by commas; their order is their ids, for ever.")
@click.option("--name", help="Name of the round. Default: the folder's name.")
@labeling_options
@page_options
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def label(pictures: Path, labels: str, name: str | None, output: str, **options: Any) -> None:
    """Label a folder of pictures: write its round.yaml and run it.

    A page opens on which you draw the boxes, one picture after the other. Ctrl-C loses nothing: the same command goes
    on. PICTURES stays as it is. The round goes into a folder beside it, called <PICTURES>-round, which ends up with the
    YOLO dataset.
    """
    from labelround.cli.folder import round_of_folder

    folder_round = round_of_folder(pictures.absolute(), _names(labels), name)
    folder_round.write()
    click.echo(f"round: {folder_round.file}", err=True)
    options |= {"root": None, "bucket": {LABEL_BUCKET: folder_round.parent}, "s3_endpoint_url": None, "region": None}
    options["state_dir"] = options["state_dir"] or folder_round.state
    for document in _documents(folder_round.file):
        _run(document, _options(options, None), output, anew=f"rename or delete {folder_round.folder}")


@click.command(short_help="Show what a round would do, and every problem it has. Writes nothing.")
@FILE_OPTION
@bucket_options
@labeling_options
@price_options
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
def plan(file: Path, price_per_task: Decimal | None, budget: Decimal | None, output: str, **options: Any) -> None:
    """Show what a round would do, and every problem it has. Writes nothing.

    Prints the number of images, what is skipped and why, the labeling jobs, the exact CreateLabelingJob requests, and
    errors and warnings apart. Exits with 3 when there is an error. With --price-per-task it tells what labeling costs
    at most, and with --budget it is an error when that is more.
    """
    from labelround.cli.planning import plan_report, render

    chosen = prices(price_per_task, budget)
    reports = [plan_report(document, _options(options, None), chosen) for document in _documents(file)]
    click.echo("\n".join(render(report, output) for report in reports))
    if any(report.findings.errors for report in reports):
        raise SystemExit(InvalidRound.exit_code)


@click.command(short_help="Write a commented round.yaml to start from.")
@click.argument("file", default="round.yaml", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="my-round", show_default=True, help="Name of the round.")
@click.option("--bucket", default="my-bucket", show_default=True, help="The bucket that holds the pictures.")
@click.option("--images-prefix", default="my-pictures/images/", show_default=True, help="The folder in the bucket.")
@click.option("--labels", default="cat,dog", show_default=True, help="The classes, separated by commas.")
def init(file: Path, name: str, bucket: str, images_prefix: str, labels: str) -> None:
    """Write a commented round.yaml to start from. FILE is round.yaml by default and is never overwritten."""
    from labelround.spec.parse import load_rounds, parse_round, round_yaml

    text = round_yaml(name, bucket, images_prefix, _names(labels))
    for document in load_rounds(text, str(file)):
        parse_round(document)
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise Failed(f"{file}: is already there; name another file") from None
    click.echo(f"wrote {file}; next: labelround plan -f {file}", err=True)


def _names(labels: str) -> tuple[str, ...]:
    """The labels of a comma-separated list, without the space that people put after commas."""
    return tuple(name.strip() for name in labels.split(","))


def _documents(file: Path) -> list[Mapping[str, Any]]:
    from labelround.spec.parse import load_rounds

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRound([Problem(str(file), f"is not UTF-8 text ({error})")]) from None
    documents = load_rounds(text, str(file))
    if not documents:
        raise InvalidRound([Problem(str(file), "holds no LabelingRound", "labelround init writes one to start from")])
    return list(documents)


def _options(options: Mapping[str, Any], poll_seconds: float | None) -> Options:
    from labelround.cli.environment import Options

    chosen = {name: value for name, value in options.items() if name not in {"bucket", "s3_endpoint_url"}}
    buckets = open_buckets(options["root"], options["bucket"], options["s3_endpoint_url"], options["region"])
    return Options(
        buckets=buckets,
        mapped=options["bucket"],
        poll_seconds=poll_seconds,
        s3_endpoint_url=options["s3_endpoint_url"],
        **chosen,
    )


def _run(document: Mapping[str, Any], options: Options, output: str, anew: str = NEW_ROUND) -> None:
    """Run one round, tell how it goes on stderr and print its status on stdout."""
    from labelround.cli.environment import labeling_service
    from labelround.cli.running import finish, recorded_end, run_to_the_end
    from labelround.spec.parse import parse_round

    round = parse_round(document)
    status = recorded_end(round, options)
    if status is None:
        with labeling_service(round, options) as service:
            try:
                status = run_to_the_end(round, document, options, service)
            except KeyboardInterrupt:
                again = shlex.join(["labelround", *sys.argv[1:]])
                kept = f" {DRAWINGS_ARE_KEPT}" if options.by_people else ""
                click.echo(f"\ninterrupted; the labeling job stays as it is.{kept} To resume: {again}", err=True)
                raise SystemExit(130) from None
    finish(round, status, options, output, anew)
