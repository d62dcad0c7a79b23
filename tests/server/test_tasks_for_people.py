"""People at a job: leases, answers, declining, going back, and how it all ends in the output manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.server.crew import PEN, Crew
from tests.server.labeling import BUCKET, Place, request, task

from labelround.errors import InvalidInput, Unavailable
from labelround.server.boxes import Box
from labelround.server.leases import LAST_MILLISECONDS, REVISABLE_ANSWERS, REVISABLE_MILLISECONDS
from labelround.server.people import Person
from labelround.server.service import opened
from labelround.server.tasks import BadAnswer
from labelround.server.taskstore import TaskFinished, TaskLost


@pytest.fixture
def crew(place: Place, either_database: None) -> Crew:
    """Three people at four pictures, with the jobs in a file and in PostgreSQL."""
    return Crew(place)


@pytest.fixture
def api(crew: Crew) -> Iterator[Any]:
    """A client of the server."""
    with crew.place.serving() as api:
        yield api


def drawn_on(line: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line["pens"]["annotations"]
    return found


def test_what_people_draw_is_the_output_manifest(crew: Crew, api: Any) -> None:
    """In Ground Truth's shape, with whole pixels, and a picture without an object as an empty one."""
    crew.begin(api)
    crew.draw("anna", PEN, Box("pencil", 0, 0, 100, 80))
    for _ in range(3):
        crew.draw("anna")

    crew.finish()

    first, second, *_ = crew.place.output()
    assert first["pens"] == {
        "image_size": [{"width": 100, "height": 80, "depth": 3}],
        "annotations": [
            {"class_id": 1, "top": 20, "left": 10, "height": 40, "width": 30},
            {"class_id": 0, "top": 0, "left": 0, "height": 80, "width": 100},
        ],
    }
    assert first["pens-metadata"]["class-map"] == {"1": "pen", "0": "pencil"}
    assert drawn_on(second) == []
    assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"


def test_every_answer_tells_who_gave_it_and_when(crew: Crew, api: Any) -> None:
    """In the worker responses, where Ground Truth has them."""
    crew.begin(api)
    found = crew.next()
    crew.place.clock.turn(12)
    crew.tasks.answer(crew.id("anna"), found.lease.id, [PEN])
    for _ in range(3):
        crew.draw()

    crew.finish()

    responses = [content for name, content in crew.place.files().items() if "worker-response/iteration-1/0/" in name]
    [answer] = json.loads(responses[0])["answers"]
    assert answer["workerId"] == crew.id("anna")
    assert answer["workerMetadata"]["identityData"]["sub"] == "anna"
    assert answer["workerMetadata"]["identityData"]["identityProviderType"] == "Labelround"
    assert answer["timeSpentInSeconds"] == 12


def test_a_worker_has_one_picture_at_a_time(crew: Crew, api: Any) -> None:
    """Asking again, from another tab say, gives the same one under the same lease."""
    crew.begin(api)

    assert crew.next().lease == crew.next().lease


def test_two_workers_never_have_the_same_picture(crew: Crew, api: Any) -> None:
    """When one answer is wanted."""
    crew.begin(api)

    places = [crew.draw(name).lease.place for name in ("anna", "ben", "anna", "ben")]

    assert places == [0, 1, 2, 3]
    assert crew.has_nothing("anna")
    assert crew.has_nothing("cleo")


def test_an_answer_that_is_posted_twice_counts_once(crew: Crew, api: Any) -> None:
    """As when the first reply was lost on its way; also after the picture is finished."""
    crew.begin(api)
    lease = crew.draw("anna", PEN).lease.id
    crew.tasks.answer(crew.id("anna"), lease, [PEN])
    for _ in range(3):
        crew.draw()
    crew.finish()

    crew.tasks.answer(crew.id("anna"), lease, [PEN])

    assert [len(drawn_on(line)) for line in crew.place.output()] == [1, 0, 0, 0]
    assert sum("worker-response" in name for name in crew.place.files()) == 4


def test_a_lease_that_is_over_is_still_good_when_nobody_took_the_picture(crew: Crew, api: Any) -> None:
    """No drawing is refused for being slow alone."""
    crew.begin(api, TaskTimeLimitInSeconds=30)
    found = crew.next()
    crew.place.clock.turn(31)

    crew.tasks.answer(crew.id("anna"), found.lease.id, [PEN])

    assert crew.tasks.store.task(crew.id("anna"), found.lease.id).boxes == (PEN,)


