"""`labelround run`, `label`, `plan` and `init`, as they are typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.round.world import IMAGES, NAMES, all_answers, picture
from tests.servers.waiting import until

from labelround.cli.inviting import page_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "pens"
README = Path(__file__).parents[2] / "README.md"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LABELROUND_"))}


def labelround(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labelround", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bucket-shaped folder with five small pictures, the round over it and the answers of its workers."""
    for index, name in enumerate(NAMES):
        path = tmp_path / "pictures" / IMAGES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(40 * index))
    spec = {"bucket": "pictures", "imagesPrefix": IMAGES, "labels": ["pencil", "pen"], "outputFormat": "YOLO"}
    document = {
        "apiVersion": "labelround.dev/v1alpha1",
        "kind": "LabelingRound",
        "metadata": {"name": "pens-1"},
        "spec": {**spec, "dataset": {"previews": 1}},
    }
    (tmp_path / "round.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    (tmp_path / "answers.manifest").write_bytes(all_answers())
    return tmp_path


RUN = ("run", "-f", "round.yaml", "--root", ".", "--answers", "answers.manifest", "--poll-seconds", "0.05")


def created_jobs(root: Path) -> int:
    lines = (root / ".labelround" / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["operation"] == "CreateLabelingJob" for line in lines)


def digest_of(finished: subprocess.CompletedProcess[str]) -> Any:
    return yaml.safe_load(finished.stdout)["status"]["dataset"]["digest"]


def test_the_example_runs_from_pictures_to_previews_as_the_readme_shows(tmp_path: Path) -> None:
    """stdout is the status alone; stderr names the dataset and the preview sheet; the README quotes both."""
    shutil.copytree(EXAMPLE / "pictures", tmp_path / "demo" / "pens" / "bounding_box" / "images")

    finished = labelround(
        "run", "-f", EXAMPLE / "round.yaml", "--root", "demo", "--answers", EXAMPLE / "answers.manifest", cwd=tmp_path
    )

    assert finished.returncode == 0, finished.stderr
    assert yaml.safe_load(finished.stdout)["status"]["progress"] == "15/15"
    sheet = next(line for line in finished.stderr.splitlines() if line.startswith("preview: "))
    assert (tmp_path / sheet.removeprefix("preview: ")).is_file()
    quoted = README.read_text(encoding="utf-8").split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    told = [*finished.stdout.splitlines(), *finished.stderr.splitlines()]
    assert [line for line in quoted if line.strip() != "..." and line not in told] == []


def test_a_second_run_needs_nobody_and_changes_nothing(root: Path) -> None:
    """It ends with the same status, even without workers."""
    first = labelround(*RUN, cwd=root)
    before = tree(root)

    second = labelround("run", "-f", "round.yaml", "--root", ".", cwd=root)

    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout
    assert tree(root) == before


def test_a_deleted_dataset_is_made_again(root: Path) -> None:
    """The labels are still there; only the conversion is repeated."""
    first = labelround(*RUN, cwd=root)
    shutil.rmtree(root / "pictures" / "pens" / "yolo_annot_files")

    second = labelround(*RUN, cwd=root)

    assert second.returncode == 0, second.stderr
    assert digest_of(second) == digest_of(first)
    assert created_jobs(root) == 1


def test_without_workers_a_page_opens_for_people(root: Path) -> None:
    """The browser is given the address that is printed; Ctrl-C says how to go on, and the job stays."""
    opened = root / "opened"
    (root / "browser").write_text(f'#!/bin/sh\necho "$1" >{opened}.new && mv {opened}.new {opened}\n', encoding="utf-8")
    (root / "browser").chmod(0o755)
    command = [sys.executable, "-m", "labelround", "run", "-f", "round.yaml", "--root", ".", "--worker", "anna"]
    environment = ENVIRONMENT | {"BROWSER": str(root / "browser")}
    with subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        told = [next(line for line in running.stderr if "labels here" in line)]
        for line in running.stderr:
            if "Labeling" in line:
                break
        until(opened.is_file, "the browser opens")
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()

    assert running.returncode == 130
    assert told == [f"anna labels here: {opened.read_text(encoding='utf-8')}"]
    assert "Every saved answer is kept, and what is not saved yet is in the browser." in rest
    assert "To resume: labelround run -f round.yaml --root . --worker anna" in rest
    assert created_jobs(root) == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With where the drawings are that a browser keeps for it; the page opens at any other."""
    own = page_port("uid", tmp_path)
    before = capsys.readouterr().err

    with socket.create_server(("127.0.0.1", own)):
        given = page_port("uid", tmp_path)

    assert (before, given) == ("", 0)
    told = capsys.readouterr().err
    assert f"port {own} is taken" in told
    assert f"in the browser under http://127.0.0.1:{own}" in told


def test_as_many_people_are_named_as_look_at_a_picture(root: Path) -> None:
    """Otherwise the round could never end; nothing is written."""
    text = (root / "round.yaml").read_text(encoding="utf-8")
    (root / "round.yaml").write_text(f"{text}  labelingJob: {{workersPerImage: 2}}\n", encoding="utf-8")
    before = tree(root)

    finished = labelround("run", "-f", "round.yaml", "--root", ".", "--worker", "anna", cwd=root)

    assert finished.returncode == 2
    assert "each picture is for 2 workers, and there is 1; name each with --worker NAME" in finished.stderr
    assert tree(root) == before


def test_an_interrupted_run_says_how_to_resume_and_resumes(root: Path) -> None:
    """SIGINT leaves the labeling job as it is; the same command goes on with it."""
    slow = [sys.executable, "-m", "labelround", *RUN, "--delay", "0.4"]
    with subprocess.Popen(slow, cwd=root, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "Labeling" in line:
                break
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)

    finished = labelround(*RUN, cwd=root)

    assert running.returncode == 130
    assert "To resume: labelround run -f round.yaml" in told
    assert finished.returncode == 0, finished.stderr
    assert created_jobs(root) == 1


@pytest.mark.slow
def test_a_run_killed_after_every_effect_ends_with_one_job_and_the_same_digest(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SIGKILL to the whole process, its server included, after the nth effect for every n."""
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(root, undisturbed, dirs_exist_ok=True)
    harness = [sys.executable, str(Path(__file__).parent / "killed_after.py")]
    count_file = tmp_path_factory.mktemp("count") / "count"
    whole = subprocess.run([*harness, "0", str(count_file), *RUN], cwd=undisturbed, env=ENVIRONMENT, check=False,
                           capture_output=True, text=True, timeout=120)  # fmt: skip
    expected = digest_of(whole)
    effects = int(count_file.read_text(encoding="utf-8"))

    outcomes = []
    for deadly in range(1, effects + 1):
        place = tmp_path_factory.mktemp("killed")
        shutil.copytree(root, place, dirs_exist_ok=True)
        killed = subprocess.run([*harness, str(deadly), str(count_file), *RUN], cwd=place, env=ENVIRONMENT, check=False,
                                capture_output=True, text=True, timeout=120)  # fmt: skip
        again = labelround(*RUN, cwd=place)
        outcomes.append((killed.returncode, again.returncode, digest_of(again), created_jobs(place)))

    assert effects > 20
    assert outcomes == [(-signal.SIGKILL, 0, expected, 1)] * effects


def test_plan_writes_nothing_and_shows_the_request(root: Path) -> None:
    """Images, skipped keys by reason, jobs and the exact request."""
    (root / "pictures" / IMAGES / "notes.txt").write_text("not a picture", encoding="utf-8")
    before = tree(root)

    finished = labelround("plan", "-f", "round.yaml", "--root", ".", "-o", "json", cwd=root)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    plan = json.loads(finished.stdout)
    assert plan["images"] == len(NAMES)
    assert plan["skipped"] == [
        {"reason": "not a .jpg, .jpeg or .png file", "count": 1, "examples": [f"{IMAGES}notes.txt"]}
    ]
    assert plan["requests"][0]["LabelingJobName"] == plan["jobs"][0]["name"]
    assert plan["errors"] == []
    assert tree(root) == before


def test_plan_tells_every_problem_at_once(root: Path) -> None:
    """Four mistakes, four lines, exit code 3."""
    text = (root / "round.yaml").read_text(encoding="utf-8")
    broken = text.replace("- pen\n", "- pencil\n").replace("outputFormat: YOLO", "outputFormat: Yolo\n  colour: red")
    (root / "round.yaml").write_text(broken.replace("name: pens-1", "name: Pens_1"), encoding="utf-8")

    finished = labelround("plan", "-f", "round.yaml", "--root", ".", cwd=root)

    assert finished.returncode == 3
    for field in ("metadata.name", "spec.labels[1]", "spec.outputFormat", "spec.colour"):
        assert field in finished.stdout


def test_label_takes_a_folder_of_any_name(root: Path) -> None:
    """The round goes into a folder beside it; the pictures stay as they are."""
    folder = root / "My Pictures (été) #2"
    shutil.copytree(root / "pictures" / IMAGES, folder)
    answers = all_answers().replace(f"s3://pictures/{IMAGES}".encode(), f"s3://local/{folder.name}/".encode())
    (root / "answers.manifest").write_bytes(answers)
    before = tree(folder)

    finished = labelround("label", folder, "--labels", "pencil, pen", "--answers", "answers.manifest", cwd=root)

    assert finished.returncode == 0, finished.stderr
    assert tree(folder) == before
    assert (root / f"{folder.name}-round" / "yolo_annot_files" / "labels" / "a.txt").is_file()
    assert (root / f"{folder.name}-round" / "round.yaml").is_file()


def test_label_refuses_other_labels_for_a_round_that_is_there(root: Path) -> None:
    """A class keeps its id for ever."""
    labelround("label", "pictures", "--labels", "pencil,pen", "--answers", "answers.manifest", cwd=root)

    finished = labelround("label", "pictures", "--labels", "pen,pencil", cwd=root)

    assert finished.returncode == 3
    assert "its labels are pencil, pen" in finished.stderr


def test_plan_tells_what_labeling_costs(root: Path) -> None:
    """At most, at the price that is given, by an option or in the environment."""
    command = ("plan", "-f", "round.yaml", "--root", ".", "-o", "json", "--price-per-task")

    cost = json.loads(labelround(*command, "0.036", cwd=root).stdout)["cost"]
    told = labelround(*command[:5], "--price-per-task", "0.036", cwd=root).stdout

    estimate = f"{len(NAMES) * 0.036:.2f}"
    assert cost == {
        "tasks": len(NAMES), "tasksDone": 0, "pricePerTask": "0.036", "spent": "0.00", "estimate": estimate,
    }  # fmt: skip
    assert f"cost:     at most {estimate} for {len(NAMES)} tasks at 0.036\n" in told


def test_a_round_that_costs_more_than_there_is_is_an_error_of_its_plan(root: Path) -> None:
    """With the limit that keeps it within the budget."""
    command = ("plan", "-f", "round.yaml", "--root", ".", "--price-per-task", "1", "--budget")

    over, within = labelround(*command, "1.5", cwd=root), labelround(*command, str(len(NAMES)), cwd=root)

    error = f"all tasks cost {len(NAMES)}.00, more than the budget of 1.50; write at most 1"
    assert over.returncode == 3
    assert f"error:    spec.labelingJob.maxHumanLabeledObjectCount: {error}\n" in over.stdout
    assert within.returncode == 0


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--budget", "5"), "--budget needs --price-per-task"),
        (("--price-per-task", "0"), "is no amount above 0"),
        (("--price-per-task", "1,5"), "is no amount above 0"),
        (("--price-per-task", "$1"), "is no amount above 0"),
        (("--price-per-task", "1", "--budget", "nan"), "is no amount above 0"),
    ],
)
def test_an_amount_that_is_none_is_a_wrong_use(root: Path, options: tuple[str, ...], what: str) -> None:
    """Before anything is looked at."""
    finished = labelround("plan", "-f", "round.yaml", "--root", ".", *options, cwd=root)

    assert finished.returncode == 2
    assert what in finished.stderr


