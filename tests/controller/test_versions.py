"""Which of the things that a watch tells are news."""

from __future__ import annotations

from labelround.controller.keys import RoundKey
from labelround.controller.versions import Versions

KEY = RoundKey("default", "pens-1")


def test_a_version_is_news_once() -> None:
    """A watch that lists everything again after an outage tells nothing new."""
    versions = Versions()

    told = [versions.is_news(KEY, version) for version in ("7", "7", "8")]

    assert told == [True, False, True]


def test_an_older_version_is_no_news() -> None:
    """The event about a pass's own first write may come after its second."""
    versions = Versions()
    versions.handled(KEY, "100")

    assert not versions.is_news(KEY, "99")


def test_a_pass_is_not_woken_by_its_own_writing() -> None:
    """What it has written last comes back from the watch while it still works."""
    versions = Versions()
    versions.begin(KEY)
    told = versions.is_news(KEY, "12")
    versions.handled(KEY, "12")

    assert not told
    assert not versions.end(KEY)


def test_what_somebody_else_writes_during_a_pass_wakes_it_afterwards() -> None:
    """It is held back until the pass ends, and not lost."""
    versions = Versions()
    versions.begin(KEY)
    versions.handled(KEY, "12")
    told = versions.is_news(KEY, "13")

    assert not told
    assert versions.end(KEY)


def test_what_is_told_late_does_not_hide_what_is_newer() -> None:
    """A list that began before the change is read after the watch has told it."""
    versions = Versions()
    versions.begin(KEY)
    versions.handled(KEY, "12")
    versions.is_news(KEY, "15")
    versions.is_news(KEY, "13")
    versions.handled(KEY, "14")

    assert versions.end(KEY)


def test_a_forgotten_round_is_new_again() -> None:
    """A round made anew under the name of a deleted one is looked at."""
    versions = Versions()
    versions.handled(KEY, "12")
    versions.forget(KEY)

    assert versions.is_news(KEY, "3")
    assert versions.known() == {KEY}
