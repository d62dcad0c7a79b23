"""The check of the Kubernetes API itself: that it answers, and is new enough."""

from __future__ import annotations

import json
import re

from labelround.cluster.api import Cluster
from labelround.doctor.findings import Finding, error, ok, warning
from labelround.errors import LabelroundError

CHECK = "Kubernetes API"
OLDEST = (1, 33)


def check_api_server(cluster: Cluster) -> Finding:
    """Errors when it does not answer, or is older than the CustomResourceDefinition needs."""
    try:
        answer = json.loads(cluster.text("/version", {}))
    except LabelroundError as failure:
        return error(CHECK, f"cannot be asked ({failure})", "check --kubeconfig, --context and the network")
    except ValueError:
        return error(CHECK, "answers with something that is no JSON; is this a Kubernetes API?", "check --kubeconfig")
    told = str(answer.get("gitVersion", "an unknown version"))
    numbers = [re.match(r"\d+", str(answer.get(part, ""))) for part in ("major", "minor")]
    found = tuple(int(number[0]) for number in numbers if number)
    if len(found) != len(OLDEST):
        return warning(CHECK, f"answers, and its version was not understood: {told}")
    if found < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return error(CHECK, f"is {told}, and labelround needs {oldest} or later", "upgrade the cluster")
    return ok(CHECK, f"{told} answers")
