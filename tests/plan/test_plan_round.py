"""Which labeling jobs a round needs, and what they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.rounds import NAMES, make_round

from labelround.plan import job_name, label_groups, plan_round
from labelround.spec.names import JOB_NAME, attribute_name_problem


def test_a_small_round_is_one_job_with_a_short_name() -> None:
    """The name is the round's and eight digits; the attribute and the manifest are as plain."""
    (job,) = plan_round(make_round(), 12).jobs

    assert job.name == "pens-1-4d4a966f"
    assert job.label_attribute_name == job.name
    assert job.manifest_key == "bounding_box/manifest.json"
    assert (job.attempt, job.chunk, job.group, job.image_count, job.adopted) == (1, 0, 0, 12, False)


def test_no_image_needs_no_job() -> None:
    """An empty folder makes no empty job."""
    plan = plan_round(make_round(), 0)

    assert (plan.jobs, plan.manifests) == ((), ())


def test_more_than_100000_images_are_cut_into_chunks() -> None:
    """Every image is in exactly one manifest, and all chunks share one label attribute."""
    plan = plan_round(make_round(), 250_000)

    assert [(one.key, one.start, one.stop) for one in plan.manifests] == [
        ("bounding_box/manifest-0000.json", 0, 100_000),
        ("bounding_box/manifest-0001.json", 100_000, 200_000),
        ("bounding_box/manifest-0002.json", 200_000, 250_000),
    ]
    assert [job.name for job in plan.jobs] == ["pens-1-4d4a966f", "pens-1-4d4a966f-c1", "pens-1-4d4a966f-c2"]
    assert [job.image_count for job in plan.jobs] == [100_000, 100_000, 50_000]
    assert {job.label_attribute_name for job in plan.jobs} == {"pens-1-4d4a966f"}


def test_more_than_50_labels_are_spread_over_groups() -> None:
    """Each group is a job over the same manifest, with a label attribute of its own."""
    labels = [f"l{index:03}" for index in range(120)]
    plan = plan_round(make_round(labels=labels), 10)

    assert [len(job.labels) for job in plan.jobs] == [40, 40, 40]
    assert [label for job in plan.jobs for label in job.labels] == labels
    assert [job.name for job in plan.jobs] == ["pens-1-4d4a966f", "pens-1-4d4a966f-g1", "pens-1-4d4a966f-g2"]
    assert [job.label_attribute_name for job in plan.jobs] == [job.name for job in plan.jobs]
    assert {job.manifest_key for job in plan.jobs} == {"bounding_box/manifest.json"}


def test_a_follow_up_has_its_own_manifest_and_the_same_attribute() -> None:
    """So that its lines merge with those of the first attempt."""
    plan = plan_round(make_round(attempts=3), 12)
    (first,) = plan.jobs

    (second,) = plan.jobs_for_attempt(2, 5)

    assert (second.name, second.manifest_key) == ("pens-1-4d4a966f-a2", "bounding_box/manifest-2-0000.json")
    assert (second.image_count, second.label_attribute_name) == (5, first.label_attribute_name)


def test_a_stated_attribute_serves_the_first_group_as_it_is() -> None:
    """Further groups add their number."""
    labels = [f"l{index}" for index in range(51)]
    plan = plan_round(make_round(labels=labels, labelingJob={"labelAttributeName": "boxes"}), 10)

    assert [job.label_attribute_name for job in plan.jobs] == ["boxes", "boxes-g1"]


def test_an_adopted_job_is_the_only_one() -> None:
    """Whatever the number of images; its manifest is its own."""
    plan = plan_round(make_round(labelingJob={"adopt": "Yolo-bbox"}), 300_000)

    (job,) = plan.jobs

    assert (job.name, job.adopted, job.manifest_key, job.label_attribute_name) == ("Yolo-bbox", True, "", "")
    assert plan.manifests == ()


def test_names_do_not_depend_on_the_number_of_images() -> None:
    """A pass after a crash may find more pictures than the one before."""
    few = plan_round(make_round(), 5).jobs
    many = plan_round(make_round(), 500_000).jobs

    assert few[0].name == many[0].name
    assert few[0].label_attribute_name == many[0].label_attribute_name


NAMED = {
    "dots become dashes": ("cats.v2", "cats-v2-"),
    "a name that is too long is cut": ("a" * 253, "a" * 54 + "-"),
    "a cut at a dash leaves one dash": ("a" * 53 + "-b" * 90, "a" * 53 + "-"),
}


@pytest.mark.parametrize(("name", "start"), NAMED.values(), ids=NAMED)
def test_any_name_of_a_kubernetes_object_becomes_a_job_name(name: str, start: str) -> None:
    """Ground Truth's names are shorter and know no dots."""
    assert job_name(name, "u1")[:-8] == start


@given(NAMES, st.text(max_size=40), st.integers(1, 10), st.integers(0, 9999), st.integers(0, 3))
def test_every_job_name_is_ground_truth_s(name: str, uid: str, attempt: int, chunk: int, group: int) -> None:
    """Lower case, at most 63 characters, no dash at the end, and no reserved ending for the attribute."""
    made = job_name(name, uid, attempt, chunk, group)

    assert JOB_NAME.fullmatch(made)
    assert len(made) <= 63
    assert made == made.lower()
    assert attribute_name_problem(made) == ""


@given(st.lists(st.tuples(NAMES, st.uuids(), st.integers(1, 9), st.integers(0, 99), st.integers(0, 3)), unique=True))
def test_no_two_jobs_share_a_name(jobs: list[tuple[str, object, int, int, int]]) -> None:
    """Not even without regard to case."""
    made = [job_name(name, str(uid), attempt, chunk, group) for name, uid, attempt, chunk, group in jobs]

    assert len({name.casefold() for name in made}) == len(jobs)


def test_long_names_with_the_same_beginning_stay_apart() -> None:
    """The digits come from the whole name."""
    assert job_name("a" * 100 + "x", "u1") != job_name("a" * 100 + "y", "u1")


@given(st.lists(st.text(max_size=3), max_size=180, unique=True))
def test_groups_keep_the_order_and_are_balanced(labels: list[str]) -> None:
    """As few as possible, none above 50, sizes within one of each other."""
    groups = label_groups(labels)

    assert [label for group in groups for label in group] == labels
    assert len(groups) == (len(labels) + 49) // 50
    sizes = {len(group) for group in groups}
    assert all(0 < size <= 50 for size in sizes)
    assert not sizes or max(sizes) - min(sizes) <= 1


@given(st.integers(0, 1_000_000))
def test_every_image_is_in_exactly_one_manifest(image_count: int) -> None:
    """The chunks follow each other without a gap."""
    manifests = plan_round(make_round(), image_count).manifests

    edges = [0, *(one.stop for one in manifests)]
    assert [one.start for one in manifests] == edges[:-1]
    assert edges[-1] == image_count
    assert all(0 < one.image_count <= 100_000 for one in manifests)
