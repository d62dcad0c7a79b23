"""The CustomResourceDefinition as a file: shipped, complete and described."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tests.spec.structural import CRD, SPEC_SCHEMA, leaves

from labelround.cli.crd import crd
from labelround.conditions import Phase
from labelround.groundtruth.api import JobStatus
from labelround.spec.parse import API_VERSION, KIND, load_rounds, parse_round
from labelround.spec.reference import reference

REPOSITORY = Path(__file__).parents[2]
VERSION = CRD["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
STATUS_SCHEMA = SCHEMA["properties"]["status"]
FIELDS = [*leaves(SPEC_SCHEMA), *leaves(STATUS_SCHEMA)]


def test_the_command_prints_the_file() -> None:
    """There is one copy, and a wheel carries it."""
    printed = CliRunner().invoke(crd).output

    wheel = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert printed == (REPOSITORY / "crds" / "labelingrounds.yaml").read_text("utf-8")
    assert wheel["force-include"]["crds/labelingrounds.yaml"] == "labelround/crds/labelingrounds.yaml"


def test_the_reference_in_the_docs_is_the_one_made_from_the_crd() -> None:
    """Run `labelround crd --markdown > docs/resource.md` after a change."""
    printed = CliRunner().invoke(crd, ["--markdown"]).output

    assert printed == reference(CRD)
    assert printed == (REPOSITORY / "docs" / "resource.md").read_text("utf-8")


def test_the_round_in_the_reference_parses() -> None:
    """The shortest round is a round."""
    example = reference(CRD).split("```yaml\n")[1].split("```")[0]

    round = parse_round(load_rounds(example, "resource.md")[0])

    assert round.labels == ("pencil", "pen")


def test_the_crd_defines_what_the_parser_reads() -> None:
    """Group, version and kind are the parser's."""
    spec = CRD["spec"]

    assert f"{spec['group']}/{VERSION['name']}" == API_VERSION
    assert spec["names"]["kind"] == KIND
    assert CRD["metadata"]["name"] == f"{spec['names']['plural']}.{spec['group']}"
    assert (spec["names"]["shortNames"], spec["names"]["categories"]) == (["lr"], ["labeling"])


@pytest.mark.parametrize(("path", "field"), [one for one in FIELDS if one[0][-1] not in {"[]", "{}"}])
def test_every_field_is_described_with_an_example(path: tuple[str, ...], field: dict[str, object]) -> None:
    """kubectl explain answers for each; sections alone need no example."""
    description = str(field.get("description", ""))
    section = "properties" in field or "properties" in field.get("items", {})  # type: ignore[operator]

    assert description.strip(), path
    assert section or "Example: " in description, path


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_every_size_is_bounded_and_nothing_is_preserved_unseen(path: tuple[str, ...], field: dict[str, object]) -> None:
    """Texts, lists and maps of the author have limits, and no field escapes the schema."""
    kind = field.get("type")

    assert "x-kubernetes-preserve-unknown-fields" not in field
    assert kind != "string" or "maxLength" in field or "enum" in field, path
    assert kind != "array" or "maxItems" in field, path
    assert "additionalProperties" not in field or "maxProperties" in field, path
    assert kind != "integer" or "format" in field, path


def test_the_status_words_are_the_program_s() -> None:
    """Phases and job statuses are the enums of the code."""
    jobs = STATUS_SCHEMA["properties"]["labelingJobs"]["items"]["properties"]

    assert set(STATUS_SCHEMA["properties"]["phase"]["enum"]) == {phase.value for phase in Phase}
    assert set(jobs["status"]["enum"]) == {status.value for status in JobStatus}


def test_immutable_fields_have_one_rule_each() -> None:
    """All but a few fields are held, also against being added or removed."""
    rules = [one for one in SPEC_SCHEMA["x-kubernetes-validations"] if "oldSelf" in one["rule"]]
    mutable = {"suspend", "quality", "deletionPolicy", "ttlSecondsAfterFinished"}

    assert {one["fieldPath"].removeprefix(".") for one in rules} == set(SPEC_SCHEMA["properties"]) - mutable
    for one in rules:
        name = one["fieldPath"].removeprefix(".")
        assert name in SPEC_SCHEMA["required"] or f"has(oldSelf.{name})" in one["rule"]


def test_defaults_that_follow_from_other_fields_are_not_in_the_schema() -> None:
    """The parser resolves them, and nothing writes them into a spec."""
    job = SPEC_SCHEMA["properties"]["labelingJob"]["properties"]

    for field in (SPEC_SCHEMA["properties"]["prefix"], SPEC_SCHEMA["properties"]["outputPrefix"]):
        assert "default" not in field
    assert all("default" not in job[name] for name in ("workteam", "labelAttributeName", "title", "description"))


def test_the_file_is_plain_yaml() -> None:
    """One document, no tags."""
    documents = list(yaml.safe_load_all((REPOSITORY / "crds" / "labelingrounds.yaml").read_text("utf-8")))

    assert len(documents) == 1
