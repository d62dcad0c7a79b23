"""The page is for everybody, whatever they see with, and nothing that is shown on it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.page.studio import Rectangle, Studio, Worker, painted

OpenStudio = Callable[..., AbstractContextManager[Studio]]
THING = Rectangle(40, 30, 80, 50)
ATTACK = "<img src=x onerror=\"document.title='hit'\">"
LIQUID = '{{ "s3://other/secret" | grant_read_access }}'
TEMPLATE = f"""
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<script>document.title = 'hit'</script>
<crowd-form><crowd-bounding-box name="boundingBox" header="&lt;b&gt;Draw&lt;/b&gt; {escape(LIQUID)}" labels="x">
  <full-instructions header="Instructions">
    <h2>Rules</h2><p onclick="hit()">All &lt;script&gt;pens&lt;/script&gt;</p><ul><li>tight</li></ul>
    <style>body {{ display: none }}</style><script>document.title = 'hit'</script>
    <h3>Good examples</h3><p><img src="{{{{ 's3://pens/good.jpg' | grant_read_access }}}}" alt="Good example 1"></p>
  </full-instructions>
  <short-instructions><p>Draw <b>tight</b> boxes.<br>{escape(ATTACK)}</p></short-instructions>
</crowd-bounding-box></crowd-form>
"""


def faults(worker: Worker) -> list[Any]:
    """What axe finds that is serious."""
    worker.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(worker.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]])
        for fault in found.response["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_studio: OpenStudio, scheme: str) -> None:
    """With boxes, one of them selected; in both dialogs; among earlier answers; at the end; and in trouble."""
    many = [f"class {number}" for number in range(12)]
    with open_studio(
        {f"images/{number}.jpg": painted((400, 300)) for number in range(2)}, labels=many, template=TEMPLATE
    ) as studio:
        anna = studio.enter(color_scheme=scheme)
        anna.ready("0.jpg")
        anna.draw(THING)
        found = {"drawing": faults(anna)}
        anna.press("?")
        found["keys"] = faults(anna)
        anna.page.keyboard.press("Escape")
        anna.save()
        anna.ready("1.jpg")
        anna.page.locator("#more summary").click()
        anna.page.keyboard.press("x")
        found["declining"] = faults(anna)
        anna.page.keyboard.press("Escape")
        anna.context.set_offline(True)
        anna.press("0")
        expect(anna.page.locator("#trouble")).to_be_visible()
        found["trouble"] = faults(anna)
        anna.context.set_offline(False)
        expect(anna.page.locator("#idle")).to_be_visible()
        found["end"] = faults(anna)

        assert anna.page.locator("html").get_attribute("data-theme") == scheme
        assert {place: told for place, told in found.items() if told} == {}


def test_what_people_typed_is_shown_and_never_runs(open_studio: OpenStudio) -> None:
    """Script and HTML in label names, file names, the title and the instructions; Liquid stays text."""
    name = f"images/{ATTACK}.jpg"
    with open_studio(
        {name: painted((400, 300))}, labels=[ATTACK, "pen"], template=TEMPLATE, TaskTitle=ATTACK
    ) as studio:
        anna = studio.enter()
        anna.ready(f"{ATTACK}.jpg")
        anna.draw(THING)
        anna.page.locator("#more summary").click()
        expect(anna.page.locator("#title")).to_have_text(ATTACK)
        expect(anna.page.locator("#name")).to_have_text(name)
        expect(anna.page.locator("#labels button").first).to_contain_text(ATTACK)
        expect(anna.page.locator("#tags span")).to_have_text(ATTACK)
        expect(anna.page.locator("#short")).to_contain_text(f"<b>Draw</b> {LIQUID}")
        expect(anna.page.locator("#full")).to_contain_text("All <script>pens</script>")
        expect(anna.page.locator("#full .example")).to_have_text("Good example 1: s3://pens/good.jpg")

        assert (
            anna.page.locator("#short *, #full *").evaluate_all("(all) => all.map((one) => one.tagName)").count("IMG")
            == 0
        )
        assert anna.page.evaluate("[...document.scripts].length") == 2
        assert "hit" not in anna.page.title().replace(ATTACK, "")
        anna.page.locator("#viewer").focus()
        anna.save()
        anna.finish()
        assert studio.drawn() == [[(ATTACK, THING)]]


def test_sixty_boxes_on_fifty_megapixels_stay_quick(open_studio: OpenStudio) -> None:
    """Moving one of them by a key takes less than a tenth of a second until it is drawn."""
    with open_studio({"images/large.jpg": painted((8660, 5774))}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.page.evaluate("document.activeElement.blur()")
        for _ in range(60):
            anna.page.keyboard.press("n")
        expect(anna.page.locator("#boxes li")).to_have_count(60)

        spent = []
        for _ in range(15):
            begin = time.perf_counter()
            anna.page.keyboard.press("ArrowRight")
            anna.page.evaluate("new Promise(requestAnimationFrame)")
            spent.append(time.perf_counter() - begin)

        assert sorted(spent)[0] < 0.1
