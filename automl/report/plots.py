"""What every plot of the page shares: its words, its axes, and colours by name, which the page's style decides.

Traces and layouts are Plotly's, as plain values. A colour is the name of one in `page.css`: `@accent`.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from automl.report.document import Line
from automl.report.figures import counted

Values = dict[str, Any]

_LONGEST_LABEL = 32
_REACH = 2.0
_MANY_POWERS = 4


@dataclass(frozen=True)
class Figure:
    """A plot with its words.

    Args:
        name: What the page calls it.
        title: A sentence that says what is to be seen.
        caption: How to read it.
        traces: Plotly's traces.
        layout: Plotly's layout.
        height: In pixels.
        singles_out: Whether pointing at a line shows it alone; the last trace is then the one that shows it.
        is_wide: Whether it scrolls sideways on a screen that is too narrow for it.
        is_square: Whether it is no higher than the screen is wide.
    """

    name: str
    title: str
    caption: Line
    traces: Sequence[Values]
    layout: Values
    height: int = 360
    singles_out: bool = False
    is_wide: bool = False
    is_square: bool = False

    def to_json(self) -> Values:
        """Give what the page's script draws."""
        traces = [{"hoverlabel": {"align": "left"}, **trace} for trace in self.traces]
        layout = _SHARED | self.layout | {"height": self.height}
        told = {"singlesOut": self.singles_out, "isSquare": self.is_square}
        return {"name": self.name, "data": traces, "layout": layout, **told}


_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SHARED: Values = {
    "font": {"family": _FONT, "size": 13, "color": "@muted"},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": "@ink"}},
    "hoverlabel": {"bgcolor": "@card", "bordercolor": "@line", "font": {"family": _FONT, "color": "@ink"}},
    "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "@dim", "activecolor": "@accent"},
    "hovermode": "closest",
    "showlegend": True,
}


def axis(title: str = "", **more: Any) -> Values:
    """Give an axis in the page's style."""
    shared: Values = {
        "title": {"text": title, "standoff": 10, "font": {"size": 13}},
        "automargin": True,
        "gridcolor": "@line",
        "linecolor": "@line",
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "rgba(0,0,0,0)",
    }
    return shared | more


def ratios(title: str, values: Sequence[float], written: Callable[[float], str]) -> Values:
    """Give an axis of ratios, with ticks at 1 and 3 times powers of ten, or only at these where there are many."""
    low, high = math.log10(min(values)), math.log10(max(values))
    pad = 0.05 * (high - low) or 0.3
    powers = range(math.floor(low - pad), math.ceil(high + pad) + 1)
    factors = (1, 3) if high - low < _MANY_POWERS else (1,)
    places = [factor * 10.0**power for power in powers for factor in factors]
    ticks: Values = {"tickmode": "array", "tickvals": places, "ticktext": [written(place) for place in places]}
    return axis(title, type="log", range=[low - pad, high + pad], showgrid=False, **ticks)


def named(places: Sequence[float], names: Sequence[object], **more: Any) -> Values:
    """Give an axis on which words stand at places; whatever they look like, they are words."""
    ticks: Values = {"tickmode": "array", "tickvals": list(places), "ticktext": [label(name) for name in names]}
    return axis(type="linear", **ticks, **more)


def label(text: object, longest: int = _LONGEST_LABEL) -> str:
    """Write text from the data so that Plotly shows it as it is, and no longer than fits.

    Examples:
        >>> label("</script>"), label("a" * 40)
        ('&lt;/script&gt;', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…')
    """
    words = " ".join(str(text).split())
    return html.escape(words if len(words) <= longest else words[: longest - 1] + "…", quote=False)


def short(value: float | None) -> float | None:
    """Give a number with as many digits as a plot can show; None for one that is not finite.

    Examples:
        >>> short(0.123456789), short(float("nan")), short(None)
        (0.123457, None, None)
    """
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def frame(
    scores: Sequence[float], higher_is_better: bool, always: Sequence[float | None] = ()
) -> tuple[list[float], int]:
    """Give the ends of an axis on which the good scores can be told apart, and how many bad ones lie outside.

    Shown is what is at most twice as far from the best as the middle score is.

    Args:
        scores: Finite numbers, at least one.
        higher_is_better: Which of them are bad.
        always: Numbers that must be inside; None is of no account.
    """
    ordered = sorted(scores, reverse=not higher_is_better)
    best, middle = ordered[-1], ordered[len(ordered) // 2]
    bound = best - _REACH * (best - middle) if best != middle else ordered[0]
    worst = max(ordered[0], bound) if higher_is_better else min(ordered[0], bound)
    inside = [worst, best, *(value for value in always if value is not None)]
    low, high = min(inside), max(inside)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return [low - pad, high + pad], sum(not low - pad <= score <= high + pad for score in scores)


def outside(count: int) -> Line:
    """Say how many trials a frame leaves out."""
    lie = "lies" if count == 1 else "lie"
    return [f" {counted(count, 'worse one')} {lie} outside the frame; a double click shows all."] if count else []


def line(color: str, width: float = 1.5, **more: Any) -> Values:
    """Give a line's style."""
    return {"color": color, "width": width, **more}


def broken(lines: Sequence[tuple[int, Sequence[float], Sequence[float | None]]]) -> Values:
    """Put many lines into one trace, a gap after each.

    Args:
        lines: For each line the trial it belongs to, its x and its y.
    """
    x: list[float | None] = []
    y: list[float | None] = []
    trials: list[int | None] = []
    for trial, xs, ys in lines:
        x += [*xs, None]
        y += [*ys, None]
        trials += [*(trial for _ in xs), None]
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "customdata": trials}


def singled_out(name: str = "pointed at") -> Values:
    """Give the trace on which the page shows the line that is pointed at."""
    style = line("@ink", 2.5)
    return {"type": "scatter", "mode": "lines", "x": [], "y": [], "line": style, "name": name} | _SILENT


_SILENT: Values = {"hoverinfo": "skip", "showlegend": False}
