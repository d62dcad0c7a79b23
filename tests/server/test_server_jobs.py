"""The life of a labeling job: statuses, counters, and what it leaves in the bucket."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import event
from tests.server.labeling import BUCKET, REGION, SIZE, Place, answer_line, box, json_lines, refused, request, task

from labelround.errors import LabelroundError, StorageFull, Unavailable
from labelround.server.rows import InputObject
from labelround.server.sources import InvalidInputData, input_objects
from labelround.storage import Bucket, Buckets

pytestmark = pytest.mark.usefixtures("either_database")
ZERO = dict.fromkeys(("TotalLabeled", "HumanLabeled", "MachineLabeled", "FailedNonRetryableError", "Unlabeled"), 0)


def described(api: Any, name: str = "pens-1") -> dict[str, Any]:
    answer: dict[str, Any] = api.describe_labeling_job(LabelingJobName=name)
    del answer["ResponseMetadata"]
    return answer


def test_a_job_goes_from_initializing_over_in_progress_to_completed(place: Place) -> None:
    """One step a tick: take in the manifest, work, write the output."""
    seen = []

    with place.serving() as api:
        api.create_labeling_job(**request())
        for _ in range(4):
            seen.append(described(api)["LabelingJobStatus"])
            place.tick()

    assert seen == ["Initializing", "InProgress", "InProgress", "Completed"]


def test_describe_returns_all_that_was_asked_for_and_what_became_of_it(place: Place) -> None:
    """A finished job, as AWS answers it."""
    asked = request("Pens-One", Tags=[{"Key": "team", "Value": "Ölfarben"}])
    with place.serving() as api:
        arn = api.create_labeling_job(**asked)["LabelingJobArn"]
        place.finish()

        answer = described(api, "pens-one")

    assert arn == f"arn:aws:sagemaker:{REGION}:000000000000:labeling-job/pens-one"
    assert answer.pop("JobReferenceCode").startswith("000000000000")
    assert answer == {
        **asked,
        "LabelingJobArn": arn,
        "LabelingJobStatus": "Completed",
        "LabelCounters": {**ZERO, "TotalLabeled": 4, "HumanLabeled": 4},
        "CreationTime": place.clock(),
        "LastModifiedTime": place.clock(),
        "OutputConfig": {"S3OutputPath": "s3://pens/annots/", "KmsKeyId": ""},
        "HumanTaskConfig": task(TaskAvailabilityLifetimeInSeconds=2_592_000, MaxConcurrentTaskCount=1000),
        "LabelingJobOutput": {
            "OutputDatasetS3Uri": "s3://pens/annots/Pens-One/manifests/output/output.manifest",
        },
    }


def test_a_labeled_line_has_the_shape_of_ground_truth(place: Place) -> None:
    """Compact raw UTF-8, the other keys of the line passed through, class ids of this job, confidence 0."""
    place.write_manifest([{"round": "größe", "source-ref": "s3://pens/images/0.jpg", "n": 1.5}])
    with place.serving() as api:
        api.create_labeling_job(**request("Pens-One"))

        place.finish()

    assert place.output_text("Pens-One") == (
        '{"round":"größe","source-ref":"s3://pens/images/0.jpg","n":1.5,'
        '"pens":{"image_size":[{"width":100,"height":80,"depth":3}],"annotations":['
        '{"class_id":1,"top":20,"left":10,"height":40,"width":30},'
        '{"class_id":0,"top":20,"left":50,"height":40,"width":30}]},'
        '"pens-metadata":{"objects":[{"confidence":0},{"confidence":0}],"class-map":{"1":"pen","0":"pencil"},'
        '"type":"groundtruth/object-detection","human-annotated":"yes",'
        '"creation-date":"2026-03-01T09:31:11.839000","job-name":"labeling-job/pens-one"}}\n'
    )


def test_lines_stay_in_the_order_of_the_manifest_in_all_their_shapes(place: Place) -> None:
    """Labeled, empty, failed because nobody knows the image, and labeled by an earlier job."""
    kept = {"source-ref": "s3://pens/images/3.jpg", "pens": {"annotations": []}, "pens-metadata": {"by": "before"}}
    place.write_manifest([*({"source-ref": f"s3://{BUCKET}/images/{name}.jpg"} for name in (2, 0, "unknown")), kept])
    place.change(answers=json_lines([answer_line("images/2.jpg", []), answer_line("images/0.jpg", [box(0)])]))
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()
        counters = described(api)["LabelCounters"]

    empty, labeled, failed, passed = place.output()
    assert empty["pens"] == {"image_size": [SIZE], "annotations": []}
    assert empty["pens-metadata"]["objects"] == []
    assert empty["pens-metadata"]["class-map"] == {}
    assert labeled["pens-metadata"]["class-map"] == {"0": "pencil"}
    assert "pens" not in failed
    assert failed["pens-metadata"]["failure-reason"].startswith("ClientError: Annotation tasks expired")
    assert passed == kept
    assert counters == {**ZERO, "TotalLabeled": 2, "HumanLabeled": 2, "FailedNonRetryableError": 1}


def test_a_line_that_failed_in_an_earlier_job_is_sent_out_again(place: Place) -> None:
    """Its old metadata gives way to the new."""
    failed = {"source-ref": "s3://pens/images/0.jpg", "pens-metadata": {"failure-reason": "expired", "old": True}}
    place.write_manifest([failed])
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    [line] = place.output()
    assert len(line["pens"]["annotations"]) == 2
    assert "old" not in line["pens-metadata"]


def test_counters_are_zero_first_and_right_afterwards(place: Place) -> None:
    """Even Unlabeled is 0 until the first image is finished, as at AWS."""
    place.change(delay=10.0)
    seen = []
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick()
        for _ in range(4):
            place.tick()
            seen.append(described(api)["LabelCounters"])
            place.clock.turn(10)

    counts = [(one["TotalLabeled"], one["HumanLabeled"], one["Unlabeled"]) for one in seen]
    assert counts == [(0, 0, 0), (1, 1, 3), (2, 2, 2), (3, 3, 1)]


def test_a_stopped_job_keeps_what_was_labeled_and_writes_the_rest_as_it_came(place: Place) -> None:
    """Stopping, then Stopped, with a partial output whose unlabeled lines are the input's, byte by byte."""
    place.change(delay=10.0)
    odd = b'{ "source-ref": "s3://pens/images/3.jpg",  "n": 1.50 }\n'
    place.write("manifest.json", place.file("manifest.json").rsplit(b"\n", 2)[0] + b"\n" + odd)
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick()
        place.clock.turn(20)
        place.tick()
        api.stop_labeling_job(LabelingJobName="PENS-1")
        stopping = described(api)["LabelingJobStatus"]

        place.finish()
        stopped = described(api)

    lines = place.output_text().splitlines(keepends=True)
    assert stopping == "Stopping"
    assert stopped["LabelingJobStatus"] == "Stopped"
    assert stopped["LabelCounters"] == {**ZERO, "TotalLabeled": 2, "HumanLabeled": 2, "Unlabeled": 2}
    assert ["pens" in json.loads(line) for line in lines] == [True, True, False, False]
    assert lines[3].encode() == odd


