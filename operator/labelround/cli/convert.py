"""`labelround convert`: Ground Truth output manifests, or an existing dataset, to a dataset."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelround.cli.options import PATIENCE_SECONDS, bucket_options, open_buckets

if TYPE_CHECKING:
    from labelround.dataset.adopting import DatasetSource
    from labelround.dataset.report import Report
    from labelround.dataset.source import ManifestSource
    from labelround.storage import Buckets
    from labelround.uri import ObjectURI

OWNER = "labelround convert"
INCOMPLETE_EXIT_CODE = 5
SHOWN_RENAMES = 20


class FormatName(click.Choice[str]):
    """The word for a dataset's format; Pascal VOC goes by two."""

    def __init__(self) -> None:
        super().__init__(("YOLO", "Darknet", "PascalVOC", "COCO", "NDJSON"), case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as the spec has it."""
        return super().convert("PascalVOC" if value.lower() == "voc" else value, param, ctx)


def _license(_context: click.Context, _option: click.Parameter, value: str) -> str:
    from labelround.spec.texts import LICENSE_MAX_LENGTH, license_problem

    if value and (problem := license_problem(value)):
        raise click.BadParameter(problem)
    if len(value) > LICENSE_MAX_LENGTH:
        raise click.BadParameter(f"has more than {LICENSE_MAX_LENGTH} characters")
    return value


@click.command(short_help="Convert Ground Truth output manifests to a dataset for training.")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@click.option(
    "--from",
    "existing",
    type=FormatName(),
    help="MANIFEST is a dataset of this format: a folder or an S3 address. Its own split is kept.",
)
@click.option("--labels", help="The classes in the order of their class ids, with commas between them.")
@click.option("--label", "each_label", multiple=True, metavar="NAME", help="One class; repeat it in class id order.")
@click.option("--label-file", metavar="FILE", help="Take the classes from a label category file (data.json).")
@click.option("--output", required=True, metavar="DIR", help="Where the dataset goes: a folder or s3://bucket/prefix/.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME",
    help="The label attribute; one for all manifests, or one for each. Default: the only one that holds boxes.",
)
@click.option("--format", "output_format", type=FormatName(), default="YOLO", show_default=True)
@click.option("--images-prefix", metavar="P", help="s3://bucket/prefix/ of all images. Default: their common folder.")
@click.option("--check-images/--no-check-images", help="Read the images' headers: size, orientation, damage.")
@click.option(
    "--images",
    type=click.Choice(("Reference", "Copy"), case_sensitive=False),
    default="Reference",
    show_default=True,
    help="Refer to the images, or copy them into the dataset.",
)
@click.option("--train", type=click.IntRange(0), default=80, show_default=True, help="Share of the training images.")
@click.option("--val", type=click.IntRange(0), default=20, show_default=True, help="Share of the validation images.")
@click.option("--test", type=click.IntRange(0), default=0, show_default=True, help="Share of the test images.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed makes another split.")
@click.option("--group-by", default="", metavar="REGEX", help="Images whose keys match alike stay in one split.")
@click.option("--previews", type=click.IntRange(0, 10_000), default=0, show_default=True, help="Pictures to draw.")
@click.option(
    "--license",
    "licence",
    default="",
    callback=_license,
    metavar="SPDX",
    help="The licence that the dataset's card states, such as CC-BY-4.0.",
)
@click.option("-o", "printed", type=click.Choice(("table", "json")), default="table", help="What to print on stdout.")
@bucket_options
def convert(
    manifests: tuple[str, ...],
    existing: str | None,
    labels: str | None,
    each_label: tuple[str, ...],
    label_file: str | None,
    output: str,
    attributes: tuple[str, ...],
    output_format: str,
    images_prefix: str | None,
    check_images: bool,
    images: str,
    train: int,
    val: int,
    test: int,
    seed: int,
    group_by: str,
    previews: int,
    licence: str,
    printed: str,
    root: Path | None,
    bucket: dict[str, Path],
    s3_endpoint_url: str | None,
    region: str | None,
) -> None:
    """Convert Ground Truth output manifests to a dataset for training.

    MANIFEST is a file, an s3:// address, or the output folder of a labeling job. Several manifests make one dataset:
    chunks of one job, follow-up jobs (the later one named wins) and jobs for further classes. With --from it is one
    dataset that exists, of labelround or of others; its classes are taken by name, and all of them without --labels.

    Exits with 5 when boxes were dropped or images failed, and with 3, having written nothing, when the input is wrong.
    """
    from labelround.cli.console import progress
    from labelround.dataset.classes import UnknownClasses
    from labelround.dataset.convert import ConversionPlan, check_apart, read_report
    from labelround.dataset.convert import convert as run
    from labelround.dataset.report import Origin
    from labelround.dataset.split import KEPT
    from labelround.spec.model import ImagesMode, OutputFormat, Split
    from labelround.storage import output_folder

    buckets = open_buckets(root, bucket, s3_endpoint_url, region, patience_seconds=PATIENCE_SECONDS)
    named = _labels(labels, each_label, label_file, buckets)
    split, origin = Split(train, val, test, seed, group_by), Origin(license=licence)
    folder = output_folder(output, buckets)
    sources: tuple[ManifestSource, ...]
    if existing is None:
        sources = tuple(_sources(manifests, attributes, buckets))
    else:
        source, buckets = _dataset(manifests, existing, attributes, images_prefix, buckets)
        check_apart(folder, [source.dataset.folder])
        sources, named, origin = (source,), named or source.dataset.names, source.origin(licence)
        if source.keeps_split:
            split = KEPT
            _refuse_another_split(manifests[0])
    plan = ConversionPlan(
        sources=sources,
        labels=named,
        output_format=OutputFormat(output_format),
        images_prefix=_prefix(images_prefix),
        split=split,
        images_mode=ImagesMode(images),
        check_images=check_images,
        previews=previews,
        owner=OWNER,
        origin=origin,
    )
    previous = read_report(folder)
    try:
        with progress() as told:
            report = run(plan, folder, buckets, progress=told)
    except UnknownClasses as error:
        if not plan.labels:
            click.echo(f"name the classes, in the order of their class ids:\n  {_command_with(error.names)}", err=True)
        raise
    click.echo(report.to_json().decode() if printed == "json" else folder.uri("report.json"), nl=printed != "json")
    if previous is not None and previous.inputs_digest != report.inputs_digest:
        click.echo(f"replaced the dataset of {previous.images.total} other images that was there", err=True)
    for line in summary(report):
        click.echo(line, err=True)
    if not report.complete:
        sys.exit(INCOMPLETE_EXIT_CODE)


def _sources(manifests: Sequence[str], attributes: Sequence[str], buckets: Buckets) -> Iterator[ManifestSource]:
    """The manifests with their attributes; a later one is a later attempt."""
    from labelround.dataset.source import ManifestSource
    from labelround.storage import locate

    places: list[tuple[str, str | None]]
    if len(attributes) <= 1:
        places = [(manifest, attributes[0] if attributes else None) for manifest in manifests]
    elif len(manifests) == 1:
        places = [(manifests[0], attribute) for attribute in attributes]
    elif len(attributes) == len(manifests):
        places = list(zip(manifests, attributes, strict=True))
    else:
        raise click.UsageError("name one --attribute for all manifests, or one for each")
    for attempt, (text, attribute) in enumerate(places):
        manifest = _manifest(text, buckets)
        yield ManifestSource(locate(manifest, buckets), manifest, attribute, attempt=attempt)


def _dataset(
    named: Sequence[str], kind: str, attributes: Sequence[str], images_prefix: str | None, buckets: Buckets
) -> tuple[DatasetSource, Buckets]:
    """The dataset that is named in the place of manifests, and the buckets of which its own folder is one."""
    from labelround.dataset.adopting import buckets_with, dataset_source
    from labelround.dataset.existing import dataset_folder, open_dataset
    from labelround.spec.model import OutputFormat

    if len(named) > 1 or attributes or images_prefix is not None:
        raise click.UsageError("--from takes one dataset, without --attribute and --images-prefix")
    wanted = OutputFormat(kind)
    dataset = open_dataset(dataset_folder(named[0], buckets), wanted)
    return dataset_source(dataset, wanted, named[0]), buckets_with(dataset, buckets)


def _refuse_another_split(name: str) -> None:
    """Raise UsageError when a split was asked for in words: the one that the dataset `name` has is kept."""
    context = click.get_current_context()
    commandline = click.core.ParameterSource.COMMANDLINE
    asked = [
        f"--{option.replace('_', '-')}"
        for option in ("train", "val", "test", "seed", "group_by")
        if context.get_parameter_source(option) is commandline
    ]
    if asked:
        raise click.UsageError(f"{name} has a split, which is kept: leave out {', '.join(asked)}")


def _manifest(text: str, buckets: Buckets) -> str:
    """The manifest that `text` names, itself or by the folder of its labeling job. Raises InvalidManifest."""
    from labelround.errors import InvalidManifest, ObjectNotFound, Problem
    from labelround.storage import locate
    from labelround.uri import is_s3

    below = f"{text.rstrip('/')}/manifests/output/output.manifest"
    if not is_s3(text):
        if Path(text).is_dir():
            text = below
        if not Path(text).exists():
            raise InvalidManifest([Problem(text, "there is no such file", "name an output manifest")])
        return text
    try:
        for one in (text, below):
            place = locate(one, buckets)
            if place.key and not one.endswith("/") and place.bucket.exists(place.key):
                return one
    except (ValueError, ObjectNotFound) as error:
        raise InvalidManifest([Problem(text, str(error))]) from error
    raise InvalidManifest([Problem(text, "there is no such object", "name an output manifest")])


def _labels(labels: str | None, each_label: Sequence[str], label_file: str | None, buckets: Buckets) -> tuple[str, ...]:
    """The classes, however they were named; none when they were not."""
    from labelround.labelfile import read_labels
    from labelround.storage import locate

    if (labels is not None) + bool(each_label) + (label_file is not None) > 1:
        raise click.UsageError("use one of --labels, --label and --label-file")
    if label_file is not None:
        place = locate(label_file, buckets)
        return read_labels(place.bucket.read(place.key), label_file)
    return tuple(labels.split(",")) if labels is not None else tuple(each_label)


def _prefix(text: str | None) -> ObjectURI | None:
    from labelround.uri import ObjectURI

    if text is None:
        return None
    try:
        return ObjectURI.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--images-prefix") from None


def _command_with(names: Sequence[str]) -> str:
    """The command line as it was given, with classes."""
    context = click.get_current_context()
    words = ["labelround", "convert"]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given:
            words += _words(parameter, context.params[parameter.name or ""])
    plain = all("," not in name for name in names)
    words += ["--labels", ",".join(names)] if plain else [word for name in names for word in ("--label", name)]
    return shlex.join(words)


def _words(parameter: click.Parameter, value: Any) -> Iterator[str]:
    """One parameter as it is written on a command line."""
    if isinstance(value, dict):
        values = [f"{name}={path}" for name, path in value.items()]
    else:
        values = [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
    for one in values:
        if isinstance(parameter, click.Argument):
            yield one
        elif isinstance(value, bool):
            yield parameter.opts[0] if value else parameter.secondary_opts[0]
        else:
            yield from (parameter.opts[0], one)


def summary(report: Report) -> Iterator[str]:
    """What a person wants to know at once."""
    images, boxes = report.images, report.boxes
    yield (
        f"{images.total} images: {images.labeled} labeled, {images.empty} empty, {images.failed} failed,"
        f" {images.unlabeled} unlabeled; {boxes.written} of {boxes.read} boxes written"
    )
    yield "split: " + ", ".join(f"{count} {part}" for part, count in report.splits.items() if count)
    for reason, count in boxes.dropped.items():
        yield f"dropped: {count} boxes ({reason.replace('_', ' ')})"
    for warning in report.warnings:
        yield f"warning: {warning}"
    for rename in report.renames[:SHOWN_RENAMES]:
        yield f"renamed: {_printable(rename.source_ref)} -> {rename.image}"
    if report.renamed > SHOWN_RENAMES:
        yield f"renamed: ... and {report.renamed - SHOWN_RENAMES} more; images.csv has them all"


def _printable(text: str) -> str:
    """A key may hold anything; a terminal should not obey it."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
