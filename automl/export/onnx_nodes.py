"""A growing ONNX graph: operations are written as calls, and the names of values are made up on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
ML_OPSET = 3
ML_DOMAIN = "ai.onnx.ml"

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64


class Nodes:
    """Nodes and constants of one graph; every value is known by its name.

    Args:
        prefix: What the made-up names begin with.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._named: dict[tuple[Any, ...], str] = {}

    def constant(self, value: NDArray[Any]) -> str:
        """Give the name of a constant; an equal one is kept once."""
        key = (value.dtype.str, value.shape, str(value.tolist()) if value.dtype == object else value.tobytes())
        if key not in self._named:
            self._named[key] = f"{self.prefix}constant_{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(value, self._named[key]))
        return self._named[key]

    def integer(self, value: int) -> str:
        """Give the name of a scalar int64."""
        return self.constant(np.array(value, dtype=np.int64))

    def number(self, value: float) -> str:
        """Give the name of a scalar double."""
        return self.constant(np.array(value, dtype=np.float64))

    def op(self, kind: str, *inputs: str, output: str | None = None, domain: str = "", **attributes: Any) -> str:
        """Add one operation and give the name of its only output."""
        name = output or f"{self.prefix}{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name

    def several(self, kind: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add one operation and give the names of its outputs, of which there are so many."""
        names = [f"{self.prefix}{kind}_{len(self.nodes)}_{place}" for place in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def cast(self, value: str, to: int) -> str:
        """Change a value's element type."""
        return self.op("Cast", value, to=to)

    def column(self, value: str) -> str:
        """Make (N,) into (N, 1)."""
        return self.op("Unsqueeze", value, self.constant(np.array([1], dtype=np.int64)))

    def floor_divide(self, value: str, by: int) -> str:
        """Divide int64 and round down; ONNX's own division rounds towards zero."""
        divisor = self.integer(by)
        return self.op("Div", self.op("Sub", value, self.op("Mod", value, divisor)), divisor)
