"""Two operators, users who make rounds all the time, and faults drawn from a seed; in the end every round is right.

LABELROUND_SOAK_SEED and LABELROUND_SOAK_SECONDS say which faults and for how long.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from signal import SIGKILL
from uuid import uuid4

import pytest
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.fixtures import namespace_of, shown
from tests.cluster.programs import Programs, tell_on_stderr
from tests.operator.process import OperatorProcess
from tests.operator.soak.adversary import KILLS, OUTAGES
from tests.operator.soak.evidence import Evidence, gather, rounds_of
from tests.operator.soak.judgement import end_of, posted_too_often, problems
from tests.operator.soak.memory import grown
from tests.operator.soak.page import Ends, page
from tests.operator.soak.plan import Life, Plan, plan
from tests.operator.soak.play import Play
from tests.operator.soak.users import TWIN
from tests.operator.stage import answers_below
from tests.operator.verdict import check_objects
from tests.operator.world import World
from tests.round.world import NAMES, all_answers
from tests.servers.s3 import S3Server
from tests.servers.waiting import until
from tests.sizes import FULL, sized

from benchmarks.machine import describe_machine
from labelround.cluster.api import Object
from labelround.controller.run import LEASE_LOST_EXIT_CODE

pytestmark = [pytest.mark.minio, pytest.mark.slow]

FULL_SECONDS = 1200
SECONDS = float(os.environ.get("LABELROUND_SOAK_SECONDS", sized(180, FULL_SECONDS)))
SEED = int(os.environ.get("LABELROUND_SOAK_SEED", sized(103, random.randrange(1_000_000))))  # noqa: S311 no secret
"""A change is judged by the same faults each time; the full run draws others."""
RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "soak.md"
GROWTH_MIB = 25.0
"""So much larger than after a calm start may an operator be that has lived through all, or has just begun anew."""
SLACK_SECONDS = 3.0
COMPARED = 40
"""The folders of so many rounds are compared with what a local run leaves."""
KOPF_TASK = "/kopf/_cogs/clients/"
ENDS = ("Complete", "Failed")
LIKE_A_LOCAL_RUN = (
    Life.ORDINARY,
    Life.TWO_JOBS,
    Life.SUSPENDED_FIRST,
    Life.SUSPENDED_LATER,
    Life.RECREATED,
    Life.CROWDED,
)
LEASE = {"enabled": True, "durationSeconds": 15, "renewSeconds": 10, "retrySeconds": 1}


@pytest.fixture
def soak(request: pytest.FixtureRequest, programs: Programs, minio_server: S3Server, tmp_path: Path) -> Iterator[Play]:
    """Two operators at the beginning of a soak, on a control plane of their own; the seed is told at once."""
    planned = plan(SEED, SECONDS, list(OUTAGES))
    with shown(request):
        tell_on_stderr(f"soak of {SECONDS:.0f} s, LABELROUND_SOAK_SEED={SEED}, logs in {tmp_path}")
    name, folders = f"tests-{uuid4().hex[:12]}", planned.named(Life.CROWDED)
    with ExitStack() as stack:
        control_plane = OwnControlPlane(programs)
        stack.callback(control_plane.close)
        stack.enter_context(namespace_of(control_plane, name))
        answers = all_answers() + answers_below(folders)
        world = stack.enter_context(World(control_plane, name, minio_server, tmp_path, answers=answers, delay=0.6))
        ways = (world.kubernetes, stack.enter_context(world.kubernetes_proxy()))
        operators = [
            stack.enter_context(
                world.operator(
                    f"operator-{replica}",
                    kubernetes=way,
                    supervised=True,
                    lease=LEASE,
                    deletionPatienceSeconds=300,
                    maxImagesPerRound=len(NAMES),
                    logFormat="json",
                )
            )
            for replica, way in enumerate(ways)
        ]
        yield Play(planned, world, ways, operators)


def test_every_round_ends_right_whatever_happens_meanwhile(soak: Play, tmp_path: Path) -> None:
    """Each effect once, nothing left over, nothing written at rest, and no operator larger for it."""
    calm, killed, outlived = soak.plan.acts

    warm = soak.act(calm)
    between = soak.act(killed)
    end = soak.act(outlived)
    written = soak.rest()
    evidence = gather(soak.world, soak.ways)

    wrong = [
        *problems(soak.plan.lives, soak.users.uids, evidence),
        *posted_too_often(evidence.posted, soak.users.mended),
    ]
    wrong += [f"written at rest: {each}" for each in written]
    for operator in soak.operators:
        wrong += ill(operator, soak.chronicle.counts[KILLS])
        wrong += tripped(operator.log(), soak.adversary.senseless)
    assert not wrong, soak.dossier(wrong)
    compare_folders(soak, evidence)
    largest = max(sample.mib for sample in warm.values())
    assert {each: sample.mib for each, sample in end.items() if sample.mib > largest + GROWTH_MIB} == {}
    assert {each: mib for each, mib in grown(between, end).items() if mib > GROWTH_MIB} == {}
    text = page(
        soak,
        SECONDS,
        describe_machine(),
        Ends(counted(soak.plan, evidence)),
        {"after the calm start": warm, "between the acts": between, "at the end": end},
    )
    nothing_remains(soak)
    kept = RESULT if FULL and SECONDS == FULL_SECONDS else tmp_path / RESULT.name
    kept.write_text(text, encoding="utf-8")


def ill(operator: OperatorProcess, kills: int) -> Iterator[str]:
    """What an operator must never do: end by itself for another reason than its Lease."""
    log = operator.log()
    if operator.page("/healthz") != (200, "ok\n"):
        yield f"an operator is ill: {operator.page('/healthz')}"
    lost = log.count("the lease is another replica's or could not be renewed in time")
    others = set(operator.codes) - {-SIGKILL, LEASE_LOST_EXIT_CODE}
    if operator.codes.count(LEASE_LOST_EXIT_CODE) > lost or operator.codes.count(-SIGKILL) > kills or others:
        yield f"an operator has ended with {operator.codes}, and lost its Lease {lost} times"


def tripped(log: str, senseless: Sequence[tuple[float, float]]) -> Iterator[str]:
    """The errors that nobody has foreseen, but for those while an API gave answers that made no sense.

    kopf tells of every watch that fails; it begins anew. asyncio tells of a task that kopf has given up, when that is
    collected.
    """
    for line in log.splitlines():
        if not line.startswith("{"):
            yield f"an operator tripped: {line}"
        elif "exception" in (record := json.loads(line)) and not of_kopf(record):
            at = datetime.fromisoformat(record["time"]).timestamp()
            if not any(began <= at <= ended + SLACK_SECONDS for began, ended in senseless):
                yield f"an operator tripped: {line}"


def of_kopf(record: Mapping[str, str]) -> bool:
    """Whether an error is one of kopf's own, at the watches or at the lists that come before them."""
    return record["logger"].startswith("kopf.") or (record["logger"] == "asyncio" and KOPF_TASK in record["message"])


