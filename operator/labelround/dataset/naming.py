"""What images are called in the dataset.

A name is the path below the images prefix, unless a file system, S3 or a trainer could not hold it or would mix it up
with another. Names of one dataset differ even where upper and lower case, or composed and decomposed letters, are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

SEGMENT_MAX_BYTES = 255
KEY_MAX_BYTES = 1024
LABEL_EXTENSION = ".txt"

_UNHOLDABLE = re.compile(
    "[\x00-\x1f\x7f\x85\u2028\u2029]"  # control characters; what str.splitlines takes for the end of a line
    r"|(^|/)\.{0,2}(/|$)"  # empty, `.` and `..` segments
    r"|#[0-9]+$"  # hidden by obstore in a local folder
    r"|(^|/)\.[^./]*$"  # nothing before the extension
    r"|\s$"  # stripped by readers of lists
)
_CLEAN_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_HASHED_STEM_LENGTH = 20
_APART_LENGTH = 8


def fold(path: str) -> str:
    """What two paths share when some file system takes them for one."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def split_extension(name: str) -> tuple[str, str]:
    """The stem with its folders, and the last extension with its dot: `a/b.c`, `.jpg` for `a/b.c.jpg`."""
    dot = name.rfind(".")
    return (name[:dot], name[dot:]) if dot > name.rfind("/") + 1 else (name, "")


def label_name(name: str) -> str:
    """The name of an image's label file."""
    return split_extension(name)[0] + LABEL_EXTENSION


@dataclass(frozen=True, slots=True)
class Rules:
    """What names must keep to in one dataset.

    `key_bytes` is what is left of a key's 1,024 bytes for the name of an image or label file. `reserved` are the
    files, folded, that stand beside the names' first segments. With `flat` names there are no folders.
    """

    key_bytes: int
    reserved: frozenset[str] = frozenset()
    flat: bool = False

    def candidate(self, path: str, ref: str) -> str:
        """What the image at `path` below the images prefix is called, as long as nothing else is called so."""
        folder, slash, file = path.rpartition("/")
        if self.flat and slash:
            name = path.replace("/", "_")
            return name if self.holds(name) else self.hashed(name, ref)
        name = f"{_folder(folder, self.reserved)}/{file}" if slash else path
        return name if self.holds(name) else self.hashed(name, ref)

    def renamed(self, name: str, ref: str) -> str:
        """The next name to try when `name` is taken: its extension goes into the stem."""
        stem, extension = split_extension(name)
        longer = f"{stem}_{extension[1:] or 'image'}{extension}"
        return longer if self.holds(longer) else self.hashed(name, ref)

    def apart(self, name: str, ref: str) -> str:
        """The name with the image's address hashed into its stem: whatever else is there, it is the same."""
        stem, extension = split_extension(name)
        longer = f"{stem}_{sha256(ref.encode()).hexdigest()[:_APART_LENGTH]}{extension}"
        return longer if self.holds(longer) else self.hashed(name, ref)

    def hashed(self, name: str, ref: str) -> str:
        """A short name that depends on the image's address alone."""
        extension = split_extension(name)[1]
        clean = extension if _CLEAN_EXTENSION.match(extension) else ""
        return f"image_{sha256(ref.encode()).hexdigest()[:_HASHED_STEM_LENGTH]}{clean}"

    def holds(self, name: str) -> bool:
        """Whether file systems, S3 and trainers can hold the name and that of its label file."""
        if _UNHOLDABLE.search(name):
            return False
        if len(name) <= _SURELY_SHORT <= self.key_bytes // 4 - 1:
            return True
        return all(
            len(one.encode()) <= self.key_bytes
            and all(len(segment.encode()) <= SEGMENT_MAX_BYTES for segment in one.split("/"))
            for one in (name, label_name(name))
        )


_SURELY_SHORT = SEGMENT_MAX_BYTES // 4 - len(LABEL_EXTENSION)


@lru_cache(maxsize=1024)
def _folder(folder: str, reserved: frozenset[str]) -> str:
    """The folder as the dataset has it.

    Ultralytics looks for labels beside the last folder called `images`, and takes every `./` for the list's own.
    """
    first, *others = (
        f"{segment}_" if segment == "images" or (segment.endswith(".") and segment.strip(".")) else segment
        for segment in folder.split("/")
    )
    return "/".join([f"{first}_" if fold(first) in reserved else first, *others])
