"""What rounds try that is not theirs: each attempt is refused with nothing touched, as the records of proxies prove."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of
from tests.operator.dialects import Labeling
from tests.operator.faults import Answer, Seen
from tests.operator.installation import CREDENTIALS_SECRET, REGION, ROLE
from tests.operator.proxy import Proxy
from tests.operator.world import World
from tests.round.world import NAMES, condition, picture
from tests.server.labeling import request, task
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

from labelround.cluster.api import EVENTS, ROUNDS
from labelround.request import label_category_config
from labelround.storage import Bucket

pytestmark = pytest.mark.minio

PENS, SEALS, STRANGERS = "tests-team-pens", "tests-team-seals", "tests-strangers"
ACCOUNT = "111122223333"
TEAMS = f"arn:aws:sagemaker:{REGION}:000000000000:workteam/private-crowd"
OTHERS = ("seal", "arctic")


@dataclass(frozen=True)
class Attempt:
    """What a round names that is not its own, and the field that the refusal names."""

    told: str
    spec: dict[str, Any]
    namespace: str = PENS


def _examples(**keys: list[str]) -> dict[str, Any]:
    return {"labelingJob": {"instructions": keys}}


ATTEMPTS = {
    "a-bucket-of-another-team": Attempt("spec.bucket", {"bucket": "seal-archive"}),
    "pictures-of-another-team": Attempt("spec.imagesPrefix", {"imagesPrefix": "seals/images/"}),
    "pictures-of-a-folder-that-begins-alike": Attempt("spec.imagesPrefix", {"imagesPrefix": "pens-2/images/"}),
    "the-folder-of-another-team": Attempt("spec.prefix", {"prefix": "seals/round"}),
    "the-dataset-of-another-team": Attempt("spec.outputPrefix", {"outputPrefix": "seals/dataset"}),
    "the-whole-bucket-by-the-default-prefix": Attempt("spec.prefix", {"imagesPrefix": "images/", "prefix": None}),
    "a-way-up-in-percent": Attempt("spec.imagesPrefix", {"imagesPrefix": "pens/%2e%2e/seals/images/"}),
    "a-way-up-in-wide-letters": Attempt("spec.imagesPrefix", {"imagesPrefix": "pens/\uff0e\uff0e/seals/images/"}),
    "a-good-example-of-another-team": Attempt("goodExamples[1]", _examples(goodExamples=["pens/a.png", "seals/a.png"])),
    "a-bad-example-of-another-team": Attempt("badExamples[0]", _examples(badExamples=["seals/a.png"])),
    "the-workteam-of-another-team": Attempt(
        "spec.labelingJob.workteam", {"labelingJob": {"workteam": "seal-watchers"}}
    ),
    "the-workteam-by-its-arn": Attempt(
        "spec.labelingJob.workteam", {"labelingJob": {"workteam": f"{TEAMS}/seal-watchers"}}
    ),
    "the-service-account-of-another-team": Attempt(
        "spec.conversion.serviceAccountName", {"conversion": {"serviceAccountName": "seal-keeper"}}
    ),
    "what-two-rules-allow-only-apart": Attempt(
        "together", {"imagesPrefix": "pens-abroad/images/", "labelingJob": {"workteam": "pen-watchers"}}
    ),
    "the-endpoint-of-another-team": Attempt("spec.imagesPrefix", {"imagesPrefix": "arctic/images/"}),
    "somebody-whom-nobody-knows": Attempt("no rule of the operator's policy serves", {}, STRANGERS),
}

ADOPTIONS = {
    "a-job-of-another-team": "the input manifest and the output folder",
    "a-job-that-writes-to-another-team": "the output folder",
    "a-job-that-shows-pictures-of-another-team": "line 2: source-ref",
    "a-job-for-the-workteam-of-another-team": "the workteam",
}


BEYOND_THE_SCHEMA: dict[str, dict[str, Any]] = {
    "spec.roleARN": {"roleARN": ROLE},
    "spec.labelingJob.executionRoleARN": {"labelingJob": {"executionRoleARN": ROLE}},
    "spec.sagemakerEndpointURL": {"sagemakerEndpointURL": "https://example.com"},
    "spec.conversion.namespace": {"conversion": {"namespace": SEALS}},
    "spec.conversion.image": {"conversion": {"image": "example.com/mine"}},
}
AGAINST_THE_SCHEMA: dict[str, dict[str, Any]] = {
    "spec.imagesPrefix": {"imagesPrefix": "pens/../seals/images/"},
    "spec.labelingJob.tags": {"labelingJob": {"tags": {"labelround.dev/uid": "of-another-round"}}},
    "spec.labelingJob.workteam": {"labelingJob": {"workteam": f"{TEAMS}/x".replace("private", "public")}},
}


@dataclass(frozen=True)
class Teams:
    """Two teams and strangers over one bucket and one account; a second backend is the other team's alone.

    `touched` is what had gone outside, and `before` and `after` the bucket's content, when every attempt was refused.
    """

    world: World
    owned: Bucket
    before: dict[str, bytes]
    after: dict[str, bytes]
    touched: list[Seen]


@pytest.fixture(scope="module")
def teams(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teams]:
    """All attempts, made at once, before anything that is allowed."""
    folder = tmp_path_factory.mktemp("policy")
    with (
        namespace_of(control_plane, PENS),
        namespace_of(control_plane, SEALS),
        namespace_of(control_plane, STRANGERS),
        World(control_plane, PENS, minio_server, folder) as world,
        Proxy(world.endpoint, Labeling()) as arctic,
    ):
        owned = minio_server.new_bucket()
        for place in ("pens", "pens-2", "pens-abroad", "seals", "arctic"):
            for index, name in enumerate(NAMES):
                world.bucket.write(f"{place}/images/{name}", picture(40 * index))
        before = world.objects()
        watch = {"namespaces": [PENS, SEALS, STRANGERS]}
        with world.operator(watch=watch, policy=_policy(world, owned, arctic.url)):
            for name, attempt in ATTEMPTS.items():
                world.cluster.create(ROUNDS, attempt.namespace, _document(world, name, **attempt.spec))
            for name, attempt in ATTEMPTS.items():
                _refused(world, name, attempt.namespace)
            touched = [*world.store.requests, *world.labeling.requests, *arctic.requests]
            yield Teams(world, owned, before, world.objects(), touched)


def _policy(world: World, owned: Bucket, arctic_url: str) -> dict[str, Any]:
    bucket = world.bucket.name
    here = {"region": REGION, "s3EndpointURL": world.store.url}
    return {
        "backends": [
            {"name": "here", "sagemakerEndpointURL": world.labeling.url, **here},
            {"name": "arctic", "sagemakerEndpointURL": arctic_url, **here},
        ],
        "rules": [
            _rule(PENS, "pen-watchers", {bucket: ["pens"]}),
            _rule(PENS, "pen-travellers", {bucket: ["pens-abroad"]}),
            _rule(PENS, "pen-watchers", {owned.name: [""]}, bucketOwner=ACCOUNT),
            _rule(
                SEALS,
                "seal-watchers",
                {bucket: ["seals", "pens-2", "images"], "seal-archive": [""]},
                serviceAccountNames=["seal-keeper"],
            ),
            _rule(SEALS, "seal-watchers", {bucket: ["arctic"]}, backend="arctic"),
        ],
    }


def _rule(namespace: str, workteam: str, places: Mapping[str, list[str]], **more: Any) -> dict[str, Any]:
    return {
        "namespaces": [namespace],
        "buckets": [{"name": name, "prefixes": prefixes} for name, prefixes in places.items()],
        "backend": "here",
        "executionRoleARN": ROLE,
        "workteamARNs": [f"{TEAMS}/{workteam}"],
        "conversionCredentialsSecret": CREDENTIALS_SECRET,
        **more,
    }


def _document(world: World, name: str, **spec: Any) -> dict[str, Any]:
    """A round of the team in a folder of its own, but for what `spec` says."""
    return world.document(name, **{"imagesPrefix": "pens/images/", "prefix": f"pens/{name}"} | spec)


def _refused(world: World, name: str, namespace: str = PENS) -> Mapping[str, Any]:
    """The round's condition, as soon as it says that the policy does not allow it."""

    def holding() -> Mapping[str, Any] | None:
        status = world.cluster.get(ROUNDS, namespace, name).get("status") or {}
        found = condition(status, "Stalled") if "conditions" in status else {"reason": ""}
        return found if found["reason"] == "NotAllowed" else None

    found = until(holding, f"{name} is refused")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ATTEMPTS)
