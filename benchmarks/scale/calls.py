"""Which calls were made, as the servers that were called tell it."""

from __future__ import annotations

import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import msgspec

LEASES = "leases"
DISCOVERY = "discovery"
_MINIO_COUNTER = re.compile(r'^minio_s3_requests_total\{api="(\w+)"[^}]*\} (\S+)$', re.M)


class _User(msgspec.Struct):
    username: str = ""


class _Object(msgspec.Struct):
    resource: str = ""
    subresource: str = ""
    name: str = ""


class _Audit(msgspec.Struct):
    stage: str
    verb: str
    user: _User
    about: _Object = msgspec.field(name="objectRef", default_factory=_Object)


class _Request(msgspec.Struct):
    operation: str
    job: str | None = None


@dataclass
class Lines:
    """New whole lines of a file that grows, and that may be set aside and begun anew."""

    path: Path
    _file: BufferedReader | None = None
    _rest: bytes = b""

    def new(self) -> Iterator[bytes]:
        """Those since the last time."""
        while True:
            if self._file is None:
                if not self.path.exists():
                    return
                self._file = self.path.open("rb")
            yield from self._read(self._file)
            if self.path.exists() and self.path.stat().st_ino == _inode(self._file):
                return
            yield from self._read(self._file)
            self.close()

    def close(self) -> None:
        """The next new lines are those from the beginning of the file."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""

    def _read(self, file: BufferedReader) -> Iterator[bytes]:
        while chunk := file.read(1 << 20):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            yield from lines


@dataclass
class Calls:
    """The calls of one user since the start: `kubernetes` by verb and resource, `labeling` by operation.

    `described` and `created` are the labeling jobs that were described and created; `latest` is when the last call was
    noticed (of `time.monotonic`), those for a Lease and watches left out.
    """

    audit: Lines
    requests: Lines
    user: str
    kubernetes: Counter[str] = field(default_factory=Counter)
    labeling: Counter[str] = field(default_factory=Counter)
    described: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    latest: float = 0.0
    _audit: msgspec.json.Decoder[_Audit] = field(default_factory=lambda: msgspec.json.Decoder(_Audit))
    _request: msgspec.json.Decoder[_Request] = field(default_factory=lambda: msgspec.json.Decoder(_Request))

    def update(self) -> None:
        """Read what the logs have got since the last time."""
        now = time.monotonic()
        for line in self.audit.new():
            call = self._audit.decode(line)
            if call.user.username != self.user or call.stage != "ResponseComplete":
                continue
            about = call.about
            what = "/".join(filter(None, (about.resource or DISCOVERY, about.subresource)))
            self.kubernetes[f"{call.verb} {what}"] += 1
            if about.resource != LEASES and call.verb not in {"watch", "list"}:
                self.latest = now
        for line in self.requests.new():
            request = self._request.decode(line)
            self.labeling[request.operation] += 1
            if request.job and request.operation in {"DescribeLabelingJob", "CreateLabelingJob"}:
                (self.described if request.operation[0] == "D" else self.created).add(request.job)
                self.latest = now

    def close(self) -> None:
        self.audit.close()
        self.requests.close()

    def watch_again(self) -> None:
        """Forget which jobs were described and created."""
        self.update()
        self.described.clear()
        self.created.clear()


def s3_calls(url: str) -> Counter[str]:
    """The calls that MinIO has answered so far, by operation."""
    with urllib.request.urlopen(f"{url}/minio/v2/metrics/cluster", timeout=30) as answer:  # noqa: S310 a loopback server
        text = answer.read().decode()
    return Counter({name: int(float(value)) for name, value in _MINIO_COUNTER.findall(text)})


def _inode(file: BufferedReader) -> int:
    return os.fstat(file.fileno()).st_ino
