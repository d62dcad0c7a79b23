"""Every way in which a round needs a person, on a real Kubernetes API.

Conditions and Event say why and what to do; once the cause is gone the round goes on by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.container import Ended
from tests.operator.faults import Answer, Seen
from tests.operator.installation import CREDENTIALS_SECRET
from tests.operator.stage import Crew, Stage, on_stage
from tests.round.world import NAMES, condition, picture
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

from labelround.advice import advice
from labelround.cluster.api import JOBS, SECRETS, Object
from labelround.plan import derived_name, job_name

pytestmark = pytest.mark.minio

QUEUE = "kueue.x-k8s.io/queue-name"


@pytest.fixture(scope="module")
def stage(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A crew that can do it all, and another at a backend of its own whose credentials and permissions tests take."""
    folder = tmp_path_factory.mktemp("stalls")
    crews = {"able": Crew(), "locked": Crew()}
    with on_stage(control_plane, minio_server, folder, crews) as stage:
        policy = stage.policy()
        policy["rules"].append(stage.rule("able") | {"buckets": [{"name": absent_bucket(stage), "prefixes": [""]}]})
        with stage.operator(policy=policy, maxImagesPerRound=len(NAMES)):
            yield stage


def absent_bucket(stage: Stage) -> str:
    """The name of a bucket that the policy allows and that is not there at first."""
    return f"{stage.bucket.name}-later"


def stalled(stage: Stage, name: str, reason: str, *words: str) -> Mapping[str, Any]:
    """The status of a round that needs a person: its conditions and one Warning say why, and what to do."""
    status = stage.wait_for(
        name,
        f"is Stalled for {reason}",
        lambda status: status.get("phase") == "Stalled" and condition(status, "Stalled")["reason"] == reason,
    )
    needed, summary = condition(status, "Stalled"), condition(status, "Succeeded")
    assert (needed["status"], summary["status"], summary["reason"]) == ("True", "Unknown", reason)
    assert needed["message"] == summary["message"]
    assert [word for word in words if word not in needed["message"]] == [], needed["message"]
    assert condition(status, "Reconciling")["status"] == "False"
    warnings = [event for event in stage.events(name) if event["type"] == "Warning" and event["reason"] == reason]
    assert [event["message"] for event in warnings] == [needed["message"]]
    assert advice(reason)
    return status


def created(stage: Stage, name: str, **spec: Any) -> Object:
    """A round that waits until the test resumes it, so that names that follow from its uid can be taken before."""
    round = stage.play(name, "able", suspend=True, **spec)
    stage.wait_for_phase(name, "Suspended")
    return round


def job(stage: Stage, name: str) -> Object:
    """The conversion's Job, as soon as it is there."""
    found = until(
        lambda: next((each for each in stage.conversions() if each["metadata"]["name"].startswith(name)), None),
        f"the Job of {name} is there",
    )
    assert found is not None
    return found


def goes_on(stage: Stage, name: str) -> Mapping[str, Any]:
    """Its status once it needs nobody any more."""
    return stage.wait_for_phase(name, "Labeling", "Converting", "Succeeded", "Failed")


def test_a_round_without_pictures_goes_on_when_they_come(stage: Stage) -> None:
    """Nobody has to touch it."""
    folder = stage.new_folder("able", pictures=False)
    stage.play("no-pictures", "able", folder=folder)
    status = stalled(stage, "no-pictures", "NoImages", f"s3://{stage.bucket.name}/{folder}/images/", "upload")

    stage.furnish(folder)

    assert "images" not in status
    assert goes_on(stage, "no-pictures")["images"]["total"] == 5


def test_a_round_with_too_many_pictures_goes_on_when_some_are_taken_away(stage: Stage) -> None:
    """The administrator's settings say how many are too many."""
    folder = stage.new_folder("able")
    stage.bucket.write(f"{folder}/images/one-more.jpg", stage.bucket.read(f"{folder}/images/a.jpg"))
    stage.play("too-many", "able", folder=folder)
    status = stalled(stage, "too-many", "TooManyImages", "spec.imagesPrefix")

    stage.bucket.delete(f"{folder}/images/one-more.jpg")

    assert status.get("labelingJobs", []) == []
    assert goes_on(stage, "too-many")["images"]["total"] == len(NAMES)