def test_each_attempt_is_refused_in_words_that_help_and_tell_nothing_of_others(name: str, teams: Teams) -> None:
    """The field, what is allowed, whom to ask; names of other teams only where the round itself has them."""
    attempt, world = ATTEMPTS[name], teams.world

    found = _refused(world, name, attempt.namespace)

    message = found["message"]
    assert (found["status"], attempt.told in message) == ("True", True), message
    assert "ask the administrator of the operator" in message
    stated = json.dumps(attempt.spec)
    assert [other for other in OTHERS if other in message and other not in stated] == []
    about = [each for each in world.cluster.list(EVENTS, attempt.namespace) if each["involvedObject"]["name"] == name]
    assert [(event["type"], event["reason"], event["message"]) for event in about] == [
        ("Warning", "NotAllowed", message)
    ]


def test_refused_rounds_touch_nothing(teams: Teams) -> None:
    """No request to S3 or to a labeling API, nothing in the bucket, no Job, and nothing to tidy up."""
    rounds = [
        teams.world.cluster.get(ROUNDS, attempt.namespace, name)["metadata"] for name, attempt in ATTEMPTS.items()
    ]
    names = {job["metadata"]["ownerReferences"][0]["name"] for job in teams.world.conversions()}

    assert teams.touched == []
    assert teams.after == teams.before
    assert not names & set(ATTEMPTS)
    assert [round["name"] for round in rounds if "finalizers" in round] == []


