"""One column's share of the blocks."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from automl.data.encodings import CategoryEncoding, DatetimeEncoding, NumericEncoding
from automl.data.preparing import Preparing
from automl.task import Column

STANDARD = Preparing(numeric="standard")
CODES = Preparing(one_hot_max=0)


def numeric(values, arguments=STANDARD):
    return NumericEncoding.fit(pd.Series(values), Column("x", "numeric"), arguments)


def category(values, arguments=STANDARD, kind="category", numbers=False):
    return CategoryEncoding.fit(pd.Series(values), Column("c", kind, numbers), arguments)


def instant(values, arguments=STANDARD):
    return DatetimeEncoding.fit(pd.Series(values), Column("t", "datetime"), arguments)


def test_a_missing_number_becomes_the_median():
    pieces = numeric([1.0, 2.0, None, 9.0]).encode(pd.Series([None, 2.0]))
    assert pieces["numeric"][0] == pieces["numeric"][1]


def test_missing_numbers_are_told_where_training_rows_lack_them():
    pieces = numeric([1.0, None, 3.0]).encode(pd.Series([None, 2.0]))
    assert pieces["one_hot"].tolist() == [[1.0], [0.0]]


def test_no_indicator_where_training_rows_are_complete():
    assert "one_hot" not in numeric([1.0, 2.0]).encode(pd.Series([None]))


def test_an_infinite_number_is_missing():
    encoding = numeric([1.0, 2.0, np.inf, 3.0])
    assert encoding.median == 2.0 and encoding.encode(pd.Series([-np.inf]))["one_hot"].tolist() == [[1.0]]


def test_text_that_is_no_number_is_missing():
    assert numeric([1.0, None, 3.0]).encode(pd.Series(["oops", "3"]))["one_hot"].tolist() == [[1.0], [0.0]]


def test_a_column_without_numbers_is_zero_and_missing():
    pieces = numeric([None, None]).encode(pd.Series([5.0]))
    assert pieces["numeric"].tolist() == [[0.0]] and pieces["one_hot"].tolist() == [[0.0]]


def test_values_are_ordered_by_frequency_and_missing_comes_last():
    assert category(["b", None, None, None, "a", "b", "c"]).values == ("b", "a", "c", "")


def test_an_unseen_value_has_no_slot():
    assert category(["a", "b"]).encode(pd.Series(["z", "b", None]))["one_hot"].tolist() == [[0, 0], [0, 1], [0, 0]]


def test_missing_has_a_slot_where_training_rows_lack_a_value():
    assert category(["a", None]).encode(pd.Series([None, "a"]))["one_hot"].tolist() == [[0, 1], [1, 0]]


def test_codes_start_at_one_and_an_unseen_value_is_zero():
    encoding = category(["a", "a", "b", None], CODES)
    assert encoding.encode(pd.Series(["a", "b", None, "z"]))["category"].tolist() == [1, 2, 3, 0]
    assert encoding.cardinality == 4


def test_missing_counts_towards_the_threshold():
    assert [category(["a", "b", None], Preparing(one_hot_max=most)).one_hot for most in (2, 3)] == [False, True]


def test_a_category_without_values_has_one_slot():
    encoding = category([None, None])
    assert encoding.values == ("",) and encoding.encode(pd.Series(["x", None]))["one_hot"].tolist() == [[0], [1]]


def test_numbers_are_the_same_category_however_written():
    encoding = category([3, 4, 3], numbers=True)
    assert encoding.encode(pd.Series(["3.0", "3", "4"]))["one_hot"].tolist() == [[1, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize("spelling", [True, "true", "True", "TRUE", 1, "1", 1.0, "1.0"])
def test_a_truth_is_the_same_however_written(spelling):
    encoding = category([False, True, False], kind="boolean")
    assert encoding.encode(pd.Series([spelling]))["one_hot"].tolist() == [[0, 1]]


def test_booleans_of_zeros_and_ones_read_words_too():
    encoding = category([0, 1, 0], kind="boolean", numbers=True)
    assert encoding.encode(pd.Series(["TRUE", "0"]))["one_hot"].tolist() == [[0, 1], [1, 0]]


def test_constant_parts_of_dates_are_left_out():
    assert tuple(instant(["2020-03-01", "2020-03-02", "2020-03-09"]).parts) == ("day", "weekday", "elapsed")


def test_one_date_still_fills_its_place():
    assert instant(["2020-03-01"]).encode(pd.Series(["2021-01-01"]))["numeric"].tolist() == [[0.0]]


def test_a_missing_date_becomes_the_middle_one():
    pieces = instant(["2020-03-01", "2020-03-02", None, "2020-03-09"]).encode(pd.Series([None, "2020-03-02"]))
    assert (pieces["numeric"][0] == pieces["numeric"][1]).all() and pieces["one_hot"].tolist() == [[1], [0]]


def test_a_column_without_dates_is_zero_and_missing():
    pieces = instant([None, None]).encode(pd.Series(["2020-01-01", None]))
    assert pieces["numeric"].tolist() == [[0.0], [0.0]] and pieces["one_hot"].tolist() == [[0.0], [1.0]]


RARE = ["a"] * 5 + ["b"] * 3 + ["c", "d", None]


@pytest.mark.parametrize("one_hot_max", [0, 10])
def test_rare_values_are_one_together_with_unseen_ones(one_hot_max):
    encoding = category(RARE, Preparing(rare=2, one_hot_max=one_hot_max))
    assert encoding.values == ("a", "b", "") and encoding.rare == ("c", "d") and encoding.cardinality == 5
    pieces = encoding.encode(pd.Series(["a", "b", None, "c", "d", "never seen"]))
    codes = pieces["one_hot"].argmax(axis=1) + 1 if one_hot_max else pieces["category"]
    assert codes.tolist() == [1, 2, 3, 4, 4, 4]


def test_rare_values_decide_whether_a_category_is_one_hot():
    assert not category(RARE, Preparing(one_hot_max=4)).one_hot
    assert category(RARE, Preparing(one_hot_max=4, rare=2)).one_hot


def test_a_missing_value_is_never_rare():
    assert category(["a", "a", None], Preparing(rare=2)).values == ("a", "")


def test_a_category_may_give_how_frequent_its_value_is():
    encoding = category(RARE, Preparing(frequency="log"))
    found = encoding.encode(pd.Series(RARE))["numeric"][:, 0]
    counts = pd.Series(RARE).fillna("").map(pd.Series(RARE).fillna("").value_counts())
    wanted = np.log1p(counts.to_numpy())
    assert found == pytest.approx((wanted - wanted.mean()) / wanted.std())
    asked = encoding.encode(pd.Series(["a", "c", "never seen"]))["numeric"][:, 0]
    assert asked[0] > asked[1] > asked[2]


def test_values_that_are_all_as_frequent_say_nothing_by_it():
    found = category(["a", "b", "c"], Preparing(frequency="log")).encode(pd.Series(["a", "b", "c"]))
    assert found["numeric"].tolist() == [[0.0]] * 3


@pytest.mark.parametrize("arguments", [Preparing(rare=2), Preparing(frequency="log"), Preparing()])
def test_a_category_comes_back_from_json(arguments):
    encoding = category(RARE, arguments)
    told = json.loads(json.dumps(encoding.to_json(), allow_nan=False))
    assert CategoryEncoding.from_json(told) == encoding
    assert ("rare" in told, "frequency" in told) == (arguments.rare > 0, arguments.frequency == "log")
