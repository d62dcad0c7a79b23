"""YAML files with rounds in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.errors import InvalidRound
from labelround.spec.parse import load_rounds


def test_a_file_may_hold_several_documents() -> None:
    """Empty ones are skipped."""
    rounds = load_rounds("---\na: 1\n---\n---\na: 2\n", "rounds.yaml")

    assert rounds == [{"a": 1}, {"a": 2}]


BROKEN = {
    "an open bracket": ("a: [1,\n", "round.yaml:2: is not YAML: expected the node content, but found '<stream end>'"),
    "a tab": ("a:\n\tb: 1\n", "round.yaml:2: is not YAML: found character '\\t' that cannot start any token"),
    "a key without its colon": (
        "a: 1\nb\nc: 2\n",
        "round.yaml:3: is not YAML: could not find expected ':'",
    ),
    "a control character": ("a: 1\nb: \x01\n", "round.yaml:2: holds a character that YAML does not allow"),
    "an unknown tag": ("a: !!python/object:os.system x\n", "round.yaml:1: is not YAML: could not determine"),
    "an impossible date": ("a: 2024-13-45\n", "round.yaml: holds a value that YAML cannot read"),
    "a list": ("- a\n", "round.yaml: document 1 is not a mapping"),
    "a text in the second document": ("a: 1\n---\nb\n", "round.yaml: document 2 is not a mapping"),
    "nothing": ("# only a comment\n", "round.yaml: holds no document"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "round.yaml:3: the key 'a' stands twice in one mapping; remove one"),
    "a key twice further down": ("a:\n  - {b: 1, b: 2}\n", "round.yaml:2: the key 'b' stands twice in one mapping"),
    "a nest without end": ("[" * 5000, "round.yaml: holds a value that YAML cannot read"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_line(text: str, expected: str) -> None:
    """The reader can go to the line."""
    with pytest.raises(InvalidRound) as caught:
        load_rounds(text, "round.yaml")

    assert str(caught.value).startswith(expected)


def test_the_same_key_may_stand_in_two_mappings() -> None:
    """Only a repetition within one mapping loses a value."""
    rounds = load_rounds("a: {x: 1}\nb: {x: 2}\n---\na: 1\n", "rounds.yaml")

    assert len(rounds) == 2


@given(st.text(max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    """Any file gives documents or InvalidRound."""
    told: object
    try:
        told = load_rounds(text, "round.yaml")
    except InvalidRound as error:
        told = str(error)

    assert told
