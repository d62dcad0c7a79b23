"""The operator's settings: one YAML file and environment variables, read once, every problem told at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labelround.controller.lease import LeaseSettings
from labelround.controller.pod_template import PodSettings
from labelround.controller.rules import Backend, BucketRule, Grant, Policy, Rule
from labelround.controller.selector import NamespaceSelector, Operator, Requirement
from labelround.controller.settings_checks import problems_between
from labelround.controller.settings_environment import overlay
from labelround.controller.settings_fields import SETTINGS
from labelround.errors import InvalidInput, Problem
from labelround.spec.fields import Reading
from labelround.spec.strictyaml import read_yaml

FILE_LESS = "settings"
OWN_NAMESPACE = "POD_NAMESPACE"
OWN_NAME = "POD_NAME"


@dataclass(frozen=True, slots=True)
class ConversionSettings:
    """How the pods of conversions are made, where the round does not say."""

    image: str
    image_pull_policy: str = "IfNotPresent"
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """What docs/configuration.md describes. Times are in seconds.

    `namespace` is the operator's own, `namespaces` those that are watched (none: all); `lease` is None when there is
    nobody to share the work with.
    """

    cluster_name: str
    conversion: ConversionSettings
    policy: Policy
    namespace: str = ""
    namespaces: tuple[str, ...] = ()
    workers: int = 8
    poll_seconds: float = 60.0
    resync_seconds: float = 3600.0
    relist_seconds: float = 600.0
    retry_max_seconds: float = 300.0
    deletion_patience_seconds: float = 300.0
    api_timeout_seconds: float = 30.0
    http_host: str = ""
    http_port: int = 8080
    lease: LeaseSettings | None = None
    finished_series_seconds: float = 3600.0
    max_images_per_round: int = 1_000_000
    log_level: str = "info"
    log_format: str = "json"

    def pod_settings(self, grant: Grant) -> PodSettings:
        """How the pod of a round's conversion is made under this grant."""
        return PodSettings(
            image=self.conversion.image,
            image_pull_policy=self.conversion.image_pull_policy,
            service_account_name=grant.service_account_name,
            credentials_secret=grant.rule.conversion_credentials_secret,
            s3_endpoint_url=grant.backend.s3_endpoint_url,
            region=grant.backend.region,
            environment=self.conversion.environment,
            resources=self.conversion.resources,
        )


def load_settings(environ: Mapping[str, str], file: Path | None) -> OperatorSettings:
    """The settings in the file, with the variables of `environ` before them. Raises InvalidInput with all problems.

    POD_NAMESPACE and POD_NAME, which a pod gets from its own metadata, say where and who the operator is.
    """
    document = {} if file is None else _document(file)
    laid, sources, problems = overlay(document, SETTINGS, environ)
    for name in ("conversion", "policy"):  # so that the missing fields themselves are named
        if laid.get(name) is None:
            laid[name] = {}
    reading = Reading(SETTINGS.places(""))
    values = SETTINGS.read(laid, "", reading)
    namespace = environ.get(OWN_NAMESPACE, "")
    found = [*reading.problems, *problems_between(values, namespace)]
    problems += _located(found, file.name if file else FILE_LESS, sources)
    if problems:
        raise InvalidInput(problems)
    return _settings(values, namespace, environ.get(OWN_NAME) or f"{socket.gethostname()}-{os.getpid()}")


def _document(file: Path) -> Mapping[str, Any]:
    """The one document of a file. Raises InvalidInput."""
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise InvalidInput([Problem(str(file), f"cannot be read ({error.strerror})", "name another file")]) from error
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem(str(file), "is not text in UTF-8", "write it as UTF-8")]) from error
    documents, problems = read_yaml(text, file.name)
    documents = [document for document in documents if document is not None]
    if len(documents) > 1:
        problems.append(Problem(file.name, f"holds {len(documents)} documents", "write one"))
    elif documents and not isinstance(documents[0], Mapping):
        problems.append(Problem(file.name, "is not a mapping", "write `name: value` lines"))
    if problems:
        raise InvalidInput(problems)
    return documents[0] if documents else {}