def test_a_job_that_is_stopped_before_it_began_has_an_output_without_labels(place: Place) -> None:
    """The manifest comes back unchanged."""
    with place.serving() as api:
        api.create_labeling_job(**request())
        api.stop_labeling_job(LabelingJobName="pens-1")

        place.finish()
        job = described(api)

    assert job["LabelingJobStatus"] == "Stopped"
    assert job["LabelCounters"] == {**ZERO, "Unlabeled": 4}
    assert place.output_text().encode() == place.file("manifest.json")


def test_a_stopped_job_cannot_be_stopped_again_and_a_stopping_one_can(place: Place) -> None:
    """As AWS refuses it: a ValidationException that names the status."""
    with place.serving() as api:
        api.create_labeling_job(**request())
        api.stop_labeling_job(LabelingJobName="pens-1")
        api.stop_labeling_job(LabelingJobName="pens-1")
        place.finish()

        code, message = refused(api.stop_labeling_job, LabelingJobName="pens-1")

    assert code == "ValidationException"
    assert "status Stopped" in message


def test_without_answers_a_job_waits_until_it_is_stopped(place: Place) -> None:
    """Nobody works: the counters stay 0."""
    place.change(answers=None)
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick(5)

        job = described(api)

    assert job["LabelingJobStatus"] == "InProgress"
    assert job["LabelCounters"] == ZERO


