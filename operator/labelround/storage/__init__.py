"""Objects in S3, in a local folder or in memory: one seam, over obstore.

`Buckets` opens a `Bucket` by name; a `Folder` is a place inside one. Where a bucket is depends on the opener alone:
`S3Buckets` (AWS or any S3 server), `LocalBuckets` (each bucket is a folder on disk) or `MemoryBuckets` (tests).
Errors are those of `labelround.errors`.
"""

from labelround.storage.bucket import Bucket, Folder
from labelround.storage.buckets import (
    Buckets,
    Limits,
    LocalBuckets,
    Location,
    MemoryBuckets,
    S3Buckets,
    buckets_at,
    local_bucket,
    locate,
    output_folder,
)
from labelround.storage.keys import ObjectMeta, key_problem
from labelround.storage.translation import UnaddressableKey

__all__ = [
    "Bucket",
    "Buckets",
    "Folder",
    "Limits",
    "LocalBuckets",
    "Location",
    "MemoryBuckets",
    "ObjectMeta",
    "S3Buckets",
    "UnaddressableKey",
    "buckets_at",
    "key_problem",
    "local_bucket",
    "locate",
    "output_folder",
]
