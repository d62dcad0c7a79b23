"""The worker page over HTTP: who gets in, who gets what, and what every answer is sent with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from tests.server.crew import Crew
from tests.server.labeling import Place

from labelround.server.page import FILES, files
from labelround.server.people import Person

VENDORED = FILES / "vendor" / "annotorious"


class Browser:
    """As much of a browser as HTTP needs: a cookie, and the headers of a page of the same origin."""

    def __init__(self, place: Place, name: str = "") -> None:
        self.host = place.front.endpoint.removeprefix("http://")
        self.headers = {"Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"}
        if name:
            [person] = [one for one in place.settings.people if one.name == name]
            self.headers |= {"Cookie": self.cookie(self.get(f"/enter?token={person.token}"))}

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self._sent("GET", path, None, headers)

    def head(self, path: str) -> HTTPResponse:
        return self._sent("HEAD", path, None, {})

    def post(self, call: str, content: Any = None, **headers: str) -> HTTPResponse:
        body = json.dumps(content or {}).encode()
        return self._sent("POST", f"/tasks/{call}", body, {"Content-Type": "application/json"} | headers)

    def _sent(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection = HTTPConnection(self.host, timeout=10)
        connection.request(method, path, body, self.headers | named)
        response = connection.getresponse()
        response.text = response.read()  # type: ignore[attr-defined] # so that the connection can be closed
        connection.close()
        return response

    @staticmethod
    def cookie(response: HTTPResponse) -> str:
        return (response.getheader("Set-Cookie") or "").partition(";")[0]


def content(response: HTTPResponse) -> Any:
    return json.loads(response.text)  # type: ignore[attr-defined]


@pytest.fixture
def crew(place: Place) -> Iterator[Crew]:
    """Three people, and a job that runs."""
    crew = Crew(place)
    with place.serving() as api:
        crew.begin(api)
        yield crew


def test_a_token_opens_the_page_once(crew: Crew) -> None:
    """It becomes a cookie that scripts cannot read and other sites cannot send; a second browser gets nothing."""
    first, second = Browser(crew.place), Browser(crew.place)
    address = f"/enter?token={crew.place.settings.people[0].token}"

    opened = first.get(address)
    again = second.get(address)

    cookie = opened.getheader("Set-Cookie") or ""
    assert (opened.status, opened.getheader("Refresh")) == (200, "0; url=/tasks/")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=2592000" in cookie
    assert (again.status, again.getheader("Set-Cookie")) == (403, None)


def test_looking_at_an_address_does_not_use_it_up(crew: Crew) -> None:
    """As programs do that show what a link leads to."""
    address = f"/enter?token={crew.place.settings.people[0].token}"

    looked = Browser(crew.place).head(address)

    assert (looked.status, looked.getheader("Set-Cookie")) == (200, None)
    assert Browser(crew.place).get(address).getheader("Set-Cookie")


def test_whoever_is_in_may_open_the_used_address_again(crew: Crew) -> None:
    """As with the browser's back button."""
    anna = Browser(crew.place, "anna")

    again = anna.get(f"/enter?token={crew.place.settings.people[0].token}")

    assert again.status == 200


def test_without_a_cookie_nothing_is_to_be_had(crew: Crew) -> None:
    """Neither tasks nor pictures."""
    stranger = Browser(crew.place)
    lease = crew.next().lease.id

    assert stranger.post("next").status == 401
    assert stranger.post("answer", {"lease": lease, "boxes": []}).status == 401
    assert stranger.get(f"/tasks/pictures/{lease}").status == 401


def test_a_session_outlives_the_server_but_not_its_name(place: Place) -> None:
    """A page that stayed open goes on after a restart, as long as the settings name its worker."""
    Crew(place)
    with place.serving():
        anna = Browser(place, "anna")
    with place.serving():
        stays = anna.post("next").status
    place.change(people=(Person("ben"),))
    with place.serving():
        gone = anna.post("next").status

    assert (stays, gone) == (200, 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, 403, id="another port of this machine"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, 403, id="another site without an Origin that tells"),
        pytest.param({"Content_Type": "text/plain"}, 415, id="a form, which needs no permission of the browser"),
        pytest.param({"Host": "evil.example"}, 403, id="a name that was pointed here"),
    ],
)
def test_other_pages_cannot_ask_in_a_workers_name(crew: Crew, headers: dict[str, str], status: int) -> None:
    """Even when the browser sends the cookie along."""
    anna = Browser(crew.place, "anna")

    assert anna.post("next", **headers).status == status
    assert anna.post("next").status == 200


def test_other_pages_cannot_show_a_workers_picture(crew: Crew) -> None:
    """Nor a page on another port, whose requests carry the cookie."""
    anna = Browser(crew.place, "anna")
    lease = content(anna.post("next"))["task"]["lease"]

    for site in ("cross-site", "same-site"):
        assert anna.get(f"/tasks/pictures/{lease}", Sec_Fetch_Site=site).status == 403
    assert anna.get(f"/tasks/pictures/{lease}", Host="evil.example").status == 403


def test_a_picture_is_for_whoever_has_it(crew: Crew) -> None:
    """With its own type, whatever its name says; neither others nor guesses nor paths get one."""
    anna, ben = Browser(crew.place, "anna"), Browser(crew.place, "ben")
    lease = content(anna.post("next"))["task"]["lease"]

    mine = anna.get(f"/tasks/pictures/{lease}")

    assert (mine.status, mine.getheader("Content-Type")) == (200, "image/jpeg")
    assert ben.get(f"/tasks/pictures/{lease}").status == 409
    assert anna.get("/tasks/pictures/0123").status == 409
    assert anna.get("/tasks/pictures/..%2f..%2fserver.db").status == 404


