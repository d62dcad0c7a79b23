"""One bucket, and a folder in it. All calls are synchronous and safe in threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError

from labelround.errors import ObjectNotFound, ObjectTooLarge
from labelround.storage.keys import ObjectMeta, key_problem, walk
from labelround.storage.local import folders_in, holds, read_chunks, remove_empty, stays_below, write_anew
from labelround.storage.patience import Patience, patiently
from labelround.storage.translation import UnaddressableKey, translated
from labelround.uri import ObjectURI, folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore

READ_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Bucket:
    """One bucket. Keys are raw (not percent-encoded) and never start with `/`."""

    name: str
    store: ObjectStore
    local_path: Path | None = None
    boto_client: Any = field(default=None, repr=False)
    patience: Patience = field(default_factory=Patience, compare=False, repr=False)

    def uri(self, key: str) -> str:
        """How a person finds the object: its path on disk, or its S3 address."""
        return str(self.local_path / key) if self.local_path else str(ObjectURI(self.name, key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectMeta]:
        """The objects below the folder `prefix` (empty: all) whose keys come after `after`.

        S3 gives them in the order of their keys; a local disk, and some stores like S3, in none.
        """
        if self.local_path is not None:
            yield from (meta for meta in walk(self.local_path, folder(prefix)) if meta.key > after)
            return
        last = after
        try:
            with translated(self.uri(prefix)):
                pages = obstore.list(self.store, prefix=folder(prefix) or None, offset=after or None, chunk_size=1000)
                for page in pages:
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
        with translated(self.uri(prefix)):
            for page in pages:
                for item in page.get("Contents", ()):
                    yield ObjectMeta(
                        item["Key"], item["Size"], item["LastModified"], item["ETag"], key_problem(item["Key"])
                    )

    @patiently
    def folders(self, prefix: str) -> Sequence[str]:
        """The names of the folders directly below the folder `prefix`, sorted."""
        if self.local_path is not None:
            return folders_in(self.local_path / prefix)
        place = folder(prefix)
        with translated(self.uri(prefix)):
            found = obstore.list_with_delimiter(self.store, prefix=place or None)["common_prefixes"]
        return sorted(one[len(place) :].rstrip("/") for one in found)

    @patiently
    def head(self, key: str) -> ObjectMeta:
        """Size and time of one object. Raises ObjectNotFound."""
        with translated(self.uri(key)):
            meta = obstore.head(self.store, key)
        return ObjectMeta(key, meta["size"], meta["last_modified"], meta["e_tag"] or "")

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self.head(key)
        except ObjectNotFound:
            return False
        return True

    @patiently
    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        """The whole object. Raises ObjectNotFound, and ObjectTooLarge for one of more than `at_most` bytes."""
        with translated(self.uri(key)):
            found = obstore.get(self.store, key)
            size = found.meta["size"]
            if at_most is None or size <= at_most:
                return bytes(found.bytes())
        raise ObjectTooLarge(self.uri(key), f"holds {size} bytes, and {at_most} at most were expected")

    @patiently
    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer (or none) where the object ends earlier."""
        with translated(self.uri(key)):
            options: Any = {"range": (start, start + length)}
            try:
                return bytes(obstore.get(self.store, key, options=options).bytes())
            except BaseError:
                if start >= obstore.head(self.store, key)["size"]:
                    return b""
                raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """The object as a stream of byte chunks."""
        with translated(self.uri(key)):
            if self.local_path is not None and stays_below(key):
                yield from read_chunks(self.local_path / key, READ_CHUNK_BYTES)
                return
            for chunk in obstore.get(self.store, key).stream(min_chunk_size=READ_CHUNK_BYTES):
                yield bytes(chunk)

    @patiently
    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        """Write the object whole or not at all. With `if_absent`, raises ObjectExists when it is there."""
        with translated(self.uri(key)):
            obstore.put(self.store, key, content, mode="create" if if_absent else "overwrite", use_multipart=False)

    def write_part(self, key: str, content: bytes) -> None:
        """Write one object of many that a completion marker vouches for.

        On a local disk it is made anew but not renamed into place, at a third of the cost: a killed process may leave
        it cut off.
        """
        if self.local_path is None:
            self.write(key, content)
            return
        try:
            write_anew(self.local_path, key, content)
        except OSError:
            with translated(self.uri(key)):
                raise

    def holds(self, key: str, content: bytes) -> bool:
        """Whether the file `key` is there and is this, on a local disk; a store says so in its listing."""
        return self.local_path is not None and holds(self.local_path, key, content)

    def has_folder(self, prefix: str) -> bool:
        """Whether the folder is there, on a local disk; a store has none."""
        return self.local_path is not None and (self.local_path / prefix).is_dir()

    @patiently
    def write_stream(self, key: str, source: IO[bytes]) -> None:
        """Write an object of any size from an open file, whole or not at all (a multipart upload on S3)."""
        source.seek(0)
        with translated(self.uri(key)):
            obstore.put(self.store, key, source)

    @patiently
    def copy(self, source: str, target: str) -> None:
        """Copy within the bucket, on the server's side."""
        with translated(self.uri(source)):
            obstore.copy(self.store, source, target)

    @patiently
    def delete(self, key: str) -> None:
        """Delete the object; an absent one is fine."""
        try:
            with translated(self.uri(key)):
                obstore.delete(self.store, key)
        except ObjectNotFound:
            pass

    def remove_empty(self, prefix: str) -> None:
        """Remove the folder `prefix` if no file is left in it or below; S3 has no such thing."""
        if self.local_path is not None:
            with translated(self.uri(prefix)):
                remove_empty(self.local_path / prefix)


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

    def list(self, name: str = "", *, after: str = "") -> Iterator[ObjectMeta]:
        """The objects below the folder `name`, with keys relative to this folder, of those that come after `after`."""
        start = len(folder(self.prefix))
        for meta in self.bucket.list(self.key(name), after=self.key(after) if after else ""):
            yield ObjectMeta(meta.key[start:], meta.size, meta.modified, meta.etag, meta.problem)

    def folders(self, name: str = "") -> Sequence[str]:
        return self.bucket.folders(self.key(name))

    def head(self, name: str) -> ObjectMeta:
        return self.bucket.head(self.key(name))

    def exists(self, name: str) -> bool:
        return self.bucket.exists(self.key(name))

    def read(self, name: str, *, at_most: int | None = None) -> bytes:
        return self.bucket.read(self.key(name), at_most=at_most)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        return self.bucket.read_range(self.key(name), start, length)

    def chunks(self, name: str) -> Iterator[bytes]:
        return self.bucket.chunks(self.key(name))

    def write(self, name: str, content: bytes, *, if_absent: bool = False) -> None:
        self.bucket.write(self.key(name), content, if_absent=if_absent)

    def write_part(self, name: str, content: bytes) -> None:
        self.bucket.write_part(self.key(name), content)

    def holds(self, name: str, content: bytes) -> bool:
        return self.bucket.holds(self.key(name), content)

    def has_folder(self, name: str) -> bool:
        return self.bucket.has_folder(self.key(name))

    def write_stream(self, name: str, source: IO[bytes]) -> None:
        self.bucket.write_stream(self.key(name), source)

    def delete(self, name: str) -> None:
        self.bucket.delete(self.key(name))

    def remove_empty(self, name: str) -> None:
        self.bucket.remove_empty(self.key(name))