def test_a_lease_that_is_over_goes_to_whoever_asks(crew: Crew, api: Any) -> None:
    """The first worker's answer is refused with the reason, and the first worker gets another picture."""
    crew.begin(api, TaskTimeLimitInSeconds=30)
    lost = crew.next("anna").lease
    crew.place.clock.turn(31)

    taken = crew.next("ben").lease

    assert taken.place == lost.place
    with pytest.raises(TaskLost, match="somebody else has it now"):
        crew.tasks.answer(crew.id("anna"), lost.id, [PEN])
    assert crew.next("anna").lease.place == 1


def test_a_lease_that_is_over_is_good_while_there_is_room_for_both(crew: Crew, api: Any) -> None:
    """Two are wanted: the second worker takes nothing from the first."""
    crew.begin(api, TaskTimeLimitInSeconds=30, NumberOfHumanWorkersPerDataObject=2)
    slow = crew.next("anna").lease
    crew.place.clock.turn(31)
    quick = crew.draw("ben", PEN).lease

    crew.tasks.answer(crew.id("anna"), slow.id, [PEN])

    assert (slow.place, quick.place) == (0, 0)
    assert crew.next("cleo").lease.place == 1


def test_the_longest_lease_that_is_over_goes_first(crew: Crew, api: Any) -> None:
    """When there is no more room than for one of two."""
    crew.begin(api, TaskTimeLimitInSeconds=30, NumberOfHumanWorkersPerDataObject=2)
    first = crew.next("anna").lease.id
    crew.place.clock.turn(5)
    second = crew.next("ben").lease.id
    crew.place.clock.turn(31)

    crew.draw("cleo", PEN)

    with pytest.raises(TaskLost, match="somebody else has it now"):
        crew.tasks.answer(crew.id("anna"), first, [PEN])
    crew.tasks.answer(crew.id("ben"), second, [PEN])


def test_a_lease_that_runs_is_nobody_else_s(crew: Crew, api: Any) -> None:
    """Until its last moment."""
    crew.begin(api, TaskTimeLimitInSeconds=30)
    first = crew.next("anna").lease.place
    crew.place.clock.turn(29)

    assert crew.next("ben").lease.place != first


def test_another_worker_s_lease_does_not_exist(crew: Crew, api: Any) -> None:
    """Neither for an answer nor for the picture, nor for going back."""
    crew.begin(api)
    lease = crew.next("anna").lease.id
    ben = crew.id("ben")

    for attempt in (
        lambda: crew.tasks.answer(ben, lease, [PEN]),
        lambda: crew.tasks.decline(ben, lease, "no"),
        lambda: crew.tasks.picture(ben, lease),
        lambda: crew.tasks.store.reopen(ben, lease),
    ):
        with pytest.raises(TaskLost, match="not yours"):
            attempt()


def test_several_workers_boxes_are_consolidated(crew: Crew, api: Any) -> None:
    """Each picture goes to as many as the job wants, and to nobody twice."""
    crew.begin(api, NumberOfHumanWorkersPerDataObject=2)
    for _ in range(4):
        crew.draw("anna", PEN)
        crew.draw("ben", Box("pen", 12, 20, 30, 40))

    assert crew.has_nothing("anna")
    crew.finish()

    [box] = drawn_on(crew.place.output()[0])
    assert (box["left"], box["width"]) == (11, 30)
    assert crew.place.output()[0]["pens-metadata"]["objects"] == [{"confidence": 0.88}]


def test_a_declined_picture_fails_with_the_reasons(crew: Crew, api: Any) -> None:
    """When as many decline as are asked; before that another worker is."""
    crew.begin(api, NumberOfHumanWorkersPerDataObject=2)
    assert crew.decline("anna", "too dark").lease.place == 0
    assert crew.decline("ben", "a cat").lease.place == 0
    for _ in range(3):
        crew.draw("anna")
        crew.draw("ben")

    crew.finish()

    reason = crew.place.output()[0]["pens-metadata"]["failure-reason"]
    assert reason.endswith("Workers declined it: too dark; a cat")


def test_a_declined_picture_goes_to_somebody_else(crew: Crew, api: Any) -> None:
    """When fewer decline than are asked."""
    crew.begin(api, NumberOfHumanWorkersPerDataObject=2)
    crew.decline("anna", "too dark")
    crew.draw("ben", PEN)

    assert crew.draw("cleo", PEN).lease.place == 0
    assert crew.next("anna").lease.place == 1


def test_a_worker_goes_back_and_changes_an_answer(crew: Crew, api: Any) -> None:
    """The new one takes the old one's place; meanwhile the picture at hand stays."""
    crew.begin(api)
    lease = crew.draw("anna", PEN).lease.id
    at_hand = crew.next().lease

    again = crew.tasks.store.reopen(crew.id("anna"), lease)
    crew.tasks.answer(crew.id("anna"), lease, [])

    assert again.boxes == (PEN,)
    assert crew.next().lease == at_hand
    for _ in range(3):
        crew.draw()
    crew.finish()
    assert drawn_on(crew.place.output()[0]) == []


