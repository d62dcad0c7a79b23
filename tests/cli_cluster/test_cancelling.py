"""What stopping or deleting a round means, in each state it can be in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli_cluster.shown_rounds import converting, deleted, failed, labeling, round_of, stalled, succeeded

from labelround.cli.cancelling import Stopping, deletion, place, stop


def test_a_labeled_round_keeps_what_is_labeled() -> None:
    """Whoever asks is told how much that is."""
    stopped = stop(round_of(labeling(37)))

    assert stopped.stopping is Stopping.POSSIBLE
    assert stopped.sentence == "the dataset is made from the 37 images that are labeled so far"


def test_one_image_is_told_in_the_singular() -> None:
    """Sentences are for people."""
    assert stop(round_of(labeling(1))).sentence == "the dataset is made from the 1 image that is labeled so far"


def test_a_round_without_labels_would_fail() -> None:
    """There is nothing to make a dataset from."""
    stopped = stop(round_of(labeling(0)))

    assert stopped.stopping is Stopping.POSSIBLE
    assert "the round fails" in stopped.sentence


def test_a_suspended_round_is_stopped_once_it_is_resumed() -> None:
    """Nothing is done while it is suspended, and the person has to know."""
    stopped = stop(round_of(labeling() | {"phase": "Suspended"}, suspend=True))

    assert stopped.stopping is Stopping.POSSIBLE
    assert "nothing is stopped before spec.suspend is false" in stopped.sentence


@pytest.mark.parametrize(
    ("status", "more", "why"),
    [
        (succeeded(), {}, "pens-1 has ended already: Succeeded"),
        (failed(), {}, "pens-1 has ended already: Failed"),
        (converting(), {}, "the labeling of pens-1 is over already; it is Converting"),
        (labeling(), {"stopLabeling": True}, "pens-1 was told to stop labeling already"),
        (labeling(), {"metadata": deleted()}, "pens-1 is being deleted already"),
    ],
)
def test_there_may_be_nothing_left_to_stop(status: Any, more: Any, why: str) -> None:
    """No error: what was asked for is so."""
    stopped = stop(round_of(status, **more))

    assert stopped.stopping is Stopping.NEEDLESS
    assert stopped.sentence.startswith(why)


def test_an_adopted_job_is_not_ours_to_stop() -> None:
    """The sentence says who can, and how."""
    stopped = stop(round_of(labeling(), labelingJob={"adopt": "yolo-bbox"}))

    assert stopped.stopping is Stopping.REFUSED
    assert "aws sagemaker stop-labeling-job --labeling-job-name yolo-bbox" in stopped.sentence


@pytest.mark.parametrize(
    ("status", "spec", "told"),
    [
        (labeling(), {}, "its labeling jobs are stopped first"),
        (labeling(), {"deletionPolicy": "Orphan"}, "its labeling jobs go on"),
        (labeling(), {"labelingJob": {"adopt": "yolo-bbox"}}, "the adopted labeling job goes on"),
        (stalled(), {}, "no labeling job of it runs"),
        (succeeded(), {}, "no labeling job of it runs"),
    ],
)
def test_deleting_tells_what_becomes_of_the_labeling_jobs(status: Any, spec: Any, told: str) -> None:
    """As spec.deletionPolicy says."""
    assert deletion(round_of(status, **spec)).startswith(told)


def test_what_stays_is_named() -> None:
    """Nobody deletes data."""
    assert place(round_of(labeling())) == "s3://pictures"
