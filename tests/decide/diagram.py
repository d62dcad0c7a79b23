"""The diagram in docs/states.md, made from the decision core: `python -m tests.decide.diagram` prints it.

An edge is drawn where a step leads from one phase to another. Suspended has one with nearly every phase, so it is told
in a note, and so are the troubles of a pass, which can stall a round anywhere.
"""

from __future__ import annotations

from collections import defaultdict

from tests.decide.steps import phase, reachable, starts

from labelround.conditions import Phase

Edges = dict[tuple[Phase, Phase], list[str]]
NOTES = {
    Phase.SUSPENDED: "from every phase that is not final, and back, by spec.suspend",
    Phase.STALLED: "from every phase that is not final, and back, by what only a person can mend",
}


def edges() -> Edges:
    """Every change of phase, and what brings it about."""
    found: defaultdict[tuple[Phase, Phase], set[str]] = defaultdict(set)
    for start in starts():
        found[Phase.PENDING, phase(start.after)].add(start.what)
    for seen, steps in reachable().items():
        for step in steps:
            if phase(seen) is not phase(step.after):
                found[phase(seen), phase(step.after)].add(step.what)
    order = list(Phase)
    return {
        edge: sorted(found[edge])
        for edge in sorted(found, key=lambda edge: (order.index(edge[0]), order.index(edge[1])))
    }


def diagram() -> str:
    """The whole block of Mermaid."""
    lines = ["stateDiagram-v2", "    [*] --> Pending"]
    for (one, other), causes in edges().items():
        if Phase.SUSPENDED not in {one, other}:
            lines.append(f"    {one.value} --> {other.value}: {', '.join(causes)}")
    lines += [f"    {final.value} --> [*]" for final in Phase if final.is_final]
    lines += [f"    note right of {noted.value}: {note}" for noted, note in NOTES.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())  # noqa: T201 what it is for
