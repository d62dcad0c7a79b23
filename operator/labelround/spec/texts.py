"""What may stand in the texts and keys that a person types into a round.

Each function returns what is wrong as a phrase for a person, or an empty string. Lengths are the fields' own.
"""

from __future__ import annotations

import re
import unicodedata

from labelround.spec.names import KEY_MAX_BYTES, OWNERSHIP_TAG_PREFIX, RESERVED_TAG_PREFIX

# What Ground Truth writes below a prefix takes up to 300 bytes of a key's 1,024.
PREFIX_MAX_BYTES = 700

LICENSE_MAX_LENGTH = 256
_SPDX = "[A-Za-z0-9][A-Za-z0-9.+-]*"
_LICENSE = re.compile(f"{_SPDX}( (AND|OR|WITH) {_SPDX})*")

# Control characters, and the two separators that many readers take for the end of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_PARAGRAPHS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_OUTSIDE_TITLES = re.compile("[^\x00-\ud7ff\ue000-\ufffd]")


def line_problem(text: str) -> str:
    """Why `text` is not one line."""
    found = _CONTROL.search(text)
    return f"holds {_name(found[0])}; write one line without control characters" if found else ""


def paragraphs_problem(text: str) -> str:
    """Why `text` is not plain text of one or more lines."""
    found = _CONTROL_IN_PARAGRAPHS.search(text)
    return f"holds {_name(found[0])}; remove it" if found else ""


def title_problem(text: str) -> str:
    """Why `text` cannot be a task title."""
    if found := _OUTSIDE_TITLES.search(text):
        return f"holds {_name(found[0])}, which Ground Truth refuses in titles; remove it"
    return line_problem(text)


def license_problem(text: str) -> str:
    """Why `text` is no SPDX expression, which is one identifier or several with AND, OR and WITH between them."""
    if _LICENSE.fullmatch(text):
        return ""
    return f"{text!r} is no SPDX expression; write an identifier such as CC-BY-4.0, or several with AND, OR or WITH"


def label_problem(text: str) -> str:
    """Why `text` cannot be a label. Labels are compared character by character: `pen` and `pen ` differ."""
    return line_problem(text) or ("" if text.strip(" ") else "is blank; write a name that people can read")


def prefix_problem(text: str) -> str:
    """Why `text` cannot be a folder in a bucket, with or without a `/` at its end."""
    if "://" in text:
        return f"{text!r} is an address; write the folder alone, such as images/"
    if len(text.encode()) > PREFIX_MAX_BYTES:
        return f"takes {len(text.encode())} bytes in UTF-8; write at most {PREFIX_MAX_BYTES}"
    return line_problem(text) or _segments_problem(text.removesuffix("/"))


def example_key_problem(text: str) -> str:
    """Why `text` cannot be the key of an example picture.

    The key stands in a Liquid expression, whose texts have no escapes: it takes a text between two quotes of one
    kind, and braces end it early.
    """
    if len(text.encode()) > KEY_MAX_BYTES:
        return f"takes {len(text.encode())} bytes in UTF-8; a key has at most {KEY_MAX_BYTES}"
    if re.search("[{}]", text):
        return "holds a brace, which the page for workers cannot address; rename the picture"
    if "'" in text and '"' in text:
        return "holds both kinds of quotes, which the page for workers cannot address; rename the picture"
    return line_problem(text) or _segments_problem(text)


def tag_key_problem(text: str) -> str:
    """Why `text` cannot be the key of a user's tag."""
    for start in (OWNERSHIP_TAG_PREFIX, RESERVED_TAG_PREFIX):
        if text.startswith(start):
            return f"starts with {start}, which is reserved; choose another key"
    return tag_text_problem(text)


def tag_text_problem(text: str) -> str:
    """Why `text` cannot be a tag's key or value."""
    wrong = [character for character in text if not _is_tag_character(character)]
    return f"holds {_name(wrong[0])}; a tag takes letters, digits, spaces and _.:/=+-@" if wrong else ""


def expression_problem(text: str) -> str:
    """Why `text` is not a regular expression."""
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression: {error}"
    return ""


def _is_tag_character(character: str) -> bool:
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN"


def _segments_problem(key: str) -> str:
    segments = key.split("/")
    if segments[0] == "":
        return f"{key!r} starts with /; leave it out"
    if "" in segments:
        return f"{key!r} holds //, an empty folder; write one /"
    if {".", ".."} & set(segments):
        return f"{key!r} holds a . or .. folder; write the whole path without them"
    return ""


def _name(character: str) -> str:
    shown = f"{character!r} " if character.isprintable() else ""
    return f"{shown}(U+{ord(character):04X})"
