"""What simulated workers draw."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labelround.server.boxes import Box, Size
from labelround.server.workers import Workforce, worker_id

SIZE = Size(100, 80)
TRUTH = (Box("pen", 10, 20, 30, 40), Box("pencil", 60, 5, 40, 70))
LABELS = ("pencil", "pen")
NUMBERS = st.floats(0, 300, allow_nan=False)


def drawn(workforce: Workforce, truth: tuple[Box, ...] = TRUTH, turn: int = 0) -> tuple[Box, ...] | None:
    return workforce.answer(truth, SIZE, LABELS, job="pens-1", image="s3://pens/a.jpg", turn=turn)


@given(st.integers())
def test_without_noise_workers_draw_the_truth(seed: int) -> None:
    """As it stands in the answers, whatever the seed."""
    assert drawn(Workforce(seed)) == TRUTH


@given(
    st.lists(st.builds(Box, st.just("pen"), NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=5),
    st.floats(0.001, 1),
    st.integers(),
)
def test_noisy_boxes_stay_inside_the_image(truth: list[Box], noise: float, seed: int) -> None:
    """At whole pixels, at least one wide and high, even when the truth lies outside."""
    boxes = drawn(Workforce(seed, noise), tuple(truth))

    assert boxes is not None
    assert len(boxes) == len(truth)
    for box in boxes:
        assert 0 <= box.left < box.right <= SIZE.width
        assert 0 <= box.top < box.bottom <= SIZE.height
        assert all(isinstance(edge, int) for edge in (box.left, box.top, box.width, box.height))


@given(st.floats(0.001, 0.3), st.integers())
def test_noise_moves_an_edge_by_no_more_than_its_share(noise: float, seed: int) -> None:
    """Of the box's width, rounded to a pixel."""
    boxes = drawn(Workforce(seed, noise))

    assert boxes is not None
    for box, truth in zip(boxes, TRUTH, strict=True):
        assert abs(box.left - truth.left) <= noise * truth.width + 1
        assert abs(box.bottom - truth.bottom) <= noise * truth.height + 1


@given(st.integers(), st.integers(0, 9))
def test_the_same_seed_gives_the_same_answers(seed: int, turn: int) -> None:
    """A worker who is asked again, after a crash say, answers the same."""
    workforce = Workforce(seed, noise=0.3, decline_rate=0.5)

    assert drawn(workforce, turn=turn) == drawn(workforce, turn=turn)


def test_workers_seeds_and_jobs_differ() -> None:
    """Else several workers would agree by construction, and declined images would be declined for ever."""
    workforce = Workforce(0, noise=0.3)
    other_job = workforce.answer(TRUTH, SIZE, LABELS, job="pens-2", image="s3://pens/a.jpg", turn=0)

    assert len({drawn(workforce, turn=0), drawn(workforce, turn=1), drawn(Workforce(1, noise=0.3)), other_job}) == 4


def test_the_decline_rate_is_the_share_of_declined_tasks() -> None:
    """None at 0, all at 1, about a third at 0.3."""
    declined = [
        sum(drawn(Workforce(0, decline_rate=rate), turn=turn) is None for turn in range(1000)) for rate in (0, 0.3, 1)
    ]

    assert declined[0] == 0
    assert 250 < declined[1] < 350
    assert declined[2] == 1000


def test_workers_draw_only_the_labels_of_the_job() -> None:
    """Other classes of the truth are not on their buttons."""
    answer = Workforce().answer(TRUTH, SIZE, ["pen"], job="pens-1", image="s3://pens/a.jpg", turn=0)

    assert answer == TRUTH[:1]


def test_workers_have_names_like_those_of_private_teams() -> None:
    """One for each turn."""
    names = {worker_id("us-east-1", turn) for turn in range(9)}

    assert len(names) == 9
    assert all(name.startswith("private.us-east-1.") for name in names)
