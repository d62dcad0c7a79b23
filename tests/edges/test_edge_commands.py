"""`import`, `push` and `team` as a person types them: output, messages and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from labelround.cli.main import main
from labelround.cors import is_met, read_rules
from labelround.spec.parse import parse_round

BLOG = {
    "s3_bucket": "pictures",
    "job_id": "bounding_box",
    "ground_truth_job_name": "yolo-bbox",
    "yolo_output_dir": "yolo_annot_files",
}
LABEL_KEY = "bounding_box/ground_truth_annots/yolo-bbox/annotation-tool/data.json"
LABELS = b'{"document-version": "2018-11-28", "labels": [{"label": "pencil"}, {"label": "pen"}]}'
PORTAL = "https://abc123.labeling.us-east-1.sagemaker.aws"


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `labelround` in this process."""

    def call(*args: object) -> Outcome:
        capfd.readouterr()
        code = 0
        try:
            main([str(arg) for arg in args])
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def input_json(tmp_path: Path) -> Path:
    """The blog's file."""
    file = tmp_path / "input.json"
    file.write_text(json.dumps(BLOG))
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures in sub-folders and a text."""
    folder = tmp_path / "my pictures"
    content = BytesIO()
    Image.new("RGB", (4, 4)).save(content, "JPEG")
    for name in ("a 1.jpg", "sub/b#2.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.getvalue())
    (folder / "notes.txt").write_text("x")
    return folder


def test_import_prints_a_round_that_adopts_the_job(run: Run, s3: Any, input_json: Path) -> None:
    """YAML on stdout and nothing else."""
    s3.put_object(Bucket="pictures", Key=LABEL_KEY, Body=LABELS)

    outcome = run("import", input_json)

    assert (outcome.code, outcome.err) == (0, "")
    round = parse_round(yaml.safe_load(outcome.out))
    assert (round.labeling_job.adopt, round.labels) == ("yolo-bbox", ("pencil", "pen"))


def test_import_writes_a_file_once_and_never_over_another(run: Run, tmp_path: Path, input_json: Path) -> None:
    """Somebody may have edited it since."""
    labels, target = tmp_path / "data.json", tmp_path / "round.yaml"
    labels.write_bytes(LABELS)
    first = run("import", input_json, "--label-file", labels, "-f", target)
    again = run("import", input_json, "--label-file", labels, "-f", target)
    target.write_text("mine")

    refused = run("import", input_json, "--label-file", labels, "-f", target)

    assert (first.code, again.code, refused.code) == (0, 0, 1)
    assert target.read_text() == "mine"
    assert "labelround plan -f" in first.err


def test_import_tells_all_problems_and_exits_with_3(run: Run, aws: str, tmp_path: Path) -> None:
    """Nothing is printed then."""
    file = tmp_path / "input.json"
    file.write_text('{"s3_bucket": "", "comment": 1}')

    outcome = run("import", file)

    assert (outcome.code, outcome.out) == (3, "")
    for field in BLOG:
        assert f"{file}: {field}" in outcome.err


def test_import_warns_of_fields_that_the_blog_does_not_know(run: Run, tmp_path: Path) -> None:
    """A typing error would pass unseen."""
    file, labels = tmp_path / "input.json", tmp_path / "data.json"
    file.write_text(json.dumps({**BLOG, "jobid": "x"}))
    labels.write_bytes(LABELS)

    outcome = run("import", file, "--label-file", labels, "--name", "pens-1")

    assert outcome.code == 0
    assert "jobid" in outcome.err
    assert yaml.safe_load(outcome.out)["metadata"]["name"] == "pens-1"


def test_push_uploads_and_prints_counts(run: Run, s3: Any, pictures: Path) -> None:
    """Counts on stdout, as JSON when asked."""
    outcome = run("push", pictures, "s3://pictures/pens/images/", "-o", "json")

    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert (document["uploaded"], document["alreadyThere"], document["failed"]) == (2, 0, [])
    assert document["skipped"][0]["examples"] == ["notes.txt"]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="pictures")["Contents"]]
    assert keys == ["pens/images/a 1.jpg", "pens/images/sub/b#2.jpg"]


def test_push_sets_cors_once(run: Run, s3: Any, pictures: Path) -> None:
    """And a dry run only says that it would."""
    dry = run("push", pictures, "s3://pictures/pens/images/", "--set-cors", "--dry-run")
    before = read_rules(s3, "pictures")

    outcome = run("push", pictures, "s3://pictures/pens/images/", "--set-cors")

    assert (dry.code, before) == (0, [])
    assert "would get a CORS rule" in dry.err
    assert outcome.code == 0
    assert is_met(read_rules(s3, "pictures"))


def test_push_fills_a_local_bucket(run: Run, tmp_path: Path, pictures: Path) -> None:
    """`--root` makes folders of buckets; they need no CORS."""
    (tmp_path / "root" / "pictures").mkdir(parents=True)

    outcome = run("push", pictures, "s3://pictures/pens/images", "--root", tmp_path / "root", "--set-cors")

    assert outcome.code == 0
    assert (tmp_path / "root/pictures/pens/images/sub/b#2.jpg").read_bytes() == (pictures / "sub/b#2.jpg").read_bytes()
    assert "needs no CORS rule" in outcome.err


def test_push_lists_every_failure_and_exits_with_1(run: Run, s3: Any, pictures: Path) -> None:
    """The others arrived, so running again goes on."""
    outcome = run("push", pictures, f"s3://pictures/{'d' * 1016}/")

    assert outcome.code == 1
    assert "1 of 2 pictures could not be uploaded" in outcome.err
    assert "sub/b#2.jpg" in outcome.err


@pytest.mark.parametrize("target", ["pens/images/", "s3://", "s3://pictures/a/../b/", "s3://pictures//b/"])
def test_push_refuses_a_target_that_is_no_folder_in_a_bucket(run: Run, aws: str, pictures: Path, target: str) -> None:
    """Before anything is opened."""
    outcome = run("push", pictures, target)

    assert outcome.code == 3
    assert "the target" in outcome.err


def test_team_create_prints_the_portal(run: Run, aws: str) -> None:
    """The address that workers need."""
    outcome = run("team", "create", "labelers", "--email", "ann@example.org, bob@example.org")

    assert outcome.code == 0
    assert f"portal: {PORTAL}" in outcome.out
    assert "invited: bob@example.org" in outcome.out


def test_team_list_reads_as_a_table_and_as_data(run: Run, aws: str) -> None:
    """An empty account has an empty table."""
    empty = run("team", "list")
    run("team", "create", "labelers", "--email", "ann@example.org")

    table, data = run("team", "list"), run("team", "list", "-o", "json")

    assert empty.out.split() == ["NAME", "MEMBERS", "PORTAL", "ARN"]
    assert table.out.splitlines()[1].split()[:4] == ["labelers", "1", "(1", "invited)"]
    assert json.loads(data.out)[0]["members"] == [{"email": "ann@example.org", "active": False}]


def test_team_refuses_wrong_names_with_3(run: Run, aws: str) -> None:
    """All at once."""
    outcome = run("team", "invite", "my_team", "--email", "ann")

    assert outcome.code == 3
    assert "my_team" in outcome.err
    assert "'ann'" in outcome.err


def test_without_a_region_the_way_to_set_one_is_told(run: Run, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 has no default for it."""
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    outcome = run("team", "list")

    assert outcome.code == 1
    assert "--region" in outcome.err


def test_without_credentials_the_way_to_set_them_is_told(run: Run, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    outcome = run("team", "list")

    assert outcome.code == 1
    assert "AWS_PROFILE" in outcome.err


def test_a_service_that_is_not_there_is_told_in_a_sentence(run: Run, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which call, and where to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    outcome = run("team", "list")

    assert outcome.code == 1
    assert "listing the workteams" in outcome.err