def test_a_round_over_a_bucket_that_is_absent_goes_on_when_it_is_made(stage: Stage) -> None:
    """A name that was mistyped would be corrected in a new round."""
    name = absent_bucket(stage)
    stage.play("no-bucket", "able", folder="able/01", bucket=name)
    stalled(stage, "no-bucket", "ObjectNotFound", f"s3://{name}/", "make it, or correct its name")

    stage.s3.buckets.client.create_bucket(Bucket=name)
    stage.s3.buckets.open(name).write("able/01/images/a.jpg", picture(90))

    assert goes_on(stage, "no-bucket")["images"]["total"] == 1


def test_a_second_round_over_the_same_folder_touches_nothing(stage: Stage) -> None:
    """The first one's manifest, labels and dataset stay, and no labeling job is made."""
    stage.play("first-in-the-folder", "able")
    folder = stage.folders["first-in-the-folder"]
    stage.wait_for_phase("first-in-the-folder", "Succeeded")
    content = stage.content("first-in-the-folder")
    made = len(stage.backends["able"].proxy.succeeded("CreateLabelingJob"))

    stage.play("second-in-the-folder", "able", folder=folder)
    status = stalled(stage, "second-in-the-folder", "PrefixInUse", "belongs to first-in-the-folder", "choose")

    assert stage.content("first-in-the-folder") == content
    assert status.get("labelingJobs", []) == []
    assert len(stage.backends["able"].proxy.succeeded("CreateLabelingJob")) == made


def test_a_labeling_job_of_that_name_that_is_not_ours_is_left_alone(stage: Stage) -> None:
    """A name of Ground Truth's is spent for good, so only a new round helps."""
    round = created(stage, "name-taken")
    name, client = job_name("name-taken", round["metadata"]["uid"]), stage.backends["able"].client
    client.create_labeling_job(**stage.job_by_hand(name, stage.new_folder("able")))

    stage.patch("name-taken", suspend=False)
    stalled(stage, "name-taken", "NameTaken", name, "make a new round under another name")

    assert client.describe_labeling_job(LabelingJobName=name).get("Tags", []) == []


def test_a_job_of_the_conversions_name_has_to_go(stage: Stage) -> None:
    """The message says how; the round then goes on by itself."""
    round = created(stage, "convert-taken")
    name = derived_name("convert-taken", round["metadata"]["uid"], "-convert")
    container = {"name": "main", "image": "none"}
    pod = {"restartPolicy": "Never", "containers": [container]}
    stage.cluster.create(
        JOBS, stage.namespace, {"metadata": {"name": name}, "spec": {"suspend": True, "template": {"spec": pod}}}
    )

    stage.patch("convert-taken", suspend=False)
    command = f"kubectl delete job {name} -n {stage.namespace}"
    stalled(stage, "convert-taken", "NameTaken", command)
    stage.control_plane.kubectl(*command.split()[1:])

    goes_on(stage, "convert-taken")


def test_a_job_to_adopt_that_is_absent_is_waited_for(stage: Stage) -> None:
    """It goes on when somebody makes the job."""
    folder = stage.new_folder("able")
    stage.play("adopts-later", "able", folder=folder, labelingJob={"adopt": "made-later"})
    stalled(stage, "adopts-later", "AdoptedJobNotFound", "spec.labelingJob.adopt", "made-later", "check the name")

    stage.backends["able"].client.create_labeling_job(**stage.job_by_hand("made-later", folder))

    assert goes_on(stage, "adopts-later")["labelingJobs"][0]["name"] == "made-later"


def test_labels_that_the_round_does_not_have_fail_the_conversion_for_good(stage: Stage) -> None:
    """The pod's own words are the round's: the file, the names, and what to do. It is not tried again."""
    folder = stage.new_folder("able")
    stage.backends["able"].client.create_labeling_job(**stage.job_by_hand("pens-and-pencils", folder))
    adopted = {"adopt": "pens-and-pencils"}
    stage.play("wrong-labels", "able", folder=folder, labels=["pen", "eraser"], labelingJob=adopted)

    status = stage.wait_for_phase("wrong-labels", "Succeeded", "Failed")

    summary = condition(status, "Succeeded")
    assert (summary["status"], summary["reason"]) == ("False", "ConversionFailed")
    assert "output.manifest" in summary["message"]
    assert "pencil" in summary["message"]
    assert condition(status, "Converted")["reason"] == "ConversionFailed"
    assert job(stage, "wrong-labels")["status"]["failed"] == 1
    assert not [key for key in stage.content("wrong-labels") if key.startswith(f"{folder}/yolo_annot_files/")]


