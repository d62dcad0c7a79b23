"""Running one round from the command line: progress on stderr, the status on stdout."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from labelround.cli.console import progress
from labelround.cli.environment import Options, Service
from labelround.cli.output import show
from labelround.dataset.convert import read_report
from labelround.dataset.formats import PREVIEWS
from labelround.dataset.preview import INDEX
from labelround.decide import Reason
from labelround.errors import Failed, Unavailable
from labelround.local import InProcessConverter, LocalRunner, RecordFile
from labelround.progress import Progress
from labelround.reconcile import Reconciler, Result
from labelround.spec.model import LabelingRound
from labelround.status import is_finished, is_succeeded
from labelround.storage import Folder
from labelround.uri import ObjectURI, is_s3

DROPPED_EXIT_CODE = 5
ALL_ANSWERED = "every picture is answered; waiting {seconds} s for changes, and for whoever is making one"


def recorded_end(round: LabelingRound, options: Options) -> Mapping[str, Any] | None:
    """The recorded status of a round that has ended on this machine and whose dataset is there; None otherwise."""
    record = RecordFile.of(options.state, round).read()
    if record.uid != round.uid or not is_finished(record.status):
        return None
    there = InProcessConverter(options.buckets).observe(round).report is not None
    return record.status if there or not is_succeeded(record.status) else None


def run_to_the_end(
    round: LabelingRound, document: Mapping[str, Any], options: Options, service: Service
) -> Mapping[str, Any]:
    """Run a round until it has ended; its status."""
    for label in round.labels:
        if label != label.strip():
            click.echo(f"warning: the label {label!r} begins or ends with a space, and boxes must name it so", err=True)
    with progress() as bar:
        reconciler = Reconciler(
            buckets=options.buckets,
            api=service.api,
            settings=service.settings,
            converter=InProcessConverter(options.buckets, bar),
            clock=lambda: datetime.now(UTC),
            portal_url=service.portal_url,
        )
        teller = _Teller(bar, options.by_people)
        runner = LocalRunner(reconciler, options.state, service.poll_seconds, time.sleep, teller.tell)
        return runner.run(round, document)


def finish(round: LabelingRound, status: Mapping[str, Any], options: Options, output: str, anew: str) -> None:
    """Print how a round ended and exit accordingly: 0 succeeded, 1 failed, 5 with dropped boxes or failed images.

    `anew` says how to begin anew, since an end is final.
    """
    show({"status": status}, (), output)
    if not is_succeeded(status):
        summary = next(each for each in status["conditions"] if each["type"] == "Succeeded")
        hint = ""
        if options.answers and summary["reason"] == Reason.NOTHING_LABELED.value:
            address = ObjectURI(round.bucket, round.images_prefix)
            hint = f"\n  {options.answers} has no answer for these pictures? A source-ref there begins with {address}"
        raise Failed(
            f"the round {round.name} failed: {summary['message']}{hint}\n  this end is final; to begin anew, {anew}"
        )
    output_folder = Folder(options.buckets.open(round.bucket), round.output_prefix)
    report = read_report(output_folder)
    dataset = _from_here(output_folder.uri())
    click.echo(f"dataset: {dataset}", err=True)
    for warning in report.warnings if report else ():
        click.echo(f"warning: {warning}", err=True)
    if output_folder.exists(f"{PREVIEWS}/{INDEX}"):
        click.echo(f"preview: {_from_here(output_folder.uri(f'{PREVIEWS}/{INDEX}'))}", err=True)
    click.echo(f"next:    labelround pull {shlex.quote(dataset)} {options.where}".rstrip(), err=True)
    if report is not None and not report.complete:
        click.echo("boxes were dropped or images failed; images.csv and report.json there say which and why", err=True)
        sys.exit(DROPPED_EXIT_CODE)


def _from_here(place: str) -> str:
    """A path below the working directory without it; any other place as it is."""
    if is_s3(place) or not Path(place).is_relative_to(Path.cwd()):
        return place
    return str(Path(place).relative_to(Path.cwd()))


class _Teller:
    """Tells every change of phase in a line, and the labeling as a progress bar."""

    def __init__(self, bar: Progress, by_people: bool) -> None:
        self._bar = bar
        self._by_people = by_people
        self._told: tuple[str, str] = ("", "")
        self._labeled: int | None = None

    def tell(self, round: LabelingRound, result: Result) -> None:
        status = result.status
        summary = next((each for each in status.get("conditions", ()) if each["type"] == "Succeeded"), None)
        if summary is None:
            return
        told = (status["phase"], summary["reason"])
        if told != self._told:
            self._told = told
            again = "; trying again" if isinstance(result.error, Unavailable) else ""
            click.echo(f"{round.name}: {status['phase']}: {summary['message']}{again}", err=True)
        if status["phase"] == "Labeling" and "images" in status:
            self._advance(round, status["images"])

    def _advance(self, round: LabelingRound, images: Mapping[str, int]) -> None:
        if self._labeled is None:
            self._bar.start(f"labeling {round.name}", images["total"], "images")
            self._labeled = 0
        done = images["labeled"] + images["failed"]
        if self._by_people and done == images["total"] > self._labeled:
            from labelround.server.leases import LAST_MILLISECONDS

            click.echo(f"{round.name}: {ALL_ANSWERED.format(seconds=LAST_MILLISECONDS // 1000)}", err=True)
        self._bar.advance(max(done - self._labeled, 0))
        self._labeled = max(done, self._labeled)
