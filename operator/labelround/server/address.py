"""Where the server keeps its jobs: the path of an SQLite file, or the address of a PostgreSQL database."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from labelround.errors import InvalidInput, Problem

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://USER:PASSWORD@HOST:5432/NAME"


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL database. `address` holds its password; the text of this object does not."""

    address: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.address)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}"


Database: TypeAlias = Path | PostgreSQL


def parse_database(text: str) -> Database:
    """The database of a path or of a `postgresql://` address. Raises InvalidInput for any other address."""
    scheme, separator, _ = text.partition("://")
    if not separator:
        return Path(text).absolute()
    if scheme not in SCHEMES:
        raise InvalidInput([Problem("database", f"{scheme}:// is not supported", f"write a path or {EXAMPLE}")])
    try:
        parts = urlsplit(text)
        wrong = not parts.hostname or not parts.path.strip("/") or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:  # without what was given, which may hold a password
        raise InvalidInput([Problem("database", "is no complete address of a PostgreSQL database", f"write {EXAMPLE}")])
    return PostgreSQL(text)
