"""`status`, `wait` and `cancel` against a real API server, with the statuses that an operator would write."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import IO

import pytest
import yaml
from tests.cli_cluster.shell import QUICK, Shell
from tests.cli_cluster.shown_rounds import converting, failed, labeling, stalled, succeeded
from tests.cluster.fixtures import NewControlPlane
from tests.servers.waiting import until

from labelround.cluster.api import ROUNDS, ObjectAbsent, Resource
from labelround.controller.deletion import FINALIZER


def first_line(stream: IO[str] | None) -> str:
    """The next line that a process writes."""
    assert stream is not None
    return stream.readline().rstrip("\n")


def test_status_lists_the_rounds_of_a_namespace(shell: Shell) -> None:
    """By name, with the reason and the message."""
    shell.create(labeling(), name="pens-2")
    shell.create(stalled(), name="pens-1")
    shell.create(name="pens-3")

    ended = shell.run("status")

    assert ended.returncode == 0
    header, *rows = ended.stdout.splitlines()
    assert header.split() == ["NAME", "PHASE", "LABELED", "FAILED", "BOXES", "AGE", "REASON", "MESSAGE"]
    assert [row.split()[:3] for row in rows] == [
        ["pens-1", "Stalled", "-"],
        ["pens-2", "Labeling", "37/120"],
        ["pens-3", "-", "-"],
    ]


def test_status_of_all_namespaces_names_each(shell: Shell) -> None:
    """As kubectl does with -A."""
    shell.create(labeling())

    ended = shell.run("status", "--all-namespaces", everywhere=True)

    assert ended.returncode == 0
    assert [shell.namespace, "pens-1"] in [row.split()[:2] for row in ended.stdout.splitlines()]


def test_status_of_one_round_tells_its_story_with_its_events(shell: Shell) -> None:
    """Its own Events alone."""
    shell.tell(shell.create(labeling()), "Labeling", "labeling has begun")
    shell.tell(shell.create(labeling(), name="pens-2"), "Stalled", "another round")

    ended = shell.run("status", "pens-1")

    assert ended.returncode == 0
    assert "waiting for workers; 37 of 120 images labeled" in ended.stdout
    assert "labeling has begun" in ended.stdout
    assert "another round" not in ended.stdout


def test_status_as_data_is_the_objects_status(shell: Shell) -> None:
    """One document for one name, a list otherwise."""
    shell.create(succeeded())

    one = json.loads(shell.run("status", "pens-1", "-o", "json").stdout)
    every = yaml.safe_load(shell.run("status", "-o", "yaml").stdout)

    assert one["status"] == shell.get()["status"]
    assert every == [one]


def test_status_of_nothing_says_so(shell: Shell) -> None:
    """An empty namespace is no error, a name that is not there is one."""
    none, unknown = shell.run("status"), shell.run("status", "pens-1")

    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == f"there is no LabelingRound in the namespace {shell.namespace}\n"
    assert unknown.returncode == 1
    assert unknown.stderr == f"error: there is no LabelingRound pens-1 in the namespace {shell.namespace}\n"


def test_a_watch_follows_changes_until_the_round_has_ended(shell: Shell) -> None:
    """A row for each."""
    shell.create(labeling(1))

    with shell.running("status", "--watch", "pens-1") as watching:
        seen = [first_line(watching.stdout) for _ in range(2)]
        shell.become(labeling(9))
        seen.append(first_line(watching.stdout))
        shell.become(succeeded())
        rest, _ = watching.communicate(timeout=30)

    assert watching.returncode == 0
    assert [line.split()[2] for line in (*seen, *rest.splitlines())] == ["LABELED", "1/120", "9/120", "118/120"]


def test_an_interrupted_watch_exits_with_130(shell: Shell) -> None:
    """As every command does."""
    shell.create(labeling())

    with shell.running("status", "--watch") as watching:
        first_line(watching.stdout)
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=30)

    assert watching.returncode == 130


@pytest.mark.parametrize(("status", "code"), [(succeeded(), 0), (failed(), 1)])
def test_wait_exits_as_the_round_ends(shell: Shell, status: dict[str, object], code: int) -> None:
    """Progress on stderr, the round on stdout."""
    shell.create(labeling())

    with shell.running("wait", "pens-1", "--timeout", "1m") as waiting:
        begun = first_line(waiting.stderr)
        shell.become(status)
        out, told = waiting.communicate(timeout=30)

    assert waiting.returncode == code
    assert begun == "pens-1: Labeling: waiting for workers; 37 of 120 images labeled"
    assert f"pens-1: {status['phase']}" in told
    assert out.splitlines()[1].split()[:2] == ["pens-1", status["phase"]]


def test_wait_for_a_condition_on_the_way(shell: Shell) -> None:
    """In kubectl's own spelling too."""
    shell.create(converting())

    ended = [shell.run("wait", "pens-1", "--for", word) for word in ("labeled", "condition=Labeled")]

    assert [each.returncode for each in ended] == [0, 0]


def test_wait_that_takes_too_long_exits_with_4(shell: Shell) -> None:
    """And says how far the round is."""
    shell.create(stalled())

    ended = shell.run("wait", "pens-1", "--timeout", "0.3", *QUICK)

    assert ended.returncode == 4
    assert "a person is needed" in ended.stderr
    assert "error: the time is up before Succeeded:\npens-1: Stalled: spec.prefix" in ended.stderr


def test_wait_with_fail_fast_ends_at_a_stalled_round(shell: Shell) -> None:
    """With 1, since nobody will mend it."""
    shell.create(stalled())

    ended = shell.run("wait", "pens-1", "--fail-fast")

    assert ended.returncode == 1
    assert "error: pens-1: Stalled" in ended.stderr


