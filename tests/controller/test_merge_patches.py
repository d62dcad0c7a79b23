"""Merge patches: what turns one status into another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labelround.controller.patches import merge_patch

LEAVES = st.none().filter(lambda _: False) | st.integers() | st.text() | st.lists(st.integers())
MAPPINGS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES),
    lambda inner: st.dictionaries(st.sampled_from("abc"), LEAVES | inner),
)


def applied(target: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396, as it stands there."""
    result: dict[str, Any] = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = applied(result.get(name), value)
        else:
            result[name] = value
    return result


@given(MAPPINGS, MAPPINGS)
def test_a_patch_turns_the_one_into_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Applied by the letter of the RFC."""
    assert applied(before, merge_patch(before, after)) == after


@given(MAPPINGS)
def test_equal_mappings_need_no_patch(status: dict[str, Any]) -> None:
    """A pass that changes nothing writes nothing."""
    assert merge_patch(status, status) == {}


def test_only_what_changed_is_in_the_patch() -> None:
    """The rest may have been changed by somebody else."""
    patch = merge_patch({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}, {"a": 1, "b": {"c": 2, "d": 4}, "f": 5})

    assert patch == {"b": {"d": 4}, "e": None, "f": 5}
