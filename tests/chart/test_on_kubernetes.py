"""The chart on a real Kubernetes API: all of it is taken, it comes, changes and goes, and its rights suffice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import CHART, NAMESPACE, RELEASE, VALUES, Helm, built, of_kind, pods_of, settings_of
from tests.cluster.access import CRD, ControlPlane
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.fixtures import namespace_of
from tests.cluster.programs import Programs
from tests.operator.installation import REGION, ROLE, WORKTEAM, environment
from tests.operator.process import OperatorProcess
from tests.operator.world import World
from tests.servers.ports import free_port
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

MONITORS = ("servicemonitors", "prometheusrules")
ROUND = Path(__file__).parents[2] / "examples" / "pens" / "round.yaml"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
OPERATOR = f"system:serviceaccount:{NAMESPACE}:labelround-operator"


@pytest.fixture(scope="module")
def control_plane(programs: Programs) -> Iterator[ControlPlane]:
    """One of its own, since the chart brings the definition, with the namespaces that the sets of values name.

    It knows the kinds of the Prometheus operator, too.
    """
    own, definitions = OwnControlPlane(programs), built("monitors.sh")
    try:
        for name in MONITORS:
            file = definitions / f"monitoring.coreos.com_{name}.yaml"
            own.kubectl("apply", "--server-side", "-f", file)
            own.kubectl("wait", "--for=condition=established", "--timeout=60s", "-f", file)
        for namespace in (NAMESPACE, "team-a", "team-b"):
            own.kubectl("create", "namespace", namespace)
        yield own
    finally:
        own.close()


@pytest.mark.parametrize("values", VALUES)
def test_kubernetes_takes_every_object(helm4: Helm, control_plane: ControlPlane, values: str) -> None:
    """To the last field, also the kinds of the Prometheus operator. Pods have the next test."""
    made = [each for each in helm4.rendered(values) if each["kind"] != "Pod"]

    ended = control_plane.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"),
        *("-f", "-"),
        input=yaml.safe_dump_all(made),
    )

    assert len(ended.stdout.splitlines()) == len(made)
    assert ended.stderr == ""


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_fits_the_restricted_standard(helm4: Helm, control_plane: ControlPlane, values: str) -> None:
    """A Deployment would only be warned of, so its pods are tried as such."""
    pods = pods_of(helm4.rendered(values))
    accounts = {pod["spec"]["serviceAccountName"] for pod in pods}
    with namespace_of(control_plane, f"restricted-{values}"):
        control_plane.kubectl("label", "namespace", f"restricted-{values}", RESTRICTED)
        for account in accounts:
            control_plane.kubectl("create", "serviceaccount", account, "-n", f"restricted-{values}")

        ended = control_plane.kubectl(
            *("create", "--dry-run=server", "-n", f"restricted-{values}", "-f", "-"),
            input=yaml.safe_dump_all([_placed(pod) for pod in pods]),
        )

    assert ended.stdout.count("created (server dry run)") == len(pods)


def test_a_pod_that_may_gain_privileges_is_refused(helm4: Helm, control_plane: ControlPlane) -> None:
    """The test above can fail."""
    pods = pods_of(helm4.rendered("minimal", "--set", "securityContext.allowPrivilegeEscalation=true"))
    with namespace_of(control_plane, "restricted"):
        control_plane.kubectl("label", "namespace", "restricted", RESTRICTED)
        control_plane.kubectl("create", "serviceaccount", "labelround-operator", "-n", "restricted")

        ended = control_plane.kubectl(
            "create", "--dry-run=server", "-n", "restricted", "-f", "-", input=yaml.safe_dump_all(pods), check=False
        )

    assert "allowPrivilegeEscalation != false" in ended.stderr


def _placed(pod: dict[str, Any]) -> dict[str, Any]:
    """Without the PriorityClasses of Kubernetes' own namespace."""
    return {**pod, "spec": {name: value for name, value in pod["spec"].items() if name != "priorityClassName"}}


def test_a_release_comes_changes_and_goes(helm: Helm, control_plane: ControlPlane) -> None:
    """The definition stays with every round when it goes, and a later release takes it over."""
    kubectl, kubeconfig = control_plane.kubectl, control_plane.kubeconfig
    values = ("--values", VALUES["minimal"], "--namespace", NAMESPACE)
    kubectl("delete", "--ignore-not-found", CRD)
    until(lambda: kubectl("get", CRD, check=False).returncode, "the definition is gone")

    installed = helm.run("install", RELEASE, CHART, *values, kubeconfig=kubeconfig)
    control_plane.wait_until_served()
    kubectl("apply", "-n", "team-a", "-f", ROUND)
    helm.run("upgrade", RELEASE, CHART, *values, "--set", "replicas=2,settings.workers=9", kubeconfig=kubeconfig)
    upgraded = kubectl("get", "-n", NAMESPACE, "deployment/labelround-operator", "-o", "jsonpath={.spec.replicas}")
    helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, kubeconfig=kubeconfig)
    of_release = ("-n", NAMESPACE, "-l", f"app.kubernetes.io/instance={RELEASE}")
    left = kubectl("get", "all,configmap,role,rolebinding", *of_release)

    rounds = kubectl("get", "labelingrounds", "-n", "team-a", "-o", "name")
    helm.run("install", RELEASE, CHART, *values, kubeconfig=kubeconfig)
    helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, kubeconfig=kubeconfig)

    assert "kubectl apply -f round.yaml" in installed.stdout
    assert upgraded.stdout == "2"
    assert left.stdout == ""
    assert rounds.stdout == "labelinground.labelround.dev/pens-1\n"
    kubectl("delete", "labelinground", "pens-1", "-n", "team-a")


