"""What the chart becomes, for several sets of values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import CHART, NAMESPACE, REPOSITORY, VALUES, Helm, named, of_kind, pods_of, settings_of

import labelround
from labelround.controller.conversion_job import job_labels
from labelround.controller.settings import load_settings
from labelround.spec.crd import crd_text
from labelround.spec.parse import parse_round

GOLDEN = Path(__file__).parent / "golden"
POD = {"POD_NAMESPACE": NAMESPACE, "POD_NAME": "labelround-operator-0"}
RIGHTS = REPOSITORY / "deploy" / "rbac.yaml"
NAMESPACED_RIGHTS = REPOSITORY / "deploy" / "rbac-namespaced.yaml"
every_set = pytest.mark.parametrize("values", VALUES)


@every_set
def test_the_chart_becomes_what_is_written_down(helm: Helm, values: str) -> None:
    """A change of a template shows in the diff; LABELROUND_WRITE_GOLDEN=1 writes the files anew."""
    file = GOLDEN / f"{values}.yaml"

    made = [each for each in helm.rendered(values) if each["kind"] != "CustomResourceDefinition"]
    for dashboard in (each for each in made if each["metadata"]["name"].endswith("-dashboard")):
        dashboard["data"] = sorted(dashboard["data"])  # its file has tests of its own
    made.sort(key=lambda each: (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]))

    if os.environ.get("LABELROUND_WRITE_GOLDEN"):
        file.write_text(yaml.safe_dump_all(made, width=120), "utf-8")
    assert made == list(yaml.safe_load_all(file.read_text("utf-8")))


@every_set
def test_the_operator_takes_its_settings(helm4: Helm, values: str, tmp_path: Path) -> None:
    """Its own parser reads what the chart writes."""
    file = tmp_path / "config.yaml"
    file.write_text(settings_of(helm4.rendered(values)), "utf-8")
    given = yaml.safe_load(VALUES[values].read_text("utf-8"))

    settings = load_settings(POD, file)

    assert settings.cluster_name == given["clusterName"]
    assert list(settings.policy.backends) == [backend["name"] for backend in given["policy"]["backends"]]
    assert settings.workers == given.get("settings", {}).get("workers", 8)


def test_large_numbers_stay_numbers(helm4: Helm, tmp_path: Path) -> None:
    """Helm reads them as floating point numbers."""
    file = tmp_path / "config.yaml"
    file.write_text(settings_of(helm4.rendered("full")), "utf-8")

    settings = load_settings(POD, file)

    assert settings.max_images_per_round == 100_000_000
    assert settings.policy.rules[0].bucket_owner == "000000000012"


def test_the_rights_are_those_of_deploy(helm4: Helm) -> None:
    """The tests of the operator run with exactly these."""
    made = helm4.rendered("minimal")

    assert granted(made) == granted(documents(RIGHTS))
    assert bound(made) == bound(documents(RIGHTS))


def test_the_rights_in_namespaces_are_those_of_deploy(helm4: Helm) -> None:
    """Each namespace takes its own copy of the role for rounds; the operator's own has the Lease and the Secrets."""
    (rounds, own) = of_kind(documents(NAMESPACED_RIGHTS), "Role")

    made = {
        (role["metadata"]["namespace"], role["metadata"]["name"]): role["rules"]
        for role in of_kind(helm4.rendered("namespaced"), "Role")
    }

    assert made == {
        ("team-a", "labelround-rounds"): rounds["rules"],
        ("team-b", "labelround-rounds"): rounds["rules"],
        (NAMESPACE, "labelround-operator"): own["rules"],
    }


def test_an_operator_of_namespaces_asks_for_nothing_on_the_cluster(helm4: Helm) -> None:
    """Whoever installs it needs no right there either."""
    made = helm4.rendered("namespaced")

    assert of_kind(made, "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition") == []
    assert {each["metadata"]["namespace"] for each in made} == {NAMESPACE, "team-a", "team-b"}


