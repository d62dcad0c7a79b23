"""How other tools judge a round: kstatus (Flux, Helm), Flux with its own expressions, Argo CD, `kubectl wait`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import celpy
import pytest
import yaml
from celpy.adapter import json_to_cel
from lupa.lua51 import LuaRuntime
from tests.round.kstatus import Verdict, verdict
from tests.round.scenes import SCENES, Scene, labeling, succeeded
from tests.round.world import condition
from tests.spec.structural import CRD

from labelround.conditions import Phase
from labelround.errors import Conflict, Unavailable

REPOSITORY = Path(__file__).parents[2]
READINESS = REPOSITORY / "deploy" / "readiness"
LUA = (READINESS / "argocd-health.lua").read_text(encoding="utf-8")
FLUX = yaml.safe_load((READINESS / "flux-health-check-exprs.yaml").read_text(encoding="utf-8"))["healthCheckExprs"][0]
DOCUMENT = (REPOSITORY / "docs" / "readiness.md").read_text(encoding="utf-8")
UNSEEN = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]

KSTATUS: dict[Phase, Verdict] = {
    Phase.PENDING: Verdict.IN_PROGRESS,
    Phase.PREPARING: Verdict.IN_PROGRESS,
    Phase.LABELING: Verdict.IN_PROGRESS,
    Phase.QUEUED: Verdict.IN_PROGRESS,
    Phase.CONVERTING: Verdict.IN_PROGRESS,
    Phase.SUSPENDED: Verdict.CURRENT,
    Phase.STALLED: Verdict.FAILED,
    Phase.SUCCEEDED: Verdict.CURRENT,
    Phase.FAILED: Verdict.FAILED,
}
WITH_EXPRESSIONS: dict[Phase, Verdict] = {**KSTATUS, Phase.SUSPENDED: Verdict.IN_PROGRESS}
ARGO: dict[Phase, str] = {
    Phase.PENDING: "Progressing",
    Phase.PREPARING: "Progressing",
    Phase.LABELING: "Progressing",
    Phase.QUEUED: "Progressing",
    Phase.CONVERTING: "Progressing",
    Phase.SUSPENDED: "Suspended",
    Phase.STALLED: "Degraded",
    Phase.SUCCEEDED: "Healthy",
    Phase.FAILED: "Degraded",
}

every_phase = pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.value)


def shown(status: Mapping[str, Any], generation: int = 1) -> dict[str, Any]:
    """The object as the API server shows it."""
    document = {
        "apiVersion": "labelround.dev/v1alpha1",
        "kind": "LabelingRound",
        "metadata": {"name": "pens-1", "generation": generation},
        "status": status,
    }
    copy: dict[str, Any] = json.loads(json.dumps(document))
    return copy


def in_phase(phase: Phase) -> dict[str, Any]:
    """A round in this phase, as the API server shows it."""
    stage = SCENES[phase]()
    stage.step()
    assert stage.status["phase"] == phase.value
    return shown(stage.status, stage.round.generation)


def of_scene(stage: Scene) -> dict[str, Any]:
    return shown(stage.status, stage.round.generation)


def with_expressions(document: Mapping[str, Any]) -> Verdict:
    """How Flux judges by healthCheckExprs: an older generation first, then in progress, failed and current."""
    status, generation = document["status"], document["metadata"]["generation"]
    if status.get("observedGeneration", generation) != generation:
        return Verdict.IN_PROGRESS
    environment = celpy.Environment()
    variables = {name: json_to_cel(value) for name, value in document.items()}
    for name, judged in (("failed", Verdict.FAILED), ("current", Verdict.CURRENT)):
        program = environment.program(environment.compile(FLUX[name]))
        if program.evaluate(variables):
            return judged
    return Verdict.IN_PROGRESS


def with_lua(document: Mapping[str, Any]) -> tuple[str, str]:
    """Status and message that the script gives, in the Lua that Argo CD speaks, without its doors to the outside."""
    runtime = LuaRuntime(register_eval=False, register_builtins=False)
    runtime.execute("os, io, package, require, debug = nil, nil, nil, nil, nil")
    runtime.globals()["obj"] = runtime.table_from(document, recursive=True)
    health = runtime.execute(LUA)
    return health["status"], health["message"]


@every_phase
def test_kstatus_judges_every_phase(phase: Phase) -> None:
    """Done, in progress, or in need of a person: a failed round is never taken for done."""
    assert verdict(in_phase(phase)) is KSTATUS[phase]


@every_phase
def test_flux_judges_every_phase_by_the_expressions(phase: Phase) -> None:
    """As kstatus does, but a suspended round is not done."""
    assert with_expressions(in_phase(phase)) is WITH_EXPRESSIONS[phase]


@every_phase
def test_argo_cd_judges_every_phase_by_the_script(phase: Phase) -> None:
    """And shows the message of the round."""
    document = in_phase(phase)

    status, message = with_lua(document)

    assert status == ARGO[phase]
    assert message == condition(document["status"], "Succeeded")["message"]


@pytest.mark.parametrize("status", [UNSEEN, {}], ids=["as the API server defaults it", "without any"])
def test_a_round_that_nobody_has_looked_at_is_in_progress_to_argo_cd(status: dict[str, Any]) -> None:
    """The operator may be away."""
    assert with_lua(shown(status))[0] == "Progressing"


def test_a_round_that_nobody_has_looked_at_is_in_progress_to_kstatus_and_flux() -> None:
    """Without the default of the schema it would be done the moment that it is applied."""
    document = shown(UNSEEN)

    assert verdict(document) is Verdict.IN_PROGRESS
    assert with_expressions(document) is Verdict.IN_PROGRESS


def test_a_change_that_nobody_has_looked_at_is_in_progress_to_all() -> None:
    """The end of a generation says nothing of the next before it is observed."""
    document = shown(succeeded().status, generation=9)

    assert verdict(document) is Verdict.IN_PROGRESS
    assert with_expressions(document) is Verdict.IN_PROGRESS
    assert with_lua(document)[0] == "Progressing"


@every_phase
def test_reconciling_and_stalled_are_never_true_together(phase: Phase) -> None:
    """kstatus takes the first; and every condition is about the generation that the status is about."""
    status = in_phase(phase)["status"]

    true = [each["type"] for each in status["conditions"] if each["status"] == "True"]
    assert not {"Reconciling", "Stalled"} <= set(true)
    assert {each["observedGeneration"] for each in status["conditions"]} == {status["observedGeneration"]}


@pytest.mark.parametrize(
    ("trouble", "judged"),
    [(Unavailable("away"), Verdict.IN_PROGRESS), (Conflict("AccessDenied", "refused"), Verdict.FAILED)],
    ids=["waits by itself", "needs a person"],
)
def test_a_trouble_is_judged_by_who_has_to_act(trouble: Unavailable | Conflict, judged: Verdict) -> None:
    """And a round that goes on afterwards is in progress again."""
    stage = labeling()
    stage.crowd.trouble = trouble
    stage.step()
    in_trouble = of_scene(stage)

    stage.crowd.trouble = None
    stage.step()

    assert verdict(in_trouble) is judged
    assert verdict(of_scene(stage)) is Verdict.IN_PROGRESS


@pytest.mark.parametrize("name", ["argocd-health.lua", "flux-health-check-exprs.yaml"])
def test_the_docs_hold_the_files_that_were_tested(name: str) -> None:
    """Word by word, indented as it has to be where it goes."""
    lines = (READINESS / name).read_text(encoding="utf-8").splitlines()

    quoted = "\n".join(f"    {line}" if line and name.endswith(".lua") else line for line in lines)

    assert quoted in DOCUMENT
