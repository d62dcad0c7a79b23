"""Reading the calls out of the logs of the servers, while these grow."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from benchmarks.scale.calls import Calls, Lines

USER = "operator"


def audited(verb: str, resource: str, user: str = USER, **reference: str) -> str:
    """A line of the API server's audit log."""
    about = {"objectRef": {"resource": resource, **reference}} if resource else {}
    return json.dumps({"stage": "ResponseComplete", "verb": verb, "user": {"username": user}, **about}) + "\n"


def test_calls_are_counted_by_verb_and_by_operation(tmp_path: Path) -> None:
    """Those of others are not; a line that is half written counts once it is whole."""
    audit, requests = tmp_path / "audit.log", tmp_path / "requests.jsonl"
    status = audited("patch", "labelingrounds", subresource="status")
    audit.write_text(
        audited("get", "leases") + audited("get", "") + audited("get", "leases", user="other") + status[:9]
    )
    requests.write_text('{"operation": "CreateLabelingJob", "job": "a"}\n{"operation": "ListLabelingJobs"}\n')
    calls = Calls(Lines(audit), Lines(requests), USER)

    calls.update()
    before = dict(calls.kubernetes)
    with audit.open("a") as more:
        more.write(status[9:])
    calls.update()
    calls.close()

    assert before == {"get leases": 1, "get discovery": 1}
    assert calls.kubernetes - Counter(before) == {"patch labelingrounds/status": 1}
    assert calls.labeling == {"CreateLabelingJob": 1, "ListLabelingJobs": 1}
    assert (calls.created, calls.described) == ({"a"}, set())


def test_a_log_that_is_set_aside_is_read_to_its_end_and_then_the_next_one(tmp_path: Path) -> None:
    """The API server begins its audit log anew when it is large."""
    log = tmp_path / "audit.log"
    log.write_text("one\n")
    lines = Lines(log)
    first = list(lines.new())
    with log.open("a") as more:
        more.write("two\n")
    log.rename(tmp_path / "audit-old.log")
    log.write_text("three\n")

    rest = list(lines.new())
    lines.close()

    assert first == [b"one"]
    assert rest == [b"two", b"three"]
