"""Plots of how a search went: the scores trial by trial beside random search, and the learning curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from automl.report.chance import BestOf, best_of_random
from automl.report.document import Code, Line
from automl.report.figures import counted, figure
from automl.report.plots import Figure, Values, axis, broken, frame, label, line, outside, short, singled_out

if TYPE_CHECKING:
    from automl.report.reading import Reading
    from automl.trial import Epoch

_LEAST_RANDOM, _MANY_RANDOM = 3, 20
"""Of fewer random trials random search is not drawn, and is not compared with the winner."""
_MOST_CURVES, _MOST_POINTS = 300, 200
_FEW_TICKS = 10

Row = dict[str, Any]


def history(reading: Reading) -> Figure | None:
    """Draw every trial's score, the best so far, the default's, and where the best of random search would lie."""
    rows = [row for row in reading.by_number if row["score"] is not None]
    best = reading.summary["best"]
    if best is None:
        return None
    chance = best_of_random(reading.random_scores, reading.higher_is_better)
    band = _band(chance) if len(reading.random_scores) >= _LEAST_RANDOM else []
    default = reading.default_score
    ends, n_outside = frame([row["score"] for row in rows], reading.higher_is_better, [default])
    last = max(row["trial"] for row in reading.rows)
    reference = [_level("the default config", default, last)] if default is not None else []
    failed = [row for row in reading.by_number if row["state"] == "failed"]
    traces = [*band, *_points(rows, reading), *_failed(failed), *reference, _best_so_far(rows, last, reading)]
    layout = {
        "xaxis": axis("trial", range=[-0.02 * last - 0.3, 1.02 * last + 0.3], showgrid=False, **_whole(last)),
        "yaxis": axis(_validation(reading), range=ends),
        "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    }
    caption = [*_HISTORY, *outside(n_outside), *_on_chance(reading, bool(band)), *_as_good(chance, reading)]
    return Figure("history", _history_title(reading), caption, traces, layout, height=420)


def _whole(last: int) -> Values:
    """Keep the ticks of a few trials from standing between them."""
    return {"dtick": 1} if last <= _FEW_TICKS else {}


_HISTORY = (
    "Each point is a trial at its validation score, a pruned one at the score at which it was stopped. The line is the "
    "best completed trial so far.",
)


def _on_chance(reading: Reading, is_drawn: bool) -> Line:
    ask = Code(f"automl report {reading.words} --reference random:50")
    if not is_drawn:
        return [" To see what random search finds in this space: ", ask, "."]
    own, drawn = len(reading.own_random), len(reading.reference)
    of = [f"{own} of this study's trials" if own else "", f"{drawn} beside it" if drawn else ""]
    more: Line = [] if drawn else [", which are few; ", ask, " draws more"]
    return [
        " The band is where the best of so many random configs lies eight times in ten, its dotted line half the time, "
        f"told from {' and '.join(part for part in of if part)} that were drawn at random",
        *more,
        ".",
    ]


def _as_good(chance: Sequence[BestOf], reading: Reading) -> Line:
    """Say how many random trials are as good as the search; of few nothing is said."""
    if len(reading.random_scores) < _MANY_RANDOM:
        return []
    best, sign = reading.summary["best"]["validation"], 1 if reading.higher_is_better else -1
    enough = [each.trials for each in chance if each.middle is not None and sign * each.middle >= sign * best]
    if not enough:
        return [f" Half the time, not even {len(reading.random_scores)} of them are as good as the winner."]
    return [f" Half the time, the best of {counted(enough[0], 'random config')} is as good as the winner."]


def _history_title(reading: Reading) -> str:
    best, total = reading.summary["best"], reading.summary["trials"]["total"]
    reached = f"Trial {best['trial']} of {total:,} reached {reading.summary['metric']} {figure(best['validation'])}"
    if best["trial"] == 0:
        return f"{reached}: the default config, which none of the others beat" if total > 1 else reached
    if reading.default_score == best["validation"]:
        return f"{reached}, as did the default config, with a worse loss"
    return reached if reading.default_score is None else f"{reached}; the default has {figure(reading.default_score)}"


def _points(rows: Sequence[Row], reading: Reading) -> list[Values]:
    random = set(reading.own_random)
    kinds = {
        "pruned": ([row for row in rows if row["state"] == "pruned"], "@dim", "circle-open", 6),
        "completed": ([row for row in rows if row["state"] == "completed"], "@accent", "circle", 7),
    }
    traces = []
    for name, (found, color, symbol, size) in kinds.items():
        marker = {
            "color": color,
            "size": size,
            "symbol": [symbol.replace("circle", "diamond") if row["trial"] in random else symbol for row in found],
        }
        traces.append(scatter(found, "trial", name=name, marker=marker))
    return [trace for trace in traces if trace["x"]]


_POINT = "trial %{customdata[0]}, %{customdata[1]}: <b>%{y:.4~g}</b>"


def scatter(rows: Sequence[Row], of: str, **style: Any) -> Values:
    """Give trials as points, their score over something else of theirs."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [short(row[of]) for row in rows],
        "y": [short(row["score"]) for row in rows],
        "customdata": [[row["trial"], row["state"], _family(row)] for row in rows],
        "hovertemplate": f"{_POINT}<br>%{{customdata[2]}}<extra></extra>",
        **style,
    }


