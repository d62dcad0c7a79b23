"""Drawing on the worker page, with mouse and keys: what comes out is exact to the pixel."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from PIL import Image
from playwright.sync_api import expect
from tests.page.studio import Rectangle, Studio, Worker, painted

OpenStudio = Callable[..., AbstractContextManager[Studio]]
SIZE = (400, 300)
THING = Rectangle(40, 30, 80, 50)
OTHER = Rectangle(310, 220, 61, 47)


def zoom_in(worker: Worker, times: int, x: float, y: float) -> None:
    """With the wheel, over a point of the picture."""
    worker.page.mouse.move(*worker.at(x, y))
    for _ in range(times):
        worker.page.mouse.wheel(0, -200)
        worker.settle()


def scale(worker: Worker) -> float:
    found: float = worker.page.evaluate("picture.clientWidth / picture.naturalWidth")
    return found


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_boxes_are_exact_at_every_zoom(open_studio: OpenStudio, form: str) -> None:
    """The whole picture seen, zoomed in with the wheel, and panned with the space bar and with the middle button."""
    pictures = {f"images/{number}.jpg": painted(SIZE, THING, OTHER, form=form) for number in range(4)}
    with open_studio(pictures) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        anna.draw(THING)
        anna.draw(OTHER)
        anna.save()

        anna.ready("1.jpg")
        zoom_in(anna, 2, 350, 240)
        assert scale(anna) > 4
        anna.draw(OTHER)
        anna.save()

        anna.ready("2.jpg")
        zoom_in(anna, 2, 200, 150)
        anna.page.keyboard.down("Space")
        anna.drag((100, 100), (900, 700))
        anna.page.keyboard.up("Space")
        anna.draw(THING)
        anna.save()

        anna.ready("3.jpg")
        zoom_in(anna, 2, 200, 150)
        anna.drag((900, 700), (200, 200), button="middle")
        anna.draw(OTHER)
        anna.save()
        anna.finish()

        assert studio.drawn() == [
            [("pencil", THING), ("pencil", OTHER)],
            [("pencil", OTHER)],
            [("pencil", THING)],
            [("pencil", OTHER)],
        ]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_photograph_is_labeled_as_it_is_stored(open_studio: OpenStudio, orientation: int) -> None:
    """Whatever its EXIF says: the worker sees the stored raster, and the box fits what is seen and what is stored."""
    with open_studio({"images/turned.jpg": painted(SIZE, THING, orientation=orientation)}) as studio:
        anna = studio.enter()
        anna.ready()
        x, y = (round(part) for part in anna.at(THING.left + THING.width / 2, THING.top + THING.height / 2))
        seen = studio.path / "seen.png"
        anna.page.screenshot(path=seen)
        anna.draw(THING)
        anna.save()
        anna.finish()

        red, green, _ = Image.open(seen).convert("RGB").getpixel((x, y))  # type: ignore[misc]
        assert red > 180 > 90 > green
        assert studio.drawn() == [[("pencil", THING)]]
        assert studio.output()[0]["pens"]["image_size"] == [{"width": 400, "height": 300, "depth": 3}]


def test_a_picture_larger_than_the_screen_gives_whole_pixels(open_studio: OpenStudio) -> None:
    """One pixel of the screen is several of the picture's; zoomed in, each can be reached."""
    large = Rectangle(4001, 2503, 333, 251)
    with open_studio({"images/large.jpg": painted((8000, 6000), large)}) as studio:
        anna = studio.enter()
        anna.ready()
        assert scale(anna) < 0.2
        zoom_in(anna, 6, 4160, 2620)
        assert scale(anna) > 1
        anna.draw(large)
        anna.save()
        anna.finish()

        assert studio.drawn() == [[("pencil", large)]]


def test_boxes_end_at_the_edge_of_the_picture(open_studio: OpenStudio) -> None:
    """However far the mouse went beyond."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        right, bottom = anna.at(400, 300)
        anna.drag(anna.at(200, 100), (right + 15, bottom + 15))
        anna.save()
        anna.finish()

        assert studio.drawn() == [[("pencil", Rectangle(200, 100, 200, 200))]]


def test_the_next_box_is_drawn_while_one_is_selected(open_studio: OpenStudio) -> None:
    """A press elsewhere does not only deselect it; with Shift the next one may begin inside it."""
    inner = Rectangle(60, 40, 30, 20)
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.draw(OTHER)
        anna.press("[")
        anna.page.keyboard.down("Shift")
        anna.draw(inner)
        anna.page.keyboard.up("Shift")
        anna.save()
        anna.finish()

        assert studio.drawn() == [[("pencil", THING), ("pencil", OTHER), ("pencil", inner)]]


def test_a_box_is_moved_and_resized_with_the_mouse(open_studio: OpenStudio) -> None:
    """Each gesture is one step back."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.drag(anna.at(80, 55), anna.at(90, 75))
        moved = anna.boxes()
        anna.drag(anna.at(130, 100), anna.at(150, 110))
        resized = anna.boxes()
        anna.press("z")
        undone = anna.boxes()
        anna.press("Control+z", "Control+z")
        gone = anna.boxes()
        anna.press("Control+y", "y", "Control+Shift+z")
        anna.save()
        anna.finish()

        assert moved == undone == ["pencil, 80 × 50 at 50, 50"]
        assert resized == ["pencil, 100 × 60 at 50, 50"]
        assert gone == []
        assert studio.drawn() == [[("pencil", Rectangle(50, 50, 100, 60))]]


