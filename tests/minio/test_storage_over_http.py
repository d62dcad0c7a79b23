"""The storage seam against S3 servers over HTTP, read back by a stock boto3 client."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.servers.s3 import S3Server

from labelround.errors import ObjectExists, ObjectNotFound
from labelround.storage import Bucket

KEYS = {
    "plain": "images/a.jpg",
    "a space": "images/page 1.jpg",
    "a fragment mark": "images/meeting #3.jpg",
    "the end of a chunk mark": "images/name#12",
    "a percent sign": "images/100%.jpg",
    "an encoded space": "images/page%201.jpg",
    "a question mark": "images/what?.jpg",
    "a plus": "images/a+b.jpg",
    "an ampersand and an equals sign": "images/a&b=c.jpg",
    "quotes": "images/\"a\" 'b'.jpg",
    "brackets": "images/{a}[b]<c>.jpg",
    "a zero width space": "images/banana\u200b.jpg",
    "Korean": "images/연필 두 자루.jpg",
    "an emoji": "images/✏️🖊.jpg",
    "a combining accent": "images/cafe\u0301.jpg",
    "a thousand characters": "/".join(["k" * 199] * 5),
}


@pytest.fixture(params=list(KEYS.values()), ids=list(KEYS))
def key(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def listed(bucket: Bucket, prefix: str = "") -> dict[str, str]:
    """By key: why it cannot be addressed, or an empty string."""
    return {meta.key: meta.problem for meta in bucket.list(prefix)}


def test_what_is_written_is_what_a_stock_client_reads(bucket: Bucket, client: Any, key: str) -> None:
    """The key goes over the wire exactly as it is."""
    bucket.write(key, b"content")

    answer = client.get_object(Bucket=bucket.name, Key=key)

    assert answer["Body"].read() == b"content"


def test_what_a_stock_client_wrote_is_listed_and_read(bucket: Bucket, client: Any, key: str) -> None:
    """And so it comes back."""
    client.put_object(Bucket=bucket.name, Key=key, Body=b"0123456789")

    keys, whole = list(listed(bucket)), bucket.read(key)

    assert keys == [key]
    assert whole == b"0123456789"
    assert bucket.head(key).size == 10
    assert b"".join(bucket.chunks(key)) == whole
    assert bucket.read_range(key, 2, 3) == b"234"
    assert bucket.read_range(key, 8, 30) == b"89"


def test_a_copy_and_a_delete_reach_the_object_of_that_name(bucket: Bucket, client: Any, key: str) -> None:
    """The server copies; nothing passes through this machine."""
    client.put_object(Bucket=bucket.name, Key=key, Body=b"content")

    bucket.copy(key, "0" + key)
    bucket.delete(key)

    assert list(listed(bucket)) == ["0" + key]
    assert bucket.read("0" + key) == b"content"


def test_a_conditional_write_keeps_what_is_there(bucket: Bucket, key: str) -> None:
    """Of two who claim one place, the first wins and the second is told."""
    bucket.write(key, b"first", if_absent=True)

    with pytest.raises(ObjectExists):
        bucket.write(key, b"second", if_absent=True)

    assert bucket.read(key) == b"first"


def test_a_range_past_the_end_is_empty(bucket: Bucket) -> None:
    """A picture shorter than its header is told apart from one that is not there."""
    bucket.write("short", b"12")

    past = bucket.read_range("short", 5, 10)

    assert past == b""
    with pytest.raises(ObjectNotFound):
        bucket.read_range("absent", 5, 10)


def test_an_empty_object_is_read_and_sized(bucket: Bucket) -> None:
    """A background image's label file is empty."""
    bucket.write("labels/empty.txt", b"")

    content = bucket.read("labels/empty.txt")

    assert content == b""
    assert bucket.head("labels/empty.txt").size == 0
    assert b"".join(bucket.chunks("labels/empty.txt")) == b""


def test_a_large_stream_arrives_whole(bucket: Bucket, client: Any) -> None:
    """Larger than one part of a multipart upload."""
    content = bytes(range(256)) * 4096 * 12

    bucket.write_stream("large.bin", io.BytesIO(content))

    assert client.head_object(Bucket=bucket.name, Key="large.bin")["ContentLength"] == len(content)
    assert bucket.read_range("large.bin", len(content) - 4, 4) == content[-4:]


def test_what_is_absent_is_said_to_be_absent(bucket: Bucket, server: S3Server) -> None:
    """Objects and buckets alike; deleting twice is fine."""
    bucket.delete("never there")

    assert not bucket.exists("never there")
    with pytest.raises(ObjectNotFound):
        bucket.read("never there")
    with pytest.raises(ObjectNotFound):
        list(server.buckets.open("no-such-bucket-anywhere").list(""))


def test_a_prefix_lists_its_folder_and_not_its_namesakes(bucket: Bucket) -> None:
    """`images` is not `images-old`."""
    for key in ("images/a.jpg", "images/sub/b.jpg", "images-old/c.jpg", "d.jpg"):
        bucket.write(key, b"x")

    keys = sorted(listed(bucket, "images"))

    assert keys == ["images/a.jpg", "images/sub/b.jpg"]


def test_a_key_that_cannot_be_addressed_is_reported_and_hides_no_other(bucket: Bucket, client: Any) -> None:
    """One control character would end a whole listing."""
    regular, odd = ["images/a.jpg", "images/m.jpg", "images/z.jpg"], "images/m\x01.jpg"
    for key in [*regular, odd]:
        client.put_object(Bucket=bucket.name, Key=key, Body=b"x")

    keys = listed(bucket, "images/")

    assert sorted(keys) == sorted([*regular, odd])
    assert "control character" in keys[odd]
    assert not any(keys[key] for key in regular)


@pytest.mark.minio
@pytest.mark.parametrize("number", [3, 1040], ids=["on the first page", "on the second page"])
def test_an_odd_key_in_a_long_listing_loses_and_doubles_nothing(minio_server: S3Server, number: int) -> None:
    """Listings come in pages of 1,000; what was told before the odd key is not told again."""
    bucket, odd = minio_server.new_bucket(), f"{number:04}\n.jpg"
    regular = [f"{each:04}.jpg" for each in range(1050)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: bucket.write(key, b""), regular))
    bucket.boto_client.put_object(Bucket=bucket.name, Key=odd, Body=b"x")

    keys = [meta.key for meta in bucket.list("")]

    assert sorted(keys) == sorted([*regular, odd])


def test_an_empty_segment_is_reported_where_a_store_can_hold_it(moto_server: S3Server) -> None:
    """`a//b`: AWS and moto hold such a key, MinIO refuses it."""
    bucket = moto_server.new_bucket()
    for key in ("images/a.jpg", "images//b.jpg", "images/c.jpg"):
        bucket.boto_client.put_object(Bucket=bucket.name, Key=key, Body=b"x")

    keys = listed(bucket, "images/")

    assert sorted(keys) == ["images//b.jpg", "images/a.jpg", "images/c.jpg"]
    assert "empty" in keys["images//b.jpg"]
    assert keys["images/a.jpg"] == keys["images/c.jpg"] == ""