def test_jobs_at_which_nothing_can_happen_cost_nothing_and_wake_when_something_can(place: Place) -> None:
    """A tick asks for jobs that begin or stop, whatever number of them runs; time and a stop wake the sleeping ones."""
    place.change(delay=10.0)
    with place.serving() as api:
        for name in ("pens-1", "pens-2", "pens-3"):
            api.create_labeling_job(**request(name))
        place.tick(2)
        asleep = statements(place, place.tick)
        api.stop_labeling_job(LabelingJobName="pens-2")
        place.tick(2)
        place.clock.turn(10)
        place.tick()

        jobs = [described(api, name) for name in ("pens-1", "pens-2", "pens-3")]

    assert len(asleep) == 1
    assert [job["LabelingJobStatus"] for job in jobs] == ["InProgress", "Stopped", "InProgress"]
    assert [job["LabelCounters"]["TotalLabeled"] for job in jobs] == [1, 0, 1]


def test_tasks_that_nobody_does_expire(place: Place) -> None:
    """After TaskAvailabilityLifetimeInSeconds the open objects fail, and the job is complete."""
    place.change(answers=None)
    with place.serving() as api:
        api.create_labeling_job(**request(HumanTaskConfig=task(TaskAvailabilityLifetimeInSeconds=60)))
        place.tick()
        place.clock.turn(60)

        place.finish()
        job = described(api)

    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"] == {**ZERO, "FailedNonRetryableError": 4}
    assert all("failure-reason" in line["pens-metadata"] for line in place.output())


def statements(place: Place, work: Callable[[], None]) -> list[str]:
    """What is asked of the database meanwhile, besides the beginnings of transactions."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SELECT pg_advisory_xact_lock")):
            asked.append(statement)

    event.listen(place.engine.store.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(place.engine.store.engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize(
    ("conditions", "labeled"),
    [({"MaxHumanLabeledObjectCount": 3}, 3), ({"MaxPercentageOfInputDatasetLabeled": 50}, 2)],
)
def test_stopping_conditions_stop_the_job(place: Place, conditions: dict[str, int], labeled: int) -> None:
    """The job stops by itself and keeps what was labeled."""
    with place.serving() as api:
        api.create_labeling_job(**request(StoppingConditions=conditions))

        place.finish()
        job = described(api)

    assert job["LabelingJobStatus"] == "Stopped"
    assert job["LabelCounters"]["TotalLabeled"] == labeled


@pytest.mark.parametrize("conditions", [{"MaxHumanLabeledObjectCount": 4}, {"MaxPercentageOfInputDatasetLabeled": 100}])
def test_stopping_conditions_that_all_images_reach_complete_the_job(place: Place, conditions: dict[str, int]) -> None:
    """There is nothing left to stop."""
    with place.serving() as api:
        api.create_labeling_job(**request(StoppingConditions=conditions))

        place.finish()

        assert described(api)["LabelingJobStatus"] == "Completed"


def test_when_all_workers_decline_the_image_fails(place: Place) -> None:
    """As many declines as workers asked for end the object's tasks."""
    place.change(decline_rate=1.0)
    with place.serving() as api:
        api.create_labeling_job(**request(HumanTaskConfig=task(NumberOfHumanWorkersPerDataObject=3)))

        place.finish()
        job = described(api)

    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["FailedNonRetryableError"] == 4


