"""Whether a round on the cluster ended as if nothing had happened: nothing lost, nothing double."""

from __future__ import annotations

from itertools import pairwise

from tests.e2e.installation import SYSTEM, Installation
from tests.e2e.tunnel import tunnel
from tests.operator.verdict import check_objects
from tests.servers.waiting import until

from labelround.cluster.api import Object
from labelround.groundtruth.client import loopback_client


def check_ended_right(installation: Installation, name: str) -> None:
    """It has succeeded with the bytes of a local run, one conversion, and each labeling job once."""
    round = installation.wait_for(name, "Succeeded", "Failed")
    assert round["status"]["phase"] == "Succeeded", installation.story(name)
    until(lambda: "finalizers" not in installation.get(name)["metadata"], f"{name} is let go")
    check_labeling_jobs(installation, name)
    until(lambda: all(map(has_completed, installation.conversions(name))), f"the Jobs of {name} are counted")
    assert len(installation.conversions(name)) == (1 if round["status"]["conversion"]["shards"] == 1 else 3)
    told = [(event["type"], event["reason"], event["message"]) for event in installation.events(name)]
    assert [first for first, second in pairwise(told) if first == second] == []
    assert told[-1][:2] == ("Normal", "DatasetReady"), told
    check_objects(installation, installation.get(name))


def has_completed(job: Object) -> bool:
    """Whether as many of its pods as it asks for have succeeded, and not one more."""
    return bool(job["status"].get("succeeded") == job["spec"]["completions"])


def check_labeling_jobs(installation: Installation, name: str) -> None:
    """The service has exactly the jobs that the round's status knows."""
    round = installation.get(name)
    mine = {"Key": "labelround.dev/uid", "Value": round["metadata"]["uid"]}
    with tunnel(installation.control_plane, SYSTEM, "service/labelround-server", 8080) as url:
        client = loopback_client(url)
        pages = client.get_paginator("list_labeling_jobs").paginate()
        names = [job["LabelingJobName"] for page in pages for job in page["LabelingJobSummaryList"]]
        tags = {each: client.describe_labeling_job(LabelingJobName=each)["Tags"] for each in names}
    assert sorted(each for each in names if mine in tags[each]) == sorted(
        job["name"] for job in round["status"]["labelingJobs"]
    )
