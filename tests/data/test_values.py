"""Values keep their meaning through every dtype."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from automl.data.values import MISSING_TIME, as_labels, as_microseconds, as_number, as_text, classes_of, is_missing

DAY = 86_400_000_000


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype=object),
        pd.Series(["a", np.nan, "b"], dtype=object),
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", "", "b"]),
    ],
)
def test_text_is_the_same_whatever_pandas_calls_it(values):
    assert as_text(values).tolist() == ["a", "", "b"]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([True, None, False], dtype=object),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([True, None, False], dtype="category"),
        pd.Series(["True", None, "FALSE"]),
    ],
)
def test_truths_and_their_words_are_written_alike(values):
    assert as_text(values).tolist() == ["true", "", "false"]


@pytest.mark.parametrize("dtype", ["float64", "float32", "Int64", "Float64", "object", "category"])
def test_a_number_without_a_fraction_is_written_without_one(dtype):
    assert as_text(pd.Series([3, None, 12], dtype=dtype)).tolist() == ["3", "", "12"]


def test_text_that_is_a_number_is_written_as_one_only_where_asked():
    values = pd.Series(["3.0", "03", "2.50", "x", "1e400"])
    assert as_text(values, numbers=True).tolist() == ["3", "3", "2.5", "x", "1e400"]
    assert as_text(values).tolist() == values.tolist()


def test_integers_of_any_size_are_written_in_full():
    assert as_text(pd.Series([2**62 + 1, -1])).tolist() == ["4611686018427387905", "-1"]


def test_values_without_a_hash_are_written():
    assert as_text(pd.Series([[1], None, [2]])).tolist() == ["[1]", "", "[2]"]


@pytest.mark.parametrize("convert", [as_text, as_number, as_microseconds, is_missing])
@pytest.mark.parametrize("dtype", ["str", "object", "float64", "int64", "bool", "datetime64[us]", "category"])
def test_no_rows_give_no_values(convert, dtype):
    assert convert(pd.Series([], dtype=dtype)).shape == (0,)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, None, 2.5]),
        pd.Series([1, None, 2.5], dtype="Float64"),
        pd.Series([1, None, 2.5], dtype=object),
        pd.Series([1, None, 2.5], dtype="category"),
        pd.Series([Decimal(1), None, Decimal("2.5")]),
        pd.Series(["1", None, " 2.5 "]),
        pd.Series(["1.0", "many", "25e-1"], dtype="category"),
        pd.to_timedelta(pd.Series([1, None, 2.5]), unit="s"),
    ],
)
def test_numbers_are_the_same_whatever_pandas_calls_them(values):
    np.testing.assert_array_equal(as_number(values), [1.0, np.nan, 2.5])


def test_infinities_and_truths_are_numbers():
    assert as_number(pd.Series([np.inf, -np.inf])).tolist() == [np.inf, -np.inf]
    assert as_number(pd.Series([True, False])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["1970-01-02", None, "1970-01-01T00:00:00Z"]),
        pd.Series(["1970-01-02T02:00:00+02:00", "never", "1970-01-01 00:00"]),
        pd.Series(pd.to_datetime(["1970-01-02", None, "1970-01-01"])),
        pd.Series(pd.to_datetime(["1970-01-02", None, "1970-01-01"])).astype("datetime64[s]"),
        pd.Series(pd.to_datetime(["1970-01-02", None, "1970-01-01"])).dt.tz_localize("UTC").dt.tz_convert("Asia/Seoul"),
        pd.Series([datetime.date(1970, 1, 2), None, datetime.date(1970, 1, 1)]),
        pd.Series(["1970-01-02", None, "1970-01-01"], dtype="category"),
        pd.Series([86400, None, 0]),
    ],
)
def test_instants_are_the_same_whatever_pandas_calls_them(values):
    assert as_microseconds(values).tolist() == [DAY, MISSING_TIME, 0]


def test_an_instant_keeps_its_microseconds():
    assert as_microseconds(pd.Series(["1970-01-01T00:00:00.000001"])).tolist() == [1]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pd.Series([1.0, 0.0, 1.0]), (0, 1)),
        (pd.Series([1, 0], dtype=object), (0, 1)),
        (pd.Series([2.5, 1.0]), (1.0, 2.5)),
        (pd.Series([True, False], dtype=object), (False, True)),
        (pd.Series(["no", "yes"], dtype="category"), ("no", "yes")),
        (pd.Series([1, "a"], dtype=object), ("1", "a")),
        (pd.Series(["1", "0"]), ("0", "1")),
    ],
)
def test_labels_keep_their_own_type(values, labels):
    found = classes_of(values)
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]


def test_labels_keep_their_rows():
    labels = as_labels(pd.Series([2.0, 1.0], index=[7, 3], name="y"))
    assert (labels.index.tolist(), labels.tolist(), labels.name) == ([7, 3], [2, 1], "y")


def test_absent_values_and_empty_text_are_missing():
    assert is_missing(pd.Series(["a", "", None])).tolist() == [False, True, True]
    assert is_missing(pd.Series([1.0, np.nan, np.inf])).tolist() == [False, True, False]
    assert is_missing(pd.Series(["a", "", pd.NA], dtype="string")).tolist() == [False, True, True]
