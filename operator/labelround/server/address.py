"""Where the server keeps its jobs: the path of an SQLite file, or the address of a PostgreSQL database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from labelround.errors import InvalidInput, Problem

EXAMPLE = "postgresql://USER:PASSWORD@HOST:5432/NAME"
MEND = f"write {EXAMPLE}, with %40 for @, %2F for /, %3A for : and %25 for % in a password"
_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^\s:/@?#]+)(?::[^\s:/@?#]*)?@)?"
    r"(?P<place>(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@?#,\[\]]+)(?::\d{1,5})?/[^\s/@?#]+)(?:\?[^\s#]*)?"
)
_SCHEMELESS = re.compile(r"[^/\\]+@[^/\\]+")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL database. `address` holds its password; the text of this object does not."""

    address: str = field(repr=False)

    def __str__(self) -> str:
        found = _ADDRESS.fullmatch(self.address)
        if found is None:
            return "the PostgreSQL database"
        user = f"{found['user']}@" if found["user"] else ""
        return f"postgresql://{user}{found['place']}"


Database: TypeAlias = Path | PostgreSQL


def parse_database(text: str) -> Database:
    """The database of a path or of a `postgresql://` address. Raises InvalidInput, without what may be a password."""
    text = text.strip()
    scheme, separator, _ = text.partition("://")
    if separator and scheme not in {"postgresql", "postgres"}:
        raise InvalidInput([Problem("database", f"{scheme}:// is not supported", f"write a path or {EXAMPLE}")])
    if separator:
        if not _ADDRESS.fullmatch(text):
            raise InvalidInput([Problem("database", "is no complete address of a PostgreSQL database", MEND)])
        return PostgreSQL(text)
    if _SCHEMELESS.match(text):
        fix = "write postgresql:// before an address, or ./ before a path"
        raise InvalidInput([Problem("database", "may be an address or a path", fix)])
    return Path(text).absolute()
