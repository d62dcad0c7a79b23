"""`labelround`: the group of commands, loaded one by one so that `--help` stays fast."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from labelround import __version__
from labelround.errors import LabelroundError

INTERRUPTED_EXIT_CODE = 130

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module under labelround.cli, function, one line of help)
    "label": ("round", "label", "Label a folder of pictures: write its round.yaml and run it."),
    "run": ("round", "run", "Run a LabelingRound to its end from this machine."),
    "plan": ("round", "plan", "Show what a round would do, and every problem it has. Writes nothing."),
    "status": ("status", "status", "Show rounds on a cluster, or tell the story of one."),
    "wait": ("wait", "wait", "Wait until rounds on a cluster have ended."),
    "cancel": ("cancel", "cancel", "Stop the labeling of rounds on a cluster and keep what is labeled."),
    "logs": ("logs", "logs", "Print the log of a round's conversion on a cluster."),
    "doctor": ("doctor", "doctor", "Check an installation on a cluster, and say what to do."),
    "init": ("round", "init", "Write a commented round.yaml to start from."),
    "convert": ("convert", "convert", "Convert Ground Truth output manifests to a dataset for training."),
    "merge": ("merge", "merge", "Merge datasets into one that grows, version by version."),
    "diff": ("merge", "diff", "Tell what differs between two datasets, or two versions of one."),
    "pull": ("dataset", "pull", "Put the images beside the labels, so that a dataset trains in place."),
    "validate": ("dataset", "validate", "Report what a trainer would reject in a dataset."),
    "sign": ("signing", "sign", "Sign a dataset, so that others can tell that it is yours and whole."),
    "stats": ("stats", "stats", "Count images, boxes and classes of a dataset, and say what looks wrong."),
    "preview": ("dataset", "preview", "Draw the boxes of a dataset on its pictures."),
    "import": ("importing", "import_", "Turn the AWS blog's input.json into a LabelingRound."),
    "push": ("push", "push", "Upload a folder of pictures to S3, in the layout a round expects."),
    "team": ("team", "team", "Create, fill and list private teams of workers on AWS."),
    "server": ("server", "server", "Serve the Ground Truth labeling API on this machine."),
    "conversion": ("conversion", "conversion", "Run the conversion that a round has prepared, as its pods do."),
    "operator": ("operator", "operator", "Run the Kubernetes operator."),
    "crd": ("crd", "crd", "Print the CustomResourceDefinition of LabelingRound."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"labelround.cli.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labelround")
def cli() -> None:
    """Turn a bucket of pictures into a YOLO dataset that trains, with people drawing the boxes."""


def program_name(path: str) -> str:
    """What people typed to get here: kubectl runs `kubectl-labelround` as `kubectl labelround`."""
    return "kubectl labelround" if path.rpartition("/")[2] == "kubectl-labelround" else "labelround"


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line; errors go to stderr as sentences and set the exit code."""
    try:
        code = cli.main(args=args, prog_name=program_name(sys.argv[0]), standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except LabelroundError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED_EXIT_CODE)
    except BrokenPipeError:
        # Whoever read stdout has gone, as `head` does; writing on would only fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        click.echo(f"error: {error.filename or 'this machine'}: {error.strerror or error}", err=True)
        sys.exit(1)