def test_a_conversion_that_cannot_work_is_mended_and_its_job_deleted(stage: Stage) -> None:
    """Tried four times, then a person is asked; the labels are kept, and a new Job follows the deleted one."""
    folder = stage.new_folder("able")
    stage.failing[folder] = Ended(1, "the disk is full")
    stage.play("blocked", "able", folder=folder)
    status = stalled(stage, "blocked", "ConversionBlocked", "the disk is full", "a new one is made")
    blocked = job(stage, "blocked")
    command = f"kubectl delete job {blocked['metadata']['name']} -n {stage.namespace}"
    assert command in condition(status, "Stalled")["message"]
    assert status["progress"] == "5/5"

    del stage.failing[folder]
    stage.control_plane.kubectl(*command.split()[1:])

    assert stage.wait_for_phase("blocked", "Succeeded", "Failed")["phase"] == "Succeeded"
    assert job(stage, "blocked")["metadata"]["uid"] != blocked["metadata"]["uid"]


def test_a_shard_that_fails_for_ever_is_named_and_the_others_work_is_kept(stage: Stage) -> None:
    """The message has the shard, its images and the command; deleted Jobs are made anew, and only it has work to do."""
    folder = stage.new_folder("able")
    stage.failing_shards[folder, "1"] = Ended(3, "the cut is damaged")
    stage.play("shards", "able", folder=folder, conversion={"imagesPerPod": 2})
    status = stalled(stage, "shards", "ConversionBlocked", "in 1 of 3 shards: shard 1 (images 2 to 3 of 5)")
    message = condition(status, "Stalled")["message"]
    command = message.partition("(kubectl ")[2].partition(")")[0]
    parts = f"{folder}/yolo_annot_files/.labelround-parts"
    kept = written(stage, parts, "00000", "00002")

    del stage.failing_shards[folder, "1"]
    stage.held.add(folder)
    stage.control_plane.kubectl(*command.split())
    stage.wait_for_phase("shards", "Converting")
    stage.held.discard(folder)
    stage.wait_for("shards", "finishes", lambda status: status.get("conversion", {}).get("job", "").endswith("-finish"))

    assert "exit code 3: the cut is damaged; what is done is kept" in message
    assert status["conversion"]["done"] == 2
    assert kept
    assert stage.wait_for_phase("shards", "Succeeded", "Failed")["phase"] == "Succeeded"
    assert not [key for key in stage.content("shards") if "labelround-parts" in key]


def written(stage: Stage, parts: str, *shards: str) -> dict[str, bytes]:
    """What these shards have left."""
    return {key: content for shard in shards for key, content in stage.objects(f"{parts}/{shard}/").items()}


def test_a_dataset_below_the_gates_waits_until_the_limit_is_moved(stage: Stage) -> None:
    """By kubectl, as the page says; dataset and Job stay as they were."""
    stage.play("gated", "able", quality={"minBoxesPerClass": 3})
    status = stalled(stage, "gated", "QualityNotMet", "pencil: 2, pen: 2", "spec.quality.minBoxesPerClass is 3")
    done = job(stage, "gated")

    patch = '{"spec": {"quality": {"minBoxesPerClass": 2}}}'
    stage.control_plane.kubectl("patch", "lr", "gated", "-n", stage.namespace, "--type", "merge", "-p", patch)
    ended = stage.wait_for_phase("gated", "Succeeded", "Failed")

    assert condition(status, "Converted")["status"] == "True"
    assert (ended["phase"], ended["dataset"]) == ("Succeeded", status["dataset"])
    assert job(stage, "gated")["metadata"]["uid"] == done["metadata"]["uid"]


