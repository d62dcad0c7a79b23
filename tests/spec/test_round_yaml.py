"""The commented round.yaml that `init`, `label` and `import` write."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from labelround.spec.model import OutputFormat
from labelround.spec.parse import load_rounds, parse_round, round_yaml
from labelround.spec.schema import SPEC

LABELS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip(" "))
)


def test_the_text_parses_to_the_values_it_was_made_from() -> None:
    """Every argument ends up in its field."""
    text = round_yaml(
        "pens-1",
        "pictures",
        "a/images/",
        ["pencil", "pen"],
        prefix="a/round",
        adopt="Yolo-bbox",
        label_attribute_name="boxes",
        output_prefix="a/out",
        output_format=OutputFormat.DARKNET,
    )

    round = parse_round(load_rounds(text, "round.yaml")[0])

    assert (round.name, round.bucket, round.images_prefix) == ("pens-1", "pictures", "a/images/")
    assert (round.labels, round.prefix, round.output_prefix) == (("pencil", "pen"), "a/round/", "a/out/")
    assert (round.labeling_job.adopt, round.labeling_job.label_attribute_name) == ("Yolo-bbox", "boxes")
    assert round.output_format is OutputFormat.DARKNET


@given(
    st.lists(
        LABELS | st.sampled_from(["yes", "y", "null", "1", "1e3", "~", "# a", "a: b", "'"]), min_size=1, unique=True
    )
)
def test_any_label_survives(labels: list[str]) -> None:
    """Words that YAML would read as something else are quoted."""
    text = round_yaml("pens-1", "pictures", "images/", labels)

    round = parse_round(load_rounds(text, "round.yaml")[0])

    assert round.labels == tuple(labels)


def test_every_commented_option_is_real() -> None:
    """With the comment signs removed, the file still parses, to the very same round but for the ttl and the gates."""
    text = round_yaml("pens-1", "pictures", "images/", ["pen"])
    bare = re.sub(r"^  # (?=[ a-z])", "  ", text, flags=re.MULTILINE)

    document = load_rounds(bare, "round.yaml")[0]
    round = parse_round(document, uid="same")

    assert set(SPEC.fields) - set(document["spec"]) == {"prefix", "outputPrefix", "conversion"}
    assert round.ttl_seconds_after_finished == 86400
    document["spec"]["ttlSecondsAfterFinished"] = None
    document["spec"]["quality"] = None
    assert parse_round(document, uid="same") == parse_round(load_rounds(text, "round.yaml")[0], uid="same")


def test_options_can_be_added_to_an_adopting_round() -> None:
    """The comments continue the section that is there."""
    text = round_yaml("pens-1", "pictures", "images/", ["pen"], adopt="old")
    bare = re.sub(r"^  # (?=[ a-z])", "  ", text, flags=re.MULTILINE)

    round = parse_round(load_rounds(bare, "round.yaml")[0])

    assert round.labeling_job.adopt == "old"