def test_another_workers_lease_is_refused(crew: Crew) -> None:
    """For answering, declining and going back."""
    anna, ben = Browser(crew.place, "anna"), Browser(crew.place, "ben")
    lease = content(anna.post("next"))["task"]["lease"]

    answers = [ben.post("answer", {"lease": lease, "boxes": []}), ben.post("decline", {"lease": lease, "reason": "no"})]
    answers.append(ben.post("back", {"lease": lease}))

    assert [(one.status, content(one)["error"]) for one in answers] == [(409, "Lost")] * 3


@pytest.mark.parametrize(
    ("call", "wrong", "said"),
    [
        pytest.param("answer", {"boxes": None}, "boxes is not a list", id="no boxes"),
        pytest.param("answer", {"boxes": [1]}, "box 1 has no label", id="no box"),
        pytest.param("answer", {"boxes": [{"label": "pen", "left": 0.5}]}, "whole number of pixels", id="half a pixel"),
        pytest.param("answer", {"boxes": [{"label": "pen", "left": True}]}, "whole number of pixels", id="a truth"),
        pytest.param("answer", {"boxes": [], "lease": 7}, "lease is not a text", id="a number for a lease"),
        pytest.param("answer", {"boxes": [], "lease": "\ud800"}, "no character", id="half a character for a lease"),
        pytest.param("answer", {"boxes": [], "lease": "a\0"}, "no character", id="a zero in a lease"),
        pytest.param("decline", {"reason": " "}, "a reason has", id="no reason"),
        pytest.param("decline", {"reason": "x" * 201}, "a reason has", id="too much of a reason"),
    ],
)
def test_wrong_answers_are_told_and_not_kept(crew: Crew, call: str, wrong: dict[str, Any], said: str) -> None:
    """As a sentence for the worker."""
    anna = Browser(crew.place, "anna")
    lease = content(anna.post("next"))["task"]["lease"]

    refused = anna.post(call, {"lease": lease} | wrong)

    assert refused.status == 400
    assert said in content(refused)["message"]
    assert content(anna.post("next"))["task"]["lease"] == lease


def test_a_page_is_told_to_wait_for_pictures_that_are_away(crew: Crew) -> None:
    """With what is the matter, in the way that makes it ask again."""
    anna = Browser(crew.place, "anna")
    (crew.place.bucket / "images").rename(crew.place.bucket / "away")

    asked = anna.post("next")

    assert (asked.status, content(asked)["error"]) == (503, "Unavailable")
    assert "s3://pens/images, is empty" in content(asked)["message"]


def test_a_template_that_no_parser_takes_holds_up_nobody(crew: Crew) -> None:
    """The picture comes without instructions."""
    crew.place.write("template.liquid", b"<![<![<!")

    asked = Browser(crew.place, "anna").post("next")

    assert asked.status == 200
    assert content(asked)["task"]["instructions"] == {"header": "", "short": [], "full": []}


def test_every_answer_is_sent_with_the_same_care(crew: Crew) -> None:
    """A strict policy without exceptions, and types that no browser may guess at."""
    anna = Browser(crew.place, "anna")
    lease = content(anna.post("next"))["task"]["lease"]

    paths = ("/tasks/", "/tasks/js/main.js", "/tasks/none", f"/tasks/pictures/{lease}", "/enter?token=x")
    for path in (*paths, "/", "/tasks", "/none", "/tasks/next"):
        headers = anna.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("path", "status"), [("/tasks", 404), ("/none", 404), ("/", 405), ("/enter/", 404)])
def test_no_name_that_was_pointed_here_gets_more_than_a_refusal(crew: Crew, path: str, status: int) -> None:
    """Least of all a redirect back to it, also where there is nothing."""
    anna = Browser(crew.place, "anna")

    assert anna.get(path).status == status
    assert anna.get(path, Host="evil.example").status == 403


def test_only_the_pages_own_files_are_served(crew: Crew) -> None:
    """By their names, with their types; no path leads anywhere else."""
    anna = Browser(crew.place, "anna")

    types = {name: anna.get(f"/tasks/{name}").getheader("Content-Type") for name in ("", "page.css", "js/main.js")}

    assert types == {
        "": "text/html; charset=utf-8",
        "page.css": "text/css; charset=utf-8",
        "js/main.js": "text/javascript; charset=utf-8",
    }
    for path in ("js/../../page.py", "..%2fpage.py", "vendor/annotorious/LICENSES.txt", "%2fetc%2fpasswd"):
        assert anna.get(f"/tasks/{path}").status == 404


def test_without_people_there_is_no_page(place: Place) -> None:
    """And the labeling API is as it was."""
    with place.serving() as api:
        assert Browser(place).get("/tasks/").status == 404
        assert api.list_labeling_jobs()["LabelingJobSummaryList"] == []


def test_no_file_of_the_page_holds_code_in_its_html() -> None:
    """The policy would refuse it; and no script takes text for HTML."""
    page = files()["index.html"].decode()
    scripts = [text.decode() for name, text in files().items() if name.startswith("js/")]

    assert "<script>" not in page
    assert " on" not in page.replace(" one", "").replace(" on ", "").replace(" only", "")
    assert "style=" not in page
    assert scripts
    assert not any(word in text for text in scripts for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval("))


def test_annotorious_is_the_release_that_its_note_names() -> None:
    """Byte for byte, with the licences of all that is in it."""
    note = json.loads((VENDORED / "vendored.json").read_text("utf-8"))
    licences = (VENDORED / "LICENSES.txt").read_text("utf-8")

    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDORED.glob("annotorious.*")}

    assert found == note["sha256"]
    assert note["version"] in licences
    for name in note["holds"]:
        assert name in licences