def test_init_writes_a_round_that_plan_understands(tmp_path: Path) -> None:
    """And never overwrites a file."""
    first = labelround("init", cwd=tmp_path)
    second = labelround("init", cwd=tmp_path)
    (tmp_path / "my-bucket").mkdir()

    planned = labelround("plan", "-f", "round.yaml", "--root", ".", "-o", "json", cwd=tmp_path)

    assert first.returncode == 0
    assert second.returncode == 1
    assert "is already there" in second.stderr
    assert [error.split(":")[0] for error in json.loads(planned.stdout)["errors"]] == ["spec.imagesPrefix"]


def test_answers_for_other_pictures_fail_the_round_with_a_hint(root: Path) -> None:
    """Nothing is labeled: no empty dataset, and the message says what the answers should name."""
    (root / "answers.manifest").write_bytes(all_answers().replace(IMAGES.encode(), b"elsewhere/"))

    finished = labelround(*RUN, cwd=root)

    assert finished.returncode == 1
    assert yaml.safe_load(finished.stdout)["status"]["phase"] == "Failed"
    assert f"A source-ref there begins with s3://pictures/{IMAGES}" in finished.stderr
    assert "to begin anew" in finished.stderr
    assert not (root / "pictures" / "pens" / "yolo_annot_files").exists()


