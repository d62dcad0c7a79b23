"""The operator with exactly the rights that deploy/ gives it: nothing is refused, and no right lies idle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.access import ControlPlane
from tests.cluster.audit import Call
from tests.cluster.container import Container, Ended, run_process
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.fixtures import namespace_of
from tests.cluster.programs import Programs
from tests.operator.installation import CREDENTIALS_SECRET, NAMESPACE, REGION, RIGHTS, ROLE, SERVICE_ACCOUNT, WORKTEAM
from tests.operator.stage import answers_below
from tests.operator.world import PATIENCE, World
from tests.round.world import NAMES, picture
from tests.servers.s3 import ENVIRONMENT, S3Server
from tests.servers.waiting import until

from labelround.cluster.api import LEASES, NAMESPACES, ROUNDS, SECRETS

pytestmark = pytest.mark.minio

NAMESPACED_RIGHTS = RIGHTS.with_name("rbac-namespaced.yaml")
TEAM = "team-a"
BACKEND_SECRET = "backend-keys"
NOBODY = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nobody"}
SELECTED = {"labelround.dev/served": "yes"}
LEASE = {"durationSeconds": 3, "renewSeconds": 2, "retrySeconds": 0.3}
LIVES = ("good", "bad", "refused", "deleted")

Right = tuple[str, str, str]
"""A verb, an API group, and a resource with its subresource."""


@pytest.fixture(scope="module")
def control_plane(programs: Programs) -> Iterator[ControlPlane]:
    """One of its own: an operator of all namespaces must not meet the rounds of other tests."""
    own = OwnControlPlane(programs)
    try:
        yield own
    finally:
        own.close()


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


def granted(file: Path) -> set[Right]:
    """The rights that a file gives."""
    return {
        (verb, group, resource)
        for document in documents(file)
        for rule in document.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def used(calls: list[Call]) -> set[Right]:
    """The rights that these requests took."""
    return {
        (call.verb, _group(call.path), "/".join(filter(None, (call.resource, call.subresource))))
        for call in calls
        if call.resource
    }


def _group(path: str) -> str:
    return path.split("/")[2] if path.startswith("/apis/") else ""


def policy(world: World, **served: Any) -> dict[str, Any]:
    """The operator's own credentials are nobody's: the backend's are in a Secret."""
    backend = {
        "name": "tests",
        "region": REGION,
        "sagemakerEndpointURL": world.labeling.url,
        "s3EndpointURL": world.store.url,
        "credentialsSecret": BACKEND_SECRET,
    }
    rule = {
        "buckets": [{"name": world.bucket.name, "prefixes": [""]}],
        "backend": "tests",
        "executionRoleARN": ROLE,
        "workteamARNs": [WORKTEAM],
        "conversionCredentialsSecret": CREDENTIALS_SECRET,
        **served,
    }
    return {"backends": [backend], "rules": [rule]}


def keys(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "stringData": dict(ENVIRONMENT)}


def world_of(control_plane: ControlPlane, namespace: str, s3: S3Server, folder: Path) -> World:
    """One whose workers know all rounds of this module."""
    answers = answers_below(f"{place}/{name}" for place in ("anywhere", TEAM, "team-b") for name in LIVES)
    return World(control_plane, namespace, s3, folder, answers=answers, run=only_good)


def only_good(container: Container) -> Ended:
    """Run a conversion, but for that of the round that has to fail."""
    return Ended(3, "bad.manifest: is no manifest") if "/bad/" in container.command[-1] else run_process(container)


def whole_life(world: World, *namespaces: str) -> None:
    """Rounds that end well, fail, are refused, go by themselves and are deleted."""
    for namespace in namespaces:
        for name in LIVES:
            for index, image in enumerate(NAMES):
                world.bucket.write(f"{namespace}/{name}/images/{image}", picture(40 * index))
            spec: dict[str, Any] = {"imagesPrefix": f"{namespace}/{name}/images/"}
            spec |= {"labelingJob": {"workteam": "others"}} if name == "refused" else {}
            spec |= {"ttlSecondsAfterFinished": 1} if name == "good" else {}
            spec |= {"conversion": {"queueName": "never"}} if name == "deleted" else {}
            world.cluster.create(ROUNDS, namespace, world.document(name, **spec))
    for namespace in namespaces:
        for name, end in (("refused", "Stalled"), ("deleted", "Queued"), ("bad", "Failed"), ("good", "gone")):
            wait_for(world, namespace, name, end)
        world.cluster.delete(ROUNDS, namespace, "deleted")
        wait_for(world, namespace, "deleted", "gone")