def test_boxes_of_several_workers_are_consolidated(place: Place) -> None:
    """Averages are floats inside the image, with a confidence above 0; every worker's answer is kept."""
    place.change(noise=0.1, seed=7)
    with place.serving() as api:
        api.create_labeling_job(**request(HumanTaskConfig=task(NumberOfHumanWorkersPerDataObject=3)))

        place.finish()

    boxes = [annotation for line in place.output() for annotation in line["pens"]["annotations"]]
    confidences = [one["confidence"] for line in place.output() for one in line["pens-metadata"]["objects"]]
    [response] = [content for key, content in place.files().items() if "iteration-1/2/" in key]
    assert any(isinstance(one["left"], float) for one in boxes)
    assert all(one["left"] >= 0 and one["left"] + one["width"] <= SIZE["width"] + 1e-9 for one in boxes)
    assert all(0.5 <= confidence <= 1 for confidence in confidences)
    assert len({answer["workerId"] for answer in json.loads(response)["answers"]}) == 3


def test_classes_that_the_job_does_not_have_are_not_drawn(place: Place) -> None:
    """Answers are matched by class name; a worker can only draw the labels of the job."""
    boxes = [box(0), box(1), box(2)]
    place.change(answers=json_lines([answer_line(name, boxes, ["crayon", "pen", "pencil"]) for name in place.names]))
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    [first, *_] = place.output()
    assert [one["class_id"] for one in first["pens"]["annotations"]] == [1, 0]
    assert first["pens-metadata"]["class-map"] == {"1": "pen", "0": "pencil"}


def test_answers_of_another_bucket_are_found_by_path(place: Place) -> None:
    """So one answers manifest serves copies of its images."""
    elsewhere = [{**answer_line(name, [box(1)]), "source-ref": f"s3://elsewhere/{name}"} for name in place.names]
    place.change(answers=json_lines(elsewhere))
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

        assert described(api)["LabelCounters"]["TotalLabeled"] == 4


def test_the_output_holds_all_folders_of_ground_truth(place: Place) -> None:
    """Manifest, worker responses, consolidation requests and intermediate output."""
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    stamp = "2026-03-01_09:31:11"
    files = place.files()
    assert sorted(files) == [
        f"pens-1/annotations/consolidated-annotation/consolidation-request/iteration-1/{stamp}.839.json",
        "pens-1/annotations/intermediate/1/annotations.json",
        "pens-1/annotations/intermediate/1/output.manifest",
        *(f"pens-1/annotations/worker-response/iteration-1/{place_}/{stamp}.json" for place_ in range(4)),
        "pens-1/manifests/output/output.manifest",
    ]
    [answer] = json.loads(files[f"pens-1/annotations/worker-response/iteration-1/0/{stamp}.json"])["answers"]
    assert answer["answerContent"]["boundingBox"] == {
        "boundingBoxes": [
            {"height": 40, "label": "pen", "left": 10, "top": 20, "width": 30},
            {"height": 40, "label": "pencil", "left": 50, "top": 20, "width": 30},
        ],
        "inputImageProperties": {"height": 80, "width": 100},
    }
    assert answer["submissionTime"] == "2026-03-01T09:31:11.839Z"
    intermediate = files["pens-1/annotations/intermediate/1/annotations.json"].decode().splitlines()
    assert json.loads(intermediate[3])["inputAttribute"] == "s3://pens/images/3.jpg"
    assert files["pens-1/annotations/intermediate/1/output.manifest"].decode() == place.output_text()


def test_the_intermediate_output_grows_while_the_job_runs(place: Place) -> None:
    """One line an image; the unlabeled ones as they came."""
    place.change(delay=10.0)
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick()
        place.clock.turn(10)

        place.tick(2)

    lines = place.files()["pens-1/annotations/intermediate/1/output.manifest"].decode().splitlines()
    assert ["pens" in json.loads(line) for line in lines] == [True, False, False, False]


