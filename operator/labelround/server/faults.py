"""Faults on demand: what can go wrong with Ground Truth, for tests of its clients. All are off by default."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin, get_type_hints

from labelround.errors import InvalidInput, Problem


def _fault(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Faults:
    """What the server does wrong. Numbers of images count those that a job has finished with, labeled or failed."""

    throttle_every: int = _fault(0, "every nth call of any operation ends with ThrottlingException")
    zero_counters: bool = _fault(False, "all LabelCounters stay 0 until the job has ended")
    fail_every: int = _fault(0, "every nth image of a manifest ends as failed")
    expire_after: int | None = _fault(None, "after n images the tasks of all others expire, and they end as failed")
    stop_after: int | None = _fault(None, "after n images the job stops by itself, with a partial output")
    fail_after: int | None = _fault(None, "after n images the job ends as Failed, with failure_reason")
    failure_reason: str = _fault("ClientError: A fault was asked for.", "the FailureReason of fail_after")
    slow_list_seconds: float = _fault(0.0, "ListLabelingJobs takes that long")
    list_lag_seconds: float = _fault(0.0, "a new job is absent from ListLabelingJobs for that long")
    absent_as_validation: bool = _fault(False, "an unknown job is a ValidationException, not ResourceNotFound")
    max_running_jobs: int | None = _fault(None, "CreateLabelingJob beyond n unfinished jobs: ResourceLimitExceeded")

    def active(self) -> tuple[str, ...]:
        """The faults that differ from the default, as `name=value`."""
        return tuple(
            f"{_option(one.name)}={getattr(self, one.name)}"
            for one in dataclasses.fields(self)
            if getattr(self, one.name) != one.default
        )


def meanings() -> dict[str, str]:
    """Every fault by the name that options use, and what it does."""
    return {_option(one.name): one.metadata["meaning"] for one in dataclasses.fields(Faults)}


def parse_faults(texts: Iterable[str]) -> Faults:
    """Faults from `name=value` texts (`name` alone for those that are on or off).

    Raises InvalidInput with every text that is wrong.
    """
    types_by_name = get_type_hints(Faults)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in texts:
        option, _, value = text.partition("=")
        name = option.strip().replace("-", "_")
        if name not in types_by_name:
            problems.append(Problem(f"fault {text!r}", "is unknown", f"known are {', '.join(meanings())}"))
            continue
        try:
            values[name] = _value(types_by_name[name], value.strip())
        except ValueError as error:
            problems.append(Problem(f"fault {option.strip()}", str(error)))
    if problems:
        raise InvalidInput(problems)
    return Faults(**values)


def _option(name: str) -> str:
    return name.replace("_", "-")


def _value(kind: Any, text: str) -> Any:
    if get_origin(kind) is types.UnionType:
        kind = get_args(kind)[0]
    if kind is bool:
        return _switch(text)
    if kind is str:
        if not text:
            raise ValueError("needs a text")
        return text
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not 0 <= number < 10**9:
        raise ValueError(f"{text!r} is not a number from 0 to 999999999")
    return number


def _switch(text: str) -> bool:
    known = {"": True, "true": True, "1": True, "false": False, "0": False}
    if text.lower() not in known:
        raise ValueError(f"{text!r} is neither true nor false")
    return known[text.lower()]