def wait_for(world: World, namespace: str, name: str, phase: str) -> None:
    """Returns when the round is in this phase, or `gone`."""

    def shown() -> bool:
        found = {each["metadata"]["name"]: each for each in world.cluster.list(ROUNDS, namespace)}
        return (found[name].get("status", {}).get("phase", "") if name in found else "gone") == phase

    until(shown, lambda: f"{namespace}/{name} is {phase}; {world.story(name)}", PATIENCE)


def test_all_rights_of_the_cluster_are_needed_and_no_other(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path: Path
) -> None:
    """All namespaces are watched, a selector says who is served, and the Lease is held."""
    with (
        namespace_of(control_plane, "anywhere"),
        world_of(control_plane, "anywhere", minio_server, tmp_path) as world,
    ):
        world.cluster.patch(NAMESPACES, None, "anywhere", {"metadata": {"labels": SELECTED}})
        control_plane.kubectl("apply", "-f", RIGHTS)
        world.cluster.create(SECRETS, NAMESPACE, keys(BACKEND_SECRET))
        served = policy(world, namespaceSelector={"matchLabels": SELECTED})
        with world.operator(variables=NOBODY, watch={}, policy=served, lease=LEASE):
            whole_life(world, "anywhere")

    found = control_plane.audit(f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}")
    calls = [call for call in found if call.namespace in {"", NAMESPACE, "anywhere"}]  # none of other tests' rounds
    assert [call for call in calls if call.status in {401, 403}] == []
    assert used(calls) == granted(RIGHTS)
    assert world.cluster.get(LEASES, NAMESPACE, "labelround")["spec"]["holderIdentity"] == ""


def test_an_operator_of_namespaces_needs_no_right_on_the_cluster(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path: Path
) -> None:
    """It lives in one of them; each further one takes its own copy of the role for rounds."""
    with ExitStack() as stack:
        for namespace in (TEAM, "team-b"):
            stack.enter_context(namespace_of(control_plane, namespace))
        control_plane.kubectl("apply", "-f", NAMESPACED_RIGHTS)
        copies = [each for each in documents(NAMESPACED_RIGHTS) if each["metadata"]["name"] == "labelround-rounds"]
        for copy in copies:
            copy["metadata"]["namespace"] = "team-b"
        control_plane.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(copies))
        world = stack.enter_context(world_of(control_plane, TEAM, minio_server, tmp_path))
        world.cluster.create(SECRETS, TEAM, keys(BACKEND_SECRET))
        world.cluster.create(SECRETS, "team-b", keys(CREDENTIALS_SECRET))
        user = f"system:serviceaccount:{TEAM}:{SERVICE_ACCOUNT}"
        own = {"KUBECONFIG": str(control_plane.user_kubeconfig(user)), "POD_NAMESPACE": TEAM, **NOBODY}
        teams = {"namespaces": [TEAM, "team-b"]}
        with world.operator(variables=own, watch=teams, policy=policy(world, **teams), lease=LEASE):
            whole_life(world, TEAM, "team-b")

    calls = control_plane.audit(user)
    assert [call for call in calls if call.status in {401, 403}] == []
    assert used(calls) == granted(NAMESPACED_RIGHTS)
    assert {call.namespace for call in calls if call.resource} == {TEAM, "team-b"}


def test_the_two_files_of_rights_differ_in_the_labels_of_namespaces_alone() -> None:
    """Only a namespaceSelector needs them, and it needs all namespaces."""
    assert granted(RIGHTS) - granted(NAMESPACED_RIGHTS) == {("get", "", "namespaces")}
    assert granted(NAMESPACED_RIGHTS) <= granted(RIGHTS)
    assert not [each for each in documents(NAMESPACED_RIGHTS) if each["kind"].startswith("Cluster")]
