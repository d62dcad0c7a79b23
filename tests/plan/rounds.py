"""Rounds to plan with, and strategies that make them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from labelround.spec.model import LabelingRound
from labelround.spec.parse import parse_round


def make_round(name: str = "pens-1", *, uid: str | None = "u1", **fields: Any) -> LabelingRound:
    """A parsed round with these fields of the spec."""
    spec = {
        "bucket": "ground-truth-data",
        "imagesPrefix": "bounding_box/images/",
        "labels": ["pencil", "pen"],
        "outputFormat": "YOLO",
    }
    document = {
        "apiVersion": "labelround.dev/v1alpha1",
        "kind": "LabelingRound",
        "metadata": {"name": name},
        "spec": spec | fields,
    }
    return parse_round(document, uid=uid)


NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?){0,3}", fullmatch=True)
_UNWRITTEN: list[Any] = ["Cc", "Cs", "Zl", "Zp"]
_LINES = st.text(st.characters(exclude_categories=_UNWRITTEN), max_size=60)
_TITLES = st.text(st.characters(exclude_categories=_UNWRITTEN, max_codepoint=0xFFFD), max_size=60)
_LABELS = st.lists(_LINES.filter(lambda text: bool(text.strip(" "))), min_size=1, max_size=60, unique=True)
_KEYS = st.text(
    st.characters(exclude_categories=_UNWRITTEN, exclude_characters="{}/\"'"), min_size=1, max_size=30
).filter(lambda text: text not in {".", ".."})
_TAG_TEXTS = st.text("abcé .:/=+-@_9", min_size=1, max_size=20)
_TAGS = st.dictionaries(_TAG_TEXTS, _TAG_TEXTS, max_size=5)


@st.composite
def rounds(draw: st.DrawFn) -> LabelingRound:
    """Any round that the parser takes."""
    fields = {
        "imagesPrefix": "/".join(draw(st.lists(_KEYS, min_size=1, max_size=4))),
        "labels": draw(_LABELS),
        "labelingJob": {
            "title": draw(_TITLES),
            "description": draw(_LINES),
            "instructions": {
                "short": draw(_LINES),
                "full": draw(_LINES),
                "goodExamples": draw(st.lists(_KEYS, max_size=2)),
                "badExamples": draw(st.lists(_KEYS, max_size=2)),
            },
            "workersPerImage": draw(st.integers(1, 9)),
            "taskTimeLimitSeconds": draw(st.integers(30, 28800)),
            "maxHumanLabeledObjectCount": draw(st.none() | st.integers(1, 10**6)),
            "maxPercentageOfInputDatasetLabeled": draw(st.none() | st.integers(1, 100)),
            "labelAttributeName": draw(st.sampled_from(["", "boxes", "a" * 124])),
            "tags": draw(_TAGS),
        },
    }
    return make_round(draw(NAMES), uid=draw(st.uuids()).hex, **fields)
