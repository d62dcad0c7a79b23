"""What cancelling a round would do to it, in sentences: pure, so that every case is easy to test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from labelround.conditions import ConditionType, Phase
from labelround.shown import ShownRound
from labelround.wording import counted


class Stopping(Enum):
    """Whether the labeling of a round can be stopped."""

    POSSIBLE = "possible"
    NEEDLESS = "needless"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Stop:
    """What stopping the labeling of a round means. `sentence` is why not, or what follows."""

    stopping: Stopping
    sentence: str


def stop(round: ShownRound) -> Stop:
    """Whether labeling can be stopped, and what the round becomes then."""
    name, spec = round.name, round.spec
    adopted = (spec.get("labelingJob") or {}).get("adopt")
    if round.ended:
        return Stop(Stopping.NEEDLESS, f"{name} has ended already: {round.phase}")
    if round.deleted:
        return Stop(Stopping.NEEDLESS, f"{name} is being deleted already")
    if adopted:
        return Stop(
            Stopping.REFUSED,
            f"{name} adopted the labeling job {adopted}, which labelround never stops; stop it where it was made, say"
            f" with `aws sagemaker stop-labeling-job --labeling-job-name {adopted}`, and the round goes on with what is"
            " labeled",
        )
    if spec.get("stopLabeling"):
        return Stop(Stopping.NEEDLESS, f"{name} was told to stop labeling already; {_what_follows(round)}")
    if round.condition(ConditionType.LABELED).get("status") == "True":
        return Stop(Stopping.NEEDLESS, f"the labeling of {name} is over already; it is {round.phase}")
    return Stop(Stopping.POSSIBLE, _what_follows(round))


def deletion(round: ShownRound) -> str:
    """What deleting the round does to its labeling jobs."""
    if round.ended or not round.jobs:
        return "no labeling job of it runs"
    if (round.spec.get("labelingJob") or {}).get("adopt"):
        return "the adopted labeling job goes on"
    if round.spec.get("deletionPolicy") == "Orphan":
        return "its labeling jobs go on, since spec.deletionPolicy is Orphan"
    return "its labeling jobs are stopped first, since spec.deletionPolicy is Stop"


def place(round: ShownRound) -> str:
    """Where the round's data lies, which nobody deletes."""
    return f"s3://{round.spec.get('bucket', '?')}"


def _what_follows(round: ShownRound) -> str:
    labeled = round.images.get("labeled", 0) + round.images.get("empty", 0)
    if not labeled:
        follows = "nothing is labeled as far as is known, and without a labeled image the round fails"
    else:
        follows = f"the dataset is made from the {counted(labeled, 'image')} that are labeled so far"
        follows = follows.replace("1 image that are", "1 image that is")
    if round.phase == Phase.SUSPENDED.value:
        return f"{follows}; but it is suspended, and nothing is stopped before spec.suspend is false"
    return follows
