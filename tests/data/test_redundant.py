"""Columns that say again what an earlier one says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.read import read_table
from automl.data.redundant import Redundancy, find_redundant, redundant_findings
from automl.task import Column

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=200)
WORDS = DRAW.choice(["a", "b", "c"], 200)


def found(columns, correlation=0.99, kinds=None):
    rows = pd.DataFrame(columns)
    kinds = kinds or {}
    typed = [Column(name, kinds.get(name, "numeric")) for name in rows]
    return [(each.column, each.kept, each.how) for each in find_redundant(rows, typed, correlation)]


@pytest.mark.parametrize(
    "again", [2 * X, -X, np.exp(X), X + 0.02 * DRAW.normal(size=200)], ids=["double", "minus", "exp", "noise"]
)
def test_numbers_that_go_up_and_down_together_say_the_same(again):
    assert found({"x": X, "y": DRAW.normal(size=200), "z": again}) == [("z", "x", "correlated")]


def test_the_rank_correlation_is_scipys():
    noise = DRAW.normal(size=200)
    rows = pd.DataFrame({"x": X.round(1), "z": X + 0.1 * noise})
    one = find_redundant(rows, [Column("x", "numeric"), Column("z", "numeric")], 0.9)
    assert one[0].r == pytest.approx(rows.corr(method="spearman").iloc[0, 1], abs=1e-6)


def test_numbers_that_are_less_alike_are_kept():
    assert found({"x": X, "z": X + 0.3 * DRAW.normal(size=200)}) == []


def test_one_extreme_row_makes_no_two_columns_alike():
    x, y = DRAW.normal(size=200), DRAW.normal(size=200)
    x[0] = y[0] = 1e6
    assert np.corrcoef(x, y)[0, 1] > 0.99 and found({"x": x, "y": y}) == []


def test_numbers_that_lack_values_elsewhere_are_kept():
    assert found({"x": X, "z": np.where(np.arange(200) < 20, np.nan, X)}) == []
    lacking = np.where(np.arange(200) < 20, np.nan, X)
    assert found({"x": lacking, "z": 3 * lacking}) == [("z", "x", "correlated")]


def test_a_recoding_of_a_category_says_the_same():
    recoded = pd.Series(WORDS).map({"a": "z", "b": "x", "c": "y"})
    assert found({"w": WORDS, "v": recoded}, kinds={"w": "category", "v": "category"}) == [("v", "w", "recoded")]


def test_a_number_that_recodes_a_category_says_the_same():
    coded = pd.Series(WORDS).map({"a": 3.0, "b": 1.0, "c": 2.0})
    assert found({"w": WORDS, "n": coded}, kinds={"w": "category"}) == [("n", "w", "recoded")]


def test_a_category_that_is_finer_is_kept():
    finer = np.where(np.arange(200) < 100, WORDS, "d")
    assert found({"w": WORDS, "v": finer}, kinds={"w": "category", "v": "category"}) == []


def test_names_that_all_differ_do_not_say_the_same():
    names = {name: [f"{name}{row}" for row in range(200)] for name in "ab"}
    assert found(names, kinds=dict.fromkeys(names, "category")) == []


@pytest.mark.parametrize("kind", ["numeric", "category", "datetime"])
def test_equal_columns_say_the_same(kind):
    values = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(DRAW.integers(0, 9999, 200), unit="D"))
    column = {"numeric": X, "category": WORDS, "datetime": values}[kind]
    assert found({"a": column, "b": column}, kinds={"a": kind, "b": kind}) == [("b", "a", "equal")]


def test_a_column_of_one_value_says_nothing():
    columns = {"x": X, "one": np.ones(200), "none": np.full(200, np.nan), "word": ["a"] * 200}
    wanted = [(name, None, "constant") for name in ("one", "none", "word")]
    assert found(columns, kinds={"word": "category"}) == wanted


def test_one_column_is_left_where_all_have_one_value():
    assert found({"a": np.ones(30), "b": np.ones(30)}) == [("b", None, "constant")]
    assert found({"a": np.ones(30)}) == []


def test_few_rows_say_nothing_of_what_goes_together():
    assert found({"x": [1.0, 2.0], "y": [2.0, 4.0]}) == []


def test_the_first_of_many_is_kept():
    assert [kept for _, kept, _ in found({"a": X, "b": X, "c": -X, "d": X**3})] == ["a", "a", "a"]


def test_no_rows_and_no_columns_are_no_fault():
    assert find_redundant(pd.DataFrame({"x": []}), [], 0.99) == ()


def test_many_are_counted_instead_of_told():
    many = [Redundancy(f"x{place}", "x", "equal") for place in range(30)]
    told = redundant_findings(many)
    assert len(told) == 21 and told[-1].sentence == "10 more columns repeat others or have one value"


def test_what_is_known_of_real_tables_is_found(real_data):
    adult = read_table(next((real_data / "adult").glob("*.parquet"))).drop(columns=["income", "split"]).head(5000)
    columns, _ = infer_columns(adult, {}, [])
    names = {each.column: (each.kept, each.how) for each in find_redundant(adult, columns, 0.99)}
    assert [how for kept, how in names.values() if kept and kept.startswith("education")] == ["recoded"]
    assert len(names) == 1


@pytest.mark.parametrize("name", ["penguins", "abalone", "satimage"])
def test_clean_tables_are_quiet(real_data, name):
    rows = read_table(next((real_data / name).glob("*.parquet"))).head(3000)
    columns, _ = infer_columns(rows, {}, [])
    assert find_redundant(rows, columns, 0.99) == ()
