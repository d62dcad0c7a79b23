"""The dashboard as a picture, for its page in the documentation: what Grafana would show, drawn by matplotlib."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

Panel = Mapping[str, Any]
Found = Mapping[str, Sequence[Mapping[str, Any]]]
"""What was found for each `refId` of a panel: series with their `metric` and `values`."""
COLUMNS = 24
COLUMN_INCHES, ROW_INCHES = 0.68, 0.36
MOST_IN_LEGEND = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel with what its queries have found."""

    panel: Panel
    found: Found


def draw(drawn: Sequence[Drawn], start: float, file: Path) -> None:
    """Write a PNG of all panels at their places; times are minutes since `start`, in Unix seconds."""
    rows = max(each.panel["gridPos"]["y"] + each.panel["gridPos"]["h"] for each in drawn)
    figure = Figure(figsize=(COLUMNS * COLUMN_INCHES, rows * ROW_INCHES), facecolor="#f4f5f5")
    FigureCanvasAgg(figure)
    for each in drawn:
        place = each.panel["gridPos"]
        left, top = place["x"] / COLUMNS, 1 - place["y"] / rows
        width, height = place["w"] / COLUMNS, place["h"] / rows
        if each.panel["type"] == "row":
            figure.text(left + 0.005, top - height * 0.7, each.panel["title"], size=12, weight="bold")
            continue
        card = figure.add_axes((left + 0.002, top - height + 0.001, width - 0.004, height - 0.002), facecolor="white")
        card.set(xticks=[], yticks=[])
        card.spines[:].set_color("#d8d9da")
        figure.text(left + 0.006, top - 0.35 / rows, each.panel["title"], size=9, weight="bold", va="top")
        if each.panel["type"] == "timeseries":
            inner = (left + 0.032, top - height + 2.6 / rows, width - 0.042, height - 3.9 / rows)
            _lines(figure.add_axes(inner, facecolor="white"), each, start)
        else:
            _value(card, each)
    figure.savefig(file, dpi=80)


def _lines(axes: Axes, drawn: Drawn, start: float) -> None:
    """Lines, or areas on each other where the panel stacks them, with their last values below."""
    named = _named(drawn)
    shown = UNITS[drawn.panel["fieldConfig"]["defaults"].get("unit", "short")]
    custom = drawn.panel["fieldConfig"]["defaults"].get("custom", {})
    if custom.get("stacking", {}).get("mode") == "normal" and named:
        moments = sorted({time for points in named.values() for time, _ in points})
        heights = [[dict(points).get(time, 0.0) for time in moments] for points in named.values()]
        axes.stackplot([(time - start) / 60 for time in moments], heights, labels=list(named), alpha=0.7)
    else:
        for name, points in named.items():
            axes.plot([(time - start) / 60 for time, _ in points], [value for _, value in points], label=name)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} min"))
    axes.tick_params(labelsize=7, length=0)
    axes.grid(color="#ececec")
    axes.spines[:].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    last = [f"{textwrap.shorten(name, 40)}: {shown(named[name][-1][1])}" for name in labels]
    if handles:
        axes.legend(
            handles[:MOST_IN_LEGEND],
            last[:MOST_IN_LEGEND],
            loc="upper left",
            bbox_to_anchor=(-0.06, -0.12),
            ncols=2,
            fontsize=6.5,
            frameon=False,
        )


def _value(axes: Axes, drawn: Drawn) -> None:
    """The last values in large letters."""
    shown = UNITS[drawn.panel["fieldConfig"]["defaults"].get("unit", "short")]
    last = [shown(points[-1][1]) for points in _named(drawn).values()]
    axes.text(0.5, 0.42, " / ".join(last) or "No data", size=20, ha="center", va="center", color="#1f60c4")


def _named(drawn: Drawn) -> dict[str, list[tuple[float, float]]]:
    """The finite points of each series, by the legend that the panel gives it."""
    named: dict[str, list[tuple[float, float]]] = {}
    for target in drawn.panel["targets"]:
        for series in drawn.found[target["refId"]]:
            points = [(float(time), float(value)) for time, value in series["values"]]
            finite = [(time, value) for time, value in points if math.isfinite(value)]
            if finite:
                named[_legend(target["legendFormat"], series["metric"])] = finite
    return named


def _legend(template: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), template)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2g}"


def _seconds(value: float) -> str:
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.1f} min"


UNITS: Mapping[str, Callable[[float], str]] = {
    "short": _short,
    "s": _seconds,
    "ops": lambda value: f"{value:.2g}/s",
    "bytes": lambda value: f"{value / 2**20:.0f} MiB",
    "percentunit": lambda value: f"{value:.0%}",
}
