"""What can be told of the image without building it; tests/e2e/test_image.py looks at the built one."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = REPOSITORY / "docker" / "Dockerfile"
NOTEBOOKS_ONLY = {"pandas", "numpy"}


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its words, continued lines joined."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.M))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def test_both_stages_stand_on_a_base_that_is_pinned_and_can_be_changed() -> None:
    """By a digest, which no tag can move."""
    found = instructions()

    bases = [rest for word, rest in found if word == "FROM"]
    defaults = [rest for word, rest in found if word == "ARG" and rest.startswith("BASE=")]

    assert bases == ["${BASE} AS build", "${BASE}"]
    assert [bool(re.search(r"@sha256:[0-9a-f]{64}$", default)) for default in defaults] == [True]


def test_every_package_comes_from_a_lock_with_hashes() -> None:
    """Or is the product itself, built without a look at any index."""
    steps = [step for word, rest in instructions() if word == "RUN" for step in rest.split("&&")]

    installing = [step for step in steps if re.search(r"\bpip\b.* (install|wheel) ", step)]

    assert len(installing) == 4
    assert all("--require-hashes" in step or "--no-index" in step for step in installing), installing


def test_it_runs_as_a_number_without_a_shell() -> None:
    """Kubernetes can tell from a number that it is not root; the exec form starts no shell."""
    words = dict(last_stage())

    assert words["USER"] == "65532:65532"
    assert words["ENTRYPOINT"].startswith('["/')
    assert words["CMD"].startswith('["')
    assert not {"ADD", "SHELL", "HEALTHCHECK", "VOLUME"} & set(words)


def test_it_is_labelled_as_the_open_container_initiative_says() -> None:
    (labels,) = [rest for word, rest in last_stage() if word == "LABEL"]

    names = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", labels))

    assert {"title", "description", "licenses", "version", "revision", "created"} <= names


def test_its_lock_holds_what_the_roles_need_at_the_versions_of_the_others() -> None:
    """Everything that `labelround[operator,server]` needs but what is for notebooks alone."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + extras["operator"] + extras["server"]
    needed = {Requirement(line).name.lower() for line in lines}

    image, runtime = _pins("image"), _pins("runtime")

    assert needed - set(image) == NOTEBOOKS_ONLY & needed
    assert {name: version for name, version in image.items() if runtime[name] != version} == {}


def _pins(lock: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / f"{lock}.txt").read_text("utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.M)}


def test_the_build_sees_only_what_the_image_is_made_of() -> None:
    """No test, no credentials file that lies about, no history."""
    lines = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()

    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {part for word, rest in instructions() if word == "COPY" for part in rest.split()[:-1]}

    assert rules[0] == "*"
    kept = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert kept == copied - {"--from=build", "/opt/labelround"}


def test_every_script_can_be_read_by_the_shell() -> None:
    """Those that need root are run by `make e2e` alone."""
    scripts = sorted((REPOSITORY / "scripts").rglob("*.sh"))

    broken = [path.name for path in scripts if subprocess.run(["bash", "-n", path]).returncode]

    assert scripts
    assert broken == []
