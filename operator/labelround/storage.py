"""Objects in S3, in a local folder or in memory: one seam, over obstore.

`Buckets` opens a `Bucket` by name; a `Folder` is a place inside one. Where a bucket is depends on the opener alone:
`S3Buckets` (AWS or any S3 server), `LocalBuckets` (each bucket is a folder on disk) or `MemoryBuckets` (tests).
All calls are synchronous and safe in threads. Errors are those of `labelround.errors`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, MemoryStore, S3Store

from labelround.errors import (
    ObjectExists,
    ObjectNotFound,
    StorageDenied,
    StorageError,
    StorageFull,
    Unavailable,
)
from labelround.uri import ObjectURI, folder, is_s3

if TYPE_CHECKING:
    from obstore.store import ObjectStore

READ_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """One listed object. `problem` says why it cannot be addressed, and is empty when it can."""

    key: str
    size: int
    modified: datetime
    etag: str = ""
    problem: str = ""


class Buckets(Protocol):
    """Opens buckets by name."""

    def open(self, name: str) -> Bucket:
        """The bucket; whether it exists shows at its first use."""
        ...


@dataclass(frozen=True)
class Bucket:
    """One bucket. Keys are raw (not percent-encoded) and never start with `/`."""

    name: str
    store: ObjectStore
    local_path: Path | None = None
    boto_client: Any = field(default=None, repr=False)

    def uri(self, key: str) -> str:
        """How a person finds the object: its path on disk, or its S3 address."""
        return str(self.local_path / key) if self.local_path else str(ObjectURI(self.name, key))

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """The objects below the folder `prefix` (empty: all), in no promised order."""
        if self.local_path is not None:
            yield from _walk(self.local_path, folder(prefix))
            return
        last = ""
        try:
            with _translated(self.uri(prefix)):
                for page in obstore.list(self.store, prefix=folder(prefix) or None, chunk_size=1000):
                    for meta in page:
                        yield ObjectMeta(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or "")
                        last = meta["path"]
        except UnaddressableKey:
            yield from self._list_with_boto(folder(prefix), after=last)

    def _list_with_boto(self, prefix: str, after: str) -> Iterator[ObjectMeta]:
        """The rest of a listing that obstore gives up at a key it cannot hold."""
        pages = self.boto_client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, StartAfter=after
        )
        with _translated(self.uri(prefix)):
            for page in pages:
                for item in page.get("Contents", ()):
                    yield ObjectMeta(
                        item["Key"], item["Size"], item["LastModified"], item["ETag"], key_problem(item["Key"])
                    )

    def head(self, key: str) -> ObjectMeta:
        """Size and time of one object. Raises ObjectNotFound."""
        with _translated(self.uri(key)):
            meta = obstore.head(self.store, key)
        return ObjectMeta(key, meta["size"], meta["last_modified"], meta["e_tag"] or "")

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self.head(key)
        except ObjectNotFound:
            return False
        return True

    def read(self, key: str) -> bytes:
        """The whole object. Raises ObjectNotFound."""
        with _translated(self.uri(key)):
            return bytes(obstore.get(self.store, key).bytes())

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer (or none) where the object ends earlier."""
        with _translated(self.uri(key)):
            options: Any = {"range": (start, start + length)}
            try:
                return bytes(obstore.get(self.store, key, options=options).bytes())
            except BaseError:
                if start >= obstore.head(self.store, key)["size"]:
                    return b""
                raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """The object as a stream of byte chunks."""
        with _translated(self.uri(key)):
            for chunk in obstore.get(self.store, key).stream(min_chunk_size=READ_CHUNK_BYTES):
                yield bytes(chunk)

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        """Write the object whole or not at all. With `if_absent`, raises ObjectExists when it is there."""
        with _translated(self.uri(key)):
            obstore.put(self.store, key, content, mode="create" if if_absent else "overwrite", use_multipart=False)

    def write_stream(self, key: str, source: IO[bytes]) -> None:
        """Write an object of any size from an open file, whole or not at all (a multipart upload on S3)."""
        with _translated(self.uri(key)):
            obstore.put(self.store, key, source)

    def copy(self, source: str, target: str) -> None:
        """Copy within the bucket, on the server's side."""
        with _translated(self.uri(source)):
            obstore.copy(self.store, source, target)

    def delete(self, key: str) -> None:
        """Delete the object; an absent one is fine."""
        try:
            with _translated(self.uri(key)):
                obstore.delete(self.store, key)
        except ObjectNotFound:
            pass


@dataclass(frozen=True)
class Folder:
    """A folder in a bucket; names are relative to it."""

    bucket: Bucket
    prefix: str = ""

    def key(self, name: str) -> str:
        """The key of `name` in the bucket."""
        return folder(self.prefix) + name

    def uri(self, name: str = "") -> str:
        """How a person finds `name`: its path on disk, or its S3 address."""
        return self.bucket.uri(self.key(name))

    def child(self, name: str) -> Folder:
        """A folder inside this one."""
        return Folder(self.bucket, self.key(name))

    def list(self, name: str = "") -> Iterator[ObjectMeta]:
        """The objects below the folder `name`, with keys relative to this folder."""
        start = len(folder(self.prefix))
        for meta in self.bucket.list(self.key(name)):
            yield ObjectMeta(meta.key[start:], meta.size, meta.modified, meta.etag, meta.problem)

    def head(self, name: str) -> ObjectMeta:
        return self.bucket.head(self.key(name))

    def exists(self, name: str) -> bool:
        return self.bucket.exists(self.key(name))

    def read(self, name: str) -> bytes:
        return self.bucket.read(self.key(name))

    def read_range(self, name: str, start: int, length: int) -> bytes:
        return self.bucket.read_range(self.key(name), start, length)

    def chunks(self, name: str) -> Iterator[bytes]:
        return self.bucket.chunks(self.key(name))

    def write(self, name: str, content: bytes, *, if_absent: bool = False) -> None:
        self.bucket.write(self.key(name), content, if_absent=if_absent)

    def write_stream(self, name: str, source: IO[bytes]) -> None:
        self.bucket.write_stream(self.key(name), source)

    def delete(self, name: str) -> None:
        self.bucket.delete(self.key(name))


