"""What workers read: the task's title, its description and the page around the picture.

The page is a Liquid template that runs under the execution role, so that nothing a person typed may reach Liquid:
all of it is escaped as HTML and braces become character references. The only addresses on the page are the picture
of the task and the round's own example pictures.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from labelround.spec.model import LabelingRound
from labelround.spec.texts import title_problem
from labelround.uri import ObjectURI

TITLE_MAX_LENGTH = 128
DESCRIPTION_MAX_LENGTH = 255

_PAGE = """\
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>

<crowd-form>
  <crowd-bounding-box
    name="boundingBox"
    src="{{{{ task.input.taskObject | grant_read_access }}}}"
    header="{header}"
    labels="{{{{ task.input.labels | to_json | escape }}}}"
  >
    <full-instructions header="Instructions">
{full}
    </full-instructions>
    <short-instructions>
{short}
    </short-instructions>
  </crowd-bounding-box>
</crowd-form>
"""


def task_title(round: LabelingRound, labels: Sequence[str]) -> str:
    """The round's title, or one made of the labels."""
    made = f"Draw a box around every {_listed(labels)}"
    fits = len(made) <= TITLE_MAX_LENGTH and not title_problem(made)
    return round.labeling_job.title or (made if fits else "Draw a box around every object of the listed labels")


def task_description(round: LabelingRound, labels: Sequence[str]) -> str:
    """The round's description, or one made of the labels."""
    made = _request_for(_listed(labels))
    fits = len(made) <= DESCRIPTION_MAX_LENGTH
    return round.labeling_job.description or (made if fits else _request_for("object of the listed labels"))


def ui_template(round: LabelingRound, labels: Sequence[str]) -> bytes:
    """The page for a task over `labels`, as an HTML file with Liquid in it."""
    instructions = round.labeling_job.instructions
    full = [
        *_paragraphs(instructions.full or task_description(round, labels)),
        *_examples("Good", instructions.good_examples, round.bucket),
        *_examples("Bad", instructions.bad_examples, round.bucket),
    ]
    short = _paragraphs(instructions.short or task_description(round, labels))
    page = _PAGE.format(header=escaped(task_title(round, labels)), full=_block(full), short=_block(short))
    return page.encode()


def escaped(text: str) -> str:
    """`text` for the content or a quoted attribute of an HTML element, without any meaning to Liquid."""
    return html.escape(text, quote=True).replace("{", "&#123;").replace("}", "&#125;")


def _examples(kind: str, keys: Sequence[str], bucket: str) -> Iterator[str]:
    if keys:
        yield f"<h3>{kind} examples</h3>"
    for number, key in enumerate(keys, 1):
        address = f"{{{{ {_liquid_text(str(ObjectURI(bucket, key)))} | grant_read_access }}}}"
        yield f'<p><img src="{address}" alt="{kind} example {number}" style="max-width: 100%"></p>'


def _liquid_text(text: str) -> str:
    """`text` as a Liquid string. Liquid knows no escapes: the parser of the round refused what cannot be expressed."""
    quote = '"' if "'" in text else "'"
    if quote in text or re.search(r"[{}\n\r]", text):
        raise ValueError(f"{text!r} cannot stand in a Liquid text")
    return f"{quote}{text}{quote}"


def _paragraphs(text: str) -> Iterator[str]:
    """Blank lines part paragraphs, and line ends stay."""
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip()):
        yield f"<p>{escaped(paragraph.strip()).replace(chr(10), '<br>')}</p>"


def _block(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(f"      {line}" for line in lines)


def _request_for(what: str) -> str:
    return f"Draw a tight box around every {what} in the picture. Submit without boxes when there is none."


def _listed(labels: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, last = labels
    return f"{', '.join(others)} and {last}" if others else last
