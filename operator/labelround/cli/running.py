"""Running one round from the command line: progress on stderr, the status on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
import yaml

from labelround.cli.console import progress
from labelround.cli.environment import Options, Service
from labelround.dataset.preview import SHEET
from labelround.errors import Failed
from labelround.local import InProcessConverter, LocalRunner, RecordFile
from labelround.progress import Progress
from labelround.reconcile import Reconciler, Result
from labelround.spec.model import LabelingRound
from labelround.status import is_finished, is_succeeded

DROPPED_EXIT_CODE = 5


def recorded_end(round: LabelingRound, options: Options) -> Mapping[str, Any] | None:
    """The recorded status of a round that has ended on this machine; None for any other."""
    record = RecordFile.of(options.state, round).read()
    return record.status if record.uid == round.uid and is_finished(record.status) else None


def run_to_the_end(
    round: LabelingRound, document: Mapping[str, Any], options: Options, service: Service
) -> Mapping[str, Any]:
    """Run a round until it has ended; its status."""
    with progress() as bar:
        reconciler = Reconciler(
            buckets=options.buckets,
            api=service.api,
            settings=service.settings,
            converter=InProcessConverter(options.buckets, bar),
            clock=lambda: datetime.now(UTC),
            portal_url=service.portal_url,
        )
        runner = LocalRunner(reconciler, options.state, service.poll_seconds, time.sleep, _Teller(bar).tell)
        return runner.run(round, document)


def finish(round: LabelingRound, status: Mapping[str, Any], options: Options, output: str) -> None:
    """Print how a round ended and exit accordingly: 0 succeeded, 1 failed, 5 with failed images."""
    if output == "json":
        click.echo(json.dumps({"status": status}, ensure_ascii=False, indent=2))
    else:
        click.echo(yaml.safe_dump({"status": status}, sort_keys=False, allow_unicode=True, width=120), nl=False)
    if not is_succeeded(status):
        message = next(each["message"] for each in status["conditions"] if each["type"] == "Succeeded")
        raise Failed(f"the round {round.name} failed: {message}")
    bucket = options.buckets.open(round.bucket)
    click.echo(f"dataset: {bucket.uri(round.output_prefix)}", err=True)
    if bucket.exists(round.output_prefix + SHEET):
        click.echo(f"preview: {bucket.uri(round.output_prefix + SHEET)}", err=True)
    if status["images"]["failed"] or status["images"]["unlabeled"]:
        click.echo("some images are not in the dataset; images.csv there says why for each", err=True)
        sys.exit(DROPPED_EXIT_CODE)


class _Teller:
    """Tells every change of phase in a line, and the labeling as a progress bar."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
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
            click.echo(f"{round.name}: {status['phase']}: {summary['message']}", err=True)
        if status["phase"] == "Labeling" and "images" in status:
            self._advance(round, status["images"])

    def _advance(self, round: LabelingRound, images: Mapping[str, int]) -> None:
        if self._labeled is None:
            self._bar.start(f"labeling {round.name}", images["total"], "images")
            self._labeled = 0
        done = images["labeled"] + images["failed"]
        self._bar.advance(max(done - self._labeled, 0))
        self._labeled = max(done, self._labeled)
