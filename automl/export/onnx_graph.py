"""One ONNX model from raw columns to predictions: the preparation, the network and the labels.

Inputs, one a column in the table's order: numbers double (N,), categories and booleans string (N,) with the empty text
for missing, datetimes int64 (N,) microseconds since 1970 in UTC with the smallest int64 for missing, images uint8
(N, channels, height, width) of the size that the preparation gives, with the mean colour for missing.
Outputs: `prediction` (N,) in the labels' own type, or double; for classes `probabilities` (N, K) float too, for numbers
with intervals their ends `lower` and `upper` (N,) double.
"""

from __future__ import annotations

import copy
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper
from torch import Tensor, nn

from automl.data.calibration import ENDS, UNCALIBRATED, Calibration
from automl.data.encodings import Encoding
from automl.data.image_encoding import ImageEncoding
from automl.data.joint import JointPreparation
from automl.data.prepare import Preparation
from automl.data.reduction import Reduction
from automl.data.target import TargetCoder
from automl.export.onnx_columns import add_column
from automl.export.onnx_ending import add_ending
from automl.export.onnx_nodes import DOUBLE, FLOAT, ML_DOMAIN, ML_OPSET, OPSET, Nodes
from automl.export.onnx_trees import add_trees, without_trees
from automl.task import Block, Column, ColumnKind

INPUT_TYPES: dict[ColumnKind, int] = {
    "numeric": TensorProto.DOUBLE,
    "category": TensorProto.STRING,
    "boolean": TensorProto.STRING,
    "datetime": TensorProto.INT64,
    "image": TensorProto.UINT8,
}
_NETWORK = "network/"
_PREFIXES = ("prepare/", _NETWORK, "predict/")
_RESERVED = ("prediction", "probabilities", *ENDS, "")


def build_model(
    preparation: Preparation | JointPreparation,
    coder: TargetCoder,
    module: nn.Module,
    calibration: Calibration = UNCALIBRATED,
) -> onnx.ModelProto:
    """Build the whole model.

    Args:
        preparation: What happens to raw columns, once or in several ways.
        coder: The labels, or the target's mean and scale.
        module: Takes blocks by name and gives raw outputs: logits (N, K), or standardised numbers (N, 1).
        calibration: How sure the module is.
    """
    nodes = Nodes(_PREFIXES[0])
    names = input_names(preparation.columns, coder)
    by_column = dict(zip((encoding.name for encoding in preparation.encodings), names))
    for prefix, part in preparation.parts.items():
        add_preparation(nodes, part, [by_column[encoding.name] for encoding in part.encodings], prefix)
    module, trees = without_trees(module)
    widths = {block.name: block.shape[0] for block in preparation.blocks}
    for name, (prefix, each) in trees.items():
        read = [prefix + block for block in each.names]
        add_trees(nodes, each, [(_NETWORK + block, widths[block]) for block in read], _NETWORK + name)
    handed = [Block(name, (each.n_outputs,), "float32") for name, (_, each) in trees.items()]
    network = compose.add_prefix(export_network(module, [*preparation.blocks, *handed]), _NETWORK)
    ending = Nodes(_PREFIXES[2])
    outputs = add_ending(ending, coder, network.graph.output[0].name, calibration)
    graph = helper.make_graph(
        [*nodes.nodes, *network.graph.node, *ending.nodes],
        "automl",
        [
            helper.make_tensor_value_info(name, INPUT_TYPES[encoding.kind], ["N", *_shape_of_one(encoding)])
            for name, encoding in zip(names, preparation.encodings)
        ],
        outputs,
        [*nodes.constants, *network.graph.initializer, *ending.constants],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=network.ir_version, producer_name="automl", functions=network.functions
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def input_names(columns: Sequence[Column], coder: TargetCoder | None = None) -> list[str]:
    """Name the inputs as the columns are named, but for names that the model needs itself.

    Args:
        columns: What is read.
        coder: The target, whose columns are named in the model where they are numbers.

    Examples:
        >>> input_names([Column("age", "numeric"), Column("prediction", "category")])
        ['age', 'column prediction']
    """
    names: list[str] = []
    reserved = {*_RESERVED, *(coder.columns if coder and coder.link == "identity" else ())}
    for column in columns:
        name = column.name
        while name in names or name in reserved or name.startswith(_PREFIXES):
            name = f"column {name}".strip()
        names.append(name)
    return names


def export_network(module: nn.Module, blocks: Sequence[Block]) -> onnx.ModelProto:
    """Export a network on its own: an input a block, one output `raw`, any number of rows."""
    network = _Positional(copy.deepcopy(module).cpu(), tuple(block.name for block in blocks)).eval()
    example = tuple(torch.zeros(2, *block.shape, dtype=getattr(torch, block.dtype)) for block in blocks)
    rows = tuple({0: torch.export.Dim.DYNAMIC} for _ in blocks)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            input_names=[block.name for block in blocks],
            output_names=["raw"],
            dynamic_shapes=(rows,),
            opset_version=OPSET,
        )
    assert program is not None  # with dynamo a program always comes back
    return program.model_proto


class _Positional(nn.Module):
    """Takes blocks in order instead of by name, as the exporter wants them."""

    def __init__(self, module: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.module = module
        self.names = names

    def forward(self, *blocks: Tensor) -> Tensor:
        output: Tensor = self.module(dict(zip(self.names, blocks)))
        return output


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks, on optional packages and on what it did, from the user; some it prints."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def add_preparation(nodes: Nodes, preparation: Preparation, names: Sequence[str], prefix: str = "") -> None:
    """Add every column, joined to blocks and these reduced, under the names that the network reads after a prefix."""
    pieces = [add_column(nodes, encoding, name) for encoding, name in zip(preparation.encodings, names)]
    found: dict[str, str] = {}
    for name in ("numeric", "one_hot", "category", "image"):
        parts = [piece[name] for piece in pieces if name in piece]
        if parts:
            joined = parts[0] if name == "image" else nodes.op("Concat", *parts, axis=1)
            found[name] = nodes.cast(joined, FLOAT) if name == "numeric" else joined
    reduced = [add_reduction(nodes, each, found.pop(each.block)) for each in preparation.reductions]
    if reduced:
        found["numeric"] = nodes.op("Concat", *([found["numeric"]] if "numeric" in found else []), *reduced, axis=1)
    for block in preparation.blocks:
        nodes.op("Identity", found[block.name], output=_NETWORK + prefix + block.name)


def add_reduction(nodes: Nodes, reduction: Reduction, block: str) -> str:
    """Add the operations that reduce a block (N, d) float to (N, k) float, in double precision."""
    centred = nodes.op("Sub", nodes.cast(block, DOUBLE), nodes.constant(reduction.offset))
    return nodes.cast(nodes.op("MatMul", centred, nodes.constant(np.ascontiguousarray(reduction.matrix))), FLOAT)


def _shape_of_one(encoding: Encoding) -> tuple[int, ...]:
    return encoding.shape if isinstance(encoding, ImageEncoding) else ()
