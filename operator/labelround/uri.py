"""Addresses of objects.

Keys hold any character (`#`, `?`, `%`, spaces), raw and not percent-encoded, so addresses are split by hand:
`urllib` would cut them.
"""

from __future__ import annotations

from dataclasses import dataclass

SCHEME = "s3://"


@dataclass(frozen=True, slots=True, order=True)
class ObjectURI:
    """`s3://<bucket>/<key>`. The key may be empty (the bucket itself) or end in `/` (a folder)."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> ObjectURI:
        """Split `s3://bucket/key`. Raises ValueError, with a sentence for a person, for anything else."""
        if not text.startswith(SCHEME):
            raise ValueError(f"{text!r} is not an S3 address; write s3://bucket/key")
        bucket, _, key = text[len(SCHEME) :].partition("/")
        if not bucket:
            raise ValueError(f"{text!r} names no bucket; write s3://bucket/key")
        return cls(bucket, key)


def is_s3(text: str) -> bool:
    """Whether `text` is an S3 address rather than a local path."""
    return text.startswith(SCHEME)


def folder(prefix: str) -> str:
    """`prefix` as a folder: with one `/` at its end, or empty for the root of the bucket."""
    return f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
