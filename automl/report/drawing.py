"""Small charts as inline SVG, drawn in the colour of the text around them so that they read on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from automl.report.figures import figure

Point = tuple[float, float]

FIRST, SECOND = "#4e79a7", "#f28e2b"
"""Two colours that are told apart on white and on black, also by those who see no red."""

_WIDTH, _HEIGHT = 380, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 34, 30
_SHARE_SHOWN = 0.75


@dataclass(frozen=True)
class Series:
    """Points that belong together, in the order of their x.

    Args:
        label: What they are.
        points: Their places; those that are not finite are left out.
        form: Joined by lines, by steps (each value holds until the next), by nothing, or a level line.
        colour: How they are drawn; the text's own colour if empty.
        notes: A word for each point that shows when it is pointed at.
        is_faint: Whether they stand behind the others.
    """

    label: str
    points: Sequence[Point]
    form: Literal["line", "step", "dots", "level"] = "line"
    colour: str = ""
    notes: Sequence[str] = field(default=())
    is_faint: bool = False

    @property
    def ink(self) -> str:
        """The colour, as SVG names it."""
        return self.colour or "currentColor"


@dataclass(frozen=True)
class Frame:
    """The values at the edges of a chart, and from them where a point lies in it.

    Args:
        left: The least x.
        right: The greatest x.
        low: The least y.
        high: The greatest y.
    """

    left: float
    right: float
    low: float
    high: float

    def place(self, point: Point) -> str:
        """Give a point's place in the drawing; what lies outside stands at the edge."""
        x = _share(point[0], self.left, self.right)
        y = 1.0 - _share(point[1], self.low, self.high)
        across, down = _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _TOP + y * (_HEIGHT - _TOP - _BOTTOM)
        return f"{across:.1f},{down:.1f}"


def chart(title: str, series: Sequence[Series], *, x_label: str, y_range: Point | None = None) -> str:
    """Draw a chart; empty where no series has a finite point.

    Args:
        title: What it shows.
        series: What is drawn, the first at the back.
        x_label: What runs to the right.
        y_range: The least and the greatest value that there is room for; all of them if None.
    """
    drawn = [each for each in map(_finite, series) if each.points]
    if not drawn:
        return ""
    xs, ys = zip(*(point for each in drawn for point in each.points))
    frame = Frame(min(xs), max(xs), *(y_range or (min(ys), max(ys))))
    parts = [*_axes(frame, title, x_label), *_legend(drawn), *(_shape(each, frame) for each in drawn)]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{escape(title)}" fill="currentColor" font-size="11" '
        'style="max-width:100%;overflow:visible">'
    )
    return f"{opening}{''.join(parts)}</svg>"


def room_for(values: Sequence[float], *, higher_is_better: bool) -> Point | None:
    """Give the range of the better three quarters of values, so that a few bad ones do not flatten all others.

    Examples:
        >>> room_for([0.5, 0.9, 0.8], higher_is_better=True), room_for([], higher_is_better=True)
        ((0.5, 0.9), None)
        >>> room_for([1.0, 8042.0, 2.0, 3.0], higher_is_better=False)
        (1.0, 3.0)
    """
    finite = sorted((value for value in values if math.isfinite(value)), reverse=higher_is_better)
    shown = finite[: math.ceil(_SHARE_SHOWN * len(finite))]
    return (min(shown), max(shown)) if shown else None


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def _finite(series: Series) -> Series:
    kept = [place for place, point in enumerate(series.points) if all(map(math.isfinite, point))]
    notes = [series.notes[place] for place in kept] if series.notes else ()
    points = [series.points[place] for place in kept]
    return Series(series.label, points, series.form, series.colour, notes, series.is_faint)


def _axes(frame: Frame, title: str, x_label: str) -> Iterator[str]:
    yield f'<text x="{_LEFT}" y="12" font-weight="bold">{escape(title)}</text>'
    for y in sorted({frame.low, (frame.low + frame.high) / 2, frame.high}):
        down = frame.place((frame.left, y)).split(",")[1]
        yield _path(f"M{_LEFT},{down} L{_WIDTH - _RIGHT},{down}", "currentColor", 'stroke-opacity="0.2"')
        yield f'<text x="{_LEFT - 6}" y="{float(down) + 4:.1f}" text-anchor="end">{escape(figure(float(y)))}</text>'
    below = _HEIGHT - _BOTTOM + 16
    yield f'<text x="{_LEFT}" y="{below}">{figure(_whole(frame.left))}</text>'
    yield f'<text x="{(_LEFT + _WIDTH) / 2:.0f}" y="{below}" text-anchor="middle">{escape(x_label)}</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{below}" text-anchor="end">{figure(_whole(frame.right))}</text>'


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _legend(series: Sequence[Series]) -> Iterator[str]:
    across = float(_LEFT)
    for each in series:
        opacity = ' fill-opacity="0.6"' if each.is_faint else ""
        yield f'<text x="{across:.0f}" y="26" fill="{each.ink}"{opacity}>{escape(each.label)}</text>'
        across += 6.2 * len(each.label) + 14


def _shape(series: Series, frame: Frame) -> str:
    places = [frame.place(point) for point in series.points]
    if series.form == "dots":
        return "".join(_dots(series, places))
    if series.form == "level":
        down = places[0].split(",")[1]
        return _path(f"M{_LEFT},{down} L{_WIDTH - _RIGHT},{down}", series.ink, 'stroke-dasharray="4 3"')
    if series.form == "step":
        joined = places[0] + "".join(f" H{place.split(',')[0]} V{place.split(',')[1]}" for place in places[1:])
        return _path(f"M{joined}", series.ink, 'stroke-width="2"')
    return _path(f"M{' L'.join(places)}", series.ink, 'stroke-width="1.5"')


def _dots(series: Series, places: Sequence[str]) -> Iterator[str]:
    opacity = 0.35 if series.is_faint else 0.9
    for number, place in enumerate(places):
        across, down = place.split(",")
        note = f"<title>{escape(series.notes[number])}</title>" if series.notes else ""
        yield f'<circle cx="{across}" cy="{down}" r="2.5" fill="{series.ink}" fill-opacity="{opacity}">{note}</circle>'


def _path(course: str, ink: str, more: str) -> str:
    return f'<path d="{course}" fill="none" stroke="{ink}" {more}/>'
