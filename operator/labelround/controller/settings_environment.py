"""Settings from environment variables: each field that holds one value, or a list of names, has a variable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelround.errors import Problem
from labelround.spec.fields import Boolean, Choice, Field, Integer, Items, Number, Section, Text

PREFIX = "LABELROUND_"
OTHER_VARIABLES = frozenset({"LABELROUND_CONFIG"})
ALIKE = 0.85
# Kubernetes gives every pod such variables for the Services of its namespace, a Service `labelround-http` among them.
_SERVICE_NAME = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?)")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://.*")


@dataclass(frozen=True, slots=True)
class Setting:
    """One field that a variable may set. `path` is its place in the file."""

    path: tuple[str, ...]
    field: Field

    @property
    def name(self) -> str:
        """The field's path as people write it."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """`LABELROUND_HTTP_PORT` for `http.port`."""
        words = (re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", part) for part in self.path)
        return PREFIX + "_".join(words).upper()


def settings_of(section: Section, path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """The fields of a section, and of those inside it, that have a variable."""
    for name, field in section.fields.items():
        if isinstance(field, Section):
            yield from settings_of(field, (*path, name))
        elif isinstance(field, Text | Integer | Number | Boolean | Choice) or _is_list(field):
            yield Setting((*path, name), field)


def overlay(
    document: Mapping[str, Any], section: Section, environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[Problem]]:
    """The document with the variables' values in it, the variable behind each such path, and what is wrong with them.

    An empty variable counts as none.
    """
    laid: dict[str, Any] = dict(document)
    sources: dict[str, str] = {}
    problems = list(_unknown(section, environ))
    for setting in settings_of(section):
        text = environ.get(setting.variable, "")
        if not text or _SERVICE_ADDRESS.fullmatch(text):
            continue
        value, wrong = _value(setting.field, text)
        if wrong:
            problems.append(Problem(setting.variable, f'is "{text}"', wrong))
        elif _put(laid, setting.path, value):
            sources[setting.name] = setting.variable
    return laid, sources, problems


def _is_list(field: Field) -> bool:
    return isinstance(field, Items) and isinstance(field.item, Text)


def _value(field: Field, text: str) -> tuple[Any, str]:
    """The value that a variable's text stands for, or how to write it."""
    try:
        match field:
            case Boolean():
                return {"true": True, "false": False}[text.lower()], ""
            case Integer():
                return int(text), ""
            case Number():
                return float(text), ""
            case Items():
                return [name.strip() for name in text.split(",") if name.strip()], ""
            case _:
                return text, ""
    except KeyError:
        return None, "write true or false"
    except ValueError:
        return None, "write a number"


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    """Set a value deep in a document, whose mappings are copied on the way; False where a mapping should stand."""
    *parents, name = path
    for parent in parents:
        inner = document.get(parent)
        if inner is not None and not isinstance(inner, Mapping):
            return False
        document[parent] = dict(inner or {})
        document = document[parent]
    document[name] = value
    return True


def _unknown(section: Section, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Variables whose names are almost those of settings. Others belong to other commands, or to Kubernetes."""
    known = {setting.variable.removeprefix(PREFIX) for setting in settings_of(section)}
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX)
        foreign = variable in OTHER_VARIABLES or _SERVICE_NAME.fullmatch(name) or name in known
        if not variable.startswith(PREFIX) or foreign:
            continue
        if meant := difflib.get_close_matches(name, known, n=1, cutoff=ALIKE):
            yield Problem(variable, "is no setting", f"did you mean {PREFIX}{meant[0]}?")
