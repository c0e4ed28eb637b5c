"""From the target column to what a network learns, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.data.scalers import mean_and_deviation
from automl.data.transforms import Transform, backward, forward
from automl.data.values import as_number, as_text
from automl.errors import TargetError
from automl.task import Label, Task


@dataclass(frozen=True)
class TargetCoder:
    """Codes of classes, or standardised numbers, perhaps of the target's logarithm.

    What is predicted through a logarithm is kept within the training rows' range and a standard deviation beyond either
    end of it: exp would make an enormous number of what a network misses by little.

    Args:
        target: The target column's name.
        classes: The labels in their own type, a code is a position in them; empty for regression.
        mean: For regression, the mean of the training target, transformed.
        scale: For regression, its standard deviation.
        transform: For regression, what becomes of the target before it is standardised.
        low: Where there is a transform, the least transformed value that is predicted.
        high: Likewise, the greatest.
    """

    target: str
    classes: tuple[Label, ...]
    mean: float = 0.0
    scale: float = 1.0
    transform: Transform = "none"
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def fit(cls, task: Task, train_target: pd.Series) -> TargetCoder:
        """Learn from the training rows' target (N,).

        Raises:
            TargetError: A regression target holds a value that is missing, infinite or no number.
        """
        if task.classes:
            return cls(task.target, task.classes)
        numbers = forward(task.transform, _finite(train_target, task.target))
        mean, scale = mean_and_deviation(numbers)
        if task.transform == "none":
            return cls(task.target, (), mean, scale)
        ends = float(numbers.min()) - scale, float(numbers.max()) + scale
        return cls(task.target, (), mean, scale, task.transform, *ends)

    def encode(self, target: pd.Series) -> NDArray[Any]:
        """Give codes (N,) int64, or standardised values (N,) float32.

        Raises:
            TargetError: A label is none of the classes, or a number is missing or infinite.
        """
        if not self.classes:
            return ((self._transformed(_finite(target, self.target)) - self.mean) / self.scale).astype(np.float32)
        texts = _texts(target, self.classes)
        known = pd.Index(_texts(pd.Series(list(self.classes)), self.classes))
        codes = known.get_indexer(pd.Index(texts))
        if (codes < 0).any():
            strange = texts[codes < 0][0]
            raise TargetError(f"the target {self.target!r} must hold classes of the training rows, got {strange!r}")
        return codes.astype(np.int64)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn codes (N,) into labels in their own type, or standardised values (N,) into the target's units."""
        if self.classes:
            labels = np.array(self.classes, dtype=object if isinstance(self.classes[0], str) else None)
            return np.asarray(labels[values])
        numbers = np.asarray(values, dtype=np.float64) * self.scale + self.mean
        if self.transform == "none":
            return numbers
        return backward(self.transform, np.clip(numbers, self.low, self.high))

    def onto(self, other: TargetCoder) -> tuple[float, float]:
        """Say by what outputs on its scale are multiplied, and what is added, to be on another's; of classes nothing.

        Args:
            other: The coder of the same target, learned from other rows.
        """
        if self.classes:
            return 1.0, 0.0
        return self.scale / other.scale, (self.mean - other.mean) / other.scale

    def distances(self, found: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
        """Say how far numbers in the target's own units are apart, in standard deviations of what is learned."""
        return np.asarray(np.abs(self._transformed(found) - self._transformed(wanted)) / self.scale)

    def _transformed(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        """Transform numbers; what lies beyond the ends is brought to them."""
        if self.transform == "none":
            return numbers
        return np.clip(forward(self.transform, np.asarray(numbers, dtype=np.float64)), self.low, self.high)

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, K) into probabilities (N, K), or into the target's own units (N,)."""
        if not self.classes:
            return np.asarray(self.decode(outputs[:, 0]))
        exponents = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {**asdict(self), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> TargetCoder:
        """Rebuild it from `to_json`."""
        return cls(**{**record, "classes": tuple(record["classes"])})


def _texts(target: pd.Series, classes: tuple[Label, ...]) -> NDArray[np.object_]:
    """Write labels so that equal ones are equal texts, whatever their column's type: 1 and 1.0 are the same."""
    if isinstance(classes[0], str):
        return target.astype(object).map(str).to_numpy(dtype=object)
    return as_text(target, numbers=True)


def _finite(target: pd.Series, name: str) -> NDArray[np.float64]:
    numbers = as_number(target)
    if not np.isfinite(numbers).all():
        strange = target[~np.isfinite(numbers)].iloc[0]
        raise TargetError(f"the target {name!r} must hold finite numbers only, got {strange}")
    return numbers
