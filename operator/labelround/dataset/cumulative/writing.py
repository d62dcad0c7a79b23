"""The files of one version: a whole dataset, as a conversion writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path

from labelround import __version__
from labelround.dataset.cumulative.settling import Placed, Settling, Survey
from labelround.dataset.describing import described
from labelround.dataset.formats import CONFLICTS, GROUPS, REPORT, format_of
from labelround.dataset.imagetable import Entry
from labelround.dataset.index import common_folder
from labelround.dataset.merging import fixed_files
from labelround.dataset.merging import merge as join_parts
from labelround.dataset.report import (
    REPORT_VERSION,
    SHOWN_RENAMES,
    Options,
    Origin,
    Renamed,
    Report,
)
from labelround.dataset.shard import ShardPlan, Tally, write_parts
from labelround.dataset.split import LISTED, PART_WORDS, Part
from labelround.dataset.summary import box_counts, image_counts, quality_of
from labelround.dataset.tables import GROUP_COLUMNS, cell, header
from labelround.dataset.writing import write_labels
from labelround.progress import Progress
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Folder, local_bucket
from labelround.uri import SCHEME
from labelround.wording import counted


@dataclass(slots=True)
class Renames:
    """The images whose name is not the end of their address: how many, and the first of them."""

    count: int = 0
    first: list[Renamed] = field(default_factory=list)

    def among(self, images: Iterable[Entry]) -> Iterator[Entry]:
        """The same images, of which it hears."""
        for image in images:
            if not image.ref.endswith(f"/{image.name}"):
                self.count += 1
                if len(self.first) < SHOWN_RENAMES:
                    self.first.append(Renamed(SCHEME + image.ref, image.name))
            yield image


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """What a version is, but for its images. `labels` are the classes by class id."""

    owner: str
    output_format: OutputFormat
    labels: tuple[str, ...]
    group_by: str
    jobs: tuple[str, ...]
    origin: Origin

    @property
    def head(self) -> tuple[object, ...]:
        """What shows in the files beside the images."""
        return self.output_format.value, self.labels, self.group_by

    def write(self, folder: Folder, settling: Settling, survey: Survey, scratch: Path, progress: Progress) -> Report:
        """Write everything into a folder that nobody else writes to, the report last. It comes back."""
        layout, placed, tally, renames = format_of(self.output_format), Placed.of(survey.parts), Tally(), Renames()
        parts = scratch / "part"
        parts.mkdir()
        progress.start("writing label files", survey.parts.total(), "images")
        shard = ShardPlan(layout, self.labels, placed, "", {}, ())
        write_labels(write_parts(renames.among(settling.entries()), shard, parts, tally), folder, progress)
        digest, hashes = join_parts([Folder(local_bucket(parts))], layout, self.labels, placed, folder, scratch)
        if self.group_by:
            _write_groups(settling.registry.groups(), scratch / GROUPS)
        beside: dict[str, str] = {}
        for name in (GROUPS, CONFLICTS) if self.group_by else (CONFLICTS,):
            with (scratch / name).open("rb") as content:
                beside[name] = file_digest(content, "sha256").hexdigest()
                content.seek(0)
                folder.write_stream(name, content)
        report = Report(
            version=REPORT_VERSION,
            labelround=__version__,
            owner=self.owner,
            format=self.output_format.value,
            classes=self.labels,
            options=Options(
                images_prefix=SCHEME + common_folder(survey.lowest, survey.highest),
                images=ImagesMode.REFERENCE.value,
                check_images=False,
                previews=0,
                split={"group_by": self.group_by},
                origin=self.origin,
            ),
            jobs=self.jobs,
            manifests=(),
            images=image_counts(tally),
            splits={PART_WORDS[part]: tally.splits[part] for part in LISTED},
            boxes=box_counts(survey.boxes, tally, tally.drops, self.labels),
            renamed=renames.count,
            renames=tuple(renames.first),
            warnings=tuple(_warnings(survey, placed, renames)),
            files=tuple(fixed_files(layout, self.labels, placed.listed)),
            previews=(),
            inputs_digest=survey.digest,
            digest=digest,
            quality=quality_of(tally.figures),
        )
        report, descriptions = described(report, hashes)
        for name, text in descriptions.items():
            folder.write(name, text)
        report = replace(report, described={**report.described, **beside})
        folder.write(REPORT, report.to_json())
        return report


def _write_groups(groups: Iterable[tuple[str, str]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header(GROUP_COLUMNS))
        file.writelines(f"{cell(SCHEME + ref)},{cell(group)}\n" for ref, group in groups)


def _warnings(survey: Survey, placed: Placed, renames: Renames) -> Iterator[str]:
    if not survey.parts:
        yield "no image is labeled: the dataset is empty"
    if placed.shared:
        part = next(PART_WORDS[part] for part in (Part.TRAIN, Part.VAL) if survey.parts[part])
        yield f"every image but those to test with is in the split {part}, so the splits train and val list the same"
    if survey.conflicts:
        disputed = f"{counted(survey.conflicts, 'image')} on whose boxes the datasets disagree"
        yield f"{disputed}; the latest counts, and {CONFLICTS} lists them"
    if renames.count:
        yield f"{counted(renames.count, 'image')} cannot keep the name in the dataset; images.csv gives the new one"
