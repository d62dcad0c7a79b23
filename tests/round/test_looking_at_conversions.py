"""When the conversion is looked at: not while a labeling job runs, for then there is none."""

from __future__ import annotations

from tests.round.scenes import ended, labeling, preparing

from labelround.conditions import Phase
from labelround.errors import Unavailable

AWAY = Unavailable("the Kubernetes API does not answer")


def test_nothing_is_asked_of_the_conversion_while_a_labeling_job_runs() -> None:
    """Ten thousand rounds that are being labeled cost no question that has a known answer."""
    stage = labeling()
    stage.converter.trouble = AWAY

    result = stage.step()

    assert (result.error, result.status["phase"]) == (None, Phase.LABELING.value)


def test_the_conversion_is_looked_at_before_a_job_is_created() -> None:
    """A dataset that is there is the end, even when the labeling jobs can no longer be seen."""
    stage = preparing()
    stage.converter.trouble = AWAY

    assert stage.step().error is AWAY


def test_the_conversion_is_looked_at_once_the_labeling_jobs_have_ended() -> None:
    """From then on it may be there."""
    stage = ended()
    stage.converter.trouble = AWAY

    assert stage.step().error is AWAY
