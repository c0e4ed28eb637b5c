"""The growing graph."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from automl.export.onnx_nodes import OPSET, Nodes


def run(nodes, values, result):
    graph = helper.make_graph(
        nodes.nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.INT64, ["N"])],
        [helper.make_tensor_value_info(result, TensorProto.INT64, None)],
        nodes.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": np.array(values)})[0]


@pytest.mark.parametrize("by", [1, 7, 146_097])
def test_floor_division_rounds_down(by):
    nodes = Nodes("n/")
    values = [-2 * by - 1, -by, -1, 0, 1, by, 3 * by - 1]
    assert run(nodes, values, nodes.floor_divide("x", by)).tolist() == [value // by for value in values]


def test_a_column_has_width_one():
    nodes = Nodes("n/")
    assert run(nodes, [4, 5], nodes.column("x")).tolist() == [[4], [5]]


def test_equal_constants_are_kept_once():
    nodes = Nodes("n/")
    assert nodes.integer(3) == nodes.integer(3) != nodes.number(3.0)
    assert len(nodes.constants) == 2


def test_texts_can_be_constants():
    nodes = Nodes("n/")
    assert nodes.constant(np.array(["a", "b"], dtype=object)) != nodes.constant(np.array(["ab", ""], dtype=object))