BAD_MANIFESTS = {
    "a line that is cut in the middle": (
        b'{"source-ref": "s3://pens/a.jpg"}\n{"source-re',
        "line 2: the line is not JSON",
    ),
    "a line without source-ref": (b'{"source": "text"}\n', 'line 1: the line has no "source-ref"'),
    "a file that is not an image": (b'{"source-ref": "s3://pens/a.gif"}\n', "is not a .jpg, .jpeg, .png file"),
    "a name that no database takes": (b'{"source-ref": "s3://pens/a\\u0000.gif"}\n', "is not a .jpg, .jpeg, .png file"),
    "an address that is not in S3": (b'{"source-ref": "https://a/b.jpg"}\n', "is not an S3 address"),
    "a bucket that is not there": (b'{"source-ref": "s3://nowhere/b.jpg"}\n', "nowhere"),
    "a key that leads out of the bucket": (b'{"source-ref": "s3://pens/../x.jpg"}\n', "`..` segment"),
    "a bucket that leads out of the root": (b'{"source-ref": "s3://../x.jpg"}\n', "'..'"),
    "a line that is too long": (b'{"source-ref": "s3://pens/a.jpg", "x": "' + b"x" * 100_000 + b'"}\n', "100000"),
    "an attribute that is too long": (
        b'{"source-ref": "s3://pens/a.jpg", "x": "' + b"x" * 20_001 + b'"}\n',
        "more than 20000",
    ),
    "an attribute that begins with $": (b'{"source-ref": "s3://pens/a.jpg", "$x": 1}\n', "begins with $"),
    "a line that is not UTF-8": (b'{"source-ref": "s3://pens/\xff.jpg"}\n', "not UTF-8"),
    "half of a surrogate pair": (b'{"source-ref": "s3://pens/\\ud800.jpg"}\n', "not JSON"),
    "a list": (b"[1]\n", "not a JSON object"),
    "nesting without end": (b"[" * 99_000 + b"\n", "not JSON"),
    "only blank lines": (b"\n\n", "no data objects"),
}


@pytest.mark.parametrize("case", BAD_MANIFESTS)
def test_a_manifest_with_wrong_lines_fails_the_job(place: Place, case: str) -> None:
    """The job is created, and then fails with a reason that names the line."""
    content, reason = BAD_MANIFESTS[case]
    place.write("manifest.json", content)
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()
        job = described(api)

    assert job["LabelingJobStatus"] == "Failed"
    assert reason in job["FailureReason"]
    assert len(job["FailureReason"]) <= 1024
    assert "LabelingJobOutput" not in job
    assert place.files() == {}


def test_a_manifest_that_comes_slowly_holds_up_no_other_request(place: Place) -> None:
    """It is read to its end before a transaction begins, and still taken in whole or not at all."""

    def slowly(lines: Iterator[InputObject]) -> Iterator[InputObject]:
        for number, line in enumerate(lines):
            api.create_labeling_job(**request(f"meanwhile-{number}"))
            yield line

    with place.serving() as api:
        api.create_labeling_job(**request())
        job = place.engine.store.find("pens-1")
        assert job

        place.engine.store.begin(job, slowly(input_objects(job, place.buckets)), 1)

        assert described(api)["LabelingJobStatus"] == "InProgress"
        assert described(api, "meanwhile-3")["LabelingJobStatus"] == "Initializing"


def test_a_job_takes_a_hundred_thousand_objects_and_no_more(place: Place) -> None:
    """Ground Truth's limit for images."""
    line = b'{"source-ref":"s3://pens/a.jpg"}\n'
    place.write("manifest.json", line * 100_001)
    with place.serving() as api:
        api.create_labeling_job(**request())
        job = place.engine.store.find("pens-1")
        assert job is not None
        objects = input_objects(job, place.buckets)

        taken = sum(1 for _ in islice(objects, 100_000))

        assert taken == 100_000
        with pytest.raises(InvalidInputData, match="more than 100000 data objects"):
            next(objects)


def test_a_failure_reason_counts_the_lines_it_does_not_show(place: Place) -> None:
    """Five bad lines are named."""
    place.write("manifest.json", b"nonsense\n" * 12)
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()
        reason = described(api)["FailureReason"]

    assert "line 5" in reason
    assert "line 6" not in reason
    assert "and 7 more" in reason