def test_a_relabel_is_one_step(open_studio: OpenStudio) -> None:
    """Of a selected box; without one a key chooses the label of the next box."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.press("2")
        relabeled = anna.boxes()
        anna.press("z")
        undone = anna.boxes()
        anna.press("y", "Escape", "1", "Escape")
        anna.draw(OTHER)
        anna.save()
        anna.finish()

        assert relabeled == ["pen, 80 × 50 at 40, 30"]
        assert undone == ["pencil, 80 × 50 at 40, 30"]
        assert studio.drawn() == [[("pen", THING), ("pencil", OTHER)]]


def test_a_click_selects_and_delete_deletes(open_studio: OpenStudio) -> None:
    """The box that was clicked and no other."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.draw(OTHER)
        anna.page.mouse.click(*anna.at(60, 50))
        anna.settle()
        anna.press("Delete")
        anna.save()
        anna.finish()

        assert studio.drawn() == [[("pencil", OTHER)]]


def test_everything_goes_with_keys_alone(open_studio: OpenStudio) -> None:
    """Adding, moving, resizing, labelling, deleting, saying that there is nothing, and going on."""
    with open_studio({f"images/{number}.jpg": painted((90, 60)) for number in range(2)}) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        anna.press("n", "2", "ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp")
        anna.press("n", "n", "Delete", "[", "]", "Escape")
        anna.save()
        anna.ready("1.jpg")
        with anna.page.expect_response("**/tasks/next"):
            anna.press("0")
        expect(anna.page.locator("#idle")).to_be_visible()
        anna.page.locator("#finish").focus()
        anna.page.keyboard.press("Enter")

        assert studio.drawn() == [
            [("pen", Rectangle(32, 21, 31, 19)), ("pen", Rectangle(30, 20, 30, 20))],
            [],
        ]


def test_keys_and_a_search_find_a_label_among_many(open_studio: OpenStudio) -> None:
    """1 to 9 are the first nine; the others are found by a part of their name."""
    labels = [f"class {number}" for number in range(1, 41)]
    with open_studio({"images/0.jpg": painted(SIZE)}, labels=labels) as studio:
        anna = studio.enter()
        anna.ready()
        anna.draw(THING)
        anna.press("9", "/")
        anna.page.keyboard.type("S 37")
        anna.press("Enter", "Escape")
        anna.draw(OTHER)
        anna.press("3")
        anna.save()
        anna.finish()

        assert studio.drawn() == [[("class 37", THING), ("class 3", OTHER)]]


def test_nothing_is_saved_by_accident(open_studio: OpenStudio) -> None:
    """A picture without boxes needs a word of its own, and one with boxes is not empty."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        anna.press("Enter")
        expect(anna.page.locator("#told")).to_contain_text("press 0 when there is no object")
        anna.draw(THING)
        anna.press("0")
        expect(anna.page.locator("#told")).to_contain_text("delete them before")

        assert len(anna.boxes()) == 1


def test_a_declined_picture_fails_with_the_reason(open_studio: OpenStudio) -> None:
    """One that is offered, or one's own words."""
    with open_studio({f"images/{number}.jpg": painted(SIZE) for number in range(2)}) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        anna.press("x")
        anna.page.keyboard.type("Upside down")
        anna.page.keyboard.press("Enter")
        anna.ready("1.jpg")
        anna.page.locator("#decline").click()
        anna.page.get_by_role("button", name="The picture is too dark").click()
        anna.page.get_by_role("button", name="Decline the picture").click()
        anna.finish()

        reasons = [line["pens-metadata"]["failure-reason"] for line in studio.output()]
        assert [reason.rpartition(": ")[2] for reason in reasons] == ["Upside down", "The picture is too dark"]


def test_a_worker_goes_back_and_the_drawing_at_hand_stays(open_studio: OpenStudio) -> None:
    """The earlier answer is changed, and the unsaved boxes are there again."""
    with open_studio({f"images/{number}.jpg": painted(SIZE) for number in range(2)}) as studio:
        anna = studio.enter()
        anna.ready("0.jpg")
        anna.draw(THING)
        anna.save()
        anna.ready("1.jpg")
        anna.draw(OTHER)

        anna.press("b")
        anna.ready("0.jpg")
        earlier = anna.boxes()
        anna.press("]", "2")
        anna.save()
        anna.ready("1.jpg")
        anna.save()
        anna.finish()

        assert earlier == ["pencil, 80 × 50 at 40, 30"]
        assert studio.drawn() == [[("pen", THING)], [("pencil", OTHER)]]


def test_cross_hairs_follow_the_mouse(open_studio: OpenStudio) -> None:
    """When they are wanted."""
    with open_studio({"images/0.jpg": painted(SIZE)}) as studio:
        anna = studio.enter()
        anna.ready()
        expect(anna.page.locator("#across")).to_be_hidden()
        anna.press("c")
        anna.page.mouse.move(300, 400)

        down, across = (anna.page.locator(name).bounding_box() for name in ("#down", "#across"))

        assert down is not None
        assert across is not None
        assert (round(down["x"]), round(across["y"])) == (300, 400)
        assert re.fullmatch(r"anna", anna.page.locator("#who").inner_text())
