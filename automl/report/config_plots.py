"""Plots of what matters and what it costs: importance, and scores over the size and the time of trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from automl.report.content import MANY_TRIALS
from automl.report.document import Line
from automl.report.figures import figure
from automl.report.plots import Figure, axis, frame, line, named, outside, ratios, short
from automl.report.search_plots import Row, scatter

if TYPE_CHECKING:
    from automl.report.reading import Reading

_MOST_BARS = 12


def importance(reading: Reading) -> Figure | None:
    """Draw how much each parameter sets the best trials apart."""
    told = reading.importance
    if told is None:
        return None
    bars = list(told["parameters"].items())[:_MOST_BARS][::-1]
    places = list(range(len(bars)))
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [short(part) for _, part in bars],
        "y": places,
        "marker": {"color": "@accent"},
        "text": [f"{100 * part:.0f} %" for _, part in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    layout = {
        "xaxis": {"visible": False, "range": [0, 1.4 * bars[-1][1]], "fixedrange": True},
        "yaxis": named(places, [name for name, _ in bars], showgrid=False, fixedrange=True),
        "showlegend": False,
        "bargap": 0.35,
    }
    name, part = bars[-1]
    sets = "sets" if told["trials"] >= MANY_TRIALS else "may set"
    title = f"{name} {sets} the best trials apart most, with {100 * part:.0f} % of what does"
    return Figure("importance", title, _IMPORTANCE, [trace], layout, height=90 + 26 * len(bars))


_IMPORTANCE = ("Bars are parts of a whole, which all parameters together make up; what it means is said below.",)


def size(reading: Reading) -> Figure | None:
    """Draw scores over the number of parameters, with those that no smaller network beats."""
    return _cost(reading, "parameters", lambda value: f"{_counted(value)} parameters", "parameters of the network")


def speed(reading: Reading) -> Figure | None:
    """Draw scores over the seconds that trials took, with those that no quicker trial beats."""
    return _cost(reading, "seconds", lambda value: f"{value:.3g} s", "time of training")


def latency(reading: Reading) -> Figure | None:
    """Draw scores over the predicted milliseconds a row, with those that no faster network beats."""
    return _cost(reading, "latency", lambda value: f"{value:.3g} ms", "predicted time of one row")


COSTS = {"parameters": size, "latency": latency, "seconds": speed}
"""What draws scores over a cost, by its name."""


def _counted(value: float) -> str:
    """Write a count as it is rounded in speech.

    Examples:
        >>> _counted(950), _counted(18354), _counted(3e6)
        ('950', '18.4 k', '3 M')
    """
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def front(rows: Sequence[Row], of: str, higher_is_better: bool) -> list[Row]:
    """Give the trials that no cheaper or equally cheap one is as good as, the cheapest first.

    Examples:
        >>> rows = [{"cost": 3, "score": 0.9}, {"cost": 1, "score": 0.8}, {"cost": 2, "score": 0.7}]
        >>> [row["cost"] for row in front(rows, "cost", higher_is_better=True)]
        [1, 3]
    """
    sign = 1 if higher_is_better else -1
    best = -math.inf
    found = []
    for row in sorted(rows, key=lambda row: (row[of], -sign * row["score"])):
        if sign * row["score"] > best:
            best = sign * row["score"]
            found.append(row)
    return found


def _cost(reading: Reading, of: str, written: Callable[[float], str], title: str) -> Figure | None:
    rows = [row for row in reading.by_number if row["score"] is not None and row.get(of)]
    completed = [row for row in rows if row["state"] == "completed"]
    if not completed:
        return None
    on_front = front(completed, of, reading.higher_is_better)
    numbers = {row["trial"] for row in on_front}
    others = [row for row in completed if row["trial"] not in numbers]
    ends, n_outside = frame(
        [row["score"] for row in rows], reading.higher_is_better, [row["score"] for row in on_front]
    )
    faint = {"color": "@dim", "size": 6, "symbol": "circle-open"}
    pruned = scatter([row for row in rows if row["state"] == "pruned"], of, name="pruned", marker=faint)
    plain = scatter(others, of, name="completed", marker={"color": "@accent-soft", "size": 7})
    best = scatter(on_front, of, name="the front", marker={"color": "@accent", "size": 8}, mode="lines+markers")
    best["line"] = line("@accent", 2, shape="hv")
    layout = {
        "xaxis": ratios(title, [row[of] for row in rows], lambda value: written(value).removesuffix(" parameters")),
        "yaxis": axis(f"validation {reading.summary['metric']}", range=ends),
    }
    traces = [trace for trace in (pruned, plain, best) if trace["x"]]
    caption = [*_cost_caption(of), *outside(n_outside)]
    return Figure(of, _cost_title(on_front, of, written, reading), caption, traces, layout, height=340)


def _cost_title(on_front: Sequence[Row], of: str, written: Callable[[float], str], reading: Reading) -> str:
    cheapest, best = on_front[0], on_front[-1]
    if cheapest is best:
        which = {"parameters": "smallest", "latency": "fastest", "seconds": "quickest"}[of]
        return f"No completed trial beats the {which}, trial {best['trial']} with {written(best[of])}"
    little, much = (f"{figure(row['score'])} with {written(row[of])}" for row in (cheapest, best))
    return f"From {reading.summary['metric']} {little} to {much}"


def _cost_caption(of: str) -> Line:
    fewer = {"parameters": "with as few parameters", "latency": "at as little latency", "seconds": "in as little time"}
    return (f"Each point is a trial. On the front are those that no other completed trial equals {fewer[of]}.",)