@pytest.mark.parametrize(("keep", "annotations"), [("true", {"helm.sh/resource-policy": "keep"}), ("false", None)])
def test_the_definition_is_that_of_crds(helm: Helm, keep: str, annotations: dict[str, str] | None) -> None:
    """One file for everybody who installs it."""
    made = helm.rendered("minimal", "--set", f"crds.keep={keep}")

    (definition,) = of_kind(made, "CustomResourceDefinition")

    assert definition["spec"] == yaml.safe_load(crd_text())["spec"]
    assert definition["metadata"].get("annotations") == annotations


@every_set
def test_nothing_selects_the_pods_of_another_component(helm4: Helm, values: str) -> None:
    """Each selector finds the pods of one component; the pods of conversions carry the same name."""
    made = helm4.rendered(values)
    pods = [each["metadata"] for each in pods_of(made)]
    round = parse_round(yaml.safe_load((REPOSITORY / "examples" / "pens" / "round.yaml").read_text("utf-8")))
    pods.append({"name": "conversion", "labels": job_labels(round)})

    for each in of_kind(made, "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        selector = each["spec"].get("podSelector") or each["spec"]["selector"]
        wanted = (selector.get("matchLabels") or selector).items()

        found = [pod["name"] for pod in pods if wanted <= pod["labels"].items()]

        assert found == [each["metadata"]["name"]]


@pytest.mark.parametrize(
    ("words", "image"),
    {
        "by default": ([], f"ghcr.io/labelround/labelround:{labelround.__version__}"),
        "by tag": (["--set", "image.tag=v2"], "ghcr.io/labelround/labelround:v2"),
        "by digest": (
            ["--set", f"image.tag=v2,image.digest=sha256:{'0' * 64}"],
            f"ghcr.io/labelround/labelround@sha256:{'0' * 64}",
        ),
    }.values(),
    ids=["by default", "by tag", "by digest"],
)
def test_all_pods_have_one_image(helm4: Helm, words: list[str], image: str) -> None:
    """Conversions too, unless they are given another."""
    made = helm4.rendered("server", *words)

    images = {container["image"] for pod in pods_of(made) for container in pod["spec"]["containers"]}

    assert images == {image}
    assert yaml.safe_load(settings_of(made))["conversion"]["image"] == image


def test_conversions_may_have_another_image(helm4: Helm) -> None:
    """A tag alone takes the repository of the image, and never its digest; a repository alone takes both."""
    digest = f"sha256:{'0' * 64}"

    tagged = helm4.rendered("minimal", "--set", f"image.digest={digest},conversion.image.tag=v2")
    mirrored = helm4.rendered("minimal", "--set", f"image.digest={digest},conversion.image.repository=mirror/x")

    assert yaml.safe_load(settings_of(tagged))["conversion"]["image"] == "ghcr.io/labelround/labelround:v2"
    assert yaml.safe_load(settings_of(mirrored))["conversion"]["image"] == f"mirror/x@{digest}"


@every_set
def test_every_container_has_requests_and_a_limit_of_memory(helm4: Helm, values: str) -> None:
    """What asks for nothing is evicted first."""
    for pod in pods_of(helm4.rendered(values)):
        for container in pod["spec"]["containers"]:
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]


@every_set
def test_only_whoever_calls_kubernetes_has_a_token(helm4: Helm, values: str) -> None:
    """The operator and its doctor."""
    made = helm4.rendered(values)

    names = [pod["metadata"]["name"].rstrip("-0123456789") for pod in pods_of(made) if _has_token(pod)]
    with_token = {name.rpartition("-")[2] for name in names}

    assert with_token == {"operator", "doctor"}
    assert all(account["automountServiceAccountToken"] is False for account in of_kind(made, "ServiceAccount"))


def _has_token(pod: dict[str, Any]) -> bool:
    return pod["spec"]["automountServiceAccountToken"] is not False