def test_a_definition_that_was_applied_by_hand_is_taken_over(helm: Helm, control_plane: ControlPlane) -> None:
    """When Helm is told so, as README.md says."""
    kubectl, kubeconfig = control_plane.kubectl, control_plane.kubeconfig
    kubectl("delete", "--ignore-not-found", CRD)
    control_plane.install_crd()
    words = ("install", RELEASE, CHART, "--values", VALUES["minimal"], "--namespace", NAMESPACE)

    refused = helm.run(*words, check=False, kubeconfig=kubeconfig)
    helm.run(*words, "--take-ownership", kubeconfig=kubeconfig)

    helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, kubeconfig=kubeconfig)
    assert "labelingrounds.labelround.dev" in refused.stderr


def test_whoever_may_view_or_edit_a_namespace_may_do_so_with_rounds(helm4: Helm, control_plane: ControlPlane) -> None:
    """Kubernetes' own roles take in those of the chart."""
    kubectl = control_plane.kubectl
    roles = [each for each in of_kind(helm4.rendered("minimal"), "ClusterRole") if "aggregate-to-" in json.dumps(each)]
    kubectl("apply", "-f", "-", input=yaml.safe_dump_all(roles))
    for role in ("view", "edit"):
        kubectl("create", "rolebinding", role, "-n", "team-a", f"--clusterrole={role}", f"--group={role}ers")

    def may(verb: str, group: str) -> bool:
        words = ("auth", "can-i", verb, "labelingrounds", "-n", "team-a", "--as=ann", f"--as-group={group}")
        return kubectl(*words, check=False).stdout.strip() == "yes"

    until(lambda: may("create", "editers"), "who edits may create rounds")
    until(lambda: may("list", "viewers"), "who views may list rounds")
    assert not may("create", "viewers")
    kubectl("delete", "-f", "-", input=yaml.safe_dump_all(roles))


@pytest.mark.minio
def test_the_operator_works_with_the_rights_and_the_settings_of_the_chart(
    helm4: Helm, control_plane: ControlPlane, minio_server: S3Server, tmp_path: Path
) -> None:
    """A round runs to its end, and nothing is refused."""
    kubectl, kubeconfig = control_plane.kubectl, control_plane.kubeconfig
    kubectl("apply", "--server-side", "--force-conflicts", "-f", CHART / "files" / "labelingrounds.yaml")
    control_plane.wait_until_served()
    with namespace_of(control_plane, "chart"), World(control_plane, "chart", minio_server, tmp_path) as world:
        file = tmp_path / "values.yaml"
        file.write_text(yaml.safe_dump(_values(world)), "utf-8")
        words = ("--values", file, "--namespace", NAMESPACE, "--take-ownership")
        helm4.run("install", RELEASE, CHART, *words, kubeconfig=kubeconfig)
        config = tmp_path / "config.yaml"
        config.write_text(settings_of([_live(control_plane, "configmap")]), "utf-8")
        port, token = free_port(), kubectl("create", "token", "labelround-operator", "-n", NAMESPACE).stdout.strip()
        own = control_plane.kubeconfig_for("chart", {"token": token}, world.kubernetes.url)
        variables = environment(own, port, "labelround-operator-0", tmp_path)

        with OperatorProcess(config, variables, port, tmp_path / "operator.log"):
            world.apply(world.document())
            world.wait_for_phase("pens-1", "Succeeded")
            world.delete()
            until(lambda: not world.names(), "the round is gone")

        helm4.run("uninstall", RELEASE, "--namespace", NAMESPACE, kubeconfig=kubeconfig)
    assert [call for call in control_plane.audit(OPERATOR) if call.status in {401, 403}] == []


def _live(control_plane: ControlPlane, kind: str) -> dict[str, Any]:
    """The operator's object of a kind, as Kubernetes has it."""
    found = control_plane.kubectl("get", kind, "labelround-operator", "-n", NAMESPACE, "-o", "json")
    content: dict[str, Any] = json.loads(found.stdout)
    return content


def _values(world: World) -> dict[str, Any]:
    """For the rounds of all namespaces with the label of the world's."""
    backend = {
        "name": "tests",
        "region": REGION,
        "sagemakerEndpointURL": world.labeling.url,
        "s3EndpointURL": world.store.url,
    }
    rule = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}},
        "buckets": [{"name": world.bucket.name, "prefixes": [""]}],
        "backend": "tests",
        "executionRoleARN": ROLE,
        "workteamARNs": [WORKTEAM],
        "conversionCredentialsSecret": "object-store",
    }
    return {
        "clusterName": "tests",
        "settings": {"pollSeconds": 0.2},
        "policy": {"backends": [backend], "rules": [rule]},
    }
