"""What each domain takes for a value."""

from __future__ import annotations

import math

import pytest

from automl.spaces.domains import Choice, Fixed, Float, Int, Parameter


@pytest.mark.parametrize("value", [0.1, 1, 1.0, 0.55])
def test_a_float_within_its_range_is_taken_as_a_float(value: float) -> None:
    read = Float(0.1, 1.0, default=0.5).read(value)
    assert read == value
    assert isinstance(read, float)


@pytest.mark.parametrize("value", [0.0999, 1.001, math.nan, math.inf, -1, 10**400])
def test_a_float_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"must be between 0\.1 and 1, got "):
        Float(0.1, 1.0, default=0.5).read(value)


@pytest.mark.parametrize("value", ["0.5", True, None])
def test_a_float_is_a_number(value: object) -> None:
    with pytest.raises(ValueError, match="must be a number, got "):
        Float(0.1, 1.0, default=0.5).read(value)


def test_rounding_at_an_end_of_a_log_range_is_that_end() -> None:
    low = 1e-4
    assert Float(low, 0.1, default=0.01, log=True).read(math.nextafter(low, 0)) == low


def test_zero_is_taken_only_where_the_range_says_so() -> None:
    assert Float(0.1, 1.0, default=0.5, zero=True).read(0) == 0.0
    assert Int(2, 8, default=2, zero=True).read(0.0) == 0
    with pytest.raises(ValueError, match=r"must be 0 or between 0\.1 and 1, got 0\.05"):
        Float(0.1, 1.0, default=0.5, zero=True).read(0.05)
    with pytest.raises(ValueError, match="must be between 2 and 8, got 0"):
        Int(2, 8, default=2).read(0)


def test_a_step_keeps_to_its_grid() -> None:
    assert Float(0.1, 0.5, default=0.1, step=0.1).read(0.1 + 0.1 + 0.1) == pytest.approx(0.3)
    assert Int(1, 7, default=1, step=2).read(5) == 5
    with pytest.raises(ValueError, match=r"must be between 0\.1 and 0\.5 in steps of 0\.1, got 0\.25"):
        Float(0.1, 0.5, default=0.1, step=0.1).read(0.25)
    with pytest.raises(ValueError, match="must be between 1 and 7 in steps of 2, got 4"):
        Int(1, 7, default=1, step=2).read(4)


@pytest.mark.parametrize("value", [2.5, "3", True, None, math.inf])
def test_an_int_is_a_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match="must be a whole number, got "):
        Int(1, 6, default=3).read(value)


def test_a_whole_float_is_taken_as_an_int() -> None:
    assert Int(1, 2000, default=3).read(1e3) == 1000
    assert isinstance(Int(1, 2000, default=3).read(1e3), int)


def test_a_choice_gives_its_own_option() -> None:
    read = Choice((64, 128), default=64).read(128.0)
    assert read == 128
    assert isinstance(read, int)


def test_true_is_not_one() -> None:
    with pytest.raises(ValueError, match="unknown option '1'; Known: false, true"):
        Choice((False, True), default=False).read(1)
    with pytest.raises(ValueError, match="unknown option 'true'; Known: 1, 2"):
        Choice((1, 2), default=1).read(True)


def test_an_option_is_a_plain_value() -> None:
    with pytest.raises(ValueError, match="unknown option "):
        Choice((1, 2), default=1).read([1])


def test_a_fixed_value_takes_only_itself() -> None:
    assert Fixed(100).read(100.0) == 100
    with pytest.raises(ValueError, match="is fixed at 100, got 50"):
        Fixed(100).read(50)


@pytest.mark.parametrize(
    ("domain", "varies"),
    [
        (Float(0.0, 1.0, default=0.0), True),
        (Choice(("mlp",), default="mlp"), False),
        (Choice(("mlp", "resnet"), default="mlp"), True),
        (Fixed(1), False),
    ],
)
def test_a_parameter_varies_when_it_has_more_than_one_value(domain: Float | Choice | Fixed, varies: bool) -> None:
    assert Parameter("x", domain).varies is varies


def test_domains_can_be_keys() -> None:
    assert len({Choice(("a",), "a", {"a": ()}), Float(0.0, 1.0, default=0.0), Fixed(1)}) == 3
