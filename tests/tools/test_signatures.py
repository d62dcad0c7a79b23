"""A signed dataset is known to be its signer's and whole, by labelround and by OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.dataset.manifests import line, manifest
from tests.dataset.pictures import picture
from tests.tools.made_datasets import BUCKET, Made, make, put

from labelround.cli.main import cli
from labelround.errors import InvalidInput

FORGED_COCO = """{"images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10}],
    "categories": [{"id": 1, "name": "pen"}], "annotations": []}"""
FORGED_NDJSON = """{"type": "dataset", "task": "detect", "class_names": {"0": "pen"}}
{"type": "image", "file": "a.jpg", "width": 10, "height": 10, "split": "train"}"""
IMAGES = [Made("a.jpg", "0 0.5 0.5 0.2 0.2\n"), Made("b.jpg", split="val", state="empty")]
SIGNATURE = "report.json.sig"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def write_key(folder: Path, name: str, encryption: KeySerializationEncryption | None = None) -> tuple[Path, Path]:
    """A new key's two files, private and public."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return make(tmp_path / "dataset", IMAGES)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_key(tmp_path, "key")


@pytest.fixture
def signed(dataset: Path, keys: tuple[Path, Path]) -> Path:
    result = run("sign", dataset, "--key", keys[0])
    assert result.exit_code == 0, result.output
    return dataset


def converted(folder: Path, output_format: str) -> Path:
    """A dataset of two pictures in this format, without the pictures."""
    written = folder / "output.manifest"
    written.write_bytes(manifest([line("a.jpg", ("pen", 10, 10, 20, 20)), line("b.jpg")]))
    result = run("convert", written, "--labels", "pencil,pen", "--output", folder / "made", "--format", output_format)
    assert result.exit_code == 0, result.output
    return folder / "made"


def test_a_signed_dataset_is_valid_for_its_signers_key(signed: Path, keys: tuple[Path, Path]) -> None:
    """And as valid as before without one."""
    results = run("validate", signed, "--public-key", keys[1]), run("validate", signed)

    assert [result.exit_code for result in results] == [0, 0]
    assert results[0].output == results[1].output


def test_signing_prints_where_the_signature_is(dataset: Path, keys: tuple[Path, Path]) -> None:
    """On stdout, and whose it is on stderr; again is the same."""
    first, second = (run("sign", dataset, "--key", keys[0]) for _ in range(2))

    assert first.stdout == f"{dataset / SIGNATURE}\n"
    assert first.stderr == second.stderr
    assert first.stderr.startswith("signed with the key whose public half is ")


def test_openssl_takes_the_signature(signed: Path, keys: tuple[Path, Path]) -> None:
    """Nobody needs labelround to check it."""
    command: list[str | Path] = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys[1], "-rawin"]
    command += ["-in", signed / "report.json", "-sigfile", signed / SIGNATURE]

    ended = subprocess.run(command, capture_output=True, text=True)

    assert ended.stdout == "Signature Verified Successfully\n"


def test_keys_and_signatures_of_openssl_are_taken(dataset: Path, tmp_path: Path) -> None:
    """Nobody needs labelround to sign."""
    private, public = tmp_path / "made.pem", tmp_path / "made.pub"
    commands: list[list[str | Path]] = [
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", private],
        ["openssl", "pkey", "-in", private, "-pubout", "-out", public],
        ["openssl", "pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", dataset / "report.json",
         "-out", dataset / SIGNATURE],
    ]  # fmt: skip
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)

    by_openssl = (dataset / SIGNATURE).read_bytes()
    valid = run("validate", dataset, "--public-key", public)
    run("sign", dataset, "--key", private)

    assert valid.exit_code == 0
    assert (dataset / SIGNATURE).read_bytes() == by_openssl


