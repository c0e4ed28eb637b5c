"""The plot of what was tried: each trial a line through the values of its parameters, those of the best on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.report.document import Line
from automl.report.figures import counted, setting
from automl.report.plots import Figure, Values, broken, label, line, named, short, singled_out
from automl.report.search_plots import some

if TYPE_CHECKING:
    from automl.report.reading import Reading

_MOST_AXES = 7
_MOST_LINES = 300
_BEST_SHARE, _LEAST_BEST, _MOST_BEST = 0.1, 3, 30
_BOTTOM, _OFF = -0.16, -0.08
"""Where a line runs that has no such parameter, or has it at 0 on an axis of ratios; values lie from 0 to 1."""
_RATIOS_FROM = 8.0
"""Positive numbers that differ by this factor are placed by their ratios."""
_MOST_OPTIONS = 12
_ALIKE = 0.35
"""The best trials are said to share a parameter where they lie this close together, as a share of all trials."""


@dataclass(frozen=True)
class Axis:
    """One parameter of the trials, as a vertical axis.

    Args:
        name: The parameter's.
        places: By trial, where its value is: 0 to 1, or one of the places below.
        ticks: Places and what to write there.
    """

    name: str
    places: Mapping[int, float]
    ticks: Sequence[tuple[float, str]]


def joined(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give a config with the same parameter of different branches under one name.

    Examples:
        >>> joined({"optimizer": "sgd", "optimizer.sgd.lr": 0.1, "training.epochs": 9})
        {'optimizer': 'sgd', 'optimizer.lr': 0.1, 'training.epochs': 9}
    """
    return {without_branch(name, config): value for name, value in config.items()}


def without_branch(name: str, config: Mapping[str, Any]) -> str:
    """Give a parameter's name without the options that lead to it."""
    parts = name.split(".")
    kept = [
        part
        for place, part in enumerate(parts)
        if place == 0 or str(config.get(".".join(parts[:place]), object())) != part
    ]
    return ".".join(kept)


def make_axis(name: str, values: Mapping[int, Any], trials: Sequence[int]) -> Axis:
    """Place the values of a parameter.

    Args:
        name: The parameter's.
        values: Its values by trial; a trial in which it is not active is not among them.
        trials: All trials.
    """
    distinct = list(dict.fromkeys(values.values()))
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in distinct)
    place, ticks = _numbers(distinct) if is_number and len(distinct) > 1 else _options(distinct)
    places = {trial: place(values[trial]) if trial in values else _BOTTOM for trial in trials}
    if len(values) < len(trials):
        ticks = [*ticks, (_BOTTOM, "none")]
    return Axis(name, places, ticks)


def _options(options: Sequence[Any]) -> tuple[Callable[[Any], float], list[tuple[float, str]]]:
    ordered = sorted(options, key=lambda option: (isinstance(option, str), str(option)))
    places = {option: (index + 0.5) / len(ordered) for index, option in enumerate(ordered)}
    return places.__getitem__, [(place, setting(option)) for option, place in places.items()][:_MOST_OPTIONS]


def _numbers(values: Sequence[float]) -> tuple[Callable[[Any], float], list[tuple[float, str]]]:
    positive = [value for value in values if value > 0]
    is_ratio = min(values) >= 0 and len(positive) > 1 and max(positive) / min(positive) >= _RATIOS_FROM
    scale: Callable[[float], float] = math.log if is_ratio else float
    inside = positive if is_ratio else list(values)
    low, high = scale(min(inside)), scale(max(inside))

    def place(value: Any) -> float:
        return _OFF if is_ratio and value == 0 else (scale(value) - low) / (high - low)

    ends = [(0.0, setting(min(inside))), (1.0, setting(max(inside)))]
    return place, [*ends, *([(_OFF, "0")] if len(inside) < len(values) else [])]


