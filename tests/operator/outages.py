"""The outages of everything that an operator calls, by what a person would say of them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.operator.faults import Answer, Cut, Delay, Garbage, Moment, Rubbish, on
from tests.operator.strikes import Strike, away, black_hole, cut_watch, faulty, hanging, silent_watch

ALWAYS: Mapping[str, Strike] = {
    "the Kubernetes API answers 429": faulty("kubernetes", Answer(429)),
    "the Kubernetes API answers 500": faulty("kubernetes", Answer(500)),
    "the Kubernetes API answers 410": faulty("kubernetes", Answer(410)),
    "the Kubernetes API answers 401": faulty("kubernetes", Answer(401)),
    "the Kubernetes API hangs": hanging("kubernetes"),
    "the Kubernetes API is away": away("kubernetes"),
    "the Kubernetes API is behind a black hole": black_hole(),
    "the Kubernetes API does what it is asked and its answers are lost": faulty("kubernetes", Cut(Moment.AFTER)),
    "the watch ends in an ERROR 410": silent_watch(410),
    "the watch ends in an ERROR 500": silent_watch(500),
    "all connections to the Kubernetes API are cut": cut_watch(),
    "the labeling API throttles": faulty("labeling", Answer(429)),
    "the labeling API hangs": hanging("labeling"),
    "the labeling API answers half": faulty("labeling", Garbage(Rubbish.TRUNCATED)),
    "the labeling API answers with a page": faulty("labeling", Garbage(Rubbish.HTML)),
    "the labeling API does what it is asked and its answers are lost": faulty("labeling", Cut(Moment.AFTER)),
    "the object store is away": away("store"),
    "the object store is overloaded": faulty("store", Answer(503)),
}
MORE: Mapping[str, Strike] = {
    "the Kubernetes API answers 403": faulty("kubernetes", Answer(403)),
    "the Kubernetes API answers 503": faulty("kubernetes", Answer(503)),
    "the Kubernetes API answers half": faulty("kubernetes", Garbage(Rubbish.TRUNCATED)),
    "the Kubernetes API answers with a page": faulty("kubernetes", Garbage(Rubbish.HTML)),
    "the Kubernetes API answers in other types": faulty("kubernetes", Garbage(Rubbish.WRONG_TYPES)),
    "connections to the Kubernetes API are cut in the middle": faulty("kubernetes", Cut(Moment.MIDDLE)),
    "the Kubernetes API refuses status writes": faulty(
        "kubernetes", Answer(500), on("patch labelingrounds/status"), felt=1
    ),
    "the labeling API answers 500": faulty("labeling", Answer(500)),
    "the labeling API answers 503": faulty("labeling", Answer(503)),
    "the labeling API denies access": faulty("labeling", Answer(403)),
    "the labeling API answers in other types": faulty("labeling", Garbage(Rubbish.WRONG_TYPES)),
    "connections to the labeling API are cut": faulty("labeling", Cut(Moment.BEFORE)),
    "the labeling API is away": away("labeling"),
    "the labeling API is slow": faulty("labeling", Delay(1.0), felt=2),
    "the object store answers 500": faulty("store", Answer(500)),
    "the object store denies access": faulty("store", Answer(403)),
    "the object store hangs": hanging("store"),
    "the object store does what it is asked and its answers are lost": faulty("store", Cut(Moment.AFTER)),
    "connections to the object store are cut in the middle": faulty("store", Cut(Moment.MIDDLE)),
}
