"""The check of rights: whether whoever runs this may do all that the operator does.

What the operator does stands in one file, deploy/rbac.yaml; each of its rights is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from labelround.cluster.api import ACCESS_REVIEWS, Cluster, Resource
from labelround.doctor.findings import Finding, error, ok, warning
from labelround.errors import LabelroundError
from labelround.wording import counted

CHECK = "rights"
RBAC_NAME = "rbac.yaml"
SELF_REVIEWS = Resource("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False)
CLUSTER_WIDE = frozenset({"namespaces"})
SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource. `namespace` "" means all; `name` "" means any object."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = "/".join(filter(None, (self.resource, self.subresource)))
        named = f" {self.name}" if self.name else ""
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {resource}{named}{where}"

    def review(self) -> dict[str, Any]:
        """The SelfSubjectAccessReview that asks for it."""
        attributes = {
            "verb": self.verb,
            "group": self.group,
            "resource": self.resource,
            "subresource": self.subresource,
            "namespace": self.namespace,
            "name": self.name,
        }
        stated = {name: value for name, value in attributes.items() if value or name == "group"}
        return {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "spec": {"resourceAttributes": stated},
        }


@dataclass(frozen=True, slots=True)
class Needed:
    """All rights of the operator, the ServiceAccount that the file gives them to, and its namespace."""

    rights: tuple[Right, ...]
    service_account: str
    namespace: str


def rbac_text() -> str:
    """The YAML of the operator's rights: packaged in a wheel, the repository's own file otherwise."""
    packaged = resources.files("labelround").joinpath("deploy", RBAC_NAME)
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[3] / "deploy" / RBAC_NAME).read_text("utf-8")


def needed_rights(text: str, *, namespace: str = "", operator_namespace: str = "") -> Needed:
    """The rights in a file of roles.

    With `namespace` those of an operator that serves this namespace and has no right on the cluster.
    `operator_namespace` stands for that of the Roles, which is the operator's own.
    """
    documents = [document for document in yaml.safe_load_all(text) if document]
    (account,) = (document["metadata"] for document in documents if document["kind"] == "ServiceAccount")
    own = operator_namespace or account["namespace"]
    places = {"ClusterRole": namespace, "Role": own}
    rights = [
        right
        for document in documents
        for rule in document.get("rules", ())
        for right in _rights(rule, places[document["kind"]])
        if not (namespace and right.resource in CLUSTER_WIDE)
    ]
    return Needed(tuple(dict.fromkeys(rights)), f"{SERVICE_ACCOUNT}{own}:{account['name']}", own)


def check_rights(cluster: Cluster, needed: Needed) -> Finding:
    """Asks for every right. Raises what the API server raises when it may not be asked."""
    user = _user(cluster)
    lacking = [right for right in needed.rights if not _allowed(cluster, right)]
    if not lacking:
        return ok(CHECK, f"{user} has all {counted(len(needed.rights), 'right')} that the operator needs")
    told = f"{user} lacks {counted(len(lacking), 'right')} of the operator's {len(needed.rights)}: {_told(lacking)}"
    if user.startswith(f"{SERVICE_ACCOUNT}{needed.namespace}:"):
        return error(CHECK, told, f"bind the roles of deploy/{RBAC_NAME} to it")
    ask = f"kubectl auth can-i --list --as {needed.service_account}"
    return warning(CHECK, told, f"it matters only where the operator runs as this user; to ask for another: {ask}")


def _rights(rule: Mapping[str, Any], namespace: str) -> Iterator[Right]:
    for group in rule["apiGroups"]:
        for path in rule["resources"]:
            resource, _, subresource = path.partition("/")
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames") or ("",):
                    yield Right(verb, group, resource, subresource, "" if resource in CLUSTER_WIDE else namespace, name)


def _user(cluster: Cluster) -> str:
    """Who runs this, as the API server sees it."""
    body = {"apiVersion": SELF_REVIEWS.api_version, "kind": SELF_REVIEWS.kind}
    try:
        answer = cluster.create(SELF_REVIEWS, None, body)
    except LabelroundError:
        return "this user"
    return str(answer.get("status", {}).get("userInfo", {}).get("username") or "this user")


def _allowed(cluster: Cluster, right: Right) -> bool:
    return bool(cluster.create(ACCESS_REVIEWS, None, right.review())["status"].get("allowed"))


def _told(rights: Iterable[Right]) -> str:
    return ", ".join(map(str, rights))