def test_changed_settings_start_the_operator_anew(helm4: Helm) -> None:
    """It reads them once."""

    def checksum(*words: str) -> str:
        operator = named(helm4.rendered("minimal", *words), "Deployment", "labelround-operator")
        return str(operator["spec"]["template"]["metadata"]["annotations"]["checksum/settings"])

    assert checksum() == checksum("--set", "replicas=2")
    assert checksum() != checksum("--set", "settings.workers=9")


def test_the_server_is_the_operator_s_alone(helm4: Helm) -> None:
    """It does not check signatures."""
    policy = named(helm4.rendered("server"), "NetworkPolicy", "labelround-server")

    (rule,) = policy["spec"]["ingress"]

    operator = {"app.kubernetes.io/name": "labelround", "app.kubernetes.io/instance": "labelround"}
    assert rule["from"] == [{"podSelector": {"matchLabels": {**operator, "app.kubernetes.io/component": "operator"}}}]
    assert policy["spec"]["policyTypes"] == ["Ingress"]


@pytest.mark.parametrize(
    ("value", "claims", "volume"),
    {
        "a new one": ("size=1Gi", 1, {"persistentVolumeClaim": {"claimName": "labelround-server"}}),
        "one that is there": ("existingClaim=own", 0, {"persistentVolumeClaim": {"claimName": "own"}}),
        "none": ("enabled=false", 0, {"emptyDir": {}}),
    }.values(),
    ids=["a new one", "one that is there", "none"],
)
def test_the_server_s_database_has_a_volume(helm4: Helm, value: str, claims: int, volume: dict[str, Any]) -> None:
    """It outlives the release, unless there is none."""
    made = helm4.rendered("server", "--set", f"server.persistence.{value}")

    found = of_kind(made, "PersistentVolumeClaim")

    assert len(found) == claims
    assert all(each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for each in found)
    server = named(made, "Deployment", "labelround-server")
    assert server["spec"]["template"]["spec"]["volumes"][0] == {"name": "database", **volume}


def test_a_server_with_postgresql_has_no_volume_for_jobs(helm4: Helm) -> None:
    """The address comes from its Secret into the environment, and is nowhere in the command."""
    made = helm4.rendered("postgresql")

    pod = named(made, "Deployment", "labelround-server")["spec"]["template"]["spec"]

    assert of_kind(made, "PersistentVolumeClaim") == []
    assert [volume["name"] for volume in pod["volumes"]] == ["scratch"]
    (container,) = pod["containers"]
    assert [mount["name"] for mount in container["volumeMounts"]] == ["scratch"]
    assert not any("--database" in word for word in container["command"] + container["args"])
    secret = {"secretKeyRef": {"name": "jobs-database", "key": "url"}}
    assert {"name": "LABELROUND_SERVER_DATABASE", "valueFrom": secret} in container["env"]


def test_each_topology_keeps_its_own_constraint(helm4: Helm) -> None:
    """Those without a selector get that of the operator, and nothing of one another."""
    first, second = ("topologySpreadConstraints[0]", "topologySpreadConstraints[1]")
    words = f"{first}.topologyKey=zone,{first}.maxSkew=1,{second}.topologyKey=host,{second}.maxSkew=2"
    made = helm4.rendered("minimal", "--set", words)

    pod = named(made, "Deployment", "labelround-operator")["spec"]["template"]["spec"]
    found = [(each["topologyKey"], each["maxSkew"]) for each in pod["topologySpreadConstraints"]]

    assert found == [("zone", 1), ("host", 2)]
    assert all("matchLabels" in each["labelSelector"] for each in pod["topologySpreadConstraints"])


@pytest.mark.parametrize(
    ("setting", "spec"),
    [
        ("minAvailable=50%", {"minAvailable": "50%"}),
        ("maxUnavailable=0", {"maxUnavailable": 0}),
        ("minAvailable=0", {"minAvailable": 0}),
        ("enabled=true", {"maxUnavailable": 1}),
    ],
)
def test_a_disruption_budget_is_what_was_named(helm4: Helm, setting: str, spec: dict[str, Any]) -> None:
    """Zero, too."""
    made = helm4.rendered("minimal", "--set", f"podDisruptionBudget.enabled=true,podDisruptionBudget.{setting}")

    (budget,) = of_kind(made, "PodDisruptionBudget")

    del budget["spec"]["selector"]
    assert budget["spec"] == spec