def test_a_conversion_in_shards_waits_in_its_queue_before_each_step(stage: Stage) -> None:
    """Each of the three Jobs is made suspended, and goes on when Kueue lets it."""
    stage.play("queued-shards", "able", conversion={"queueName": "gpus", "imagesPerPod": 3})
    seen = []
    for ending in ("-convert", "-convert-shards", "-convert-finish"):

        def waits(status: Mapping[str, Any], ending: str = ending) -> bool:
            job = status.get("conversion", {}).get("job", "")
            return bool(status.get("phase") == "Queued" and job.endswith(ending))

        name = stage.wait_for("queued-shards", f"waits for {ending}", waits)["conversion"]["job"]
        queued = stage.cluster.get(JOBS, stage.namespace, name)
        seen.append((queued["spec"]["suspend"], queued["metadata"]["labels"][QUEUE]))
        stage.cluster.patch(JOBS, stage.namespace, name, {"spec": {"suspend": False}})
    stage.wait_for_phase("queued-shards", "Succeeded")

    assert seen == [(True, "gpus")] * 3


def test_a_conversion_waits_in_its_queue_for_as_long_as_kueue_says(stage: Stage) -> None:
    """The Job is made suspended, and nothing that Kueue changes in it is written back."""
    stage.play("queued", "able", conversion={"queueName": "gpus"})
    status = stage.wait_for_phase("queued", "Queued")
    queued = job(stage, "queued")
    name = queued["metadata"]["name"]
    admitted = {"spec": {"suspend": False, "template": {"spec": {"nodeSelector": {"pool": "admitted"}}}}}
    stage.cluster.patch(JOBS, stage.namespace, name, admitted)
    stage.wait_for_phase("queued", "Succeeded")

    assert (queued["spec"]["suspend"], queued["metadata"]["labels"][QUEUE]) == (True, "gpus")
    assert condition(status, "Reconciling")["status"] == "True"
    assert "waits in the queue gpus" in condition(status, "Reconciling")["message"]
    assert job(stage, "queued")["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "admitted"}
    touched = [seen.operation for seen in stage.kubernetes.requests if name in seen.path and seen.mutating]
    assert touched == []


@pytest.mark.parametrize(
    ("name", "service", "fault", "operation", "reason", "words"),
    [
        ("denied-labeling", "labeling", Answer(403), "CreateLabelingJob", "AccessDenied", "CreateLabelingJob"),
        ("denied-listing", "store", Answer(403), "ListObjectsV2", "AccessDenied", "s3://"),
        ("denied-writing", "store", Answer(403), "PutObject", "AccessDenied", "s3://"),
        ("refused", "labeling", Answer(400, "ValidationException"), "CreateLabelingJob", "InvalidInput", "a fault was"),
    ],
)
def test_what_a_service_refuses_is_told_until_it_allows_it(
    name: str, service: str, fault: Answer, operation: str, reason: str, words: str, stage: Stage
) -> None:
    """The service's own words, once; the round goes on when it is let."""
    proxy = stage.store if service == "store" else stage.backends["locked"].proxy
    folder = stage.new_folder("locked")

    def own(seen: Seen) -> bool:
        return seen.operation == operation and (service == "labeling" or folder in unquote(f"{seen.path}?{seen.query}"))

    with proxy.fault(fault, own):
        stage.play(name, "locked", folder=folder)
        stalled(stage, name, reason, words)

    goes_on(stage, name)


def test_the_pods_credentials_can_be_brought_later(stage: Stage) -> None:
    """A Secret of the namespace that is missing keeps the pod from starting, and the round says so."""
    secret = stage.cluster.get(SECRETS, stage.namespace, CREDENTIALS_SECRET)
    stage.cluster.delete(SECRETS, stage.namespace, CREDENTIALS_SECRET)
    try:
        stage.play("no-secret", "locked")
        status = stage.wait_for(
            "no-secret",
            "says what keeps its pod",
            lambda status: "conditions" in status and "cannot start" in condition(status, "Succeeded")["message"],
        )
    finally:
        kept = {"metadata": {"name": CREDENTIALS_SECRET}, "data": secret["data"]}
        stage.cluster.create(SECRETS, stage.namespace, kept)

    assert f'secret "{CREDENTIALS_SECRET}" not found' in condition(status, "Succeeded")["message"]
    assert stage.wait_for_phase("no-secret", "Succeeded", "Failed")["phase"] == "Succeeded"
