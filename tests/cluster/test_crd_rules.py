"""What the API server takes and refuses: the CustomResourceDefinition on a real one, beside the parser."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.documents import BAD, FULL, GOOD, spec
from tests.cluster.fixtures import namespace_of
from tests.cluster.verdicts import Judge
from tests.sizes import only_full
from tests.spec.structural import SPEC_SCHEMA, document, faults, leaves, with_value
from tests.spec.test_parser_against_crd import ODD_VALUES, PARSER_ALONE

from labelround.cluster.api import JOBS
from labelround.controller.conversion_job import MAX_SHARDS, Part, conversion_job
from labelround.controller.pod_template import PodSettings
from labelround.decide import ConversionStep
from labelround.errors import InvalidRound
from labelround.spec.parse import parse_round

PODS = {sentence: changes for sentence, changes in GOOD.items() if changes.get("conversion")}
PODS["everything that can be said of a pod"] = {"conversion": FULL["conversion"]}


@pytest.fixture(scope="module")
def judge(control_plane: ControlPlane) -> Iterator[Judge]:
    """An API server that is asked, and keeps nothing."""
    name = f"tests-{uuid4().hex[:12]}"
    with namespace_of(control_plane, name):
        yield Judge(control_plane, name)


def problems(document: dict[str, Any]) -> list[str]:
    """What the parser finds wrong, each with its field."""
    try:
        parse_round(document)
    except InvalidRound as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_good_rounds_are_taken_by_all_three(changes: dict[str, Any], judge: Judge) -> None:
    """The API server, the parser, and the validator of schemas that other tests trust."""
    round = document(spec(changes))

    verdict = judge.create(round)

    assert (verdict.message, problems(round), faults(round["spec"], SPEC_SCHEMA)) == ("", [], [])


@pytest.mark.parametrize(("changes", "field", "message"), BAD.values(), ids=BAD)
def test_bad_rounds_are_refused_by_all_three(changes: dict[str, Any], field: str, message: str, judge: Judge) -> None:
    """The API server names the field and says why; the parser finds the same field at fault."""
    round = document(spec(changes))

    verdict = judge.create(round)

    assert not verdict.accepted
    if field:
        assert [text for where, text in verdict.causes if where.startswith(field) and message in text], verdict.message
    else:
        assert message in verdict.message
    assert [problem for problem in problems(round) if problem.startswith(field.split("[")[0])]
    assert faults(round["spec"], SPEC_SCHEMA)


@pytest.mark.parametrize("changes", PODS.values(), ids=PODS)
def test_kubernetes_takes_the_pod_of_every_round_that_is_taken(changes: dict[str, Any], judge: Judge) -> None:
    """Whoever waited for labels does not learn then that the conversion cannot run; in one pod or in shards."""
    metadata = {"name": "pens-1", "namespace": judge.namespace, "uid": "1f6c8d5e-7f0a-4b07-9f1c-6d1f0a3b2c4d"}
    round = parse_round({**document(spec(changes)), "metadata": metadata})

    parts = (Part(), *(Part(step, MAX_SHARDS, images=1_000_000) for step in ConversionStep))
    jobs = [conversion_job(round, "s3://pictures/conversion.json", PodSettings("labelround"), part) for part in parts]

    assert [judge.create(job, JOBS).message for job in jobs] == [""] * len(parts)


def test_kubernetes_takes_the_jobs_of_a_round_with_a_long_name(judge: Judge) -> None:
    """The pod of each shard has a host name, which is the Job's with the number of the shard."""
    metadata = {"name": "p" * 253, "namespace": judge.namespace, "uid": "1f6c8d5e-7f0a-4b07-9f1c-6d1f0a3b2c4d"}
    round = parse_round({**document(spec({})), "metadata": metadata})
    parts = (Part(), *(Part(step, MAX_SHARDS) for step in ConversionStep))
    jobs = [conversion_job(round, "s3://pictures/conversion.json", PodSettings("labelround"), part) for part in parts]

    assert [judge.create(job, JOBS).message for job in jobs] == [""] * len(parts)


def test_every_rule_is_broken_by_a_document() -> None:
    """No rule of the CustomResourceDefinition is untried."""
    rules = [
        one
        for _, field in [((), SPEC_SCHEMA), *leaves(SPEC_SCHEMA)]
        for one in field.get("x-kubernetes-validations", ())
    ]
    stated = [one["message"] for one in rules if "oldSelf" not in one["rule"]]

    untried = [each for each in stated if not any(message in each for _, _, message in BAD.values())]

    assert untried == []


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=only_full)])
def test_odd_values_are_judged_alike_in_every_field(step: int, judge: Judge) -> None:
    """Whatever stands in a field, of any type, the API server, the parser and the other tests' validator agree."""
    fields = [path for path, _ in leaves(SPEC_SCHEMA)]
    cases = [(path, value) for path in fields for value in ODD_VALUES][::step]
    rounds = [document(with_value(path, copy.deepcopy(value))) for path, value in cases]

    verdicts = judge.create_each(rounds)

    for case, round, verdict in zip(cases, rounds, verdicts, strict=True):
        found = problems(round)
        alone = [problem for problem in found if any(sign in problem for sign in PARSER_ALONE)]
        assert verdict.accepted == (not faults(round["spec"], SPEC_SCHEMA)), (case, verdict.message)
        assert verdict.accepted == (not found) or alone == found, (case, verdict.message, found)
