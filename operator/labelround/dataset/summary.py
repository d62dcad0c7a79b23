"""The report of a conversion, from what its steps counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labelround import __version__
from labelround.dataset.annotation import STATE_WORDS
from labelround.dataset.counts import Drop, Drops, Joined
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.preparing import Said
from labelround.dataset.quality.figures import SIZES, BoxFigures
from labelround.dataset.quality.suspicion import Suspicion
from labelround.dataset.report import REPORT_VERSION, BoxCounts, ImageCounts, ManifestUsed, Quality, Report
from labelround.dataset.shard import Tally
from labelround.dataset.split import LISTED, PART_WORDS, Cut
from labelround.errors import Failed
from labelround.spec.model import ImagesMode
from labelround.wording import counted


@dataclass(frozen=True, slots=True)
class Written:
    """The fixed files in the order of the digest, the digest, and the previews that were asked for.

    `warnings` are about previews that could not be drawn.
    """

    files: Sequence[str]
    digest: str
    previews: Sequence[str] = ()
    warnings: Sequence[str] = ()


def report_of(
    plan: ConversionPlan,
    said: Said,
    joined: Joined,
    cut: Cut,
    tally: Tally,
    written: Written,
) -> Report:
    """The report. Raises Failed when boxes were lost or made on the way, which would be a defect of labelround."""
    return Report(
        version=REPORT_VERSION,
        labelround=__version__,
        owner=plan.owner,
        format=plan.output_format.value,
        classes=plan.labels,
        options=plan.options(said.prefix),
        jobs=_jobs(plan, said),
        manifests=tuple(ManifestUsed(one.name, one.attribute, one.lines, one.boxes) for one in said.summaries),
        images=image_counts(tally),
        splits={PART_WORDS[part]: tally.splits[part] for part in LISTED},
        boxes=_box_counts(plan, said, joined, tally),
        quality=quality_of(tally.figures),
        renamed=tally.renamed,
        renames=tuple(tally.renames),
        warnings=(*_warnings(plan, said, joined, cut, tally), *written.warnings),
        files=tuple(written.files),
        previews=tuple(written.previews),
        inputs_digest=said.digest,
        digest=written.digest,
    )


def _jobs(plan: ConversionPlan, said: Said) -> tuple[str, ...]:
    """The labeling jobs: as the plan names them, else as the lines do."""
    names: set[str] = set()
    for source, summary in zip(plan.sources, said.summaries, strict=True):
        names |= {source.job} if source.job else summary.jobs
    return tuple(sorted(names))


def image_counts(tally: Tally) -> ImageCounts:
    """The images by their state."""
    counts = dict(zip(STATE_WORDS, tally.states, strict=True))
    return ImageCounts(total=sum(counts.values()), **counts)


def _box_counts(plan: ConversionPlan, said: Said, joined: Joined, tally: Tally) -> BoxCounts:
    """What became of every box that was read."""
    drops = Drops()
    for some in (joined.drops, tally.checked.drops, tally.drops):
        drops.update(some)
    read = sum(one.boxes for one in said.summaries)
    if read != tally.written + drops.total():
        raise Failed(f"{read} boxes were read, but {tally.written} written and {drops.total()} left out")
    return box_counts(read, tally, drops, plan.labels)


def box_counts(read: int, tally: Tally, drops: Drops, labels: Sequence[str]) -> BoxCounts:
    """The boxes that were read and written, by class, and those that were left out, by reason."""
    return BoxCounts(
        read=read,
        written=tally.written,
        dropped={drop.value: drops[drop] for drop in Drop if drops[drop]},
        by_class={label: tally.classes[index] for index, label in enumerate(labels)},
    )


def quality_of(figures: BoxFigures) -> Quality:
    """The boxes by size, place and suspicion."""
    return Quality(
        sizes=dict(zip(SIZES, figures.sizes, strict=True)),
        centers=figures.grid(),
        suspicious={kind.value: count for kind, count in zip(Suspicion, figures.suspicious, strict=True)},
        suspicious_boxes=figures.suspected,
    )


def _warnings(plan: ConversionPlan, said: Said, joined: Joined, cut: Cut, tally: Tally) -> Iterator[str]:
    for source in said.summaries:
        yield from source.notes
    if not cut.listed:
        yield "no image is labeled: the dataset is empty"
    if cut.shared:
        yield "all images belong to one group of the split, so the split val lists what the split train lists"
    if joined.repeated_lines:
        yield f"{counted(joined.repeated_lines, 'line')} of the manifests repeat others and were counted once"
    if tally.all_dropped:
        yield f"{counted(tally.all_dropped, 'labeled image')} kept no box, and will train as background"
    if tally.renamed:
        yield f"{counted(tally.renamed, 'image')} cannot keep the name in the dataset; images.csv gives the new one"
    if tally.checked.mapped:
        yield f"the boxes of {counted(tally.checked.mapped, 'image')} were drawn on the turned picture and mapped back"
    turned = +tally.checked.turned
    if turned and plan.images_mode is ImagesMode.REFERENCE:
        listed = ", ".join(f"{orientation}: {count}" for orientation, count in sorted(turned.items()))
        yield (
            f"{counted(turned.total(), 'image')} with an EXIF orientation other than 1 ({listed}) would train on wrong"
            " boxes with readers that turn them; use labelround pull or copy the images into the dataset"
        )