def test_wait_ends_when_the_round_is_deleted(shell: Shell) -> None:
    """There is nothing to wait for any more."""
    shell.create(labeling())

    with shell.running("wait", "pens-1") as waiting:
        first_line(waiting.stderr)
        shell.cluster.delete(ROUNDS, shell.namespace, "pens-1")
        _, told = waiting.communicate(timeout=30)

    assert waiting.returncode == 1
    assert "error: pens-1 was deleted" in told


def test_cancel_stops_the_labeling_for_good(shell: Shell) -> None:
    """Says what follows; a second time there is nothing to do."""
    shell.create(labeling())

    first, second = shell.run("cancel", "pens-1", "--yes"), shell.run("cancel", "pens-1", "--yes")

    assert (first.returncode, second.returncode) == (0, 0)
    assert shell.get()["spec"]["stopLabeling"] is True
    assert "the dataset is made from the 37 images that are labeled so far" in first.stderr
    assert f"labelround wait --namespace {shell.namespace} pens-1" in first.stderr
    assert "was told to stop labeling already" in second.stderr


def test_cancel_asks_first(shell: Shell) -> None:
    """Off a terminal it must be told not to; nothing is changed."""
    shell.create(labeling())

    ended = shell.run("cancel", "pens-1")

    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert shell.get()["spec"]["stopLabeling"] is False


@pytest.mark.parametrize(("answer", "code", "stopped"), [("n", 1, False), ("y", 0, True)])
def test_on_a_terminal_a_person_decides(shell: Shell, answer: str, code: int, stopped: bool) -> None:
    """After having read what follows."""
    shell.create(labeling())
    command = f"labelround cancel pens-1 --namespace {shell.namespace}"

    ended = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        env=shell.control_plane.environment | {"TERM": "dumb", "SHELL": "/bin/sh"},
        input=f"{answer}\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert ended.returncode == code, ended.stdout
    assert "stop the labeling of pens-1" in ended.stdout
    assert shell.get()["spec"]["stopLabeling"] is stopped


def test_cancel_refuses_to_stop_an_adopted_job(shell: Shell) -> None:
    """Nothing is changed, for no round of those named."""
    shell.create(labeling(), labelingJob={"adopt": "yolo-bbox"})
    shell.create(labeling(), name="pens-2")

    ended = shell.run("cancel", "pens-1", "pens-2", "--yes")

    assert ended.returncode == 1
    assert "stop-labeling-job --labeling-job-name yolo-bbox" in ended.stderr
    assert shell.get("pens-2")["spec"]["stopLabeling"] is False


def test_cancel_with_delete_deletes_the_round_and_says_what_stays(shell: Shell) -> None:
    """The operator's finalizer keeps it until the labeling jobs are stopped."""
    shell.create(labeling(), metadata={"finalizers": [FINALIZER]})
    shell.create(labeling(), name="pens-2", deletionPolicy="Orphan")

    ended = shell.run("cancel", "pens-1", "pens-2", "--delete", "--yes")

    assert ended.returncode == 0
    assert "its labeling jobs are stopped first" in ended.stderr
    assert "its labeling jobs go on" in ended.stderr
    assert "everything in s3://pictures stays" in ended.stderr
    assert shell.get()["metadata"]["deletionTimestamp"]
    with pytest.raises(ObjectAbsent):
        shell.get("pens-2")


def test_a_person_needs_no_more_rights_than_the_docs_say(shell: Shell) -> None:
    """docs/commands.md lists them; pods are listed for the log."""
    rules = [
        ("labelround.dev", ["labelingrounds"], ["get", "list", "patch", "delete"]),
        ("", ["events", "pods"], ["list"]),
        ("", ["pods/log"], ["get"]),
    ]
    role = {
        "kind": "Role",
        "metadata": {"name": "ann"},
        "rules": [{"apiGroups": [group], "resources": names, "verbs": verbs} for group, names, verbs in rules],
    }
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "ann"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ann"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
    }
    for body in (role, binding):
        resource = Resource("rbac.authorization.k8s.io/v1", str(body["kind"]), f"{str(body['kind']).lower()}s")
        shell.cluster.create(resource, shell.namespace, body)
    ann = shell.control_plane.user_kubeconfig("ann")
    shell.create(labeling())
    commands = ["status", "status pens-1", "wait pens-1 --timeout 0", "logs pens-1", "cancel pens-1 --yes"]

    ended = [shell.run(*words.split(), kubeconfig=ann) for words in (*commands, "cancel pens-1 --delete --yes")]

    assert [each.returncode for each in ended] == [0, 0, 4, 4, 0, 0]
    assert "forbidden" not in "".join(each.stderr for each in ended)


def test_wait_lives_through_an_api_server_that_is_killed(new_control_plane: NewControlPlane, tmp_path: Path) -> None:
    """It goes on where it was once the API answers again."""
    control_plane = new_control_plane()
    shell = Shell(control_plane, control_plane.cluster(), "default", tmp_path)
    shell.create(labeling())

    with shell.running("wait", "pens-1") as waiting:
        first_line(waiting.stderr)
        control_plane.stop_api()
        outage = first_line(waiting.stderr)
        control_plane.start_api()
        until(lambda: shell.become(succeeded()), "the status is written")
        _, told = waiting.communicate(timeout=60)

    assert waiting.returncode == 0
    assert outage.endswith("trying again")
    assert told.startswith("the Kubernetes API answers again\npens-1: Succeeded")