def _located(problems: Iterable[Problem], file: str, sources: Mapping[str, str]) -> list[Problem]:
    """The problems under the names by which a person finds them: the variable, or the file and the path in it."""
    located = []
    for problem in problems:
        variable = sources.get(problem.where.partition("[")[0])
        where = variable or f"{file}: {problem.where}"
        located.append(Problem(where, problem.what, problem.fix))
    return located


def _settings(values: Mapping[str, Any], namespace: str, identity: str) -> OperatorSettings:
    return OperatorSettings(
        cluster_name=values["clusterName"],
        conversion=_conversion(values["conversion"]),
        policy=_policy(values["policy"]),
        namespace=namespace,
        namespaces=values["watch"]["namespaces"],
        workers=values["workers"],
        poll_seconds=values["pollSeconds"],
        resync_seconds=values["resyncSeconds"],
        relist_seconds=values["relistSeconds"],
        retry_max_seconds=values["retry"]["maxSeconds"],
        deletion_patience_seconds=values["deletionPatienceSeconds"],
        api_timeout_seconds=values["apiTimeoutSeconds"],
        http_host=values["http"]["host"],
        http_port=values["http"]["port"],
        lease=_lease(values["lease"], namespace, identity),
        finished_series_seconds=values["finishedSeriesSeconds"],
        max_images_per_round=values["maxImagesPerRound"],
        log_level=values["logLevel"],
        log_format=values["logFormat"],
    )


def _lease(lease: Mapping[str, Any], namespace: str, identity: str) -> LeaseSettings | None:
    if not lease["enabled"]:
        return None
    return LeaseSettings(
        namespace=lease.get("namespace", namespace),
        name=lease["name"],
        identity=identity,
        duration=lease["durationSeconds"],
        renew=lease["renewSeconds"],
        retry=lease["retrySeconds"],
    )


def _conversion(conversion: Mapping[str, Any]) -> ConversionSettings:
    named = {kind: amounts for kind, amounts in conversion["resources"].items() if amounts}
    return ConversionSettings(
        image=conversion["image"],
        image_pull_policy=conversion["imagePullPolicy"],
        resources=MappingProxyType(named),
        environment=conversion["environment"],
    )


def _policy(policy: Mapping[str, Any]) -> Policy:
    backends = {backend["name"]: _backend(backend) for backend in policy["backends"]}
    return Policy(tuple(map(_rule, policy["rules"])), MappingProxyType(backends))


def _backend(backend: Mapping[str, Any]) -> Backend:
    return Backend(
        name=backend["name"],
        region=backend["region"],
        sagemaker_endpoint_url=backend.get("sagemakerEndpointURL", ""),
        s3_endpoint_url=backend.get("s3EndpointURL", ""),
        role_arn=backend.get("roleARN", ""),
        credentials_secret=backend.get("credentialsSecret", ""),
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    selector = rule.get("namespaceSelector")
    return Rule(
        backend=rule["backend"],
        buckets=tuple(BucketRule(bucket["name"], bucket["prefixes"]) for bucket in rule["buckets"]),
        execution_role_arn=rule["executionRoleARN"],
        workteam_arns=rule["workteamARNs"],
        namespaces=rule.get("namespaces", ()),
        namespace_selector=None if selector is None else _selector(selector),
        bucket_owner=rule.get("bucketOwner", ""),
        kms_key_id=rule.get("kmsKeyId", ""),
        service_account_names=rule.get("serviceAccountNames", ()),
        priority_class_names=rule.get("priorityClassNames", ()),
        toleration_keys=rule.get("tolerationKeys", ()),
        conversion_credentials_secret=rule.get("conversionCredentialsSecret", ""),
    )


def _selector(selector: Mapping[str, Any]) -> NamespaceSelector:
    requirements = (
        Requirement(each["key"], Operator(each["operator"]), each.get("values", ()))
        for each in selector.get("matchExpressions", ())
    )
    return NamespaceSelector(selector.get("matchLabels", {}), tuple(requirements))