@pytest.mark.parametrize("name", ADOPTIONS)
def test_a_job_of_others_is_looked_at_and_not_adopted(name: str, teams: Teams) -> None:
    """One Describe; what lies outside is neither read nor named."""
    world = teams.world
    world.labeling_client.create_labeling_job(**_job_by_hand(world, name))
    world.cluster.create(ROUNDS, PENS, _document(world, name, labelingJob={"adopt": name}))

    message = _refused(world, name)["message"]

    assert ADOPTIONS[name] in message
    assert "seals/out" not in message
    asked = {seen.operation for seen in world.labeling.requests if f'"{name}"'.encode() in seen.sent}
    assert asked == {"DescribeLabelingJob"}
    read = [unquote(seen.path) for seen in world.store.requests if "/seals/" in unquote(f"{seen.path}?{seen.query}")]
    assert read == []
    assert not [seen for seen in world.store.requests if seen.mutating and f"pens/{name}/" in unquote(seen.path)]
    assert "finalizers" not in world.get(name)["metadata"]


def _job_by_hand(world: World, name: str) -> dict[str, Any]:
    """The request for a labeling job in a console, which is the other team's in all or in one respect."""
    uri, seals, pens = f"s3://{world.bucket.name}", "seals/out", f"pens/{name}"
    home = seals if name == "a-job-of-another-team" else pens
    shown = [f"{uri}/pens/images/a.jpg"]
    shown += [f"{uri}/seals/images/a.jpg"] if "pictures" in name else []
    lines = b"".join(json.dumps({"source-ref": each}).encode() + b"\n" for each in shown)
    for ending, content in ((".manifest", lines), (".json", label_category_config(["pen"])), (".liquid", b"<p></p>")):
        world.bucket.write(f"{home}/by-hand{ending}", content)
    workteam = "seal-watchers" if "workteam" in name or home == seals else "pen-watchers"
    ui = {"UiTemplateS3Uri": f"{uri}/{home}/by-hand.liquid"}
    return request(
        name,
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": f"{uri}/{home}/by-hand.manifest"}}},
        OutputConfig={"S3OutputPath": f"{uri}/{seals if 'writes' in name else home}/"},
        LabelCategoryConfigS3Uri=f"{uri}/{home}/by-hand.json",
        HumanTaskConfig=task(WorkteamArn=f"{TEAMS}/{workteam}", UiConfig=ui),
    )