def _append(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"\n")


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a label": (lambda folder: (folder / "labels/a.txt").write_text("1 0.5 0.5 0.2 0.2\n"), "that it vouches for"),
    "a list": (_append("train.txt"), "that it vouches for"),
    "a table": (_append("annot.csv"), "that it vouches for"),
    "the table of images": (lambda folder: (folder / "images.csv").unlink(), "that it vouches for"),
    "the card": (_append("CARD.md"), "that it vouches for"),
    "the report": (_append("report.json"), "is no signature of this report by this key"),
    "the report, wholly": (lambda folder: (folder / "report.json").write_text("{}"), "there is no report"),
    "the report, gone": (lambda folder: (folder / "report.json").unlink(), "there is no report"),
    "the signature": (lambda folder: (folder / SIGNATURE).write_bytes(bytes(64)), "is no signature of this report"),
    "the signature, longer": (_append(SIGNATURE), "is no signature of this report by this key"),
    "the signature, gone": (lambda folder: (folder / SIGNATURE).unlink(), "is missing: nobody has signed the dataset"),
}


@pytest.mark.parametrize("part", TAMPERED)
def test_whatever_is_changed_behind_the_signature_is_an_error(signed: Path, keys: tuple[Path, Path], part: str) -> None:
    """Though without the key it may be a warning, or nothing at all."""
    change, words = TAMPERED[part]
    change(signed)

    result = run("validate", signed, "--public-key", keys[1])

    assert result.exit_code == InvalidInput.exit_code
    assert words in result.output


