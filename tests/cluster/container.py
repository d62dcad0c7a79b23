"""A container as a process of this machine: its command, its environment, its log and how it ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TERMINATION_LOG_VARIABLE = "LABELROUND_TERMINATION_LOG"
MESSAGE_BYTES = 4096
FALLBACK_BYTES = 2048
PROGRAMS = Path(sys.executable).parent


class SecretMissing(Exception):
    """A variable refers to a Secret or a key that is not there; the message is the kubelet's."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended, and what it left as its termination message."""

    exit_code: int
    message: str = ""
    disrupted: bool = False


@dataclass
class Log:
    """What a container writes, with the time of each line."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def add(self, line: str) -> None:
        self.lines.append((datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), line))

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for _, line in list(self.lines))


@dataclass
class Container:
    """One container that runs. `folder` is its own and stands for its file system; `pids` tells of its process."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    pids: Path
    message_from_log: bool
    log: Log = field(default_factory=Log)
    process: subprocess.Popen[str] | None = None
    disrupted: bool = False
    stopped: bool = False

    def stop(self, sent: signal.Signals = signal.SIGKILL, *, disrupted: bool = False) -> None:
        """End its process, or keep it from starting."""
        self.stopped, self.disrupted = True, disrupted
        if self.process is not None:
            self.process.send_signal(sent)


Run = Callable[[Container], Ended]


def run_process(container: Container) -> Ended:
    """Run the command as a process of this machine, until it ends."""
    message = container.folder / "termination-log"
    process = subprocess.Popen(
        container.command,
        env={**container.environment, TERMINATION_LOG_VARIABLE: str(message)},
        cwd=container.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    container.process = process
    note = container.pids / str(process.pid)
    note.touch()
    with process:
        if container.stopped:  # in the moment before there was a process
            process.kill()
        assert process.stdout is not None
        for line in process.stdout:
            container.log.add(line.rstrip("\n"))
    note.unlink()
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    written = message.read_text("utf-8", "replace")[:MESSAGE_BYTES] if message.exists() else ""
    if code and not written and container.message_from_log:
        written = container.log.text[-FALLBACK_BYTES:]
    return Ended(code, written, container.disrupted)


def container_of(
    pod: Mapping[str, Any],
    secret: Callable[[str], Mapping[str, str] | None],
    extra: Mapping[str, str],
    cluster_folder: Path,
) -> Container:
    """The pod's only container. `secret` finds the content of a Secret of its namespace; raises SecretMissing."""
    (spec,) = pod["spec"]["containers"]
    folder = cluster_folder / "pods" / pod["metadata"]["uid"]
    folder.mkdir(parents=True, exist_ok=True)
    scratch = {volume["name"] for volume in pod["spec"].get("volumes", ()) if "emptyDir" in volume}
    mounted = {mount["mountPath"] for mount in spec.get("volumeMounts", ()) if mount["name"] in scratch}
    given = dict(_variables(spec, pod, secret))
    own = {name: str(folder) if value in mounted else value for name, value in given.items()}
    base = {"PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]), "HOME": str(folder), "TMPDIR": str(folder)}
    words = [_expanded(word, own) for word in (*spec.get("command", ["labelround"]), *spec.get("args", ()))]
    program = PROGRAMS / words[0]
    return Container(
        command=[str(program) if program.exists() else words[0], *words[1:]],
        environment=base | dict(extra) | own,
        folder=folder,
        pids=cluster_folder / "pid",
        message_from_log=spec.get("terminationMessagePolicy") == "FallbackToLogsOnError",
    )


def _variables(
    spec: Mapping[str, Any], pod: Mapping[str, Any], secret: Callable[[str], Mapping[str, str] | None]
) -> Iterator[tuple[str, str]]:
    for source in spec.get("envFrom", ()):
        content = secret(source["secretRef"]["name"])
        if content is None:
            raise SecretMissing(f'secret "{source["secretRef"]["name"]}" not found')
        yield from content.items()
    for variable in spec.get("env", ()):
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            yield from _from_secret(variable["name"], source["secretKeyRef"], pod, secret)
        elif "fieldRef" in source:
            yield variable["name"], _field(pod, source["fieldRef"]["fieldPath"])
        else:
            yield variable["name"], _expanded(variable.get("value", ""), {})


def _field(pod: Mapping[str, Any], path: str) -> str:
    """`metadata.name`, or `metadata.annotations['batch.kubernetes.io/job-completion-index']`."""
    name, _, key = path.removeprefix("metadata.").partition("[")
    value = pod["metadata"][name]
    return str(value[key.strip("']")] if key else value)


def _from_secret(
    name: str, key: Mapping[str, Any], pod: Mapping[str, Any], secret: Callable[[str], Mapping[str, str] | None]
) -> Iterator[tuple[str, str]]:
    content = secret(key["name"])
    if content is not None and key["key"] in content:
        yield name, content[key["key"]]
    elif not key.get("optional"):
        where = f"{pod['metadata']['namespace']}/{key['name']}"
        missing = f"couldn't find key {key['key']} in Secret {where}"
        raise SecretMissing(f'secret "{key["name"]}" not found' if content is None else missing)


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where the variable is there, and `$$` by `$`, as Kubernetes does."""
    return re.sub(
        r"\$\$|\$\((\w+)\)",
        lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]),
        text,
    )
