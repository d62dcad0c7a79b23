"""The pods of a round's conversion and their logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labelround.cluster.api import PODS, Cluster, Object, ObjectAbsent, RequestRefused
from labelround.controller.conversion_job import UID_LABEL
from labelround.controller.pod_template import CONTAINER
from labelround.shown import ShownRound

WAITING_STATUS = 400
"""What the API server answers while the container has not begun."""
FAILED = "Failed"
ENDED = frozenset({"Succeeded", FAILED})


def conversion_pods(cluster: Cluster, round: ShownRound) -> list[Object]:
    """The pods of all attempts, oldest first."""
    pods = cluster.list(PODS, round.namespace, selector=f"{UID_LABEL}={round.uid}")
    return sorted(pods, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


def chosen(pods: Sequence[Object], *, previous: bool) -> list[Object]:
    """The pods that work or did, else the last that failed; with `previous` those that failed before these."""
    current = [pod for pod in pods if phase(pod) != FAILED] or list(pods[-1:])
    return [pod for pod in pods if pod not in current] if previous else current


def phase(pod: Mapping[str, Mapping[str, str]]) -> str:
    """The pod's own word for how far it is."""
    return pod.get("status", {}).get("phase", "")


@dataclass(frozen=True, slots=True)
class Written:
    """Lines of one pod."""

    pod: str
    phase: str
    lines: tuple[str, ...]


@dataclass
class Logs:
    """Reads the logs of pods, each line once."""

    cluster: Cluster
    _read: dict[str, str] = field(default_factory=dict)

    def written(self, pods: Sequence[Object]) -> list[Written]:
        """The new lines of each of these pods that has any."""
        read = (Written(pod["metadata"]["name"], phase(pod), tuple(self._new_lines(pod))) for pod in pods)
        return [each for each in read if each.lines]

    def _new_lines(self, pod: Object) -> Iterator[str]:
        """What the pod has written since the last call; nothing before its container has begun or once it is gone."""
        metadata = pod["metadata"]
        last = self._read.get(metadata["uid"], "")
        query = {"container": CONTAINER, "timestamps": "true"} | ({"sinceTime": f"{last[:19]}Z"} if last else {})
        try:
            text = self.cluster.text(PODS.path(metadata["namespace"], metadata["name"], "log"), query)
        except ObjectAbsent:
            return
        except RequestRefused as error:
            if error.status == WAITING_STATUS:
                return
            raise
        for line in text.splitlines():
            moment, _, content = line.partition(" ")
            if _order(moment) > _order(last):
                self._read[metadata["uid"]] = moment
                yield content


def _order(moment: str) -> tuple[str, str]:
    """RFC 3339 with any number of digits after the second, so that times compare."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    return whole, fraction.ljust(9, "0")


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a conversion: its round, its pods, and what they have written since the look before."""

    round: ShownRound
    pods: tuple[Object, ...]
    written: tuple[Written, ...]

    @property
    def over(self) -> bool:
        """Whether nothing more will be written unless a person does something."""
        ended = all(phase(pod) in ENDED for pod in self.pods)
        return self.round.ended or (self.round.stalled and ended)


@dataclass
class Follower:
    """Looks at a conversion again and again. Pods that had failed before the first look are left out."""

    cluster: Cluster
    read_round: Callable[[], ShownRound]
    _logs: Logs = field(init=False)
    _old: frozenset[str] | None = None

    def __post_init__(self) -> None:
        self._logs = Logs(self.cluster)

    def look(self) -> Seen:
        """The round first, then its pods, then their logs: what a round that has ended wrote is all there."""
        round = self.read_round()
        pods = conversion_pods(self.cluster, round)
        if self._old is None:
            self._old = frozenset(pod["metadata"]["uid"] for pod in chosen(pods, previous=True))
        shown = [pod for pod in pods if pod["metadata"]["uid"] not in self._old]
        return Seen(round, tuple(shown), tuple(self._logs.written(shown)))


def silence(pod: Object) -> str:
    """Why a pod has written nothing."""
    status = pod.get("status", {})
    states = (each.get("state", {}).get("waiting", {}) for each in status.get("containerStatuses", ()))
    scheduling = (each for each in status.get("conditions", ()) if each["type"] == "PodScheduled")
    causes = [f"{each['reason']} {each.get('message', '')}".strip() for each in states if each.get("reason")]
    causes += [each["message"] for each in scheduling if each["status"] == "False" and each.get("message")]
    cause = f": {'; '.join(causes)}" if causes else ""
    return f"the pod {pod['metadata']['name']} ({phase(pod)}) has written nothing{cause}"


def no_log(round: ShownRound, *, previous: bool) -> str:
    """Why there is no log, and what the round waits for."""
    first = round.message.splitlines()
    where = f"{round.name} is {round.phase}" + (f": {first[0]}" if first else "")
    job = (round.status.get("conversion") or {}).get("job", "")
    if not round.status:
        return f"no operator has looked at {round.name} yet, so there is no log; to find out why: labelround doctor"
    if previous:
        return f"{where}\nno pod of its conversion has failed before"
    if round.ended:
        return f"{where}\nno pod of its conversion is left, and their logs went with them"
    if job:
        return f"{where}\nits conversion has no pod yet; see: kubectl describe job --namespace {round.namespace} {job}"
    return f"{where}\nits conversion has not begun, so there is no log yet"