def _family(row: Row) -> str:
    return ", ".join(label(row[name]) for name in ("family", "optimizer") if row[name] is not None)


def _failed(rows: Sequence[Row]) -> list[Values]:
    if not rows:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "failed",
            "yaxis": "y2",
            "x": [row["trial"] for row in rows],
            "y": [0.02] * len(rows),
            "customdata": [str(row["failure"]).replace("_", " ") for row in rows],
            "hovertemplate": "trial %{x} failed: %{customdata}<extra></extra>",
            "marker": {"color": "@bad", "symbol": "x-thin", "size": 7, "line": line("@bad", 1.5)},
        }
    ]


def _level(name: str, score: float, last: int) -> Values:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{name}, {figure(score)}",
        "x": [0, last],
        "y": [short(score)] * 2,
        "line": line("@muted", 1.5, dash="dash"),
        "hoverinfo": "skip",
    }


def _best_so_far(rows: Sequence[Row], last: int, reading: Reading) -> Values:
    sign = 1 if reading.higher_is_better else -1
    x: list[int] = []
    y: list[float | None] = []
    best = -math.inf
    for row in rows:
        if row["state"] == "completed" and sign * row["score"] > best:
            best = sign * row["score"]
            x.append(row["trial"])
            y.append(short(row["score"]))
    style = line("@accent", 2.5, shape="hv")
    drawn = {"type": "scatter", "mode": "lines", "name": "best so far", "x": [*x, last], "y": [*y, y[-1]]}
    return {**drawn, "line": style, "hoverinfo": "skip"}


def _band(chance: Sequence[BestOf]) -> list[Values]:
    """Draw the middle of random search and the band around it."""
    came = [best for best in chance if best.low is not None]
    x = [best.trials - 1 for best in came]
    drawn: Values = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip", "legendgroup": "random"}
    edge = line("rgba(0,0,0,0)", 0)
    name = "best of random search"
    middle = {"y": [short(best.middle) for best in came], "line": line("@second", 1.5, dash="dot")}
    return [
        {**drawn, "y": [short(best.low) for best in came], "line": edge, "showlegend": False},
        {
            **drawn,
            **{"y": [short(best.high) for best in came], "line": edge, "showlegend": False},
            **{"fill": "tonexty", "fillcolor": "@band"},
        },
        {**drawn, **middle, "name": name},
    ]


