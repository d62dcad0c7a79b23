"""The instructions of a UI template as plain text."""

from __future__ import annotations

import time

import pytest

from labelround.server.instructions import Block, Instructions, read_instructions

AWS_STYLE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-bounding-box name="boundingBox" src="{{ task.input.taskObject | grant_read_access }}"
    header="Draw a box around every pen &amp; pencil" labels="{{ task.input.labels | to_json | escape }}">
    <full-instructions header="Instructions">
      <ol><li><strong>Inspect</strong> the image</li><li>Draw a box</li></ol>
      <h3><span style="color: rgb(0, 138, 0);">Good example</span></h3>
      <p><img src="{{ 's3://pens/good one.jpg' | grant_read_access }}" alt="Good example 1"></p>
    </full-instructions>
    <short-instructions><p>Tight boxes.<br>No shadows.</p></short-instructions>
  </crowd-bounding-box>
</crowd-form>
"""


def test_what_workers_read_is_told_in_order() -> None:
    """Headings, paragraphs and items as such; pictures by what they are called and where they lie."""
    found = read_instructions(AWS_STYLE)

    assert found == Instructions(
        "Draw a box around every pen & pencil",
        (Block("text", "Tight boxes."), Block("text", "No shadows.")),
        (
            Block("item", "Inspect the image"),
            Block("item", "Draw a box"),
            Block("heading", "Good example"),
            Block("example", "Good example 1: s3://pens/good one.jpg"),
        ),
    )


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("", id="nothing"),
        pytest.param("<crowd-form></crowd-form>", id="no box"),
        pytest.param("<<<>>><full-instructions", id="cut off"),
        pytest.param("<![<![<!", id="what the parser gives up at"),
        pytest.param("<short-instructions><script>alert(1)</script></short-instructions>", id="nothing but a script"),
        pytest.param("<short-instructions>\u202e\x00</short-instructions>", id="what cannot be printed"),
    ],
)
def test_what_says_nothing_is_nothing(template: str) -> None:
    """And no error."""
    assert read_instructions(template) == Instructions()


def test_the_instructions_have_an_end() -> None:
    """However large the template is."""
    found = read_instructions(f"<full-instructions>{'<p>' + 'x' * 5000 + '</p>'}{'<p>y</p>' * 500}</full-instructions>")

    assert len(found.full) == 200
    assert len(found.full[0].text) == 2000


@pytest.mark.parametrize("piece", ["<a ", "<a/", '<a "', "<!--", "</a ", "<script>", "&#"])
def test_no_template_takes_the_processor(piece: str) -> None:
    """However often something begins in it that never ends, over half a megabyte."""
    begin = time.process_time()

    found = read_instructions(piece * ((1 << 19) // len(piece)))

    assert found == Instructions()
    assert time.process_time() - begin < 2
