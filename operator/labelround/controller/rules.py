"""What an administrator's policy is made of: rules, backends, and what a rule grants a round."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from labelround.controller.selector import NamespaceSelector
from labelround.request import JobSettings
from labelround.storage.keys import key_problem
from labelround.uri import folder

DEFAULT_SERVICE_ACCOUNT = "default"
"""What every namespace has; the only one that a rule without a list allows."""
EVERY_TAINT = "*"
"""What a toleration without a key means, and in a rule allows every toleration."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A labeling API and its S3 store, and with whose rights the operator uses them.

    Addresses that are empty mean AWS. `role_arn` is assumed for each namespace; `credentials_secret` names a Secret in
    the operator's namespace. With neither, the operator's own credentials serve.
    """

    name: str
    region: str
    sagemaker_endpoint_url: str = ""
    s3_endpoint_url: str = ""
    role_arn: str = ""
    credentials_secret: str = ""


@dataclass(frozen=True, slots=True)
class BucketRule:
    """Folders of a bucket; the empty prefix is the whole bucket."""

    name: str
    prefixes: tuple[str, ...]

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object, or a folder that ends in `/` (empty: the whole bucket), lies inside.

        Keys are compared character by character, as S3 does, and by whole folders: `team-a` does not hold `team-ab`.
        """
        if bucket != self.name or not _is_plain(key):
            return False
        return any(key.startswith(folder(prefix)) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the namespaces of one rule may use; `bucket_owner` is the account that every bucket must belong to.

    It serves the listed namespaces, or those that the selector picks.
    """

    backend: str
    buckets: tuple[BucketRule, ...]
    execution_role_arn: str
    workteam_arns: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    namespace_selector: NamespaceSelector | None = None
    bucket_owner: str = ""
    kms_key_id: str = ""
    service_account_names: tuple[str, ...] = ()
    priority_class_names: tuple[str, ...] = ()
    toleration_keys: tuple[str, ...] = ()
    conversion_credentials_secret: str = ""

    def serves(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether the rule is one of the namespace with these Kubernetes labels."""
        if namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and self.namespace_selector.selects(labels)

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object, or a folder that ends in `/`, lies in one of the rule's places."""
        return any(each.holds(bucket, key) for each in self.buckets)

    def workteam_arn(self, workteam: str) -> str:
        """The ARN of an allowed workteam, by ARN or name; the first one for "", and "" for one that is not allowed."""
        if not workteam:
            return next(iter(self.workteam_arns), "")
        return next((arn for arn in self.workteam_arns if workteam in {arn, workteam_name(arn)}), "")

    @property
    def service_accounts(self) -> tuple[str, ...]:
        """The ServiceAccounts that a conversion may run under; the first is the default."""
        return self.service_account_names or (DEFAULT_SERVICE_ACCOUNT,)

    def tolerates(self, key: str) -> bool:
        """Whether the pods of a conversion may tolerate taints with this key; `*` is every taint."""
        return not {key, EVERY_TAINT}.isdisjoint(self.toleration_keys)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in the order in which they are tried, and the backends that they name."""

    rules: tuple[Rule, ...] = ()
    backends: Mapping[str, Backend] = field(default_factory=dict)

    @property
    def needs_namespace_labels(self) -> bool:
        """Whether who is served depends on the Kubernetes labels of namespaces."""
        return any(rule.namespace_selector and rule.namespace_selector.needs_labels for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a round may use: the rule that serves it, and what that rule makes of its names."""

    rule: Rule
    backend: Backend
    workteam_arn: str
    service_account_name: str

    def job_settings(self, cluster: str) -> JobSettings:
        """How labeling jobs are made under this grant."""
        return JobSettings(
            region=self.backend.region,
            role_arn=self.rule.execution_role_arn,
            workteam_arn=self.workteam_arn,
            kms_key_id=self.rule.kms_key_id,
            cluster=cluster,
        )


def _is_plain(key: str) -> bool:
    """Whether a key means the same to every store and client: no segment leads up, however it is written."""
    if key and key_problem(key):
        return False
    return not {".", ".."} & set(unquote(unicodedata.normalize("NFKC", key)).split("/"))


def workteam_name(arn: str) -> str:
    """The name of the workteam with this ARN."""
    return arn.rpartition("/")[2]
