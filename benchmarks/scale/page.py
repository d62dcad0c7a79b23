"""The page that tells of a run, from its figures alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from benchmarks.scale.aims import AIMED_AT, aims, share
from benchmarks.scale.calls import LEASES
from benchmarks.scale.result import OPERATOR, RESTART, SHORT, TIMER, Measured, Result

NONE = "–"
S3_NAMES = {
    "getobject": "GetObject", "headobject": "HeadObject", "listobjectsv2": "ListObjectsV2", "putobject": "PutObject",
}  # fmt: skip

Figure = Callable[[Measured], str]


def render(result: Result) -> str:
    """All of it, as Markdown."""
    return "\n".join([_head(result), _aims(result), _stretches(result), _ratios(result), _calls(result)])


def _head(result: Result) -> str:
    windows = result.windows
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    short, settings = "", "with its usual settings"
    if windows == SHORT:
        short, settings = " --short", f"with its usual settings, but for a poll every {windows.poll:g} seconds"
    verdict = "Every round came right, and nothing was written at rest."
    if result.wrong:
        verdict = "This did not come right:\n\n" + "\n".join(f"- {each}" for each in result.wrong)
    return f"""# The operator over {result.rounds:,} rounds

`python -m benchmarks operator {result.rounds}{short}`, {result.date}. {result.machine}
{versions}.

The operator {settings}, and beside it the straight way to write it: a
[kopf timer](../kopf_timer.py) for each round, which asks for its labeling job every {windows.poll:g} seconds, writes
what is new into the status, and does no more. kube-apiserver with etcd, the labelround server and MinIO are real, run
on the same cores and take their part of them. {verdict}

- cold: all rounds are created at once ({result.created:.0f} s), until each has its labeling job. The timer makes none.
- restart: from the start of the process over rounds that are being labeled, until all were looked at.
- steady: one in a hundred has another picture labeled every {windows.poll:g} seconds, the time between two polls.
- idle: nothing changes.
"""


def _aims(result: Result) -> str:
    rows = [[aim, measured, "met" if met else "not met"] for aim, measured, met in aims(result)]
    about = (
        "" if result.rounds >= AIMED_AT else f"\nThe aims are about {AIMED_AT:,} rounds; these are {result.rounds:,}.\n"
    )
    return f"## Aims\n\n{_table([f'{result.rounds:,} rounds', 'measured', ''], rows, 1)}{about}"


def _stretches(result: Result) -> str:
    rows: list[tuple[str, Figure]] = [
        ("seconds", lambda each: f"{each.seconds:.1f}" + ("" if each.done else " (not over)")),
        ("CPU seconds", lambda each: f"{each.cpu:.2f}"),
        ("CPU a round, ms", lambda each: f"{1000 * each.cpu / result.rounds:.2f}"),
        ("share of a core", lambda each: f"{share(each):.2%}"),
        ("peak memory so far, MB", lambda each: f"{each.peak:.0f}"),
        ("passes (reconciles)", lambda each: f"{each.passes:.0f}" if each.passes else NONE),
        ("passes a second", lambda each: f"{each.passes / each.seconds:.1f}" if each.passes else NONE),
    ]
    text = _wide("Stretches", "", result, rows)
    names = dict.fromkeys(name for each in _all(result) for name in each.servers)
    others: list[tuple[str, Figure]] = [(name, _server(name)) for name in names]
    return text + "\n" + _wide("CPU seconds of the others", "", result, others)


def _server(name: str) -> Figure:
    return lambda each: f"{each.servers.get(name, 0.0):.1f}"


def _ratios(result: Result) -> str:
    """The operator's figures as a part of the timer's; those of steady and idle are of one second of each."""
    timer = {each.name: each for each in result.programs[TIMER]}
    figures: dict[str, Callable[[Measured], float]] = {
        "CPU": lambda each: each.cpu,
        "CPU of the others": lambda each: sum(each.servers.values()),
        "Kubernetes calls, those for the Lease aside": _kubernetes_calls,
        "labeling calls": lambda each: sum(each.labeling.values()),
    }
    both = [(each, timer[each.name]) for each in result.programs[OPERATOR] if each.name in timer]
    rows = [["seconds", *(_ratio(a.seconds, b.seconds) if a.name == RESTART else NONE for a, b in both)]]
    rows += [
        [name, *(_ratio(_paced(figure, a), _paced(figure, b)) for a, b in both)] for name, figure in figures.items()
    ]
    rows.append(["peak memory", *(_ratio(a.peak, b.peak) for a, b in both)])
    table = _table(["", *(a.name for a, _ in both)], rows, len(both))
    return f"## The operator, as a part of the timer\n\nSteady and idle for each second.\n\n{table}"


def _kubernetes_calls(measured: Measured) -> float:
    return sum(count for name, count in measured.kubernetes.items() if not name.endswith(f" {LEASES}"))


def _paced(figure: Callable[[Measured], float], measured: Measured) -> float:
    return figure(measured) / (1 if measured.name == RESTART else measured.seconds)


def _ratio(own: float, other: float) -> str:
    return f"{own / other:.3g}" if other else NONE


def _calls(result: Result) -> str:
    kubernetes = "As the API server's audit log has them."
    s3 = "As MinIO counts them some seconds later, those of the labelround server among them."
    return "\n".join(
        [
            _wide("Kubernetes API calls", kubernetes, result, _counted(result, lambda each: each.kubernetes)),
            _wide("Labeling API calls", "", result, _counted(result, lambda each: each.labeling)),
            _wide("S3 calls", s3, result, _counted(result, lambda each: each.s3)),
        ]
    )


def _counted(result: Result, counts: Callable[[Measured], Mapping[str, int]]) -> Iterator[tuple[str, Figure]]:
    for name in sorted({name for each in _all(result) for name in counts(each)}):
        yield f"`{S3_NAMES.get(name, name)}`", lambda each, name=name: str(counts(each).get(name, NONE))  # type: ignore[misc]


def _all(result: Result) -> list[Measured]:
    return [*result.programs[OPERATOR], *result.programs[TIMER]]


def _wide(title: str, about: str, result: Result, rows: Iterable[tuple[str, Figure]]) -> str:
    """A table with a column for each stretch of each program."""
    head = ["", *(f"{'operator' if name == OPERATOR else 'timer'}: {each.name}" for name in (OPERATOR, TIMER)
                  for each in result.programs[name])]  # fmt: skip
    body = [[name, *map(figure, _all(result))] for name, figure in rows]
    told = f"{about}\n\n" if about else ""
    return f"## {title}\n\n{told}{_table(head, body, len(head) - 1)}"


def _table(head: list[str], rows: list[list[str]], numbers: int) -> str:
    """Markdown; the columns after the first, so many of them, hold numbers."""
    rule = ["---", *["---:"] * numbers, *["---"] * (len(head) - 1 - numbers)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, rule, *rows])
