"""When conditions hold."""

from __future__ import annotations

import pytest

from automl.spaces.conditions import Clause, Condition, shown, word


@pytest.mark.parametrize(("value", "holds"), [("a", True), ("b", True), ("c", False)])
def test_a_clause_holds_for_its_values(value: str, holds: bool) -> None:
    assert Clause("x", ("a", "b")).holds({"x": value}) is holds


@pytest.mark.parametrize(
    ("value", "holds"), [(0, False), (0.0, False), (0.5, True), (-1, True), (True, False), ("a", False)]
)
def test_nonzero_holds_for_numbers_but_0(value: float | str, holds: bool) -> None:
    assert Clause("x").holds({"x": value}) is holds


def test_a_clause_on_an_absent_parameter_does_not_hold() -> None:
    assert not Clause("x").holds({})
    assert not Clause("x", (None,)).holds({})


def test_a_condition_needs_all_its_clauses() -> None:
    both = Condition((Clause("x", (1,)), Clause("y", (True,))))
    assert both.holds({"x": 1, "y": True})
    assert not both.holds({"x": 1, "y": False})
    assert not both.holds({"x": 1, "y": 1})


def test_a_condition_reads_as_a_sentence() -> None:
    assert str(Condition((Clause("x", ("a", True)), Clause("y")))) == "x is a or true and y is not 0"


def test_clauses_exclude_each_other_when_no_value_fits_both() -> None:
    assert Clause("x", (1, 2)).excludes(Clause("x", (3,)))
    assert not Clause("x", (1, 2)).excludes(Clause("x", (2, 3)))
    assert not Clause("x", (1,)).excludes(Clause("y", (2,)))
    assert not Clause("x", (0, 1)).excludes(Clause("x"))
    assert Clause("x", (0, "a")).excludes(Clause("x")) and Clause("x").excludes(Clause("x", (0.0,)))
    assert not Clause("x").excludes(Clause("x"))


def test_a_number_is_written_in_full() -> None:
    assert word(0.123456789) == "0.123456789"
    assert word(100000.0) == "100000"
    assert shown("3") == "'3'"
    assert shown(3) == "3"