FORGERIES: dict[str, tuple[str, dict[str, str]]] = {
    "YOLO beside COCO": (
        "COCO",
        {"data.yaml": "train: train.txt\nval: train.txt\nnames: [pen]\n", "train.txt": "./images/a.jpg\n"},
    ),
    "a further part of COCO": ("COCO", {"annotations/instances_test.json": FORGED_COCO}),
    "NDJSON that sorts before NDJSON": ("NDJSON", {"a.ndjson": FORGED_NDJSON}),
    "a further list of VOC": ("PascalVOC", {"ImageSets/Main/test.txt": "a\n"}),
    "groups that nobody was merged by": ("YOLO", {"groups.csv": "source_ref,group\n"}),
    "Darknet beside YOLO": ("YOLO", {"obj.data": "classes = 1\ntrain = train.txt\n", "obj.names": "pen\n"}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_added_for_a_trainer_to_find_is_an_error(keys: tuple[Path, Path], tmp_path: Path, forgery: str) -> None:
    """A warning without the key; and the dataset stays the one that was signed."""
    output_format, added = FORGERIES[forgery]
    dataset = converted(tmp_path, output_format)
    run("sign", dataset, "--key", keys[0])
    before = run("validate", dataset, "--public-key", keys[1]), run("stats", dataset).stdout
    for name, text in added.items():
        (dataset / name).parent.mkdir(parents=True, exist_ok=True)
        (dataset / name).write_text(text)

    results = run("validate", dataset, "--public-key", keys[1]), run("validate", dataset)

    assert [before[0].exit_code, *(result.exit_code for result in results)] == [0, InvalidInput.exit_code, 0]
    for name in added:
        assert f"{dataset / name}: is no file of the dataset, but a trainer, or a merge, may" in results[0].output
    assert run("stats", dataset).stdout == before[1]


def test_a_definition_that_leads_to_a_signed_dataset_is_not_signed(
    signed: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """What a trainer reads is the definition's own folder, and other names of the classes."""
    outer = tmp_path / "outer"
    shutil.copytree(signed, outer)
    shutil.copytree(signed, outer / "inner")
    (outer / "data.yaml").write_text("path: inner\ntrain: train.txt\nval: val.txt\nnames: [pen, pencil]\n")

    result = run("validate", outer, "--public-key", keys[1])

    assert result.exit_code == InvalidInput.exit_code
    assert "that it vouches for" in result.output


@pytest.mark.parametrize("name", ["groups.csv", "conflicts.csv"])
def test_what_tells_how_a_dataset_was_merged_is_signed(keys: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    """Groups decide on the split of what comes next. Pulled, all of it is as valid."""
    made, there = converted(tmp_path, "YOLO"), tmp_path / "there"
    for image in ("a.jpg", "b.jpg"):
        put(tmp_path / "root", f"pens/images/{image}", picture())
    merged = run("merge", made, "--output", tmp_path / "all", "--group-by", "^.").stdout.strip()
    run("sign", merged, "--key", keys[0])
    run("pull", merged, there, "--root", tmp_path / "root")

    before = run("validate", there, "--public-key", keys[1], "--no-images")
    _append(name)(there)
    after = run("validate", there, "--public-key", keys[1], "--no-images")

    assert (before.exit_code, after.exit_code) == (0, InvalidInput.exit_code)
    assert f"{there / name}: is another than the conversion wrote" in after.output


def test_another_signer_is_not_taken_for_this_one(signed: Path, tmp_path: Path) -> None:
    """Whoever it is."""
    _, other = write_key(tmp_path, "other")

    result = run("validate", signed, "--public-key", other)

    assert result.exit_code == InvalidInput.exit_code
    assert f"{signed / SIGNATURE}: is no signature of this report by this key" in result.output


@pytest.mark.parametrize("name", ["labels/a.txt", "annot.csv", "croissant.json"])
def test_what_is_not_as_the_conversion_left_it_is_not_signed(dataset: Path, keys: tuple[Path, Path], name: str) -> None:
    """A signature that vouches for something else would help nobody."""
    _append(name)(dataset)

    result = run("sign", dataset, "--key", keys[0])

    assert isinstance(result.exception, InvalidInput)
    assert not (dataset / SIGNATURE).exists()


def test_a_dataset_without_a_report_is_not_signed(dataset: Path, keys: tuple[Path, Path]) -> None:
    """Its conversion did not end."""
    (dataset / "report.json").unlink()

    result = run("sign", dataset, "--key", keys[0])

    assert isinstance(result.exception, InvalidInput)
    assert "report.json: is missing: the conversion did not end" in str(result.exception)


def test_a_dataset_without_its_images_table_is_not_signed(dataset: Path, keys: tuple[Path, Path]) -> None:
    """The report is not what is missing, and while it is there a conversion takes the dataset for whole."""
    (dataset / "images.csv").unlink()

    result = run("sign", dataset, "--key", keys[0])

    fix = "pull again, or remove report.json and convert again"
    assert f"images.csv: is missing or cannot be read; {fix}" in str(result.exception)


def test_a_key_that_cannot_sign_is_refused_with_what_to_do(dataset: Path, tmp_path: Path) -> None:
    """A public one, one with a password, one of another kind, and no key at all."""
    _, public = write_key(tmp_path, "public")
    locked, _ = write_key(tmp_path, "locked", BestAvailableEncryption(b"secret"))
    rsa = tmp_path / "rsa.pem"
    rsa.write_bytes(generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "text").write_text("secret")

    said = {file.name: str(run("sign", dataset, "--key", file).exception) for file in (public, locked, rsa)}
    said["text"] = str(run("sign", dataset, "--key", tmp_path / "text").exception)

    make_one = "openssl genpkey -algorithm ed25519 -out KEY makes one"
    assert said == {
        "public.pub": f"{public}: is no private key in PEM form; {make_one}",
        "locked.pem": f"{locked}: needs a password; decrypt it first: openssl pkey -in KEY -out PLAIN",
        "rsa.pem": f"{rsa}: is a private key of another kind than Ed25519; {make_one}",
        "text": f"{tmp_path / 'text'}: is no private key in PEM form; {make_one}",
    }


def test_a_private_key_is_not_taken_for_a_public_one(signed: Path, keys: tuple[Path, Path]) -> None:
    """Nor shown."""
    result = run("validate", signed, "--public-key", keys[0])

    assert str(result.exception) == (f"{keys[0]}: is no public key in PEM form; openssl pkey -in KEY -pubout makes one")


def test_pull_brings_the_signature_along_and_takes_an_old_one_away(
    signed: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """So it can be checked where the dataset trains."""
    for image in IMAGES:
        put(tmp_path / "root", image.key, b"picture")
    assert (tmp_path / "root" / BUCKET).is_dir()
    there = tmp_path / "there"
    pull: list[str | Path] = ["pull", signed, there, "--root", tmp_path / "root"]
    run(*pull)

    first = run("validate", there, "--public-key", keys[1], "--no-images")
    (signed / SIGNATURE).unlink()
    run(*pull)

    assert first.exit_code == 0
    assert not (there / SIGNATURE).exists()


def test_without_cryptography_the_command_says_how_to_get_it(dataset: Path, keys: tuple[Path, Path]) -> None:
    """It is in an extra of its own."""
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        f"from labelround.cli.main import main; main(['sign', {str(dataset)!r}, '--key', {str(keys[0])!r}])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stderr.endswith("install it: pip install 'labelround[sign]'\n")
