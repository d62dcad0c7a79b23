"""The operator's work queue: who is handed out when."""

from __future__ import annotations

import threading

from tests.controller.clocks import Clock

from labelround.controller.queue import SPARE_ENTRIES, WorkQueue

JOIN_SECONDS = 10


def test_a_key_that_is_added_twice_is_handed_out_once() -> None:
    """Many events about one round before its turn are one pass."""
    queue: WorkQueue[str] = WorkQueue(Clock())
    queue.add("a")
    queue.add("a")

    taken = queue.take()
    queue.done("a")

    assert taken == "a"
    assert queue.depth() == 0


def test_a_key_that_is_added_while_it_is_worked_on_comes_again_afterwards() -> None:
    """What happens during a pass is looked at by another pass, never by a second worker at the same time."""
    queue: WorkQueue[str] = WorkQueue(Clock())
    queue.add("a")
    queue.take()
    queue.add("a")
    queue.add("b")

    meanwhile = queue.take()
    queue.done("a")

    assert meanwhile == "b"
    assert queue.take() == "a"


def test_a_delayed_key_waits_for_its_time() -> None:
    """It is not due before, and counts as waiting only from then on."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("later", 30.0)
    before = queue.depth()

    clock.pass_by(40.0)

    assert before == 0
    assert queue.depth() == 1
    assert queue.oldest() == 10.0
    assert queue.take() == "later"


def test_an_earlier_time_replaces_a_later_one_and_never_the_other_way() -> None:
    """An event makes a round due at once, though it had an hour; a slow look does not hold up a quick one."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a", 3600.0)
    queue.add("a")
    queue.add("a", 3600.0)

    taken = queue.take()
    queue.done("a")
    clock.pass_by(4000.0)

    assert taken == "a"
    assert queue.depth() == 0


def test_retries_wait_twice_as_long_each_time_up_to_a_bound() -> None:
    """A service that stays away is asked ever less often, and success starts over."""
    queue: WorkQueue[str] = WorkQueue(Clock(), longest_retry=10.0)

    delays = [queue.retry("a") for _ in range(6)]
    queue.succeeded("a")

    assert delays == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert queue.retry("a") == 1.0
    assert queue.retry("b", longest=0.5) == 0.5


def test_a_thousand_failures_do_not_overflow() -> None:
    """A round may fail for weeks."""
    queue: WorkQueue[str] = WorkQueue(Clock(), longest_retry=300.0)

    delays = [queue.retry("a") for _ in range(2000)]

    assert delays[-1] == 300.0


def test_a_failure_after_many_short_looks_is_tried_again_soon() -> None:
    """A conversion was looked at for an hour; one hiccup must not hide its end for five minutes."""
    queue: WorkQueue[str] = WorkQueue(Clock(), longest_retry=300.0)
    for _ in range(200):
        queue.retry("a", longest=15.0)

    delay = queue.retry("a")

    assert delay == 30.0


def test_waking_a_key_again_and_again_takes_no_memory() -> None:
    """A round that changes at every poll leaves an hourly look behind each time."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock)
    for _ in range(20_000):
        queue.add("a")
        queue.take()
        queue.add("a", 3600.0)
        queue.done("a")
        clock.pass_by(0.1)

    kept = len(queue._order)

    assert kept < 2 * SPARE_ENTRIES


def test_throwing_out_replaced_entries_keeps_the_order() -> None:
    """Every key comes at its own time still."""
    clock = Clock()
    queue: WorkQueue[str] = WorkQueue(clock)
    for round in range(SPARE_ENTRIES):
        for key, earlier in (("c", 0.1), ("a", 0.3), ("b", 0.2)):
            queue.add(key, 10_000.0 - round - earlier)

    clock.pass_by(10_000.0)

    assert [queue.take() for _ in range(3)] == ["a", "b", "c"]


def test_a_forgotten_key_does_not_come() -> None:
    """Nothing is kept of a round that is gone."""
    queue: WorkQueue[str] = WorkQueue(Clock())
    queue.add("gone")
    queue.retry("gone")
    queue.forget("gone")
    queue.add("b")

    taken = queue.take()

    assert taken == "b"
    assert queue.depth() == 0


def test_a_closed_queue_lets_its_workers_go() -> None:
    """Even those that wait for a key."""
    queue: WorkQueue[str] = WorkQueue()
    queue.add("far", 3600.0)
    taken: list[str | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.take()))
    worker.start()

    queue.close()
    worker.join(JOIN_SECONDS)

    assert taken == [None]


class Misdirected(threading.Condition):
    """Its notifies reach nobody while `lost`, as for a worker whose wait is just over. `waited`: somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = False
        self.waited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.set()
        return super().wait(timeout)

    def notify(self, n: int = 1) -> None:
        if not self.lost:
            super().notify(n)


def test_a_wake_that_came_too_late_for_one_worker_reaches_another() -> None:
    """Whoever takes a key lets another look, so that no due key waits until the next event."""
    changed = Misdirected()
    queue: WorkQueue[str] = WorkQueue(_changed=changed)
    taken: list[str | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.take()))
    worker.start()
    changed.waited.wait(JOIN_SECONDS)
    changed.lost = True
    queue.add("a")
    queue.add("b")
    changed.lost = False

    first = queue.take()
    worker.join(JOIN_SECONDS)
    queue.close()

    assert first == "a"
    assert taken == ["b"]


def test_many_workers_never_have_one_key_at_a_time_and_lose_none() -> None:
    """Eight threads, every key added again and again while others work on it."""
    queue: WorkQueue[int] = WorkQueue()
    busy: set[int] = set()
    doubled: list[int] = []
    passes = dict.fromkeys(range(20), 0)
    lock = threading.Lock()

    def work() -> None:
        while (key := queue.take()) is not None:
            with lock:
                if key in busy:
                    doubled.append(key)
                busy.add(key)
                passes[key] += 1
                again = passes[key] < 50
                over = not again and all(count >= 50 for count in passes.values())
            if again:
                queue.add(key)
            with lock:
                busy.discard(key)
            queue.done(key)
            if over:
                queue.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for key in passes:
        queue.add(key)
    for worker in workers:
        worker.join(JOIN_SECONDS)

    assert doubled == []
    assert set(passes.values()) == {50}
