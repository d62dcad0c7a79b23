"""The namespace that is meant when none is named: the kubeconfig context's, or that of the pod around this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from labelround.errors import Conflict

SERVICE_HOST = "KUBERNETES_SERVICE_HOST"
POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
FALLBACK = "default"


def default_namespace(
    *, kubeconfig: str | None = None, context: str | None = None, pod_namespace: Path = POD_NAMESPACE
) -> str:
    """As kubectl chooses it, from the same place as `connect` takes the cluster.

    Raises Conflict (`NoCluster`) when the kubeconfig cannot be read or has no such context.
    """
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    in_a_pod = bool(os.environ.get(SERVICE_HOST)) and pod_namespace.is_file()
    if kubeconfig is None and context is None and in_a_pod:
        return pod_namespace.read_text("utf-8").strip() or FALLBACK
    try:
        contexts, current = config.list_kube_config_contexts(config_file=kubeconfig)
    except (ConfigException, OSError, ValueError) as error:
        raise Conflict("NoCluster", f"the kubeconfig cannot be read ({error}); set KUBECONFIG") from error
    if context is None:
        return _namespace(current)
    for one in contexts:
        if one["name"] == context:
            return _namespace(one)
    names = ", ".join(sorted(one["name"] for one in contexts))
    raise Conflict("NoCluster", f"the kubeconfig has no context {context!r}; it has {names}")


def _namespace(context: Any) -> str:
    return str(context["context"].get("namespace") or FALLBACK)
