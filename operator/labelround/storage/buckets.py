"""Where buckets are: in S3, in folders on disk or in memory. Nothing is opened before it is used."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from obstore.store import LocalStore, MemoryStore, S3Store

from labelround.errors import InvalidInput, ObjectNotFound, Problem, StorageDenied
from labelround.storage.bucket import Bucket, Folder
from labelround.storage.keys import key_problem
from labelround.storage.patience import Patience
from labelround.storage.translation import translated
from labelround.uri import ObjectURI, is_s3

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
BOTO3_RETRIES = 5
RETRIED_FOR = timedelta(minutes=3)
# Less than the time that boto3 leaves between a refresh and the end of what it refreshes.
CREDENTIALS_KEPT = timedelta(minutes=5)


class Buckets(Protocol):
    """Opens buckets by name."""

    def open(self, name: str) -> Bucket:
        """The bucket; whether it exists shows at its first use."""
        ...


@dataclass(frozen=True)
class LocalBuckets:
    """Folders on disk as buckets: every folder directly below `root`, and those that `mapped` names."""

    root: Path | None = None
    mapped: Mapping[str, Path] = field(default_factory=dict)

    def open(self, name: str) -> Bucket:
        """Raises ObjectNotFound when there is no such folder. A name never leads out of `root`."""
        below = self.root is not None and name not in {"", ".", ".."} and "/" not in name
        path = self.mapped.get(name) or (self.root / name if self.root and below else None)
        if path is None or not path.is_dir():
            where = str(path or name)
            raise ObjectNotFound(where, f"there is no folder for the bucket {name}", "make it, or name another bucket")
        return local_bucket(path, name)


def local_bucket(path: Path, name: str = "") -> Bucket:
    """The existing folder `path` as a bucket."""
    with translated(str(path)):
        return Bucket(name or path.name, LocalStore(path), local_path=path)


@dataclass(frozen=True)
class MemoryBuckets:
    """Buckets that live as long as this object; for tests."""

    buckets: dict[str, Bucket] = field(default_factory=dict)

    def open(self, name: str) -> Bucket:
        return self.buckets.setdefault(name, Bucket(name, MemoryStore()))


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one request may take, in seconds, how often a failed one is sent again, how many run at a time.

    After all that a store that has answered before is waited for `patience_seconds`.
    """

    timeout_seconds: float = 120.0
    retries: int = 10
    connections: int = 10
    patience_seconds: float = 0.0


@dataclass(frozen=True)
class S3Buckets:
    """Buckets of AWS, or of the S3 server at `endpoint_url` (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL).

    Credentials and region are those of the boto3 session `session`. Without one they come from boto3's chain, the
    region also from AWS_REGION, which boto3 does not read. The connections are made at first use, once a bucket.
    """

    endpoint_url: str | None = None
    region: str | None = None
    session: Any = field(default=None, repr=False)
    limits: Limits = Limits()
    _opened: dict[str, Bucket] = field(default_factory=dict, compare=False, repr=False)

    def open(self, name: str) -> Bucket:
        """Raises StorageDenied when no credentials are found."""
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str) -> Bucket:
        from obstore.auth.boto3 import Boto3CredentialProvider

        try:
            credentials = Boto3CredentialProvider(self._session, ttl=CREDENTIALS_KEPT)
        except ValueError:
            raise StorageDenied(
                str(ObjectURI(name, "")),
                "no AWS credentials were found",
                "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ) from None
        endpoint = self.client.meta.endpoint_url
        custom = not re.search(r"\.amazonaws\.com(\.cn)?$", endpoint)
        options: dict[str, Any] = {"region": self.client.meta.region_name or "us-east-1"}
        if custom:
            options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        store = S3Store(
            name,
            credential_provider=credentials,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, self.limits.timeout_seconds)),
                "timeout": timedelta(seconds=self.limits.timeout_seconds),
            },
            retry_config={"max_retries": self.limits.retries, "retry_timeout": RETRIED_FOR},
            **options,
        )
        return Bucket(name, store, boto_client=self.client, patience=Patience(self.limits.patience_seconds))

    @cached_property
    def _session(self) -> Any:
        if self.session is not None:
            return self.session
        import boto3

        return boto3.Session(region_name=self.region or os.environ.get("AWS_REGION") or None)

    @cached_property
    def client(self) -> Any:
        """The boto3 S3 client, for bucket settings."""
        from botocore.config import Config

        own = bool(self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))
        checksums: dict[str, Any] = {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"addressing_style": "path"},
        }
        config = Config(
            retries={"mode": "standard", "max_attempts": min(self.limits.retries, BOTO3_RETRIES)},
            connect_timeout=min(CONNECT_SECONDS, self.limits.timeout_seconds),
            read_timeout=min(READ_SECONDS, self.limits.timeout_seconds),
            max_pool_connections=self.limits.connections,
            **(checksums if own else {}),
        )
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=config)


def buckets_at(root: str | os.PathLike[str] | None, buckets: Buckets | None) -> Buckets:
    """`buckets` as they are, the folders below `root`, or S3 when neither is given. Raises TypeError for both."""
    if root is None:
        return buckets or S3Buckets()
    if buckets is not None:
        raise TypeError("give root or buckets, not both")
    return LocalBuckets(Path(root).absolute())


@dataclass(frozen=True)
class Location:
    """A file or folder that a person named on the command line: `s3://bucket/key` or a local path."""

    bucket: Bucket
    key: str


def locate(text: str, buckets: Buckets) -> Location:
    """Where `text` points. A local path is opened in the folder that holds it, whether it exists or not."""
    if is_s3(text):
        uri = ObjectURI.parse(text)
        return Location(buckets.open(uri.bucket), uri.key)
    path = Path(text).absolute()
    if not path.parent.is_dir():
        raise ObjectNotFound(text, "its folder does not exist")
    return Location(local_bucket(path.parent), path.name)


def output_folder(text: str, buckets: Buckets) -> Folder:
    """The folder `text` to write into. A local one need not be there: the first write makes it.

    Raises InvalidInput for what is no folder.
    """
    if is_s3(text):
        uri = ObjectURI.parse(text)
        return Folder(buckets.open(uri.bucket), uri.key)
    path = Path(os.path.normpath(Path(text).absolute()))
    place = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if not place.is_dir():
        raise InvalidInput([Problem(str(place), "is a file, not a folder", "choose another folder")])
    missing = path.relative_to(place).as_posix() if place != path else ""
    if missing and key_problem(missing):
        raise InvalidInput([Problem(text, f"cannot be made: {key_problem(missing)}", "choose another name")])
    return Folder(local_bucket(place), missing)
