"""`labelround operator`: the Kubernetes operator."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

import click


@click.command(short_help="Run the Kubernetes operator.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="LABELROUND_CONFIG",
    help="The settings, as YAML; LABELROUND_* variables go before them. [env: LABELROUND_CONFIG]",
)
@click.option(
    "--kubeconfig", type=click.Path(exists=True, dir_okay=False), help="Default: the cluster around, or KUBECONFIG."
)
@click.option("--context", help="The context of the kubeconfig to use. Default: its current one.")
@click.option("--check", is_flag=True, help="Check the settings, say what is wrong with them, and end.")
def operator(config: Path | None, kubeconfig: str | None, context: str | None, check: bool) -> None:
    """Run the Kubernetes operator.

    It watches LabelingRounds and brings each to its end, within the administrator's policy in its settings. SIGTERM
    and SIGINT end it after the passes that are under way. docs/configuration.md describes the settings.
    """
    from labelround.controller.settings import load_settings

    settings = load_settings(os.environ, config)
    if check:
        click.echo("the settings are right", err=True)
        return
    from labelround.cluster.client import connect
    from labelround.controller.run import run_operator

    _log_to_stderr(settings.log_level, settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads = settings.workers + len(("relister", "watch"))
    run_operator(settings, partial(connect, kubeconfig=kubeconfig, context=context, threads=threads), stop)


def _log_to_stderr(level: str, form: str) -> None:
    from labelround.logs import JSONFormatter

    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JSONFormatter() if form == "json" else plain)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("labelround").setLevel(level.upper())
