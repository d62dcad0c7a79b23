"""`labelround conversion`: what the pod of a round runs."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from labelround.cli.options import bucket_options, open_buckets
from labelround.errors import LabelroundError
from labelround.uri import ObjectURI

TERMINATION_LOG = Path("/dev/termination-log")
TERMINATION_LOG_VARIABLE = "LABELROUND_TERMINATION_LOG"
MESSAGE_MAX_BYTES = 4096
"""As much of a message as Kubernetes keeps."""
SIGTERM_EXIT_CODE = 128 + signal.SIGTERM


def _address(_context: click.Context, _argument: click.Parameter, value: str) -> ObjectURI:
    try:
        return ObjectURI.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(short_help="Run the conversion that a round has prepared, as its pod does.")
@click.argument("address", metavar="s3://BUCKET/PREFIX/conversion.json", callback=_address)
@bucket_options
def conversion(
    address: ObjectURI,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Run the conversion that a round has prepared, as its pod does.

    The operator writes the file and starts the pod; by hand it does the same again. A conversion that was interrupted
    goes on, and one that is done changes nothing.

    Exits with 0 when the dataset is there (its report counts what was dropped), with 3 when the input is wrong, and
    with 1 for everything else, which may work at another time. LABELROUND_TERMINATION_LOG names a file that gets the
    message.
    """
    with _ended_by_sigterm(), _told_to_kubernetes():
        buckets = open_buckets(root, bucket, s3_endpoint_url, region)
        from labelround.cli.console import progress
        from labelround.cli.convert import summary
        from labelround.conversionfile import decode

        prepared = decode(buckets.open(address.bucket).read(address.key), buckets, str(address))
        click.echo(f"converting {prepared.round} to {prepared.output.uri()}", err=True)
        with progress() as told:
            report = prepared.run(buckets, told)
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
