"""Rows cut by time: sizes, ties, and what is no time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.times import cut_by_time, instants
from automl.errors import DataError, SplitError


@pytest.mark.parametrize("seed", range(5))
def test_every_newer_stretch_begins_after_the_older_one_ends(seed):
    keys = np.random.default_rng(seed).integers(0, 30, 200)
    part = cut_by_time(keys, [0.6, 0.2, 0.2], "day")
    for number in (0, 1):
        assert keys[part == number].max() < keys[part == number + 1].min()


def test_without_ties_sizes_are_as_asked():
    keys = np.random.default_rng(0).permutation(100)
    assert np.bincount(cut_by_time(keys, [0.6, 0.2, 0.2], "day")).tolist() == [60, 20, 20]


def test_no_stretch_is_empty_however_uneven_the_times_are():
    keys = np.array([0] * 97 + [1, 2, 3])
    assert np.bincount(cut_by_time(keys, [0.6, 0.2, 0.2], "day")).min() >= 1


def test_too_few_times_are_refused():
    with pytest.raises(SplitError, match="'day' must have at least 3 different times, one a part, got 2"):
        cut_by_time(np.array([1, 1, 2, 2]), [0.6, 0.2, 0.2], "day")


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2019, 2020, 2021]),
        pd.Series(["2019-01-05", "2019-02-01", "2021-01-01T10:00:00"]),
        pd.Series(pd.to_datetime(["2019-01-05", "2019-02-01", "2021-01-01"])),
        pd.Series([20190101120000, 20190101120001, 20200101000000]),
    ],
    ids=["years", "texts", "instants", "long numbers"],
)
def test_times_are_in_order(values):
    keys = instants(values, "when")
    assert (np.diff(keys) > 0).all()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["2020-01-01", None], "but 1 of 2 rows have no value"),
        (["2020-01-01", "3/15/2020"], "but 1 of 2 rows do not, such as '3/15/2020'; dates are written 2024-05-31"),
        ([2020.0, np.nan], "but 1 of 2 rows have no value"),
        ([True, False], "but 2 of 2 rows do not, such as 'true'"),
    ],
)
def test_what_is_no_time_is_refused(values, sentence):
    with pytest.raises(
        DataError, match=f"the time column 'when' must hold a date or a number in every row, {sentence}"
    ):
        instants(pd.Series(values), "when")
