"""How numbers and tables are written."""

import math

import pytest

from automl.report.figures import cell, counted, duration, figure, interval, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1.0, "1.000"),
        (-0.5, "-0.5000"),
        (99999.4, "99999"),
        (1e-9, "1.000e-09"),
        (2e15, "2.000e+15"),
        (7, "7"),
        (False, "false"),
        ("relu", "relu"),
        (None, "–"),
        (math.nan, "undefined"),
    ],
)
def test_a_value_is_written_with_four_digits_that_count(value, text):
    assert figure(value) == text


def test_an_interval_has_the_decimals_of_its_value():
    assert interval({"value": 1234.5, "ci_low": 1.25, "ci_high": 2000.0}) == "[1, 2000]"


def test_an_undefined_interval_is_a_dash():
    assert interval({"value": None, "ci_low": None, "ci_high": None}) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (3599.6, "1 h 0 min"), (7384, "2 h 3 min"), (None, "–")],
)
def test_a_duration_is_written_in_its_own_units(seconds, text):
    assert duration(seconds) == text


def test_a_count_of_one_is_singular():
    assert (counted(0, "trial"), counted(1, "trial"), counted(1200, "trial")) == ("0 trials", "1 trial", "1,200 trials")


def test_a_cell_stays_within_its_cell():
    assert cell("a|b\nc") == r"a\|b c"


def test_a_table_lines_up():
    lines = table(["name", "n"], [["a", 1], ["longer", 200]], right=[1])
    assert lines == ["| name   |   n |", "| ------ | --: |", "| a      |   1 |", "| longer | 200 |"]


def test_a_table_without_rows_has_its_header():
    assert table(["a"], []) == ["| a   |", "| --- |"]