@dataclass(frozen=True)
class LocalBuckets:
    """Folders on disk as buckets: every folder directly below `root`, and those that `mapped` names."""

    root: Path | None = None
    mapped: Mapping[str, Path] = field(default_factory=dict)

    def open(self, name: str) -> Bucket:
        """Raises ObjectNotFound when there is no such folder."""
        path = self.mapped.get(name) or (self.root / name if self.root else None)
        if path is None or not path.is_dir():
            where = str(path or name)
            raise ObjectNotFound(where, f"there is no folder for the bucket {name}", "make it, or name another bucket")
        return local_bucket(path, name)


def local_bucket(path: Path, name: str = "") -> Bucket:
    """The existing folder `path` as a bucket."""
    with _translated(str(path)):
        return Bucket(name or path.name, LocalStore(path), local_path=path)


@dataclass(frozen=True)
class MemoryBuckets:
    """Buckets that live as long as this object; for tests."""

    buckets: dict[str, Bucket] = field(default_factory=dict)

    def open(self, name: str) -> Bucket:
        return self.buckets.setdefault(name, Bucket(name, MemoryStore()))


@dataclass(frozen=True)
class S3Buckets:
    """Buckets of AWS, or of the S3 server at `endpoint_url` (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL).

    Credentials and region come from boto3's chain. The connections are made at first use.
    """

    endpoint_url: str | None = None
    region: str | None = None

    def open(self, name: str) -> Bucket:
        """Raises StorageDenied when no credentials are found."""
        from obstore.auth.boto3 import Boto3CredentialProvider

        try:
            credentials = Boto3CredentialProvider(self._session)
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
            client_options={"allow_http": True, "connect_timeout": "10s", "timeout": "120s"},
            **options,
        )
        return Bucket(name, store, boto_client=self.client)

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session(region_name=self.region)

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
            retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, **(checksums if own else {})
        )
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=config)


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
    """The folder `text` to write into. A local one is made, with its parents, if it is not there."""
    if is_s3(text):
        uri = ObjectURI.parse(text)
        return Folder(buckets.open(uri.bucket), uri.key)
    path = Path(text).absolute()
    with _translated(text):
        path.mkdir(parents=True, exist_ok=True)
    return Folder(local_bucket(path))


def free_bytes(bucket: Bucket) -> int | None:
    """The free space under a local bucket; None for a remote one."""
    return shutil.disk_usage(bucket.local_path).free if bucket.local_path else None


class UnaddressableKey(StorageError):
    """A key that the storage library cannot hold: control characters, `//`, `.` or `..` segments."""


def key_problem(key: str) -> str:
    """Why the key cannot be addressed, or an empty string."""
    if not key or any(segment in {"", ".", ".."} for segment in key.rstrip("/").split("/")):
        return "the key has an empty, `.` or `..` segment"
    if re.search(r"[\x00-\x1f\x7f]", key):
        return "the key holds a control character"
    if re.search(r"[\ud800-\udfff]", key):
        return "the name is not valid UTF-8"
    return ""


def _walk(root: Path, prefix: str) -> Iterator[ObjectMeta]:
    """The files below a local folder. obstore's own listing hides names that end in `#<digits>`."""
    base = root / prefix
    with _translated(str(base)):
        if not base.is_dir():
            return
        for place, _, names in os.walk(base, followlinks=True, onerror=_raise):
            for name in names:
                path = Path(place, name)
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue  # deleted meanwhile, or a link to nowhere
                key = path.relative_to(root).as_posix()
                problem = key_problem(key) or ("the name ends in # and digits" if re.search(r"#\d+$", name) else "")
                yield ObjectMeta(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC), problem=problem)


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    """Turn the errors of obstore, the operating system and boto3 into our own."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise ObjectNotFound(uri, "not found") from error
    except (AlreadyExistsError, PreconditionError) as error:
        raise ObjectExists(uri, "is already there") from error
    except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
        raise StorageDenied(uri, f"access denied ({_first_line(error)})", "check the permissions") from error
    except InvalidPathError as error:
        raise UnaddressableKey(uri, f"holds a key that cannot be addressed ({_first_line(error)})") from error
    except (BaseError, OSError, ValueError) as error:
        raise _by_text(uri, error) from error
    except Exception as error:
        if type(error).__module__.startswith("botocore"):
            raise _by_text(uri, error) from error
        raise


def _by_text(uri: str, error: Exception) -> StorageError | Unavailable:
    """obstore reports a full disk, a read-only one or a dead server alike; only the text tells them apart."""
    text = str(error)
    if "os error 28" in text or "os error 122" in text or "No space left" in text:
        return StorageFull(uri, "the disk is full", "free some space and run again")
    if "os error 30" in text or "os error 13" in text or "AccessDenied" in text or "Forbidden" in text:
        return StorageDenied(uri, f"cannot be written or read ({_first_line(error)})", "check the permissions")
    if "NoSuchBucket" in text:
        return ObjectNotFound(uri, "the bucket does not exist")
    if any(sign in text for sign in ("error sending request", "timed out", "ConnectionError", "SlowDown", "503")):
        return Unavailable(f"{uri}: {_first_line(error)}")
    return StorageError(uri, _first_line(error))


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].strip()
