"""Columns in ONNX equal columns in numpy, number for number, without any network."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from onnx import helper

from automl.data.dates import PARTS, date_parts
from automl.data.prepare import fit_preparation
from automl.data.preparing import SCALINGS, Preparing
from automl.data.values import MISSING_TIME
from automl.export.onnx_columns import add_date_parts
from automl.export.onnx_graph import INPUT_TYPES, add_preparation
from automl.export.onnx_nodes import DOUBLE, INT64, ML_DOMAIN, ML_OPSET, OPSET, Nodes
from automl.export.predictor import to_input
from automl.task import Column


def run(nodes, inputs, outputs, feed):
    """Run nodes alone; inputs and outputs are types by name."""
    info = helper.make_tensor_value_info
    ends = [[info(name, kind, None) for name, kind in each.items()] for each in (inputs, outputs)]
    graph = helper.make_graph(nodes.nodes, "test", *ends, nodes.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)


def blocks_in_onnx(preparation, rows):
    nodes = Nodes("n/")
    names = [column.name for column in preparation.columns]
    add_preparation(nodes, preparation, names)
    types = {"float32": onnx.TensorProto.FLOAT, "int64": INT64}
    outputs = {f"network/{block.name}": types[block.dtype] for block in preparation.blocks}
    inputs = {column.name: INPUT_TYPES[column.kind] for column in preparation.columns}
    feed = {column.name: to_input(rows[column.name], column) for column in preparation.columns}
    return dict(zip((block.name for block in preparation.blocks), run(nodes, inputs, outputs, feed)))


def assert_same(training, rows, columns, arguments):
    preparation = fit_preparation(training, columns, arguments)
    wanted, found = preparation.transform(rows), blocks_in_onnx(preparation, rows)
    assert wanted.keys() == found.keys()
    for name, block in wanted.items():
        assert block.dtype == found[name].dtype and block.shape == found[name].shape
        np.testing.assert_array_equal(found[name], block)


NUMBERS = {
    "normal": np.random.default_rng(0).normal(size=500),
    "few values": np.random.default_rng(0).integers(0, 5, 500).astype(float),
    "with missing": np.where(np.arange(500) % 7 == 0, np.nan, np.arange(500.0)),
    "with infinities": np.r_[np.inf, -np.inf, np.arange(20.0)],
    "extremes": np.array([1e300, -1.7e308, 5e-324, 0.0, 1.0, np.nan]),
    "one value": np.array([4.0]),
    "constant": np.full(5, 0.1),
    "nothing": np.array([np.nan, np.nan]),
}


@pytest.mark.parametrize("numeric", SCALINGS)
@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_numbers(numeric, values):
    asked = np.r_[values, np.nan, np.inf, -np.inf, 1e300, -1e308, 0.0, 0.5, 5e-324]
    training, rows = (pd.DataFrame({"x": each}) for each in (values, asked))
    assert_same(training, rows, [Column("x", "numeric")], Preparing(numeric=numeric))


@pytest.mark.parametrize("one_hot_max", [0, 10])
@pytest.mark.parametrize(
    "values", [["a", "b", "a"], ["a", None, "é ü"], [None, None]], ids=["full", "missing", "nothing"]
)
def test_categories(one_hot_max, values):
    training, rows = (pd.DataFrame({"c": pd.Series(each, dtype=object)}) for each in (values, [*values, "z", None]))
    assert_same(training, rows, [Column("c", "category")], Preparing(one_hot_max=one_hot_max))


@pytest.mark.parametrize("one_hot_max", [0, 10])
@pytest.mark.parametrize("more", [{"rare": 2}, {"frequency": "log"}, {"rare": 2, "frequency": "log"}, {"rare": 9}])
def test_categories_that_are_rare_or_counted(one_hot_max, more):
    values = ["a", "a", "b", "b", "b", "c", "d", None]
    training, rows = (pd.DataFrame({"c": pd.Series(each, dtype=object)}) for each in (values, [*values, "z"]))
    assert_same(training, rows, [Column("c", "category")], Preparing(one_hot_max=one_hot_max, **more))


@pytest.mark.parametrize("one_hot_max", [0, 10])
def test_categories_that_are_numbers(one_hot_max):
    training = pd.DataFrame({"c": [3, 4, 3]})
    rows = pd.DataFrame({"c": ["3.0", "4", "5", None]})
    assert_same(training, rows, [Column("c", "category", numbers=True)], Preparing(one_hot_max=one_hot_max))


@pytest.mark.parametrize("one_hot_max", [0, 10])
def test_booleans(one_hot_max):
    training = pd.DataFrame({"b": [True, False, None]})
    rows = pd.DataFrame({"b": pd.Series([True, "TRUE", "False", "0", "1.0", None, "x"], dtype=object)})
    assert_same(training, rows, [Column("b", "boolean")], Preparing(one_hot_max=one_hot_max))


@pytest.mark.parametrize("numeric", SCALINGS)
def test_dates(numeric):
    draw = np.random.default_rng(0)
    hours = pd.Series(pd.Timestamp("1930-01-01") + pd.to_timedelta(draw.integers(0, 900_000, 400), unit="h"))
    training = pd.DataFrame({"t": hours.where(draw.random(400) > 0.1)})
    rows = pd.DataFrame({"t": ["1969-12-31T23:59:59.999999", "2000-02-29", "1800-01-01", "2199-12-31", None, "soon"]})
    for asked in (training, rows):
        assert_same(training, asked, [Column("t", "datetime")], Preparing(numeric=numeric))


def test_calendar_parts_of_four_centuries():
    low, high = (pd.Timestamp(f"{year}-01-01").value // 1000 for year in (1800, 2200))
    instants = np.random.default_rng(0).integers(low, high, 10_000)
    nodes = Nodes("n/")
    names = add_date_parts(nodes, "t", set(PARTS))
    found = run(nodes, {"t": INT64}, {names[part]: DOUBLE for part in PARTS}, {"t": instants})
    for part, values in zip(PARTS, found):
        np.testing.assert_array_equal(values, date_parts(instants)[part], err_msg=part)


def test_the_missing_instant_is_the_smallest_integer():
    assert np.iinfo(np.int64).min == MISSING_TIME
