"""What a conversion counts of its boxes in report.json."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.dataset.manifests import LABELS, World, line, plan_of
from tests.dataset.sharding import Sharded

from labelround.dataset.existing import open_dataset
from labelround.dataset.report import Quality, Report
from labelround.dataset.stats import stats
from labelround.progress import NoProgress

SIZE = (640, 480)


def entries(count: int = 40) -> list[dict[str, Any]]:
    """Images with boxes of every size, some suspicious."""
    random_ = random.Random(5)  # noqa: S311 no secret
    made = []
    for number in range(count):
        boxes = [_box(random_) for _ in range(random_.randint(0, 5))]
        boxes += [(*boxes[0][:4], boxes[0][4] + 1)] if number % 6 == 0 and boxes else []
        made.append(line(f"{number:02}.jpg", *boxes, size=SIZE))
    return made


def _box(random_: random.Random) -> tuple[str, float, float, float, float]:
    width, height = random_.choice(((3, 90), (640, 480), (639, 470), (610, 470), (20, 30), (60, 70), (200, 100)))
    left, top = random_.randint(0, 640 - width), random_.randint(0, 480 - height)
    return random_.choice(LABELS), left, top, width, height


def counted(report: Report | None) -> Quality:
    assert report is not None
    assert report.quality is not None
    return report.quality


def test_the_report_counts_what_stats_counts() -> None:
    """From the boxes in pixels and from the label files the same."""
    world = World()

    quality = counted(world.convert(entries()))
    numbers = stats(open_dataset(world.output), NoProgress())

    assert quality.sizes == numbers.shapes.sizes
    assert quality.centers == numbers.shapes.centers
    assert quality.suspicious == {kind.value: count for kind, count in numbers.suspicious.counts.items()}
    assert quality.suspicious_boxes == numbers.suspicious.boxes
    assert min(quality.suspicious.values()) > 0


@pytest.mark.parametrize("shards", [1, 3, 7])
def test_shards_that_run_anywhere_count_the_same(shards: int) -> None:
    """Each its own images; the last part adds up."""
    whole, parted = World(), World()
    expected = whole.convert(entries())

    report = Sharded(plan_of(parted.source(entries())), parted.output, parted.buckets, shards).run()

    assert counted(report) == counted(expected)


def test_only_boxes_that_are_written_count() -> None:
    """Clipped and without duplicates."""
    world = World()

    report = world.convert([line("a.jpg", ("pen", -50, 10, 60, 10), ("pen", -50, 10, 60, 10), ("pen", 90, 90, 5, 5))])

    quality = counted(report)
    assert sum(quality.sizes.values()) == report.boxes.written == 1
    assert quality.centers[0][0] == 1
    assert quality.suspicious_boxes == 0


def test_a_dataset_whose_report_lacks_the_figures_is_made_again() -> None:
    """As one of an earlier version is."""
    world = World()
    first = world.convert(entries())
    content = world.output.read("report.json")
    world.output.write("report.json", content.replace(b'"quality": {', b'"earlier": {'))
    assert Report.parse(world.output.read("report.json")) is not None

    again = world.convert(entries())

    assert again == first
    assert world.output.read("report.json") == content