def test_blank_lines_and_carriage_returns_are_fine(place: Place) -> None:
    """Ground Truth takes both kinds of line ends."""
    place.write(
        "manifest.json", b'{"source-ref": "s3://pens/images/0.jpg"}\r\n\r\n{"source-ref": "s3://pens/images/1.jpg"}'
    )
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    assert [line["source-ref"] for line in place.output()] == ["s3://pens/images/0.jpg", "s3://pens/images/1.jpg"]


@pytest.mark.parametrize(
    "key", ["a b#1?%20.jpg", "\u200bbanana.JPG", "한국어/ü.jpeg", '"quoted" & <b>.png', "x" * 200 + ".jpg"]
)
def test_images_with_odd_names_are_labeled(place: Place, key: str) -> None:
    """Addresses are raw, not percent-encoded."""
    place.write_manifest([{"source-ref": f"s3://{BUCKET}/{key}"}])
    place.change(answers=json_lines([answer_line(key, [box(1)])]))
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    [line] = place.output()
    assert line["source-ref"] == f"s3://{BUCKET}/{key}"
    assert "pens" in line


def test_two_jobs_do_not_touch_each_other(place: Place) -> None:
    """The same manifest, two names, two outputs."""
    with place.serving() as api:
        api.create_labeling_job(**request("one"))
        api.create_labeling_job(**request("two", LabelAttributeName="other"))

        place.finish()

    assert all("pens" in line and "other" not in line for line in place.output("one"))
    assert all("other" in line and "pens" not in line for line in place.output("two"))


def test_the_size_of_an_image_is_read_from_its_header_when_the_answers_lack_it(place: Place) -> None:
    """An image that cannot be read fails, with the reason; the others are labeled."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "PNG")
    place.write("images/0.jpg", picture.getvalue())
    place.write("images/1.jpg", b"no picture")
    lines = [answer_line(name, [box(1, 0, 0, 5, 5)]) for name in place.names[:3]]
    for line in lines:
        del line["truth"]["image_size"]
    place.change(answers=json_lines(lines))
    with place.serving() as api:
        api.create_labeling_job(**request())

        place.finish()

    labeled, broken, absent, _ = place.output()
    assert labeled["pens"]["image_size"] == [{"width": 64, "height": 48, "depth": 3}]
    assert "neither JPEG nor PNG" in broken["pens-metadata"]["failure-reason"]
    assert "not found" in absent["pens-metadata"]["failure-reason"]


def test_one_name_asked_for_at_once_makes_one_job(place: Place) -> None:
    """All others are told that it is in use."""

    def attempt(_: int) -> str:
        try:
            place.front.api.create_labeling_job(**request())
        except place.front.api.exceptions.ResourceInUse:
            return "in use"
        return "created"

    with place.serving() as api, ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))
        jobs = api.list_labeling_jobs()["LabelingJobSummaryList"]

    assert sorted(outcomes) == ["created"] + ["in use"] * 15
    assert len(jobs) == 1


@dataclass
class Outage:
    """Buckets that cannot be reached while `down`."""

    buckets: Buckets
    error: LabelroundError
    down: bool = True

    def open(self, name: str) -> Bucket:
        if self.down:
            raise self.error
        return self.buckets.open(name)


@pytest.mark.parametrize("error", [Unavailable("the store is away"), StorageFull("/disk", "the disk is full")], ids=str)
def test_a_store_that_is_away_or_full_is_waited_for(place: Place, error: LabelroundError) -> None:
    """With growing pauses; the job goes on when it is back."""
    reachable = place.buckets
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.buckets = outage = Outage(reachable, error)
        place.tick(3)
        waiting = described(api)["LabelingJobStatus"]
        outage.down = False
        place.tick()
        still_waiting = described(api)["LabelingJobStatus"]
        place.clock.turn(1)

        place.finish()

        assert (waiting, still_waiting) == ("Initializing", "Initializing")
        assert described(api)["LabelingJobStatus"] == "Completed"


def test_a_place_of_odd_name_holds_the_database(place: Place) -> None:
    """Nothing in a path means anything to the database's address."""
    place.change(database=place.path / "a b?mode=ro#1 %41" / "server.db")

    with place.serving() as api:
        api.create_labeling_job(**request())

    assert place.database_file.is_file()