def compare_folders(soak: Play, evidence: Evidence) -> None:
    """What lies in the bucket is what a local run leaves, byte for byte."""
    alike = [name for name, life in soak.plan.lives.items() if life in LIKE_A_LOCAL_RUN]
    dice = random.Random(soak.plan.seed)  # noqa: S311 no secret
    for name in dice.sample(alike, min(COMPARED, len(alike))):
        check_objects(soak.world, evidence.rounds[name])


def counted(planned: Plan, evidence: Evidence) -> Counter[tuple[Life, str]]:
    """How many rounds of each life ended how."""
    ends = Counter((life, end_of(evidence.rounds.get(name))) for name, life in planned.lives.items())
    twins = planned.named(Life.TWINS)
    return ends + Counter((Life.TWINS, end_of(evidence.rounds.get(name + TWIN))) for name in twins)


def nothing_remains(soak: Play) -> None:
    """All rounds can be deleted, and their conversions go with them."""
    world = soak.world
    for name in rounds_of(world):
        world.delete(name)
    until(lambda: not world.names(), lambda: soak.dossier(sorted(world.names())), 120)
    seconds = 600  # kube-controller-manager collects them at 20 requests a second
    until(lambda: not remains(soak), lambda: "\n".join(["these stay:", *remains(soak)[:20]]), seconds)


def remains(soak: Play) -> list[str]:
    """The Jobs and pods that are there, with all that their metadata and status say; not those that their time ends.

    kube-controller-manager finds the Jobs of a deleted round by its watch. While the API server is away, it sees
    a round that was deleted and made again under its name as one that was changed; an ended Job of the first then
    goes when its ttlSecondsAfterFinished is over.
    """
    jobs, replaced = soak.world.conversions(), {uid for uids in soak.users.uids.values() for uid in uids[:-1]}
    timed = {job["metadata"]["uid"] for job in jobs if goes_in_time(job) and owners(job) & replaced}
    pods = [pod for pod in soak.world.pods() if not owners(pod) & timed]
    objects = [*(job for job in jobs if job["metadata"]["uid"] not in timed), *pods]
    return [json.dumps({"metadata": each["metadata"], "status": each.get("status")}) for each in objects]


def owners(found: Object) -> set[str]:
    """The uids of what this belongs to."""
    return {owner["uid"] for owner in found["metadata"].get("ownerReferences", ())}


def goes_in_time(job: Object) -> bool:
    """Whether the Job has ended and says how long it stays then."""
    ended = any(each["type"] in ENDS and each["status"] == "True" for each in job["status"].get("conditions", ()))
    return ended and job["spec"].get("ttlSecondsAfterFinished") is not None