def test_a_bucket_of_another_account_is_asked_for_its_owner_and_left_alone(teams: Teams) -> None:
    """S3 itself says whose it is; the round goes on when it is the right one's."""
    world, bucket = teams.world, teams.owned
    for index, name in enumerate(NAMES):
        bucket.write(f"images/{name}", picture(40 * index))

    with world.store.fault(Answer(403), lambda seen: seen.operation == "HeadBucket"):
        world.cluster.create(ROUNDS, PENS, _document(world, "owned", bucket=bucket.name, imagesPrefix="images/"))
        message = _refused(world, "owned")["message"]
        asked = [seen for seen in world.store.requests if seen.path.startswith(f"/{bucket.name}")]
    status = world.wait_for_phase("owned", "Labeling", "Converting", "Succeeded")

    assert f"spec.bucket: {bucket.name} does not belong to the account {ACCOUNT}" in message
    assert {seen.operation for seen in asked} == {"HeadBucket"}
    assert {seen.headers.get("x-amz-expected-bucket-owner") for seen in asked} == {ACCOUNT}
    assert status["images"]["total"] == 5


@pytest.mark.parametrize("field", BEYOND_THE_SCHEMA)
def test_what_a_round_has_no_word_for_is_dropped_by_the_api_server(field: str, teams: Teams) -> None:
    """kubectl refuses it by name; whoever turns its check off gets an object without it."""
    world = teams.world
    document = _document(world, "beyond", **BEYOND_THE_SCHEMA[field])

    refused = world.control_plane.kubectl(
        "apply", "-n", PENS, "--dry-run=server", "-f", "-", input=json.dumps(document), check=False
    )
    kept = world.control_plane.kubectl(
        *("apply", "-n", PENS, "--dry-run=server", "--validate=false", "-o", "json", "-f", "-"),
        input=json.dumps(document),
    )

    assert f'unknown field "{field}"' in refused.stderr
    assert f'"{field.rpartition(".")[2]}"' not in json.dumps(json.loads(kept.stdout)["spec"])


@pytest.mark.parametrize("field", AGAINST_THE_SCHEMA)
def test_what_may_never_be_is_refused_by_the_api_server(field: str, teams: Teams) -> None:
    """No operator has to run for that."""
    document = _document(teams.world, "against", **AGAINST_THE_SCHEMA[field])

    refused = teams.world.control_plane.kubectl(
        "apply", "-n", PENS, "--dry-run=server", "-f", "-", input=json.dumps(document), check=False
    )

    assert refused.returncode != 0
    assert field in refused.stderr


def test_a_round_within_the_policy_runs_to_its_end(teams: Teams) -> None:
    """The same team, the same policy."""
    world = teams.world
    world.cluster.create(ROUNDS, PENS, _document(world, "our-own", labelingJob={"workteam": "pen-watchers"}))

    assert world.wait_for_phase("our-own", "Succeeded", "Failed")["phase"] == "Succeeded"


def test_a_refused_round_is_deleted_at_once(teams: Teams) -> None:
    """Nothing was done for it, so nothing is asked."""
    world = teams.world
    world.cluster.create(ROUNDS, PENS, _document(world, "unwanted", prefix="seals/round"))
    _refused(world, "unwanted")
    asked = world.labeling.count("DescribeLabelingJob")

    world.delete("unwanted")

    assert "unwanted" not in world.names()
    assert world.labeling.count("DescribeLabelingJob") == asked
