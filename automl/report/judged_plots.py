"""Plots of the judgement: the network beside the baselines, where it errs, and how far its probabilities hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.report.ensemble import scores, subject, verdicts
from automl.report.figures import counted, figure, interval, spoken
from automl.report.judged import Judged, calibration_error, confusion, read_judged, reliability, spread_out
from automl.report.plots import Figure, Values, axis, label, line, named, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.report.reading import Reading

_MOST_CLASSES, _MOST_NUMBERED = 40, 15
_MOST_ROWS = 2000
_ROOM_FOR_NAMES = 40
"""So many letters have room below a plot; names of more stand upright."""


def lead(reading: Reading) -> Figure | None:
    """Draw the model's test score and the others', each with its interval."""
    judged = reading.judged
    if judged is None or judged["test"]["value"] is None:
        return None
    shown = [(name, ends) for name, ends in scores(judged).items() if ends["value"] is not None][::-1]
    values = [ends["value"] for _, ends in shown]
    reach = {
        "array": [_reach(ends, "ci_high") for _, ends in shown],
        "arrayminus": [_reach(ends, "ci_low") for _, ends in shown],
    }
    colors = ["@accent" if name == subject(judged) else "@muted" for name, _ in shown]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [short(value) for value in values],
        "y": list(range(len(shown))),
        "customdata": [
            f"{label(spoken(name))}: <b>{figure(ends['value'])}</b> {interval(ends)}" for name, ends in shown
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"color": colors, "size": 11},
        "error_x": {"type": "data", "symmetric": False, **reach, "color": "@muted", "thickness": 2, "width": 0},
    }
    layout = {
        "xaxis": axis(f"test {reading.summary['metric']}", nticks=6),
        "yaxis": named(
            range(len(shown)), [spoken(name) for name, _ in shown], showgrid=False, range=[-0.6, len(shown) - 0.4]
        ),
        "showlegend": False,
    }
    caption = (
        f"A dot is the score on the {counted(judged['test']['rows'], 'test row')}, its bar the 95 % interval. Whether "
        "one is better is told by the interval of the lead, in the table, not by whether bars overlap.",
    )
    return Figure("lead", _lead_title(judged), caption, [trace], layout, height=80 + 46 * len(shown))


def _reach(ends: Mapping[str, float | None], end: str) -> float | None:
    value, other = ends["value"], ends[end]
    return 0.0 if value is None or other is None else short(abs(other - value))


def _lead_title(judged: dict[str, Any]) -> str:
    said, model = [verdict.split(":")[0] for verdict in verdicts(judged)], subject(judged)
    return f"The {model} is {' and '.join(said)}" if said else f"The {model}'s score on the test rows"


def errors(reading: Reading) -> list[Figure]:
    """Draw where the network errs and how far its word can be trusted, from the judged rows; none without them."""
    judged = read_judged(reading)
    if judged is None or not len(judged.truth):
        return []
    if judged.confidence is None:
        return [_against_truth(judged, reading), _residuals(judged, reading)]
    return [_confusion(judged, reading.task["classes"]), _reliability(judged, judged.confidence)]


def _confusion(judged: Judged, classes: list[Any]) -> Figure:
    counts = confusion(judged, len(classes))
    shown = _most_mistaken(counts)
    names = [label(classes[code], 18) for code in shown]
    part = counts[np.ix_(shown, shown)]
    share = part / np.maximum(counts[shown].sum(axis=1, keepdims=True), 1)
    places = list(range(len(shown)))
    trace: Values = {
        "type": "heatmap",
        "x": places,
        "y": places,
        "z": [[short(value) for value in row] for row in share.tolist()],
        "text": [[str(value) if value else "" for value in row] for row in part.tolist()],
        "customdata": [
            [f"{count} of {true} were taken for {guess}" for guess, count in zip(names, row)]
            for true, row in zip(names, part.tolist())
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
        "colorscale": [[0, "@card"], [1, "@heat"]],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    trace |= {"texttemplate": "%{text}"} if len(shown) <= _MOST_NUMBERED else {}
    layout = {
        "xaxis": named(places, names, showgrid=False, title="predicted", constrain="domain"),
        "yaxis": named(places, names, showgrid=False, title="true", autorange="reversed"),
    }
    layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
    is_crowded = max(map(len, names)) * len(names) > _ROOM_FOR_NAMES
    layout["xaxis"]["tickangle"] = -90 if is_crowded else 0
    caption = (
        "A row is a true class, a column a prediction; what is right lies on the diagonal. Colour is the share of "
    )
    left_out = len(classes) - len(shown)
    rest = f" The {len(shown)} classes with most mistakes are shown; {left_out} are not." if left_out else ""
    height = min(640, 200 + 34 * len(shown) + (6 * max(map(len, names)) if is_crowded else 0))
    said = (f"{caption}the row, numbers are test rows.{rest}",)
    return Figure("confusion", _confusion_title(counts, classes), said, [trace], layout, height, is_square=True)


def _most_mistaken(counts: np.ndarray[Any, Any]) -> list[int]:
    """Give the classes that are shown, in their order: all, or those that most mistakes have to do with."""
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:_MOST_CLASSES].tolist())


def _confusion_title(counts: np.ndarray[Any, Any], classes: list[Any]) -> str:
    right = counts.diagonal().sum() / counts.sum()
    wrong = counts - np.diag(counts.diagonal())
    found = f"{100 * right:.1f} % of the test rows are predicted right"
    if not wrong.any():
        return found
    true, guess = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if wrong.max() == 1:
        return f"{found}; no mistake is made twice"
    mistake = f"takes “{classes[true]}” for “{classes[guess]}”, {int(wrong.max())} times"
    return f"{found}; the most frequent mistake {mistake}"


def _reliability(judged: Judged, confidence: np.ndarray[Any, Any]) -> Figure:
    bins = reliability(confidence, judged.truth == judged.prediction)
    error = calibration_error(bins)
    most = max(each.n_rows for each in bins)
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "the network",
        "x": [short(100 * each.confidence) for each in bins],
        "y": [short(100 * each.right) for each in bins],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [short(100 * (each.high - each.right)) for each in bins],
            "arrayminus": [short(100 * (each.right - each.low)) for each in bins],
            **{"color": "@muted", "thickness": 1.5, "width": 0},
        },
        "customdata": [each.n_rows for each in bins],
        "hovertemplate": "%{customdata} rows, said %{x:.1f} %: <b>right %{y:.1f} %</b><extra></extra>",
        "marker": {"color": "@accent", "size": [6 + 14 * (each.n_rows / most) ** 0.5 for each in bins], "opacity": 1},
        "cliponaxis": False,
    }
    low = min([0.5, *(each.confidence for each in bins), *(each.low for each in bins)])
    ends = [max(0.0, float(np.floor(10 * low)) * 10), 102]
    layout = {
        "xaxis": axis("probability it gave its prediction", range=ends, ticksuffix=" %", showgrid=False),
        "yaxis": axis("share that was right", range=ends, ticksuffix=" %"),
    }
    caption = (
        "Rows are put together by the probability the network gave its own prediction; the larger a dot, the more "
        "rows, and bars are 95 % intervals (Wilson). On the diagonal it is right as often as it says, below it is too "
        f"sure of itself. The expected calibration error, {error:.3f}, is the mean distance from the diagonal, each "
        "dot counted by its rows.",
    )
    traces = [_diagonal([0, 100], "as good as its word"), trace]
    return Figure("reliability", _reliability_title(bins, error), caption, traces, layout, height=400)


def _reliability_title(bins: list[Any], error: float) -> str:
    total = sum(each.n_rows for each in bins)
    lean = sum(each.n_rows * (each.confidence - each.right) for each in bins) / total
    tendency = "too sure of itself" if lean > 0 else "too modest"
    if abs(lean) < 0.5 * error or error < 0.01:
        return f"Its probabilities are off by {100 * error:.1f} points on average"
    return f"Its probabilities are off by {100 * error:.1f} points on average; it is {tendency}"


def _diagonal(ends: list[float], name: str) -> Values:
    style = {"line": line("@muted", 1.5, dash="dash"), "hoverinfo": "skip"}
    return {"type": "scatter", "mode": "lines", "name": name, "x": ends, "y": ends, **style}


def _against_truth(judged: Judged, reading: Reading) -> Figure:
    rows = spread_out(judged, _MOST_ROWS)
    target = label(reading.task["target"])
    ends = [short(float(judged.truth.min())) or 0.0, short(float(judged.truth.max())) or 0.0]
    points = _points(judged.truth[rows], judged.prediction[rows], "true %{x:.5~g}, predicted <b>%{y:.5~g}</b>")
    layout = {"xaxis": axis(f"true {target}"), "yaxis": axis(f"predicted {target}")}
    caption = (
        "Each point is a test row; on the diagonal the prediction is the truth. A cloud flatter than the diagonal "
        f"means that extremes are predicted too near the middle.{_sampled(len(rows), len(judged.truth))}",
    )
    residual = judged.truth - judged.prediction
    spread = float(np.square(judged.truth - judged.truth.mean()).sum())
    explained = 1 - float(np.square(residual).sum()) / spread if spread else None
    title = f"The predictions account for {100 * explained:.0f} % of the variance" if explained else ""
    traces = [points, _diagonal(ends, "prediction = truth")]
    return Figure("against-truth", title or "Predicted against true values", caption, traces, layout, height=420)


def _residuals(judged: Judged, reading: Reading) -> Figure:
    rows = spread_out(judged, _MOST_ROWS)
    target = label(reading.task["target"])
    residual = judged.truth - judged.prediction
    near = float(np.quantile(np.abs(residual), 0.5))
    far = float(np.quantile(np.abs(residual), 0.9))
    points = _points(judged.prediction[rows], residual[rows], "predicted %{x:.5~g}, true − predicted <b>%{y:.5~g}</b>")
    zero = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": 0,
        "line": line("@muted", 1.5, dash="dash"),
    }
    layout = {
        "xaxis": axis(f"predicted {target}", showgrid=False),
        "yaxis": axis("true − predicted"),
        "shapes": [zero],
        "showlegend": False,
    }
    caption = (
        "Points above the line were predicted too low, those below too high. A funnel or a bend means that the error "
        f"depends on what is predicted.{_sampled(len(rows), len(residual))}",
    )
    title = f"Half of the predictions are off by less than {figure(near)}, nine in ten by less than {figure(far)}"
    return Figure("residuals", title, caption, [points], layout, height=380)


def _points(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], template: str) -> Values:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "test rows",
        "x": [short(value) for value in x.tolist()],
        "y": [short(value) for value in y.tolist()],
        "hovertemplate": f"{template}<extra></extra>",
        "marker": {"color": "@accent", "size": 5, "opacity": 0.45},
    }


def _sampled(shown: int, total: int) -> str:
    return f" {shown:,} of {total:,} rows are drawn, evenly over the true values." if shown < total else ""