def test_an_answer_may_become_a_refusal_and_the_other_way_round(crew: Crew, api: Any) -> None:
    """What was said last counts."""
    crew.begin(api)
    first = crew.draw("anna", PEN).lease.id
    second = crew.decline("anna", "too dark").lease.id

    crew.tasks.decline(crew.id("anna"), first, "a cat after all")
    crew.tasks.answer(crew.id("anna"), second, [PEN])
    for _ in range(2):
        crew.draw()
    crew.finish()

    lines = crew.place.output()
    assert "a cat after all" in lines[0]["pens-metadata"]["failure-reason"]
    assert len(drawn_on(lines[1])) == 1


def test_only_the_last_answers_can_be_changed(place: Place, either_database: None) -> None:
    """A picture is finished once its worker has answered five more."""
    place.images = REVISABLE_ANSWERS + 3
    place.write_manifest([{"source-ref": f"s3://{BUCKET}/{name}"} for name in place.names])
    crew = Crew(place)
    with place.serving() as api:
        crew.begin(api)
        drawn = []
        for _ in range(REVISABLE_ANSWERS + 1):
            drawn.append(crew.draw("anna", PEN).lease.id)
            place.clock.turn(1)
        place.tick()

        listed = [task.lease.id for task in crew.tasks.store.revisable(crew.id("anna"))]

        assert listed == drawn[:0:-1]
        with pytest.raises(TaskLost, match="finished"):
            crew.tasks.answer(crew.id("anna"), drawn[0], [])


def test_an_old_answer_is_final(crew: Crew, api: Any) -> None:
    """Minutes later the picture is finished, unless its worker is changing the answer just then."""
    crew.begin(api)
    first, second = (crew.draw().lease.id for _ in range(2))
    crew.place.clock.turn(REVISABLE_MILLISECONDS / 1000 - 1)
    crew.tasks.store.reopen(crew.id("anna"), second)
    crew.place.clock.turn(2)

    crew.place.tick()

    with pytest.raises(TaskLost, match="finished"):
        crew.tasks.store.reopen(crew.id("anna"), first)
    crew.tasks.answer(crew.id("anna"), second, [PEN])


def test_what_was_said_to_be_final_stays_so(crew: Crew, api: Any) -> None:
    """Other boxes are refused from then on, also before the picture is finished; the same ones are still saved."""
    crew.begin(api, NumberOfHumanWorkersPerDataObject=2)
    lease = crew.draw("anna", PEN).lease.id
    crew.tasks.store.close_answers(crew.id("anna"))

    for change in (
        lambda: crew.tasks.answer(crew.id("anna"), lease, []),
        lambda: crew.tasks.decline(crew.id("anna"), lease, "too dark"),
        lambda: crew.tasks.store.reopen(crew.id("anna"), lease),
    ):
        with pytest.raises(TaskFinished, match="final"):
            change()
    crew.tasks.answer(crew.id("anna"), lease, [PEN])

    assert crew.tasks.store.revisable(crew.id("anna")) == []


def test_an_old_answer_is_final_before_the_picture_is_finished(crew: Crew, api: Any) -> None:
    """As while another worker is awaited."""
    crew.begin(api, NumberOfHumanWorkersPerDataObject=2)
    lease = crew.draw("anna", PEN).lease.id
    crew.place.clock.turn(REVISABLE_MILLISECONDS / 1000)

    with pytest.raises(TaskFinished, match="final"):
        crew.tasks.answer(crew.id("anna"), lease, [])


def test_an_answer_that_is_left_open_becomes_final(crew: Crew, api: Any) -> None:
    """Five minutes after its worker last showed to be at it, whatever the time limit of the job."""
    crew.begin(api, TaskTimeLimitInSeconds=3600)
    lease, *_ = [crew.draw().lease.id for _ in range(4)]
    for _ in range(3):
        crew.tasks.store.reopen(crew.id("anna"), lease)
        crew.place.clock.turn(REVISABLE_MILLISECONDS / 1000 - 1)
        crew.place.tick(2)
    still = api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"]
    crew.place.clock.turn(2)

    crew.place.finish()

    assert still == "InProgress"
    assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"


