"""What holds for the files of the repository, whatever they do."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import labelround

REPOSITORY = Path(__file__).parents[2]
BINARY = {".jpg", ".jpeg", ".png"}

REGISTRIES = ["pypi.org", "pythonhosted.org", "proxy.golang.org", "registry.npmjs.org", "deb.debian.org"]
INDEX_OPTIONS = ["--index-url", "--extra-index-url", "GOPROXY=", "--find-links"]
MACHINE_PATH = re.compile("(?<![A-Za-z0-9._-])/(?:work|root|home)/")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def committed_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := REPOSITORY / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Name and text of every committed file that is text, but for this one, which names what is forbidden."""
    own = Path(__file__)
    files = [path for path in committed_files() if path.suffix.lower() not in BINARY and path != own]
    return [(path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+\s+(.*?)\s*$", re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_folder_operator_is_not_a_package() -> None:
    """With an `__init__.py` it would hide the standard library's `operator` from anyone who works in this folder."""
    forbidden = REPOSITORY / "operator" / "__init__.py"

    assert not forbidden.exists()


def test_python_starts_with_the_repository_on_its_path() -> None:
    """The folder `operator/` beside the code does not come in the way of the standard library."""
    ended = subprocess.run(
        [sys.executable, "-c", "import collections, operator; operator.itemgetter"],
        env={"PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
    )

    assert ended.returncode == 0


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    """Where packages come from is the installer's setting; paths of one machine mean nothing on another."""
    found = [
        f"{name}: {word}"
        for name, text in texts()
        for word in [*(each for each in REGISTRIES + INDEX_OPTIONS if each in text), *MACHINE_PATH.findall(text)]
    ]

    assert found == []


def test_nothing_is_left_for_later() -> None:
    """What is not done is not there."""
    found = [name for name, text in texts() if UNFINISHED.search(text)]

    assert found == []


def test_every_link_in_the_documents_leads_somewhere() -> None:
    """Files and the headings in them; addresses outside are not looked up."""
    broken = []
    for path in (each for each in committed_files() if each.suffix == ".md"):
        prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in LINK.findall(prose):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            page = (path.parent / file).resolve() if file else path
            if not page.exists() or (anchor and anchor not in anchors(page.read_text(encoding="utf-8"))):
                broken.append(f"{path.relative_to(REPOSITORY)}: {target}")

    assert broken == []


def test_the_changelog_keeps_its_form() -> None:
    """Keep a Changelog: newest first, known kinds of change, dates, and an entry for the version at hand."""
    lines = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    releases = [line for line in lines if line.startswith("## ")]
    kinds = {line.removeprefix("### ") for line in lines if line.startswith("### ")}

    versions = [
        match[1] for line in releases if (match := re.fullmatch(r"## \[([^\]]+)\](?: - \d{4}-\d\d-\d\d)?", line))
    ]

    assert lines[0] == "# Changelog"
    assert len(versions) == len(releases) > 0
    assert "Unreleased" not in versions[1:]
    assert versions[0] in {"Unreleased", labelround.__version__}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_every_make_target_has_a_line_of_help_and_runs_one_thing() -> None:
    """The Makefile lists chores; what they do stands in scripts."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z0-9]+):", text, re.M)
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.M)[0].split()

    helped = re.findall(r"^([a-z0-9]+):.*## \S.*\n(?:\t@[^\n]*\n?)?(?!\t)", text, re.M)

    assert targets == phony == helped


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_the_lock_holds_every_declared_dependency_within_its_bounds(lock: str) -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (REPOSITORY / f"requirements/{lock}.txt").read_text(), re.M)
    versions: dict[str, list[str]] = {}
    for name, version in pinned:
        versions.setdefault(name.lower(), []).append(version)

    for requirement in map(Requirement, declared):
        locked = versions[requirement.name.lower()]

        assert all(requirement.specifier.contains(version) for version in locked), requirement


def test_every_locked_package_is_checked_by_hash() -> None:
    """Nothing is installed that is not, bit for bit, what was locked."""
    locks = sorted((REPOSITORY / "requirements").glob("*.txt"))
    entries = [
        entry for lock in locks for entry in re.split(r"\n(?=\S)", lock.read_text()) if "==" in entry.split("\n")[0]
    ]

    unchecked = [entry.split()[0] for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry]

    assert len(entries) > 100
    assert [name for name in unchecked if name != "opencv-python"] == []
