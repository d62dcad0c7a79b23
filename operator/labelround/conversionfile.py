"""`conversion.json`: a conversion as a file, which the operator prepares for the pod that runs it.

The same conversion has the same bytes. Reading is strict: what this version does not know, it does not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import msgspec

from labelround import __version__
from labelround.conversion import Conversion
from labelround.dataset.convert import ConversionPlan, ManifestSource
from labelround.dataset.report import Origin
from labelround.errors import Failed, Problem
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Bucket, Buckets, Folder, Location
from labelround.uri import ObjectURI

VERSION = 1


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Every field is there, and no other."""


class _Source(_Strict, frozen=True):
    manifest: str
    name: str
    attribute: str | None
    group: int | None
    attempt: int
    job: str


class _Split(_Strict, frozen=True):
    train: int
    val: int
    test: int
    seed: int
    group_by: str


class _File(_Strict, frozen=True):
    """All places are `s3://` addresses."""

    version: int
    round: str
    owner: str
    output: str
    output_format: OutputFormat
    labels: tuple[str, ...]
    images_prefix: str | None
    images: ImagesMode
    check_images: bool
    previews: int
    split: _Split
    license: str
    workers_per_image: int
    shards: int
    outputs: tuple[_Source, ...]
    inputs: tuple[_Source, ...]
    job_tables: dict[str, str]


class _Version(msgspec.Struct):
    version: int


def encode(conversion: Conversion) -> bytes:
    """The file."""
    plan = conversion.plan
    tables = {job: _address(table.bucket, table.prefix) for job, table in conversion.job_tables.items()}
    file = _File(
        version=VERSION,
        round=conversion.round,
        owner=plan.owner,
        output=_address(conversion.output.bucket, conversion.output.prefix),
        output_format=plan.output_format,
        labels=plan.labels,
        images_prefix=None if plan.images_prefix is None else str(plan.images_prefix),
        images=plan.images_mode,
        check_images=plan.check_images,
        previews=plan.previews,
        split=_Split(**asdict(plan.split)),
        license=plan.origin.license,
        workers_per_image=plan.origin.workers_per_image,
        shards=conversion.shards,
        outputs=tuple(map(_written, plan.sources)),
        inputs=tuple(map(_written, plan.inputs)),
        job_tables=dict(sorted(tables.items())),
    )
    return msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"


def decode(content: bytes, buckets: Buckets, name: str) -> Conversion:
    """The conversion in the file `name`. Nothing is opened before it is used.

    Raises Failed, not InvalidInput: the file is no input of the user's, and another version may read it.
    """
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version != VERSION:
            what = f"is of version {version}, and labelround {__version__} reads version {VERSION}"
            raise Failed(str(Problem(name, what, "run it with the labelround that wrote it")))
        file = msgspec.json.decode(content, type=_File)
        return Conversion(
            plan=_plan(file, buckets),
            output=_folder(file.output, buckets),
            job_tables=_tables(file.job_tables, buckets),
            shards=file.shards,
        )
    except ValueError as error:  # msgspec's errors are ValueErrors too
        what = f"is no conversion that labelround {__version__} knows ({error})"
        raise Failed(
            str(Problem(name, what, "delete it and the conversion's Job; the operator writes it anew"))
        ) from None


def _plan(file: _File, buckets: Buckets) -> ConversionPlan:
    return ConversionPlan(
        sources=tuple(_read(source, buckets) for source in file.outputs),
        inputs=tuple(_read(source, buckets) for source in file.inputs),
        labels=file.labels,
        output_format=file.output_format,
        images_prefix=None if file.images_prefix is None else ObjectURI.parse(file.images_prefix),
        split=Split(**msgspec.structs.asdict(file.split)),
        images_mode=file.images,
        check_images=file.check_images,
        previews=file.previews,
        origin=Origin(file.round, file.license, file.workers_per_image),
        owner=file.owner,
    )


def _written(source: ManifestSource) -> _Source:
    return _Source(
        manifest=_address(source.location.bucket, source.location.key),
        name=source.name,
        attribute=source.attribute,
        group=source.group,
        attempt=source.attempt,
        job=source.job,
    )


def _read(source: _Source, buckets: Buckets) -> ManifestSource:
    uri = ObjectURI.parse(source.manifest)
    location = Location(buckets.open(uri.bucket), uri.key)
    return ManifestSource(location, source.name, source.attribute, source.group, source.attempt, source.job)


def _tables(addresses: Mapping[str, str], buckets: Buckets) -> dict[str, Folder]:
    return {job: _folder(address, buckets) for job, address in addresses.items()}


def _folder(address: str, buckets: Buckets) -> Folder:
    uri = ObjectURI.parse(address)
    return Folder(buckets.open(uri.bucket), uri.key)


def _address(bucket: Bucket, key: str) -> str:
    """By the bucket's name, wherever the bucket is."""
    return str(ObjectURI(bucket.name, key))
