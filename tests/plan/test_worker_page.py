"""The page that workers see: complete, and closed to what a person typed."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.rounds import make_round

from labelround.plan import plan_round
from labelround.request import ui_template
from labelround.worker_page import escaped, task_description, task_title

OWN_EXPRESSIONS = ["{{ task.input.taskObject | grant_read_access }}", "{{ task.input.labels | to_json | escape }}"]
ATTACKS = [
    '{{ "s3://other/secret" | grant_read_access }}',
    "{% raw %}",
    "{% endraw %}{{ task }}",
    "</script><script>alert(1)</script>",
    '" onload="alert(1)',
    "' onload='alert(1)",
    "</crowd-bounding-box>",
    "&#123;&#123; 1 &#125;&#125;",
    "&lt;b&gt;",
]


class _Page(HTMLParser):
    """Collects the elements of a page, and the text inside each of the two instructions."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(labels: tuple[str, ...] = ("pencil", "pen"), **job: Any) -> str:
    round = make_round(labels=list(labels), labelingJob=job)
    return ui_template(round, round.labels).decode()


def _expressions(page: str) -> list[str]:
    return re.findall(r"\{\{.*?\}\}|\{%.*?%\}|\{\{?|\}\}?", page)


def test_the_page_is_the_built_in_bounding_box_page() -> None:
    """The element is called boundingBox, as the consolidation function expects, with both instructions in it."""
    page = _Page(_page())

    names = [name for name, _ in page.elements]
    (box,) = [attributes for name, attributes in page.elements if name == "crowd-bounding-box"]
    assert names[:3] == ["script", "crowd-form", "crowd-bounding-box"]
    assert {"full-instructions", "short-instructions"} <= set(names)
    assert box["name"] == "boundingBox"
    assert box["header"] == "Draw a box around every pencil and pen"
    assert [box["src"], box["labels"]] == OWN_EXPRESSIONS


def test_instructions_keep_their_paragraphs() -> None:
    """A blank line begins a paragraph, and a line end stays one."""
    page = _page(instructions={"full": "One.\nTwo.\r\n\r\nThree.", "short": "Short."})

    assert "<p>One.<br>Two.</p>\n      <p>Three.</p>" in page
    assert "<p>Short.</p>" in page


def test_examples_are_shown_from_the_round_s_own_bucket() -> None:
    """Good and bad ones, each under its heading."""
    page = _page(instructions={"goodExamples": ["ex/good 1.png"], "badExamples": ["ex/it's.png"]})

    assert _expressions(page) == [
        OWN_EXPRESSIONS[0],
        OWN_EXPRESSIONS[1],
        "{{ 's3://ground-truth-data/ex/good 1.png' | grant_read_access }}",
        '{{ "s3://ground-truth-data/ex/it\'s.png" | grant_read_access }}',
    ]
    assert page.index("Good examples") < page.index("good 1.png") < page.index("Bad examples") < page.index("it's.png")


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_typed_reaches_liquid_or_html(attack: str) -> None:
    """It is shown to workers as it was typed, and does nothing."""
    page = _page((attack, "pen"), title=attack, instructions={"short": attack, "full": attack})

    assert _expressions(page) == OWN_EXPRESSIONS
    plain = _Page(_page(title="x", instructions={"short": "x", "full": "x"}))
    attacked = _Page(page)
    assert [name for name, _ in attacked.elements] == [name for name, _ in plain.elements]
    assert attacked.text.count(attack) == 2
    assert dict(attacked.elements[2][1])["header"] == attack


@given(st.text(max_size=30))
def test_escaped_text_has_no_meaning_and_reads_the_same(text: str) -> None:
    """For HTML in content and in attributes, and for Liquid."""
    made = escaped(text)

    assert not set("<>{}\"'") & set(made)
    assert html.unescape(made) == html.unescape(html.escape(text))


def test_a_round_with_labels_that_look_like_liquid_has_a_harmless_title() -> None:
    """Titles are made of labels too."""
    page = _page(('{{ "x" | grant_read_access }}',))

    assert _expressions(page) == OWN_EXPRESSIONS


def test_the_longest_texts_fit_ground_truth_s_template() -> None:
    """A template has at most 128,000 characters, escapes included."""
    keys = ["k" * 1000 + str(index) for index in range(10)]
    page = _page(
        title="{" * 128,
        instructions={"short": "{" * 2000, "full": '"' * 10000, "goodExamples": keys, "badExamples": keys},
    )

    assert len(page) < 128_000


def test_texts_made_of_labels_fit_their_limits() -> None:
    """Long lists and emoji fall back to a sentence without them."""
    many = make_round(labels=[f"label number {index}" for index in range(50)])
    emoji = make_round(labels=["🖊"])

    assert task_title(many, many.labels) == "Draw a box around every object of the listed labels"
    assert task_title(emoji, emoji.labels) == task_title(many, many.labels)
    assert task_description(many, many.labels).startswith("Draw a tight box around every object of the listed labels")
    assert all(len(task_title(many, job.labels)) <= 128 for job in plan_round(many, 1).jobs)


@pytest.mark.parametrize(
    ("labels", "title"),
    [
        (("pen",), "Draw a box around every pen"),
        (("pencil", "pen"), "Draw a box around every pencil and pen"),
        (("a", "b", "c"), "Draw a box around every a, b and c"),
    ],
)
def test_titles_read_as_sentences(labels: tuple[str, ...], title: str) -> None:
    """One, two and three labels."""
    assert task_title(make_round(labels=list(labels)), labels) == title
