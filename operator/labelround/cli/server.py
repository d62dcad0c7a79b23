"""`labelround server`: the Ground Truth labeling API on this machine, with people in a browser or simulated workers."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelround.cli.inviting import show_the_way
from labelround.cli.options import bucket_options, open_buckets

if TYPE_CHECKING:
    from labelround.server import ServerSettings

FAULTS_VARIABLE = "LABELROUND_SERVER_FAULTS"
DATABASE_VARIABLE = "LABELROUND_SERVER_DATABASE"
SHARE = click.FloatRange(0, 1)


def _print_faults(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from labelround.server.faults import meanings

    for name, meaning in meanings().items():
        click.echo(f"{name}: {meaning}")
    context.exit()


@click.command()
@bucket_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--trust-network",
    is_flag=True,
    help="Listen beyond this machine too, where something else keeps strangers away, such as a NetworkPolicy.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--database",
    metavar="FILE",
    envvar=DATABASE_VARIABLE,
    help=f"Where the labeling jobs are kept: an SQLite file, or the postgresql:// address of a database. Also"
    f" {DATABASE_VARIABLE}, which keeps a password out of sight.  [default: <root>/.labelround/server.db]",
)
@click.option("--answers", metavar="FILE", help="Simulate workers who answer from this output manifest (path or S3).")
@click.option("--answers-attribute", default="", metavar="NAME", help="The label attribute to read in --answers.")
@click.option(
    "--worker", "workers", multiple=True, metavar="NAME", help="Somebody who labels in a browser. May be repeated."
)
@click.option("--seed", default=0, show_default=True, help="The seed of the simulated workers.")
@click.option(
    "--noise", type=SHARE, default=0.0, show_default=True, help="Move box edges by up to this share of the box."
)
@click.option(
    "--decline-rate", type=SHARE, default=0.0, show_default=True, help="The share of tasks that workers decline."
)
@click.option(
    "--delay", type=click.FloatRange(0), default=0.0, show_default=True, help="Seconds between two answers of a job."
)
@click.option(
    "--answers-per-tick",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="How many answers a job gets at once, ten times a second.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE]",
    help=f"Go wrong on purpose; may be repeated. Also {FAULTS_VARIABLE}, separated by commas.",
)
@click.option(
    "--list-faults", is_flag=True, expose_value=False, is_eager=True, callback=_print_faults, help="Show the faults."
)
@click.option(
    "--request-log",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Append one line of JSON a request.",
)
def server(
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
    database: str | None,
    faults: tuple[str, ...],
    workers: tuple[str, ...],
    **settings: Any,
) -> None:
    """Serve the Ground Truth labeling API on this machine.

    The address is printed on stdout when it is ready; SIGINT and SIGTERM end it. Request signatures are not checked,
    so it listens on loopback addresses only, unless told to trust the network.
    """
    from labelround.server import ServerSettings, background, parse_database
    from labelround.server.faults import parse_faults
    from labelround.server.people import Person

    if database is None and root is None:
        raise click.UsageError("name the --database, since there is no --root to keep it in")
    named = [name for name in os.environ.get(FAULTS_VARIABLE, "").split(",") if name.strip()]
    chosen = ServerSettings(
        database=parse_database(database) if database else Path(root or ".", ".labelround", "server.db").absolute(),
        region=region or os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1",
        faults=parse_faults([*named, *faults]),
        people=tuple(Person(name) for name in workers),
        **settings,
    )
    stop = _stop_signal()
    _log_to_stderr()
    with background(chosen, open_buckets(root, bucket, s3_endpoint_url, region)) as url:
        click.echo(url)
        click.echo(_advice(url, chosen, on_disk=bool(root or bucket)), err=True)
        show_the_way(chosen.people, url, open_page=False)
        stop.wait()


def _stop_signal() -> threading.Event:
    """Set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _log_to_stderr() -> None:
    from labelround.logs import JSONFormatter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("labelround").setLevel(logging.INFO)


def _advice(url: str, settings: ServerSettings, *, on_disk: bool) -> str:
    """How to reach the server with stock clients, and what to know about it."""
    keys = "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n" if on_disk else ""
    workers = "There are no workers."
    if settings.answers:
        workers = f"Simulated workers answer from {settings.answers!s}."
    elif settings.people:
        workers = f"People label in a browser: {', '.join(person.name for person in settings.people)}."
    return (
        "Point boto3 or the aws command at it:\n\n"
        f"export AWS_ENDPOINT_URL_SAGEMAKER={url} AWS_DEFAULT_REGION={settings.region}\n"
        f"{keys}"
        "aws sagemaker list-labeling-jobs\n\n"
        f"{workers} The jobs are kept in {settings.database}.\n"
        f"Signatures are not checked: {_whoever(settings)} may use it."
    )


def _whoever(settings: ServerSettings) -> str:
    return "whoever reaches it" if settings.trust_network else "every program of this machine"
