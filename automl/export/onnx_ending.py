"""The end of an ONNX model: a network's raw outputs become predictions, by the kind of the target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from automl.data.calibration import ENDS, UNCALIBRATED, Calibration
from automl.data.class_coder import ClassCoder
from automl.data.label_coder import LabelCoder
from automl.data.labels import BETWEEN
from automl.data.number_coder import NumberCoder
from automl.data.numbers_coder import NumbersCoder
from automl.data.quantile_coder import QuantileCoder
from automl.data.target import TargetCoder
from automl.export.onnx_nodes import DOUBLE, FLOAT, INT64, Nodes
from automl.task import CoderName, Label

LABEL_TYPES: dict[type, int] = {
    bool: TensorProto.BOOL,
    int: TensorProto.INT64,
    float: TensorProto.DOUBLE,
    str: TensorProto.STRING,
}


def add_ending(
    nodes: Nodes, coder: TargetCoder, raw: str, calibration: Calibration = UNCALIBRATED
) -> list[onnx.ValueInfoProto]:
    """Turn raw outputs into predictions; the graph's outputs, the answer first."""
    return _ENDINGS[coder.kind](nodes, coder, raw, calibration)


def _add_classes(nodes: Nodes, coder: ClassCoder, raw: str, calibration: Calibration) -> list[onnx.ValueInfoProto]:
    sure = raw
    if calibration.temperature != 1.0:
        sure = nodes.op("Div", raw, nodes.constant(np.array(calibration.temperature, dtype=np.float32)))
    nodes.op("Softmax", sure, axis=1, output="probabilities")
    codes = _medians(nodes, coder) if coder.is_ordered else nodes.op("ArgMax", raw, axis=1, keepdims=0)
    nodes.op("Gather", nodes.constant(_label_array(coder.classes)), codes, output="prediction")
    return [
        helper.make_tensor_value_info("prediction", LABEL_TYPES[type(coder.classes[0])], ["N"]),
        helper.make_tensor_value_info("probabilities", FLOAT, ["N", len(coder.classes)]),
    ]


def _medians(nodes: Nodes, coder: ClassCoder) -> str:
    """Give the first class of each row (N,) up to which half of the probability lies."""
    up_to = nodes.op("CumSum", "probabilities", nodes.integer(1))
    is_below = nodes.op("Less", up_to, nodes.constant(np.array(0.5, dtype=np.float32)))
    axis = nodes.constant(np.array([1], dtype=np.int64))
    below = nodes.op("ReduceSum", nodes.cast(is_below, INT64), axis, keepdims=0)
    return nodes.op("Min", below, nodes.integer(len(coder.classes) - 1))


def _add_number(nodes: Nodes, coder: NumberCoder, raw: str, calibration: Calibration) -> list[onnx.ValueInfoProto]:
    flat = nodes.cast(nodes.op("Reshape", raw, nodes.constant(np.array([-1], dtype=np.int64))), DOUBLE)
    _add_numbers(nodes, coder, flat, "prediction")
    ends = () if calibration.radius is None else zip(ENDS, (-calibration.radius, calibration.radius))
    for name, distance in ends:
        _add_numbers(nodes, coder, nodes.op("Add", flat, nodes.number(distance)), name)
    names = ("prediction", *(ENDS if calibration.radius is not None else ()))
    return [helper.make_tensor_value_info(name, DOUBLE, ["N"]) for name in names]


def _add_quantiles(nodes: Nodes, coder: QuantileCoder, raw: str, calibration: Calibration) -> list[onnx.ValueInfoProto]:
    count = len(coder.quantiles)
    ordered = nodes.several("TopK", 2, raw, nodes.constant(np.array([count])), axis=1, largest=0, sorted=1)[0]
    of_each = [nodes.cast(nodes.op("Gather", ordered, nodes.integer(place), axis=1), DOUBLE) for place in range(count)]
    names = ("prediction", *coder.columns)
    for name, learned in zip(names, (of_each[coder.middle], *of_each)):
        _add_numbers(nodes, coder.numbers, learned, name)
    return [helper.make_tensor_value_info(name, DOUBLE, ["N"]) for name in names]


def _add_several(nodes: Nodes, coder: NumbersCoder, raw: str, calibration: Calibration) -> list[onnx.ValueInfoProto]:
    for place, (one, name) in enumerate(zip(coder.each, coder.columns)):
        own = nodes.op("Gather", raw, nodes.integer(place), axis=1)
        _add_numbers(nodes, one, nodes.cast(own, DOUBLE), name)
    return [helper.make_tensor_value_info(name, DOUBLE, ["N"]) for name in coder.columns]


def _add_labels(nodes: Nodes, coder: LabelCoder, raw: str, calibration: Calibration) -> list[onnx.ValueInfoProto]:
    """Join the labels of a row: before each that it has stands a mark, if it has one before."""
    nodes.op("Sigmoid", raw, output="probabilities")
    given = nodes.op("GreaterOrEqual", raw, nodes.constant(np.array(0.0, dtype=np.float32)))
    nothing, mark = (nodes.constant(np.array(text, dtype=object)) for text in ("", BETWEEN))
    joined, has_any = "", ""
    for place, label in enumerate(coder.labels):
        has = nodes.op("Gather", given, nodes.integer(place), axis=1)
        own = nodes.op("Where", has, nodes.constant(np.array(label, dtype=object)), nothing)
        if place:
            between = nodes.op("Where", nodes.op("And", has_any, has), mark, nothing)
            own = nodes.op("StringConcat", joined, nodes.op("StringConcat", between, own))
        joined, has_any = own, nodes.op("Or", has_any, has) if place else has
    nodes.op("Identity", joined, output="prediction")
    return [
        helper.make_tensor_value_info("prediction", TensorProto.STRING, ["N"]),
        helper.make_tensor_value_info("probabilities", FLOAT, ["N", len(coder.labels)]),
    ]


def _add_numbers(nodes: Nodes, coder: NumberCoder, learned: str, name: str) -> None:
    """Bring standardised numbers (N,) double into the target's own units; a transform is undone within its ends."""
    scaled = nodes.op("Mul", learned, nodes.number(coder.scale))
    if coder.transform == "none":
        nodes.op("Add", scaled, nodes.number(coder.mean), output=name)
        return
    moved = nodes.op("Add", scaled, nodes.number(coder.mean))
    within = nodes.op("Clip", moved, nodes.number(coder.low), nodes.number(coder.high))
    if coder.transform == "log":
        nodes.op("Exp", within, output=name)
    else:
        nodes.op("Sub", nodes.op("Exp", within), nodes.number(1.0), output=name)


def _label_array(classes: Sequence[Label]) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    is_text = isinstance(classes[0], str)
    return np.array(classes, dtype=object if is_text else type(classes[0]))


_ENDINGS: dict[CoderName, Callable[[Nodes, Any, str, Calibration], list[onnx.ValueInfoProto]]] = {
    "classes": _add_classes,
    "number": _add_number,
    "quantiles": _add_quantiles,
    "numbers": _add_several,
    "labels": _add_labels,
}
