"""The oldest Kubernetes that labelround supports judges rounds as the newest does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.documents import BAD, FULL, GOOD, spec
from tests.cluster.fixtures import or_skip, shown
from tests.cluster.programs import Programs, built, tell_on_stderr
from tests.cluster.verdicts import Judge
from tests.sizes import only_full
from tests.spec.structural import MINIMAL, document

from labelround.cluster.api import ROUNDS

OLDEST = "1.33.13"
pytestmark = [pytest.mark.cluster, *only_full]


@pytest.fixture(scope="module")
def oldest(request: pytest.FixtureRequest, programs: Programs) -> Iterator[OwnControlPlane]:
    """A control plane of that version, without controllers; the definition is installed."""
    with shown(request):
        folder = or_skip(lambda: built(OLDEST, ["kube-apiserver"], os.environ, tell_on_stderr))
    control_plane = OwnControlPlane(replace(programs, api_server=folder / "kube-apiserver"), controllers=False)
    try:
        yield control_plane
    finally:
        control_plane.close()


def test_it_is_that_old(oldest: OwnControlPlane) -> None:
    """And the definition is established without a warning."""
    version = oldest.kubectl("get", "--raw", "/version").stdout
    conditions = oldest.kubectl("get", "crd", "-o", "jsonpath={.items[0].status.conditions[*].type}").stdout

    assert f'"gitVersion": "v{OLDEST}"' in version
    assert sorted(conditions.split()) == ["Established", "NamesAccepted"]


def test_good_rounds_are_taken(oldest: OwnControlPlane) -> None:
    """All of them."""
    verdicts = Judge(oldest).create_each(document(spec(changes)) for changes in GOOD.values())

    assert [verdict.message for verdict in verdicts] == [""] * len(GOOD)


def test_bad_rounds_are_refused(oldest: OwnControlPlane) -> None:
    """Each for the reason that the newest gives."""
    verdicts = Judge(oldest).create_each(document(spec(changes)) for changes, _, _ in BAD.values())

    for (sentence, (_, field, message)), verdict in zip(BAD.items(), verdicts, strict=True):
        assert not verdict.accepted, sentence
        assert field in verdict.message, sentence
        assert message in verdict.message, sentence


def test_what_is_immutable_cannot_change(oldest: OwnControlPlane) -> None:
    """What may change, can."""
    oldest.cluster().create(ROUNDS, "default", {**document(FULL), "metadata": {"name": "full"}})
    judge = Judge(oldest)

    smaller = judge.update("full", {"spec": {name: None for name in FULL if name not in MINIMAL}})
    steered = judge.update("full", {"spec": {"suspend": False, "deletionPolicy": "Stop"}})

    held = {where for where, message in smaller.causes if "is immutable" in message or "was true" in message}
    names = ("prefix", "outputPrefix", "attempts", "labelingJob", "dataset", "conversion", "stopLabeling")
    assert held == {f"spec.{name}" for name in names}
    assert steered.message == ""


def test_rounds_are_chosen_by_bucket(oldest: OwnControlPlane) -> None:
    """Selectable fields are as old as that."""
    oldest.cluster().create(ROUNDS, "default", {**document(MINIMAL), "metadata": {"name": "chosen"}})

    chosen = oldest.kubectl("get", "lr", "--field-selector=spec.bucket=pictures", "-o", "name").stdout
    others = oldest.kubectl("get", "lr", "--field-selector=spec.bucket=pens", "-o", "name").stdout

    assert "labelinground.labelround.dev/chosen" in chosen
    assert others == ""
