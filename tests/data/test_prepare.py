"""Rows to blocks: shapes, edges, JSON and time."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.prepare import Fitting, Preparation, fit_preparation
from automl.data.preparing import SCALINGS, Preparing
from automl.data.read import read_table
from automl.errors import DataError
from automl.task import Block, Column

COLUMNS = (
    Column("age", "numeric"),
    Column("job", "category"),
    Column("town", "category"),
    Column("member", "boolean"),
    Column("since", "datetime"),
)
TARGETS = {"titanic": "survived", "hypothyroid": "Class", "adult": "income", "diamonds": "price", "penguins": "species"}


@pytest.fixture
def rows():
    draw = np.random.default_rng(0)
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, 200), unit="D")
    return pd.DataFrame(
        {
            "age": np.where(draw.random(200) < 0.1, np.nan, draw.normal(40, 9, 200)),
            "job": draw.choice(["cook", "smith", "clerk"], 200),
            "town": [f"town {number}" for number in draw.integers(0, 30, 200)],
            "member": draw.random(200) < 0.5,
            "since": days,
        }
    )


def read_training_rows(folder, name, limit=3000):
    table = read_table(next((folder / name).glob("*.parquet"))).head(limit)
    features = table.drop(columns=[TARGETS[name], "split"], errors="ignore")
    columns, _ = infer_columns(features, {}, [])
    return features, columns


def test_blocks_are_what_transform_gives(rows):
    preparation = fit_preparation(rows, COLUMNS, Preparing())
    arrays = preparation.transform(rows)
    assert {name: (array.shape[1:], array.dtype.name) for name, array in arrays.items()} == {
        block.name: (block.shape, block.dtype) for block in preparation.blocks
    }


def test_a_block_without_columns_is_left_out(rows):
    preparation = fit_preparation(rows, COLUMNS[2:3], Preparing())
    assert preparation.blocks == (Block("category", (1,), "int64", (31,)),)
    assert list(preparation.transform(rows)) == ["category"]


def test_arrays_are_contiguous(rows):
    arrays = fit_preparation(rows, COLUMNS, Preparing()).transform(rows)
    assert all(array.flags["C_CONTIGUOUS"] for array in arrays.values())


def test_codes_stay_below_their_cardinality(rows):
    preparation = fit_preparation(rows[:100], COLUMNS, Preparing(one_hot_max=0))
    codes = preparation.transform(rows)["category"]
    assert (codes < np.array(preparation.blocks[-1].cardinalities)).all() and (codes.max(axis=0) > 0).all()


def test_unknown_columns_and_their_order_do_not_matter(rows):
    preparation = fit_preparation(rows, COLUMNS, Preparing())
    turned = rows[rows.columns[::-1]].assign(extra=1)
    for name, array in preparation.transform(turned).items():
        assert (array == preparation.transform(rows)[name]).all()


def test_missing_columns_are_named(rows):
    preparation = fit_preparation(rows, COLUMNS, Preparing())
    with pytest.raises(DataError, match="the rows lack the columns 'age', 'town'"):
        preparation.transform(rows.drop(columns=["age", "town"]))


@pytest.mark.parametrize("numeric", SCALINGS)
def test_a_row_without_any_value_is_finite(rows, numeric):
    preparation = fit_preparation(rows, COLUMNS, Preparing(numeric=numeric))
    nothing = pd.DataFrame({column.name: [None] for column in COLUMNS}, dtype=object)
    assert all(np.isfinite(array).all() for array in preparation.transform(nothing).values())


@pytest.mark.parametrize("numeric", SCALINGS)
def test_one_training_row_is_enough(rows, numeric):
    preparation = fit_preparation(rows[:1], COLUMNS, Preparing(numeric=numeric))
    assert all(np.isfinite(array).all() for array in preparation.transform(rows).values())


@pytest.mark.parametrize("numeric", SCALINGS)
def test_extreme_numbers_are_finite(rows, numeric):
    rows.loc[:3, "age"] = [np.inf, -np.inf, 1e300, -1.7e308]
    arrays = fit_preparation(rows, COLUMNS, Preparing(numeric=numeric)).transform(rows)
    assert np.isfinite(arrays["numeric"]).all()


def test_no_rows_give_empty_blocks(rows):
    arrays = fit_preparation(rows, COLUMNS, Preparing()).transform(rows[:0])
    assert {len(array) for array in arrays.values()} == {0}


def test_training_without_columns_is_refused(rows):
    with pytest.raises(DataError, match="at least one column besides the target must be left to learn from, got none"):
        fit_preparation(rows, (), Preparing())


def test_training_without_rows_is_refused(rows):
    with pytest.raises(DataError, match="at least one training row is needed, got none"):
        fit_preparation(rows[:0], COLUMNS, Preparing())


@pytest.mark.parametrize("numeric", SCALINGS)
@pytest.mark.parametrize("name", TARGETS)
def test_real_tables_become_finite_blocks_and_come_back_from_strict_json(real_data, name, numeric):
    rows, columns = read_training_rows(real_data, name)
    preparation = fit_preparation(rows[:2000], columns, Preparing(numeric=numeric))
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json(), allow_nan=False)))
    assert again == preparation and again.columns == columns
    for block, array in preparation.transform(rows).items():
        assert np.isfinite(array).all() and (array == again.transform(rows)[block]).all()


def test_text_from_a_file_is_prepared_like_typed_values(real_data, tmp_path):
    rows, columns = read_training_rows(real_data, "titanic")
    preparation = fit_preparation(rows, columns, Preparing())
    rows.to_csv(tmp_path / "rows.csv", index=False)
    as_text = pd.read_csv(tmp_path / "rows.csv", dtype=str)
    for block, array in preparation.transform(as_text).items():
        assert (array == preparation.transform(rows)[block]).all()


def test_fifty_thousand_rows_take_less_than_a_second(real_data):
    rows, columns = read_training_rows(real_data, "adult", limit=50_000)
    preparation = fit_preparation(rows[:5000], columns, Preparing())
    started = time.process_time()
    preparation.transform(rows)
    assert time.process_time() - started < 1.0


def test_preparations_that_share_a_fitting_are_those_of_their_own():
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 6)), columns=list("abcdef")).assign(g=lambda x: -x.a)
    columns = [Column(name, "numeric") for name in rows]
    fitting = Fitting(rows, columns)
    for arguments in (
        Preparing(reduction="svd", components=3),
        Preparing(),
        Preparing(reduction="svd", components=0.6, redundant="drop"),
        Preparing(reduction="svd", components=2, numeric="standard"),
    ):
        alone = fit_preparation(rows, columns, arguments)
        assert fitting.preparation(arguments) == alone
        for name, block in alone.transform(rows).items():
            np.testing.assert_array_equal(fitting.transform(arguments)[name], block)


def test_a_range_of_sizes_does_not_fill_the_memory():
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 60)), columns=[f"x{place}" for place in range(60)])
    fitting = Fitting(rows, [Column(name, "numeric") for name in rows])
    for components in range(2, 58):
        fitting.transform(Preparing(reduction="svd", components=components))
    assert len(fitting._fitted) <= 33 and len(fitting._blocks) == 1 and len(fitting._decomposed) == 1


def test_what_is_left_out_is_found_in_the_training_rows_alone():
    rows = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40.0) ** 2})
    preparation = fit_preparation(rows, [Column(name, "numeric") for name in rows], Preparing(redundant="drop"))
    assert [column.name for column in preparation.columns] == ["x"]
    assert preparation.transform(pd.DataFrame({"x": [1.0]}))["numeric"].shape == (1, 1)
    assert preparation.to_json()["dropped"][0]["said"] == "y repeats x: r = 1.000"