@pytest.mark.parametrize("is_open", [False, True], ids=["answered", "gone back to"])
def test_a_clock_that_is_put_back_holds_up_nothing(crew: Crew, api: Any, is_open: bool) -> None:
    """Answers from what is now the future are final."""
    crew.begin(api)
    lease, *_ = [crew.draw().lease.id for _ in range(4)]
    crew.place.tick()
    if is_open:
        crew.tasks.store.reopen(crew.id("anna"), lease)
    crew.place.clock.turn(-3600)

    crew.place.finish()

    assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"


def test_a_clock_that_is_read_a_moment_early_finishes_nothing(crew: Crew, api: Any) -> None:
    """Two threads read it, and the later one may be the first to write."""
    crew.begin(api)
    for _ in range(4):
        crew.draw()
    crew.place.clock.turn(-1)

    crew.place.tick(2)

    assert len(crew.tasks.store.revisable(crew.id("anna"))) == 4


def test_simulated_workers_and_people_may_take_turns(place: Place, either_database: None) -> None:
    """A picture that people began and simulated workers finished counts once, also when people go on."""
    simulated = place.settings.answers
    crew = Crew(place)
    people = place.settings.people
    with place.serving() as api:
        crew.begin(api)
        crew.draw("anna", PEN)
        crew.draw("anna", PEN)
    place.change(answers=simulated, people=(), answers_per_tick=2)
    with place.serving():
        place.tick()
    place.change(answers=None, people=people)
    del crew.__dict__["tasks"]

    with place.serving() as api:
        place.clock.turn(REVISABLE_MILLISECONDS / 1000)
        place.tick()
        counters = api.describe_labeling_job(LabelingJobName="pens-1")["LabelCounters"]
        for _ in range(2):
            crew.draw("anna")
        crew.finish()

    assert (counters["TotalLabeled"], counters["Unlabeled"]) == (2, 2)
    assert [len(drawn_on(line)) for line in place.output()] == [1, 1, 0, 0]


def test_the_last_answers_wait_a_moment_and_the_job_ends(crew: Crew, api: Any) -> None:
    """So that one may go back to them too; nobody has to press anything."""
    crew.begin(api)
    for _ in range(4):
        crew.draw()
    crew.place.clock.turn(LAST_MILLISECONDS / 1000 - 1)
    crew.place.tick(3)
    waiting = api.describe_labeling_job(LabelingJobName="pens-1")
    crew.place.clock.turn(2)

    crew.place.finish()

    assert waiting["LabelingJobStatus"] == "InProgress"
    assert waiting["LabelCounters"]["TotalLabeled"] == 4
    assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Completed"


def test_a_stopped_job_keeps_what_people_drew(crew: Crew, api: Any) -> None:
    """Also what they could still have changed; the picture in somebody's hands is lost, and says so."""
    crew.begin(api)
    crew.draw("anna", PEN)
    held = crew.next("anna").lease.id

    api.stop_labeling_job(LabelingJobName="pens-1")
    crew.place.finish()

    assert [len(line.get("pens", {}).get("annotations", [])) for line in crew.place.output()] == [1, 0, 0, 0]
    assert "pens" not in crew.place.output()[1]
    with pytest.raises(TaskLost, match="the job has ended"):
        crew.tasks.answer(crew.id("anna"), held, [PEN])
    assert crew.has_nothing("anna")


def test_a_job_whose_tasks_expire_keeps_what_people_drew(crew: Crew, api: Any) -> None:
    """The others fail, and nobody gets a picture any more."""
    crew.begin(api, TaskAvailabilityLifetimeInSeconds=60)
    crew.draw("anna", PEN)
    crew.place.clock.turn(61)

    crew.place.finish()

    first, *others = crew.place.output()
    assert len(drawn_on(first)) == 1
    assert all("expired" in line["pens-metadata"]["failure-reason"] for line in others)
    assert crew.has_nothing("anna")


def test_stopping_conditions_count_what_people_drew(place: Place, either_database: None) -> None:
    """Nobody gets a picture beyond them, and the job stops by itself, a moment after the last answer."""
    crew = Crew(place)
    with place.serving() as api:
        conditions = {"MaxHumanLabeledObjectCount": 2}
        api.create_labeling_job(**request(StoppingConditions=conditions, HumanTaskConfig=task()))
        place.tick()
        crew.draw("anna", PEN)
        crew.draw("anna", PEN)
        assert crew.has_nothing("anna")
        place.clock.turn(LAST_MILLISECONDS / 1000)
        place.finish()

        assert api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"] == "Stopped"
    assert sum("pens" in line for line in place.output()) == 2


