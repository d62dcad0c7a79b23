"""The options that say which cluster and namespace a command is about, and opening them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from labelround.errors import Failed

if TYPE_CHECKING:
    from labelround.cluster.api import Cluster

Command = TypeVar("Command", bound=Callable[..., Any])


class MissingExtra(Failed):
    """The packages of the `operator` extra are not installed."""


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster and the namespace in it. `namespace` None means all of them."""

    cluster: Cluster
    namespace: str | None


NAMESPACE = click.option(
    "-n", "--namespace", metavar="NAME", help="The namespace. Default: the kubeconfig context's, or the pod's."
)


def cluster_options(command: Command) -> Command:
    """Add which cluster and namespace: `namespace`, `context` and `kubeconfig`, for `open_target`."""
    return NAMESPACE(connection_options(command))


def connection_options(command: Command) -> Command:
    """Add which cluster: `context` and `kubeconfig`."""
    options = [
        click.option("--context", metavar="NAME", help="The kubeconfig context. Default: the current one."),
        click.option(
            "--kubeconfig",
            type=click.Path(exists=True, dir_okay=False),
            help="The kubeconfig file. Default: KUBECONFIG, ~/.kube/config, or the cluster around this pod.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def poll_option(command: Command) -> Command:
    """Add `poll_seconds`."""
    return click.option(
        "--poll-seconds",
        type=click.FloatRange(0.05),
        default=2.0,
        show_default=True,
        metavar="SECONDS",
        help="How often to look.",
    )(command)


def yes_option(command: Command) -> Command:
    """Add `yes`, for `confirm`."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(command)


def open_target(
    namespace: str | None, context: str | None, kubeconfig: str | None, *, all_namespaces: bool = False
) -> Target:
    """The cluster and namespace that `cluster_options` describe. Opens no connection.

    Raises MissingExtra without the kubernetes package, and Conflict when no cluster is configured.
    """
    if all_namespaces and namespace:
        raise click.UsageError("--all-namespaces cannot be combined with --namespace")
    from labelround.cluster.client import KubernetesCluster, connect
    from labelround.cluster.namespace import default_namespace

    try:
        cluster = KubernetesCluster(connect(kubeconfig=kubeconfig, context=context))
        if namespace is None and not all_namespaces:
            namespace = default_namespace(kubeconfig=kubeconfig, context=context)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"this command needs {error.name}; install it: pip install 'labelround[operator]'") from None
    return Target(cluster, namespace)


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere `--yes` must have been given. Raises Failed when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked, since the input is no terminal; add --yes")
    if not click.confirm(question, err=True):
        raise Failed("nothing was changed")
