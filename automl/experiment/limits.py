"""What a network may be at most, known by arithmetic before anything is trained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.errors import PlanError
from automl.models.cost import operations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.models.cost import LayerCost

_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9}
_SECONDS_A_LAYER, _OPERATIONS_A_SECOND = 10e-6, 5e9
"""What a layer takes beside arithmetic, and how much of that one core does, when one row is predicted alone."""
_LAYERS_A_STEP, _SECONDS_A_NODE = 3, 5e-9
"""To how many layers a step of trees comes, and what each tree takes for it beside them."""


@dataclass(frozen=True)
class Limits:
    """What a network may be at most; None is without limit.

    Args:
        parameters: Its trainable numbers.
        bytes: The memory in training, beside the data, of one candidate and of all that train together.
        milliseconds: What predicting one row takes on one core, by a rule of thumb.
    """

    parameters: int | None = None
    bytes: float | None = None
    milliseconds: float | None = None

    def passed_by(self, layers: Sequence[LayerCost], n_bytes: float) -> str:
        """Say which limit a network passes; empty where it keeps them all.

        Args:
            layers: The network's.
            n_bytes: The memory that it takes in training.
        """
        found = (
            ("parameters", "", float(sum(layer.parameters for layer in layers)), self.parameters),
            ("memory", " bytes", float(n_bytes), self.bytes),
            ("latency", " ms", milliseconds(layers), self.milliseconds),
        )
        for name, unit, value, limit in found:
            if limit is not None and value > limit:
                return f"its {name} would be {value:.4g}{unit}, and the limit is {limit:.4g}{unit}"
        return ""


def milliseconds(layers: Sequence[LayerCost]) -> float:
    """Predict how long one row takes on one core; right to a factor of some two."""
    passed = [layer for layer in layers for _ in range(layer.passes)]
    return 1e3 * (_SECONDS_A_LAYER * len(passed) + operations(passed) / _OPERATIONS_A_SECOND)


def milliseconds_of_trees(n_trees: int, depth: int) -> float:
    """Predict how long one row takes through trees on one core, as `milliseconds` does of layers.

    All trees take a step at once, which is a few operations of an array; and each looks a node up in it.

    Examples:
        >>> milliseconds_of_trees(1000, 13)
        0.455
    """
    return round(1e3 * depth * (_LAYERS_A_STEP * _SECONDS_A_LAYER + n_trees * _SECONDS_A_NODE), 9)


def parse_size(text: str) -> float:
    """Read a size of memory such as `500MB` or `2GB`, in bytes.

    Raises:
        PlanError: The text is not a positive number and one of the units KB, MB, GB.

    Examples:
        >>> parse_size("1.5GB")
        1500000000.0
        >>> parse_size("much")
        Traceback (most recent call last):
        automl.errors.PlanError: a size is a number and a unit such as 500MB or 2GB, got 'much'
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]B)\s*", text.upper())
    if match is None or float(match[1]) <= 0:
        raise PlanError(f"a size is a number and a unit such as 500MB or 2GB, got {text!r}")
    return float(match[1]) * _UNITS[match[2]]
