"""A run that is killed after any effect outside goes on where it was."""

from __future__ import annotations

import contextlib

import pytest
from tests.round.world import Effects, Killed, World, furnished


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the same round writes when nothing happens to it."""
    world = furnished(tmp_path_factory.mktemp("undisturbed"))
    world.run()
    return _dataset(world)


def test_a_run_killed_after_every_effect_ends_with_the_same_digest_and_one_job(
    world: World, undisturbed: dict[str, bytes]
) -> None:
    """Killed after the 1st effect, restarted, killed after its 1st effect there, and so on to the end."""
    effects = Effects()
    deaths = 0

    while True:
        effects.deadly, effects.count = effects.deadly + 1, 0
        try:
            world.run(effects=effects)
        except Killed:
            deaths += 1
            continue
        break

    assert deaths > 10
    assert _dataset(world) == undisturbed
    assert world.requests("CreateLabelingJob") == 1


@pytest.mark.parametrize("deadly", range(1, 31))
def test_a_run_killed_once_ends_with_the_same_dataset(world: World, undisturbed: dict[str, bytes], deadly: int) -> None:
    """Killed after the nth effect and run again to the end: the same files with the same bytes, and no other."""
    with contextlib.suppress(Killed):
        world.run(effects=Effects(deadly=deadly))

    world.run()

    assert _dataset(world) == undisturbed
    assert world.requests("CreateLabelingJob") == 1


def _dataset(world: World) -> dict[str, bytes]:
    """The manifest and every file of the dataset."""
    ours = ("pens/yolo_annot_files/", "pens/manifest")
    return {key: world.bucket.read(key) for key in world.objects() if key.startswith(ours)}