def test_each_namespace_has_a_doctor_of_its_own(helm4: Helm) -> None:
    """Helm 3 shows no log of a pod with several containers."""
    made = helm4.rendered("namespaced")

    doctors = [pod for pod in of_kind(made, "Pod") if "doctor" in pod["metadata"]["name"]]

    assert [pod["metadata"]["name"] for pod in doctors] == ["labelround-doctor-0", "labelround-doctor-1"]
    assert [pod["spec"]["containers"][0]["args"][1] for pod in doctors] == ["team-a", "team-b"]
    assert all(len(pod["spec"]["containers"]) == 1 for pod in doctors)


def test_the_server_takes_more_volumes(helm4: Helm) -> None:
    """Such as the certificate of an authority."""
    words = "extraVolumes[0].name=ca,server.extraVolumes[0].configMap.name=ca,server.extraVolumeMounts[0].name=ca"
    made = helm4.rendered("server", "--set", f"server.{words},server.extraVolumeMounts[0].mountPath=/etc/ca")

    pod = named(made, "Deployment", "labelround-server")["spec"]["template"]["spec"]

    assert {"name": "ca", "configMap": {"name": "ca"}} in pod["volumes"]
    assert {"name": "ca", "mountPath": "/etc/ca"} in pod["containers"][0]["volumeMounts"]


@pytest.mark.parametrize(("value", "named_class"), [("null", None), ("", ""), ("fast", "fast")])
def test_the_volume_s_class_is_left_out_empty_or_named(helm4: Helm, value: str, named_class: str | None) -> None:
    """Kubernetes tells the three apart."""
    made = helm4.rendered("server", "--set", f"server.persistence.storageClassName={value}")

    (claim,) = of_kind(made, "PersistentVolumeClaim")

    assert claim["spec"].get("storageClassName") == named_class


def test_the_names_begin_with_the_release(helm4: Helm) -> None:
    """Unless it is called as the chart is, and never beyond what Kubernetes takes."""
    words = ("--values", VALUES["server"])
    east, long = helm4.template(*words, release="east"), helm4.template(*words, release="r" * 53)

    deployments = [each["metadata"]["name"] for made in (east, long) for each in of_kind(made, "Deployment")]

    assert {"east-labelround-operator", "east-labelround-server"} <= set(deployments)
    assert max(map(len, deployments)) <= 63


def test_the_chart_is_of_this_version() -> None:
    """And so are the image and the example that a catalogue shows."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    shown = {name.partition("/")[2]: text for name, text in chart["annotations"].items()}

    (image,) = yaml.safe_load(shown["images"])
    (example,) = yaml.safe_load(shown["crdsExamples"])

    assert chart["appVersion"] == labelround.__version__
    assert image["image"].endswith(f":{labelround.__version__}")
    assert example == yaml.safe_load((REPOSITORY / "examples" / "pens" / "round.yaml").read_text("utf-8"))


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


def granted(made: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    """The rules of the operator's roles, by kind and name."""
    roles = of_kind(made, "ClusterRole", "Role")
    return {(each["kind"], each["metadata"]["name"]): each["rules"] for each in roles if _is_operators(each)}


def bound(made: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Which role each binding gives to whom."""
    return {
        (each["kind"], each["roleRef"]["name"], f"{subject['namespace']}/{subject['name']}")
        for each in of_kind(made, "ClusterRoleBinding", "RoleBinding")
        for subject in each["subjects"]
    }


def _is_operators(role: dict[str, Any]) -> bool:
    labels = role["metadata"].get("labels", {})
    return not any(name.startswith("rbac.authorization.k8s.io/aggregate-to") for name in labels)
