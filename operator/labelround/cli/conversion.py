"""`labelround conversion`: what the pods of a round run."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labelround.cli.durations import shown
from labelround.cli.options import PATIENCE_SECONDS, bucket_options, open_buckets
from labelround.decide import ConversionStep
from labelround.errors import LabelroundError
from labelround.uri import ObjectURI

if TYPE_CHECKING:
    from labelround.conversion import Conversion
    from labelround.dataset.report import Report
    from labelround.progress import Progress
    from labelround.storage import Buckets

SHARD_VARIABLE = "JOB_COMPLETION_INDEX"
TERMINATION_LOG = Path("/dev/termination-log")
TERMINATION_LOG_VARIABLE = "LABELROUND_TERMINATION_LOG"
MESSAGE_MAX_BYTES = 4096
"""As much of a message as Kubernetes keeps."""
SIGTERM_EXIT_CODE = 128 + signal.SIGTERM
_START = time.monotonic()


def _address(_context: click.Context, _argument: click.Parameter, value: str) -> ObjectURI:
    try:
        return ObjectURI.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(short_help="Run the conversion that a round has prepared, as its pods do.")
@click.argument("address", metavar="s3://BUCKET/PREFIX/conversion.json", callback=_address)
@click.option(
    "--step",
    type=click.Choice([step.value for step in ConversionStep]),
    help="Run one step of a large round: index once, then shard for each shard, anywhere, then finish once.",
)
@click.option(
    "--shard",
    type=int,
    envvar=SHARD_VARIABLE,
    help=f"Which shard --step shard converts, counted from 0. Default: {SHARD_VARIABLE}, which Kubernetes sets.",
)
@bucket_options
def conversion(
    address: ObjectURI,
    step: str | None,
    shard: int | None,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Run the conversion that a round has prepared, as its pods do.

    The operator writes the file and starts the pods; by hand it does the same again. A conversion that was interrupted
    goes on, and one that is done changes nothing. Without --step it does everything, whatever the size of the round.

    Exits with 0 when the dataset is there (its report counts what was dropped) or the step is done, with 3 when the
    input is wrong, and with 1 for everything else, which may work at another time. LABELROUND_TERMINATION_LOG names a
    file that gets the message.
    """
    if step == ConversionStep.SHARD.value and shard is None:
        raise click.UsageError("--step shard needs --shard")
    with _ended_by_sigterm(), _told_to_kubernetes():
        buckets = open_buckets(root, bucket, s3_endpoint_url, region, patience_seconds=PATIENCE_SECONDS)
        from labelround.cli.console import progress
        from labelround.conversionfile import decode

        prepared = decode(buckets.open(address.bucket).read(address.key), buckets, str(address))
        with progress() as told:
            _run(prepared, ConversionStep(step) if step else None, shard or 0, buckets, told)
        click.echo(_spent(), err=True)


def _run(prepared: Conversion, step: ConversionStep | None, shard: int, buckets: Buckets, told: Progress) -> None:
    """Run one step, or all when none is named."""
    target = f"{prepared.round} to {prepared.output.uri()}"
    match step:
        case ConversionStep.INDEX:
            click.echo(f"indexing {prepared.round} for {prepared.shards} shards", err=True)
            prepared.index(buckets, told)
        case ConversionStep.SHARD:
            click.echo(f"converting shard {shard} of 0 to {prepared.shards - 1} of {target}", err=True)
            prepared.write_shard(shard, buckets, told)
        case ConversionStep.FINISH:
            click.echo(f"finishing the conversion of {target}", err=True)
            _tell(prepared, prepared.finish(buckets, told))
        case None:
            click.echo(f"converting {target}", err=True)
            _tell(prepared, prepared.run(buckets, told))


def _spent() -> str:
    """What the process has taken, for whoever settles the resources of such pods."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"took {shown(time.monotonic() - _START)} and at most {peak / 1_000_000:.0f} MB of memory"


def _tell(prepared: Conversion, report: Report) -> None:
    from labelround.cli.convert import summary

    for line in summary(report):
        click.echo(line, err=True)
    click.echo(prepared.output.uri("report.json"))


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the process, even as process 1 and while a request hangs. Every moment is safe for that.

    A handler would not do: Python runs it only once the request has ended.
    """

    def end() -> None:
        signal.sigwait({signal.SIGTERM})
        os.write(2, b"ended by SIGTERM; the conversion goes on when it is run again\n")
        os._exit(SIGTERM_EXIT_CODE)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=end, name="sigterm", daemon=True).start()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _told_to_kubernetes() -> Iterator[None]:
    """What ends the conversion also goes where Kubernetes looks for it, and so into the round's status."""
    try:
        yield
    except Exception as error:
        known = isinstance(error, LabelroundError)
        _write_message(str(error) if known else f"{type(error).__name__}: {error}")
        raise


def _write_message(message: str) -> None:
    named = os.environ.get(TERMINATION_LOG_VARIABLE)
    path = Path(named) if named else TERMINATION_LOG
    if not named and not path.exists():
        return
    try:
        path.write_bytes(message.encode()[:MESSAGE_MAX_BYTES].decode(errors="ignore").encode())
    except OSError as error:
        click.echo(f"{path}: the message could not be written ({error.strerror})", err=True)
