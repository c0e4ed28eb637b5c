"""Small charts as SVG."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from automl.report.drawing import Series, chart, room_for

SVG = "{http://www.w3.org/2000/svg}"
LINE = [(1.0, 0.7), (2.0, 0.5), (3.0, 0.4)]


def drawn(*series: Series, **options) -> ElementTree.Element:
    """The chart as a parser reads it."""
    return ElementTree.fromstring(chart("Loss", series, x_label="epoch", **options))


def texts(svg: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def dots(svg: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in svg.iter(f"{SVG}circle")]


def test_a_chart_is_well_formed_and_says_what_it_shows():
    svg = drawn(Series("training", LINE))
    assert svg.attrib["aria-label"] == "Loss" and {"Loss", "training", "epoch"} <= set(texts(svg))


def test_the_edges_of_both_axes_are_written():
    assert {"0.7000", "0.5500", "0.4000", "1", "3"} <= set(texts(drawn(Series("training", LINE))))


def test_a_higher_value_stands_higher_and_a_later_one_further_right():
    (first_x, first_y), _, (last_x, last_y) = dots(drawn(Series("", LINE, "dots")))
    assert first_x < last_x and first_y < last_y  # SVG counts downwards


def test_what_lies_outside_stands_at_the_edge():
    places = dots(drawn(Series("", [(0, 0.5), (1, 0.9), (2, 8042.0), (3, -3.0)], "dots"), y_range=(0.5, 0.9)))
    assert places[2][1] == places[1][1] and places[3][1] == places[0][1]


def test_points_that_are_not_finite_are_left_out_with_their_notes():
    svg = drawn(Series("", [(0, 1.0), (1, math.nan), (2, 2.0)], "dots", notes=["a", "b", "c"]))
    assert [title.text for title in svg.iter(f"{SVG}title")] == ["a", "c"]


@pytest.mark.parametrize("points", [[], [(0.0, math.inf)]])
def test_nothing_finite_is_no_chart(points: list):
    assert chart("Loss", [Series("training", points)], x_label="epoch") == ""


@pytest.mark.parametrize("form", ["line", "step", "dots", "level"])
def test_one_point_is_a_chart(form):
    assert "nan" not in chart("Loss", [Series("training", [(1.0, 0.5)], form)], x_label="epoch")


def test_a_step_holds_until_the_next():
    paths = [path.attrib["d"] for path in drawn(Series("best", LINE, "step")).iter(f"{SVG}path")]
    assert re.fullmatch(r"M[\d.]+,[\d.]+( H[\d.]+ V[\d.]+){2}", paths[-1])


def test_words_are_escaped():
    svg = drawn(Series("<script>", [(0, 1.0)], "dots", notes=["a & b"]))
    assert "<script>" in texts(svg) and next(svg.iter(f"{SVG}title")).text == "a & b"


def test_the_ink_is_the_texts_own_where_no_colour_is_given():
    assert next(drawn(Series("", LINE, "dots")).iter(f"{SVG}circle")).attrib["fill"] == "currentColor"


def test_room_is_for_the_better_ones():
    assert room_for([0.1, 0.8, 0.9, math.nan, 0.85], higher_is_better=True) == (0.8, 0.9)
