"""The kinds of field that a document has, a LabelingRound or a file of settings, and how each reads a value.

Reading never stops at the first mistake: a field adds its problems to the `Reading` and returns None. As in the
Kubernetes API, a null in a mapping is the same as leaving the field out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from labelround.errors import Problem
from labelround.spec.wording import as_text, closest, described, printable

Check = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over a document: what is wrong so far, and where every field name belongs."""

    places: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, where: str, what: str, fix: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(printable(where), printable(what), fix))


class Field(Protocol):
    """Reads one value."""

    @property
    def default(self) -> Any:
        """What a missing field reads as; None leaves it out."""
        ...

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """The value for the model, or None after noting why it is refused."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min_length` to `max_length` characters; `check` says what else is wrong with it."""

    max_length: int
    min_length: int = 0
    check: Check | None = None
    default: str | None = None

    def read(self, value: Any, path: str, reading: Reading) -> str | None:
        if not isinstance(value, str):
            reading.refuse(path, described(value), as_text(value))
        elif any("\ud800" <= character <= "\udfff" for character in value):
            reading.refuse(path, "holds half of a character (a lone surrogate)", "remove it")
        elif not self.min_length <= len(value) <= self.max_length:
            length = f"has {len(value)} characters" if value else "is empty"
            reading.refuse(path, length, f"write {self.min_length} to {self.max_length} characters")
        elif self.check and (what := self.check(value)):
            reading.refuse(path, what)
        else:
            return value
        return None


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number from `minimum` to `maximum`."""

    minimum: int
    maximum: int
    default: int | None = None

    def read(self, value: Any, path: str, reading: Reading) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            reading.refuse(path, described(value), f"write a whole number from {self.minimum} to {self.maximum}")
        elif not self.minimum <= value <= self.maximum:
            reading.refuse(path, f"is {value}", f"write {self.minimum} to {self.maximum}")
        else:
            return value
        return None


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `minimum` to `maximum`, whole or not; it reads as a float."""

    minimum: float
    maximum: float
    default: float | None = None

    def read(self, value: Any, path: str, reading: Reading) -> float | None:
        limits = f"{self.minimum:g} to {self.maximum:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            reading.refuse(path, described(value), f"write a number from {limits}")
        elif not self.minimum <= value <= self.maximum:
            reading.refuse(path, f"is {value}", f"write {limits}")
        else:
            return float(value)
        return None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    default: bool | None = None

    def read(self, value: Any, path: str, reading: Reading) -> bool | None:
        if isinstance(value, bool):
            return value
        reading.refuse(path, described(value), "write true or false, without quotes")
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]
    default: str | None = None

    def read(self, value: Any, path: str, reading: Reading) -> str | None:
        if isinstance(value, str) and value in self.values:
            return value
        meant = closest(value, self.values) if isinstance(value, str) else ""
        choices = f"write {' or '.join(self.values)}"
        reading.refuse(path, described(value), f"did you mean {meant}?" if meant else choices)
        return None


@dataclass(frozen=True, slots=True)
class IntegerOrText:
    """A quantity such as `2` or `500m`; a number is `minimum` or more."""

    text: Text
    minimum: int = 0
    default: None = None

    def read(self, value: Any, path: str, reading: Reading) -> int | str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return self.text.read(value, path, reading)
        if value < self.minimum:
            reading.refuse(path, f"is {value}", f"write {self.minimum} or more")
            return None
        return value


@dataclass(frozen=True, slots=True)
class Items:
    """A list of `min_items` to `max_items` values of one kind, `unique` or not; it reads as a tuple."""

    item: Field
    max_items: int
    min_items: int = 0
    unique: bool = False
    default: tuple[Any, ...] | None = None

    def read(self, value: Any, path: str, reading: Reading) -> tuple[Any, ...] | None:
        if not isinstance(value, list | tuple):
            reading.refuse(path, described(value), "write a list")
            return None
        if not self.min_items <= len(value) <= self.max_items:
            reading.refuse(path, f"has {len(value)} items", f"write {self.min_items} to {self.max_items}")
        read = [self.item.read(item, f"{path}[{index}]", reading) for index, item in enumerate(value)]
        if self.unique:
            _refuse_repeated(value, path, reading)
        return None if None in read else tuple(read)


@dataclass(frozen=True, slots=True)
class TextMap:
    """A mapping from names of the user's choice to values of one kind."""

    value: Field
    max_items: int
    key: Text
    default: Mapping[str, Any] | None = None

    def read(self, value: Any, path: str, reading: Reading) -> Mapping[str, Any] | None:
        if not isinstance(value, Mapping):
            reading.refuse(path, described(value), "write a mapping, `name: value` lines")
            return None
        if len(value) > self.max_items:
            reading.refuse(path, f"has {len(value)} entries", f"write at most {self.max_items}")
        read = {}
        for name, item in value.items():
            if item is None:
                continue
            where = f"{path}[{name!r}]"
            key = self.key.read(name, where, reading)
            content = self.value.read(item, where, reading)
            if key is not None and content is not None:
                read[key] = content
        return MappingProxyType(read)


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known fields. `refused` explains parts of names that are left out on purpose."""

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def default(self) -> Mapping[str, Any]:
        """A missing section holds the defaults of its fields."""
        return self.read({}, "", Reading())

    def read(self, value: Any, path: str, reading: Reading) -> dict[str, Any]:
        """The fields that are there or have a default, by their names in the document."""
        if not isinstance(value, Mapping):
            reading.refuse(path, described(value), "write a mapping, `name: value` lines")
            return {}
        for name in value:
            if name not in self.fields:
                reading.refuse(_below(path, name), *self._unknown(name, reading))
        read = {}
        for name, known in self.fields.items():
            given = value.get(name)
            if given is None and name in self.required:
                reading.refuse(_below(path, name), "is missing", "it is required")
                continue
            content = known.default if given is None else known.read(given, _below(path, name), reading)
            if content is not None:
                read[name] = content
        return read

    def places(self, path: str) -> dict[str, str]:
        """Where each field below this section belongs, by its bare name."""
        places: dict[str, str] = {}
        for name, known in self.fields.items():
            if isinstance(known, Section):
                places |= known.places(_below(path, name))
        return places | {name: _below(path, name) for name in self.fields}

    def _unknown(self, name: Any, reading: Reading) -> tuple[str, str]:
        if not isinstance(name, str):
            return f"the key {described(name)}", "write a field's name"
        for part, reason in self.refused.items():
            if part in name.lower():
                return "is not taken", reason
        if name in reading.places:
            return "unknown field", f"it belongs at {reading.places[name]}"
        meant = closest(name, self.fields)
        return "unknown field", f"did you mean {meant}?" if meant else f"known are {', '.join(self.fields)}"


@dataclass(frozen=True, slots=True)
class Optional:
    """A field that may be missing altogether, where a section would stand with its defaults."""

    field: Field
    default: None = None

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        return self.field.read(value, path, reading)


def _below(path: str, name: Any) -> str:
    """The path of a field in the section at `path`, which is empty for the document itself."""
    return f"{path}.{name}" if path else str(name)


def _refuse_repeated(items: Iterable[Any], path: str, reading: Reading) -> None:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        if isinstance(item, str) and first.setdefault(item, index) != index:
            reading.refuse(f"{path}[{index}]", f'"{item[:60]}" repeats {path}[{first[item]}]', "remove one")
