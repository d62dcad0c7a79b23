"""What goes wrong while people label: no connection, a lost lease, a closed page, a dead server. No drawing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import yaml
from playwright.sync_api import Browser, expect
from tests.page.studio import Rectangle, Studio, Worker, painted
from tests.server.labeling import TurnedClock, client
from tests.servers.waiting import until

OpenStudio = Callable[..., AbstractContextManager[Studio]]
SIZE = (400, 300)
THING = Rectangle(40, 30, 80, 50)
OTHER = Rectangle(310, 220, 61, 47)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LABELROUND_"))}


def pictures(count: int) -> dict[str, bytes]:
    return {f"images/{number}.jpg": painted(SIZE, THING) for number in range(count)}


def test_an_answer_waits_for_the_connection(open_studio: OpenStudio) -> None:
    """The page says so, keeps the drawing and tries again by itself; the answer counts once."""
    with open_studio(pictures(1)) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.context.set_offline(True)
        anna.press("Enter")
        expect(anna.page.locator("#trouble")).to_contain_text("Not saved yet")
        assert anna.boxes() == ["pencil, 80 × 50 at 40, 30"]

        anna.context.set_offline(False)

        anna.finish()
        assert studio.drawn() == [[("pencil", THING)]]


def test_a_reply_that_is_lost_costs_nothing(open_studio: OpenStudio) -> None:
    """The server has saved the answer, the browser did not hear it and posts it again."""
    with open_studio(pictures(2)) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        lost: list[int] = []

        def lose_the_first(route) -> None:  # type: ignore[no-untyped-def] # Playwright's own types are private
            response = route.fetch()
            lost.append(response.status)
            route.abort() if len(lost) == 1 else route.fulfill(response=response)

        anna.page.route("**/tasks/answer", lose_the_first)
        anna.draw(THING)
        anna.press("Enter")
        anna.ready("1.jpg")
        anna.draw(OTHER)
        anna.save()
        anna.finish()

        assert lost == [200, 200, 200]
        assert studio.drawn() == [[("pencil", THING)], [("pencil", OTHER)]]


def test_a_picture_that_does_not_come_is_asked_for_again(open_studio: OpenStudio) -> None:
    """Its worker need not load the page again."""
    with open_studio(pictures(1)) as studio:
        failed: list[str] = []

        def fail_the_first(route) -> None:  # type: ignore[no-untyped-def] # Playwright's own types are private
            failed.append(route.request.url)
            route.abort() if len(failed) == 1 else route.continue_()

        anna = studio.enter(arrange=lambda page: page.route("**/tasks/pictures/*", fail_the_first))
        anna.ready("0.jpg")
        anna.draw(THING)

        assert len(failed) == 2


def test_a_page_that_is_closed_keeps_the_drawing(open_studio: OpenStudio) -> None:
    """Opened again it shows the same picture with the same boxes."""
    with open_studio(pictures(1)) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.page.close()

        anna.page = anna.context.new_page()
        anna.page.goto(f"{studio.endpoint}/tasks/")
        anna.ready()

        assert anna.boxes() == ["pencil, 80 × 50 at 40, 30"]
        anna.save()
        anna.finish()
        assert studio.drawn() == [[("pencil", THING)]]


def test_a_lost_lease_is_told_and_the_drawing_kept(open_studio: OpenStudio) -> None:
    """The next picture comes by itself; when the lost one comes back, so does the drawing."""
    clock = TurnedClock()
    with open_studio(pictures(2), names=("anna", "ben"), clock=clock, TaskTimeLimitInSeconds=30) as studio:
        anna = studio.enter("anna")
        anna.ready("0.jpg")
        anna.draw(THING)
        clock.turn(31)
        ben = studio.enter("ben")
        ben.ready("0.jpg")

        anna.press("Enter")
        expect(anna.page.locator("#trouble")).to_contain_text("somebody else has it now")
        anna.ready("1.jpg")
        assert anna.boxes() == []
        clock.turn(31)
        anna.draw(OTHER)
        anna.save()
        anna.ready("0.jpg")

        assert anna.boxes() == ["pencil, 80 × 50 at 40, 30"]


def kept(worker: Worker) -> int:
    """How many drawings the browser keeps."""
    found: int = worker.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft')).length")
    return found


def test_a_changed_answer_is_saved_before_another_is_opened(open_studio: OpenStudio) -> None:
    """Going back twice in a row loses nothing, and says what became of the first."""
    with open_studio(pictures(3)) as studio:
        anna = studio.enter()
        for name in ("0.jpg", "1.jpg"):
            anna.ready(name)
            anna.draw(THING)
            anna.save()
        anna.ready("2.jpg")
        anna.draw(OTHER)
        anna.press("b")
        anna.ready("What you drew on images/2.jpg is kept, and not saved yet. Back: images/1.jpg")
        anna.press("]", "2")

        anna.press("b")

        anna.ready("Saved. Back: images/0.jpg")
        anna.save()
        anna.ready("2.jpg")
        assert anna.boxes() == ["pencil, 61 × 47 at 310, 220"]
        anna.save()
        anna.finish()
        assert studio.drawn() == [[("pencil", THING)], [("pen", THING)], [("pencil", OTHER)]]


def test_nothing_is_finished_over_a_change_that_is_not_saved(open_studio: OpenStudio) -> None:
    """Such as one before the page was loaded again: it is named, and there when its worker goes back to it."""
    clock = TurnedClock()
    with open_studio(pictures(1), clock=clock) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.save()
        anna.press("b")
        anna.ready("0.jpg")
        anna.press("]", "2")
        anna.page.reload()
        expect(anna.page.locator("#earlier")).to_contain_text("images/0.jpg: 1 box, changed but not saved")

        anna.finish()
        expect(anna.page.locator("#told")).to_contain_text("images/0.jpg is changed but not saved")
        anna.press("b")
        anna.ready("0.jpg")
        anna.save()
        anna.finish()
        expect(anna.page.locator("#idle-text")).to_contain_text("the dataset is being made")
        clock.turn(1)

        assert studio.drawn() == [[("pen", THING)]]


def test_an_answer_stays_open_while_it_is_changed(open_studio: OpenStudio) -> None:
    """The server hears of it once a minute, so that the drawing is not final before it is saved."""
    with open_studio(pictures(2)) as studio:
        anna = studio.enter(arrange=lambda page: page.clock.install())
        anna.ready("0.jpg")
        anna.draw(THING)
        anna.save()
        anna.ready("1.jpg")
        anna.press("b")
        anna.ready("0.jpg")
        told: list[str] = []
        anna.page.on("request", lambda request: told.append(request.url.rpartition("/")[2]))
        anna.press("]", "2")
        anna.page.clock.fast_forward(61_000)

        anna.press("ArrowRight", "ArrowRight")

        assert told == ["back"]


def test_two_workers_at_one_browser_have_drawings_of_their_own(open_studio: OpenStudio) -> None:
    """Also of the same picture."""
    clock = TurnedClock()
    with open_studio(pictures(1), names=("anna", "ben"), clock=clock, TaskTimeLimitInSeconds=30) as studio:
        anna = studio.enter("anna")
        anna.ready("0.jpg")
        anna.draw(THING)
        clock.turn(31)

        anna.page.goto(studio.people[1].entrance(studio.endpoint))
        expect(anna.page.locator("#who")).to_have_text("ben")
        anna.ready("0.jpg")

        assert anna.boxes() == []
        assert kept(anna) == 1


def test_a_drawing_that_can_never_be_saved_is_not_kept(open_studio: OpenStudio) -> None:
    """When the job has ended; the page says so."""
    with open_studio(pictures(1)) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        anna.draw(THING)
        assert kept(anna) == 1
        client(studio.endpoint).stop_labeling_job(LabelingJobName="pens-1")

        anna.press("Enter")

        expect(anna.page.locator("#trouble")).to_contain_text("the job has ended")
        assert kept(anna) == 0


def test_two_workers_at_once_get_different_pictures(open_studio: OpenStudio) -> None:
    """And everything both drew is in the manifest."""
    with open_studio(pictures(4), names=("anna", "ben")) as studio:
        anna, ben = studio.enter("anna"), studio.enter("ben")
        anna.ready("0.jpg")
        ben.ready("1.jpg")
        anna.draw(THING)
        ben.draw(OTHER)
        anna.save()
        ben.save()
        anna.ready("2.jpg")
        ben.ready("3.jpg")
        ben.draw(OTHER)
        ben.save()
        expect(ben.page.locator("#idle-title")).to_have_text("There is no picture for you now")
        anna.draw(THING)
        anna.save()
        anna.finish()
        ben.page.locator("#finish").click()

        boxes = [[box for _, box in drawn] for drawn in studio.drawn()]
        assert boxes == [[THING], [OTHER], [THING], [OTHER]]


def test_two_workers_boxes_become_one(open_studio: OpenStudio) -> None:
    """When the job asks for two, what they drew alike is consolidated."""
    shifted = Rectangle(THING.left + 2, THING.top, THING.width, THING.height)
    with open_studio(pictures(1), names=("anna", "ben"), NumberOfHumanWorkersPerDataObject=2) as studio:
        for name, box in (("anna", THING), ("ben", shifted)):
            worker = studio.enter(name)
            worker.ready("0.jpg")
            worker.draw(box)
            worker.save()
        worker.finish()
        studio.workers[0].finish()

        [line] = studio.output()
        assert line["pens"]["annotations"] == [{"class_id": 0, "top": 30, "left": 41, "height": 50, "width": 80}]
        assert line["pens-metadata"]["objects"][0]["confidence"] == 0.95


@contextmanager
def labelling(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """`labelround label` over the folder `pictures`, its page's address, and what it says."""
    command = [sys.executable, "-m", "labelround", "label", "pictures", "--labels", "pencil,pen", "--worker", "anna"]
    process = subprocess.Popen(
        [*command, "--no-open", *options],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: told.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        until(lambda: any("labels here" in line for line in told), lambda: f"an address in {told}")
        yield process, next(line for line in told if "labels here" in line).split(": ", 1)[1].strip(), told
    finally:
        process.kill()
        process.communicate()
        reader.join()


def test_labelling_goes_on_after_the_server_was_killed(tmp_path: Path, browser: Browser) -> None:
    """At the same address, in the page that stayed open: what was saved is saved, and the drawing at hand is there."""
    for name, content in pictures(3).items():
        path = tmp_path / "pictures" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    anna = Worker(context.new_page(), context)
    with labelling(tmp_path) as (process, address, _):
        anna.page.goto(address)
        anna.ready("0.jpg")
        anna.draw(THING)
        anna.save()
        anna.ready("1.jpg")
        anna.draw(OTHER)
        process.send_signal(signal.SIGKILL)
        process.wait()
        anna.press("Enter")
        expect(anna.page.locator("#trouble")).to_contain_text("Not saved yet")

    with labelling(tmp_path) as (process, again, told):
        anna.ready("2.jpg")
        anna.draw(THING)
        anna.save()
        anna.finish()
        stdout = process.stdout.read() if process.stdout else ""
        code = process.wait(60)
    context.close()

    status = yaml.safe_load(stdout)["status"]
    assert again.split("?")[0] == address.split("?")[0]
    assert (code, status["phase"], status["dataset"]["boxes"]) == (0, "Succeeded", 3)
    assert any(line.startswith("dataset: pictures-round/yolo_annot_files") for line in told)
    labels = sorted((tmp_path / "pictures-round" / "yolo_annot_files" / "labels").glob("*.txt"))
    assert [path.read_text("utf-8") for path in labels] == [
        "0 0.200000 0.183333 0.200000 0.166667\n",
        "0 0.851250 0.811667 0.152500 0.156667\n",
        "0 0.200000 0.183333 0.200000 0.166667\n",
    ]


def test_the_page_says_when_everything_has_ended(tmp_path: Path, browser: Browser) -> None:
    """Not that there is no connection; the terminal says what it waits for until then."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "0.jpg").write_bytes(painted(SIZE, THING))
    context = browser.new_context()
    anna = Worker(context.new_page(), context)
    with labelling(tmp_path, "-o", "json") as (process, address, told):
        anna.page.goto(address)
        anna.ready("0.jpg")
        anna.draw(THING)
        anna.save()
        until(lambda: any("every picture is answered; waiting 15 s" in line for line in told), lambda: f"it in {told}")
        anna.finish()
        stdout = process.stdout.read() if process.stdout else ""
        process.wait(60)

        expect(anna.page.locator("#idle-title")).to_have_text("Done")
        expect(anna.page.locator("#trouble")).to_be_hidden()
    context.close()
    assert json.loads(stdout)["status"]["progress"] == "1/1"