def test_a_picture_that_cannot_be_read_is_nobody_s(crew: Crew, api: Any) -> None:
    """It fails with the reason, and the next one is given instead."""
    (crew.place.bucket / crew.place.names[0]).write_bytes(b"not a picture")
    crew.begin(api)

    assert crew.draw().lease.place == 1
    for _ in range(2):
        crew.draw()
    crew.finish()

    assert "could not be read" in crew.place.output()[0]["pens-metadata"]["failure-reason"]


def test_pictures_that_are_away_are_waited_for(crew: Crew, api: Any) -> None:
    """A folder that is gone or empty for a moment, or a whole bucket, fails none of its pictures."""
    crew.begin(api)
    pictures, away = crew.place.bucket / "images", crew.place.bucket / "away"
    crew.draw()

    pictures.rename(away)
    with pytest.raises(Unavailable, match="is empty"):
        crew.next("ben")
    pictures.mkdir()
    with pytest.raises(Unavailable, match="is empty"):
        crew.next("ben")
    pictures.rmdir()
    away.rename(pictures)
    bucket = crew.place.bucket.rename(crew.place.path / "elsewhere")
    with pytest.raises(Unavailable, match="cannot be seen"):
        crew.next("ben")
    bucket.rename(crew.place.bucket)
    for _ in range(3):
        crew.draw()
    crew.finish()

    assert ["pens" in line for line in crew.place.output()] == [True] * 4


def test_pictures_that_are_away_hold_up_no_other_job(crew: Crew, api: Any) -> None:
    """The next job's are given meanwhile."""
    crew.begin(api)
    crew.place.write_manifest([{"source-ref": f"s3://{BUCKET}/others/0.jpg"}])
    api.create_labeling_job(**request("others-1"))
    crew.place.tick()
    (crew.place.bucket / "others").mkdir()
    (crew.place.bucket / "images" / "0.jpg").rename(crew.place.bucket / "others" / "0.jpg")
    (crew.place.bucket / "images").rename(crew.place.bucket / "away")

    assert crew.next().job.name == "others-1"


def test_a_picture_that_is_gone_is_nobody_s(crew: Crew, api: Any) -> None:
    """When those beside it are there."""
    (crew.place.bucket / crew.place.names[0]).unlink()
    crew.begin(api)

    assert crew.next().lease.place == 1


def test_one_unreadable_picture_at_a_time_is_given_up(crew: Crew, api: Any) -> None:
    """Whatever goes wrong with all of them, one request fails one."""
    for name in crew.place.names[:3]:
        (crew.place.bucket / name).write_bytes(b"not a picture")
    crew.begin(api)

    assert crew.has_nothing()
    assert crew.tasks.store.progress(crew.tasks.store.running()[0], crew.id("anna"))["done"] == 1
    assert crew.has_nothing()
    assert crew.next().lease.place == 3


@pytest.mark.parametrize(
    ("box", "said"),
    [
        pytest.param(Box("cat", 0, 0, 10, 10), "has the label 'cat'", id="a label of no job"),
        pytest.param(Box("pen", -1, 0, 10, 10), "does not lie inside", id="left of the picture"),
        pytest.param(Box("pen", 95, 0, 6, 10), "does not lie inside", id="right of it"),
        pytest.param(Box("pen", 0, 0, 0, 10), "is less than a pixel", id="nothing"),
    ],
)
def test_boxes_that_cannot_be_are_refused(place: Place, box: Box, said: str) -> None:
    """With the number of the box, and nothing is kept."""
    crew = Crew(place)
    with place.serving() as api:
        crew.begin(api)
        lease = crew.next().lease.id

        with pytest.raises(BadAnswer, match=f"box 2 {said}"):
            crew.tasks.answer(crew.id("anna"), lease, [PEN, box])

        assert crew.next().boxes is None


def test_the_server_may_go_between_any_two_answers(crew: Crew) -> None:
    """Whatever was saved is there when it comes back, and the same picture is at hand."""
    with crew.place.serving() as api:
        crew.begin(api)
        crew.draw("anna", PEN)
        held = crew.next("anna").lease
    del crew.__dict__["tasks"]

    with crew.place.serving():
        assert crew.next("anna").lease == held
        for _ in range(3):
            crew.draw("anna")
        crew.finish()

    assert len(drawn_on(crew.place.output()[0])) == 1


def test_people_need_names_a_loopback_address_and_no_simulation(place: Place) -> None:
    """All at once, before anything runs."""
    place.change(people=(Person("anna"), Person("anna"), Person("")), host="0.0.0.0", trust_network=True)  # noqa: S104

    with pytest.raises(InvalidInput) as refusal, opened(place.settings, place.buckets):
        pass

    said = str(refusal.value)
    for part in ("'anna' is named twice", "'' is not a name", "beside simulated workers", "only label on this machine"):
        assert part in said
