"""A server on a loopback port with a job for people, and what they do in their browsers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from tests.server.labeling import BUCKET, LABELS, client, request, task
from tests.servers.waiting import until

from labelround.server import ServerSettings, background
from labelround.server.people import Person
from labelround.server.settings import Clock, utc_now
from labelround.storage import LocalBuckets

VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
RED, GRAY = (220, 30, 30), (150, 150, 150)
TEMPLATE = '<crowd-form><crowd-bounding-box name="boundingBox" header="Draw boxes"/></crowd-form>'


@dataclass(frozen=True)
class Rectangle:
    """What is to be labeled, in pixels of the stored picture."""

    left: int
    top: int
    width: int
    height: int

    @property
    def edges(self) -> dict[str, int]:
        return {"left": self.left, "top": self.top, "width": self.width, "height": self.height}


def painted(size: tuple[int, int], *rectangles: Rectangle, orientation: int = 1, form: str = "JPEG") -> bytes:
    """A gray picture with red rectangles; other orientations than 1 are only said, the raster stays."""
    picture = Image.new("RGB", size, GRAY)
    for one in rectangles:
        picture.paste(RED, (one.left, one.top, one.left + one.width, one.top + one.height))
    said = Image.Exif()
    said[0x0112] = orientation
    content = io.BytesIO()
    picture.save(content, form, exif=said, quality=95)
    return content.getvalue()


@dataclass
class Worker:
    """Somebody at the page."""

    page: Page
    context: BrowserContext
    problems: list[str] = field(default_factory=list)

    def ready(self, name: str = "") -> None:
        """Returns when a picture (of that name) can be drawn on."""
        expect(self.page.locator("#told")).to_contain_text(f"{name} is open")
        expect(self.page.locator("#save")).to_be_enabled()
        expect(self.page.locator("main")).not_to_have_attribute("inert", "")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the stored picture is on the screen."""
        frame = self.page.locator("#picture").bounding_box()
        width, height = self.page.evaluate("[picture.naturalWidth, picture.naturalHeight]")
        assert frame is not None
        return frame["x"] + x / width * frame["width"], frame["y"] + y / height * frame["height"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
        """Between two points of the screen."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down(button=button)
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up(button=button)
        self.settle()

    def draw(self, box: Rectangle) -> None:
        """With the mouse, from its upper left to its lower right corner."""
        before = len(self.boxes())
        self.drag(self.at(box.left, box.top), self.at(box.left + box.width, box.top + box.height))
        expect(self.page.locator("#boxes li")).to_have_count(before + 1)

    def settle(self) -> None:
        """Until the page has dealt with what came before."""
        self.page.evaluate("new Promise((done) => setTimeout(done, 20))")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def boxes(self) -> list[str]:
        """The boxes as the page lists them: `pen, 30 × 40 at 10, 20`."""
        return self.page.locator("#boxes li button:first-child").all_inner_texts()

    def save(self) -> None:
        """And get the next picture, or none."""
        with self.page.expect_response("**/tasks/next"):
            self.press("Enter")

    def finish(self) -> None:
        """No picture is left; end the job at once."""
        expect(self.page.locator("#idle-title")).to_have_text("All pictures are answered")
        self.page.locator("#finish").click()


@dataclass
class Studio:
    """The server's address, its people, and where its output goes."""

    path: Path
    browser: Browser
    endpoint: str
    people: Sequence[Person]
    workers: list[Worker] = field(default_factory=list)

    def enter(
        self, name: str = "anna", *, arrange: Callable[[Page], object] = lambda _page: None, **settings: Any
    ) -> Worker:
        """Somebody opens the page in a browser of their own; what has to be arranged before comes first."""
        context = self.browser.new_context(viewport=VIEWPORT, **settings)
        worker = Worker(context.new_page(), context)
        worker.page.on("pageerror", lambda error: worker.problems.append(str(error)))
        worker.page.on("dialog", lambda dialog: worker.problems.append(dialog.message))
        worker.page.on("console", lambda told: worker.problems.extend(_violation(told.text)))
        self.workers.append(worker)
        [person] = [one for one in self.people if one.name == name]
        arrange(worker.page)
        worker.page.goto(person.entrance(self.endpoint))
        return worker

    def output(self, job: str = "pens-1") -> list[dict[str, Any]]:
        """The lines of the output manifest, once it is there."""
        path = self.path / "buckets" / BUCKET / "annots" / job / "manifests" / "output" / "output.manifest"
        until(path.is_file, "the job ends")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def drawn(self) -> list[list[tuple[str, Rectangle]]]:
        """The labels and boxes of every picture, as the output manifest has them."""
        return [list(_drawn(line)) for line in self.output()]


def _status(api: Any) -> Any:
    return api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"]


def _violation(told: str) -> list[str]:
    """What a browser says on its console of code or addresses that the page's policy forbids."""
    return [told] if "Content Security Policy" in told else []


def _drawn(line: Mapping[str, Any]) -> Iterator[tuple[str, Rectangle]]:
    names = line["pens-metadata"]["class-map"]
    for box in line["pens"]["annotations"]:
        edges = [box[edge] for edge in ("left", "top", "width", "height")]
        assert all(isinstance(edge, int) for edge in edges)
        yield names[str(box["class_id"])], Rectangle(*edges)


@contextmanager
def studio(
    path: Path,
    browser: Browser,
    pictures: Mapping[str, bytes],
    *,
    names: Sequence[str] = ("anna",),
    labels: Sequence[str] = LABELS,
    template: str = TEMPLATE,
    clock: Clock = utc_now,
    **changes: Any,
) -> Iterator[Studio]:
    """A job over the pictures, in their order, as long as the context lasts. Fails when a page had an error."""
    bucket = path / "buckets" / BUCKET
    for name, content in pictures.items():
        file = bucket / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    lines = (json.dumps({"source-ref": f"s3://{BUCKET}/{name}"}) for name in pictures)
    (bucket / "manifest.json").write_text("\n".join(lines), "utf-8")
    (bucket / "data.json").write_text(json.dumps({"labels": [{"label": label} for label in labels]}), "utf-8")
    (bucket / "template.liquid").write_text(template, "utf-8")
    people = tuple(map(Person, names))
    settings = ServerSettings(path / "server.db", people=people, tick=0.02, clock=clock)
    with background(settings, LocalBuckets(path / "buckets")) as endpoint:
        api = client(endpoint)
        api.create_labeling_job(**request(HumanTaskConfig=task(**changes)))
        until(lambda: _status(api) == "InProgress", "the job begins")
        open_studio = Studio(path, browser, endpoint, people)
        try:
            yield open_studio
        finally:
            for worker in open_studio.workers:
                worker.context.close()
    assert [problem for worker in open_studio.workers for problem in worker.problems] == []
