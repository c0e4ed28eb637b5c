"""Several targets in one column: exact there and back, refused where they are no numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.several_targets import fold_targets, target_columns, unfold
from automl.errors import TargetError


def test_numbers_come_back_to_the_last_bit():
    draw = np.random.default_rng(0)
    table = pd.DataFrame({name: draw.normal(size=500) * 10.0 ** draw.integers(-300, 300, 500) for name in "ab"})
    folded = fold_targets(table.assign(x=1), ["a", "b"], "a,b")
    assert list(folded) == ["x", "a,b"]
    np.testing.assert_array_equal(unfold(folded["a,b"], 2), table[["a", "b"]].to_numpy())


def test_a_row_that_lacks_a_target_says_nothing():
    table = pd.DataFrame({"a": [1.0, None, 3.0], "b": ["4", "5", ""]})
    folded = fold_targets(table, ["a", "b"], "t")["t"]
    assert folded[0] == "1.0|4.0" and folded.isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["x", "2"], "several targets must be finite numbers, but 'b' holds values such as 'x'"),
        ([np.inf, 2.0], "several targets must be finite numbers, but 'b' holds values such as 'inf'"),
        ([2.0, 2.0], "the target 'b' must have two values or more"),
    ],
)
def test_what_is_no_number_is_refused(values, sentence):
    with pytest.raises(TargetError, match=f"^{sentence}$"):
        fold_targets(pd.DataFrame({"a": [1, 2], "b": values}), ["a", "b"], "t")


def test_a_column_whose_name_has_a_comma_is_one():
    assert target_columns("a,b", ["a,b", "a", "b"]) == ("a,b",)
    assert target_columns("a, b", ["a", "b"]) == ("a", "b")
    assert target_columns("c", ["a"]) == ("c",)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("height,widht", "unknown target 'widht'; did you mean 'width'[?] Known: width, height"),
        ("width,width", "--target must name each column once, got 'width' twice"),
    ],
)
def test_targets_that_there_are_not_are_refused(asked, sentence):
    with pytest.raises(TargetError, match=f"^{sentence}$"):
        target_columns(asked, ["width", "height"])