def test_labels_of_init_lose_the_space_after_a_comma(tmp_path: Path) -> None:
    """People type `pencil, pen`; a class named ` pen` would lose every pen."""
    labelround("init", "--labels", "pencil, pen", cwd=tmp_path)

    document = yaml.safe_load((tmp_path / "round.yaml").read_text(encoding="utf-8"))

    assert document["spec"]["labels"] == ["pencil", "pen"]


@pytest.mark.parametrize("option", ["--sagemaker-endpoint-url", "--s3-endpoint-url"])
def test_an_address_that_is_none_is_a_usage_error(root: Path, option: str) -> None:
    """Not a traceback."""
    finished = labelround("run", "-f", "round.yaml", option, "nonsense", cwd=root)

    assert finished.returncode == 2
    assert "'nonsense' is not an address" in finished.stderr


def test_links_that_lead_back_count_no_picture_twice(root: Path) -> None:
    """A link to a parent would never end, and one to a sibling would repeat its pictures."""
    folder = root / "pictures" / IMAGES
    (folder / "up").symlink_to("..", target_is_directory=True)
    (folder / "sibling").symlink_to("deep", target_is_directory=True)

    finished = labelround("plan", "-f", "round.yaml", "--root", ".", "-o", "json", cwd=root)

    assert json.loads(finished.stdout)["images"] == len(NAMES)
