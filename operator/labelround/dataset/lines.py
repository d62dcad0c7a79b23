"""A stream of byte chunks as numbered lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labelround.manifest import MAX_LINE_CHARACTERS

MAX_LINE_BYTES = 4 * MAX_LINE_CHARACTERS
"""No character takes more than four bytes in UTF-8."""


def read_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    r"""Each line's number from 1, its bytes without the `\n` or `\r\n`, and whether it was ended by one.

    Only the last line can be without an end. Of a line of more than 400,000 bytes just the first 400,001 are given, so
    that memory stays bounded whatever the file holds; it is too long in any encoding.
    """
    number = 0
    carry = b""
    skipping = False
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        if not ended:
            carry = carry if skipping else carry + rest
        else:
            first = carry if skipping else carry + ended[0]
            ended[0] = first[: MAX_LINE_BYTES + 1]
            for line in ended:
                number += 1
                yield number, line[:-1] if line.endswith(b"\r") else line, True
            carry = rest
        skipping = len(carry) > MAX_LINE_BYTES
        if skipping:
            carry = carry[: MAX_LINE_BYTES + 1]
    if carry:
        yield number + 1, carry, False
