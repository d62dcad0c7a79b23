"""The round of `labelround label`: a folder of pictures as it lies, and everything else in a folder beside it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from labelround.cli.round import LABEL_BUCKET
from labelround.errors import InvalidRound, Problem
from labelround.manifest import select_images
from labelround.spec.parse import load_rounds, parse_round, round_yaml
from labelround.storage import local_bucket
from labelround.storage.translation import translated


@dataclass(frozen=True, slots=True)
class FolderRound:
    """A round over the folder `pictures`; `parent`, which holds it, plays the bucket."""

    pictures: Path
    text: str

    @property
    def parent(self) -> Path:
        return self.pictures.parent

    @property
    def folder(self) -> Path:
        """Where the round keeps all it writes."""
        return self.pictures.with_name(f"{self.pictures.name}-round")

    @property
    def file(self) -> Path:
        return self.folder / "round.yaml"

    @property
    def state(self) -> Path:
        return self.folder / ".labelround"

    def write(self) -> None:
        """Write round.yaml. Raises InvalidRound when another one is there: its round may have begun."""
        if self.file.exists():
            known, wanted = (
                parse_round(load_rounds(text, str(self.file))[0]) for text in (self.file.read_text(), self.text)
            )
            if known.uid != wanted.uid:
                raise InvalidRound(
                    [
                        Problem(
                            str(self.file),
                            f"belongs to another round over {self.pictures} (its labels are {', '.join(known.labels)})",
                            "use the same --labels and --name to go on with it, or rename its folder to begin anew",
                        )
                    ]
                )
            return
        with translated(str(self.file)):
            self.folder.mkdir(exist_ok=True)
            aside = self.file.with_suffix(".new")
            aside.write_text(self.text, encoding="utf-8")
            aside.replace(self.file)


def round_of_folder(pictures: Path, labels: tuple[str, ...], name: str | None) -> FolderRound:
    """The round over a folder of pictures. Raises InvalidRound when there is none, or the labels are wrong."""
    images_prefix = f"{pictures.name}/"
    prefix = f"{pictures.name}-round"
    text = round_yaml(name or round_name(pictures.name), LABEL_BUCKET, images_prefix, list(labels), prefix=prefix)
    parse_round(load_rounds(text, "round.yaml")[0])
    if not select_images(local_bucket(pictures.parent).list(images_prefix), images_prefix).keys:
        raise InvalidRound([Problem(str(pictures), "holds no .jpg, .jpeg or .png picture", "name another folder")])
    folder_round = FolderRound(pictures, "")
    where = shlex.join(["-f", str(folder_round.file), "--bucket", f"{LABEL_BUCKET}={pictures.parent}"])
    return replace(folder_round, text=text.replace("labelround plan -f round.yaml", f"labelround plan {where}", 1))


def round_name(folder_name: str) -> str:
    """A Kubernetes name made of a folder's name."""
    return re.sub(r"[^a-z0-9]+", "-", folder_name.lower()).strip("-")[:63].rstrip("-") or "round"