def parallel(reading: Reading) -> Figure | None:
    """Draw each trial as a line through the values of its parameters, the best tenth on top."""
    rows = some([row for row in reading.rows if row["score"] is not None], _MOST_LINES)
    if reading.summary["best"] is None:
        return None
    completed = [row["trial"] for row in rows if row["state"] == "completed"]
    n_best = min(max(_LEAST_BEST, round(_BEST_SHARE * len(rows))), len(completed), _MOST_BEST)
    axes = _axes({row["trial"]: joined(row["config"]) for row in rows}, completed[:n_best])
    if len(axes) < 2:
        return None
    groups = {
        "pruned": ([row["trial"] for row in rows if row["state"] == "pruned"], "@faint", 0.7),
        "completed": (completed[n_best:], "@accent-soft", 1.0),
        f"best {n_best}": (completed[1:n_best], "@accent", 1.8),
        f"trial {completed[0]}, the winner": (completed[:1], "@second", 3.0),
    }
    traces = [_polylines(axes, trials, line(color, width), name) for name, (trials, color, width) in groups.items()]
    names = {"ticktext": [_folded(each.name) for each in axes], "side": "top", "gridcolor": "@faint", "tickangle": 0}
    layout = {
        "xaxis": named(range(len(axes)), [], range=[-0.35, len(axes) - 0.45], fixedrange=True) | names,
        "yaxis": {"visible": False, "range": [_BOTTOM - 0.06, 1.06], "fixedrange": True},
        "annotations": [mark for index, each in enumerate(axes) for mark in _ticks(index, each)],
        "legend": {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top", "font": {"color": "@ink"}},
    }
    drawn = [*(trace for trace in traces if trace["x"]), singled_out()]
    title = _title(axes, completed[:n_best])
    return Figure("parallel", title, _caption(axes), drawn, layout, height=460, singles_out=True, is_wide=True)


def _title(axes: Sequence[Axis], best: Sequence[int]) -> str:
    if len(best) == 1:
        return "The values of the one completed trial, beside the others"
    shared = [each.name for each in axes if _scatter(each, best) <= _ALIKE]
    if not shared:
        return "The best trials have little in common beyond what all trials have"
    return f"What the best {counted(len(best), 'trial')} have in common: {', '.join(shared[:3])}"


def _caption(axes: Sequence[Axis]) -> Line:
    return (
        "Each line is a trial; where it crosses an axis is its value there, “none” where it has no such parameter. "
        f"Shown are the {len(axes)} parameters on which the best trials are most alike beside all trials, which for "
        "few trials may be chance. Point at a line to see it alone.",
    )


def _axes(configs: Mapping[int, Mapping[str, Any]], best: Sequence[int]) -> list[Axis]:
    """Give the axes on which the best trials are most alike, in the order of the space; most of them have each."""
    names = dict.fromkeys(name for config in configs.values() for name in config)
    values = {name: {n: config[name] for n, config in configs.items() if name in config} for name in names}
    told = [name for name in names if _varies(values[name]) and 2 * sum(n in values[name] for n in best) >= len(best)]
    axes = [make_axis(name, values[name], list(configs)) for name in told]
    alike = sorted(axes, key=lambda each: _scatter(each, best))[:_MOST_AXES]
    return [each for each in axes if each in alike]


def _varies(values: Mapping[int, Any]) -> bool:
    return len(set(map(repr, values.values()))) > 1


def _scatter(each: Axis, best: Sequence[int]) -> float:
    """Say how far the best trials lie apart on an axis, as a share of how far all of them do."""
    everywhere = _deviation(list(each.places.values()))
    return _deviation([each.places[trial] for trial in best]) / everywhere if everywhere else 1.0


def _deviation(places: Sequence[float]) -> float:
    middle = sum(places) / len(places)
    return sum(abs(place - middle) for place in places) / len(places)


def _polylines(axes: Sequence[Axis], trials: Sequence[int], style: Values, name: str) -> Values:
    x = [float(index) for index in range(len(axes))]
    drawn = broken([(trial, x, [short(each.places[trial]) for each in axes]) for trial in trials])
    return {**drawn, "name": name, "line": style, "hovertemplate": "trial %{customdata}<extra></extra>"}


def _ticks(index: int, each: Axis) -> list[Values]:
    shared: Values = {"x": index, "showarrow": False, "xanchor": "left", "xshift": 4}
    style = {"font": {"size": 11, "color": "@muted"}, "bgcolor": "@veil", "borderpad": 1}
    return [{**shared, **style, "y": place, "text": label(text, 14)} for place, text in each.ticks]


def _folded(name: str) -> str:
    """Write a long name over several lines, broken at its dots."""
    return "<br>".join(label(part.replace("_", " "), 16) for part in name.split("."))