def curves(reading: Reading) -> Figure | None:
    """Draw the learning curves, those of pruned trials faint, the winner's and the default's on top."""
    rows = [row for row in reading.rows if row["epochs"]]
    best = reading.summary["best"]
    if best is None:
        return None
    shown = some(rows, _MOST_CURVES)
    read = {row["trial"]: reading.curve(row["trial"]) for row in shown}
    marked = {best["trial"]: ("@accent", 3.0, f"trial {best['trial']}, the winner")}
    if best["trial"] != 0 and read.get(0):
        marked[0] = ("@second", 2.0, "trial 0, the default")
    plain = [row for row in shown if row["trial"] not in marked]
    groups = (("pruned", "@faint", 1.0), ("completed", "@accent-soft", 1.2))
    traces = [
        _lines([(row["trial"], read[row["trial"]]) for row in plain if row["state"] == state], color, width, state)
        for state, color, width in groups
    ]
    traces += [_lines([(number, read[number])], *look) for number, look in reversed(marked.items()) if number in read]
    ends, _ = frame([row["score"] for row in rows if row["score"] is not None], reading.higher_is_better)
    is_cut = any(not ends[0] <= epoch.validation <= ends[1] for curve in read.values() for epoch in curve)
    layout = {
        "xaxis": axis("epoch", rangemode="tozero", showgrid=False),
        "yaxis": axis(_validation(reading), range=ends),
        "shapes": [_rung(epoch) for epoch in sorted({event["epoch"] for event in reading.rungs})],
    }
    caption = [*_CURVES, *([" Bad epochs lie outside the frame; a double click shows all."] if is_cut else [])]
    caption += [f" {len(shown):,} of {len(rows):,} curves are drawn."] if len(shown) < len(rows) else []
    drawn = [*(trace for trace in traces if trace["x"]), singled_out()]
    return Figure("curves", _curves_title(reading), caption, drawn, layout, height=420, singles_out=True)


_CURVES = (
    "A line is a trial's score on the validation rows after each epoch; faint ones were pruned at one of the rungs, "
    "the dotted verticals. Point at a line to see it alone.",
)


def some(rows: Sequence[Row], most: int) -> list[Row]:
    """Give at most so many trials: the best half of them, of the others as many, evenly; and trial 0 in any case.

    Args:
        rows: Trials, best first.
        most: How many there is room for.
    """
    if len(rows) <= most:
        return list(rows)
    half = most // 2
    others = rows[half:]
    picked = [others[index * len(others) // half] for index in range(half)]
    default = [row for row in others if row["trial"] == 0 and row not in picked]
    return [*rows[:half], *picked, *default]


def _lines(curves: Sequence[tuple[int, Sequence[Epoch]]], color: str, width: float, name: str) -> Values:
    thinned = [(number, curve[:: 1 + (len(curve) - 1) // _MOST_POINTS]) for number, curve in curves]
    drawn = broken(
        [(number, [e.epoch for e in curve], [short(e.validation) for e in curve]) for number, curve in thinned]
    )
    template = "trial %{customdata}, epoch %{x}: <b>%{y:.4~g}</b><extra></extra>"
    return {**drawn, "name": name, "line": line(color, width), "hovertemplate": template}


def _rung(epoch: int) -> Values:
    style = line("@line", 1.0, dash="dot")
    return {
        "type": "line",
        "x0": epoch,
        "x1": epoch,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": style,
        "layer": "below",
    }


def _curves_title(reading: Reading) -> str:
    row = next(row for row in reading.rows if row["trial"] == reading.summary["best"]["trial"])
    counts = reading.summary["trials"]
    found = f"The winner was best at epoch {row['best_epoch']} of {row['epochs']}"
    if not counts["pruned"]:
        return found
    return f"{found}; {counts['pruned']:,} of {counted(counts['total'], 'trial')} were stopped early"


def _validation(reading: Reading) -> str:
    better = "higher" if reading.higher_is_better else "lower"
    return f"validation {reading.summary['metric']}, {better} is better"
