"""A target of numbers: to standardised ones, perhaps of the target's logarithm, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from automl.data.scalers import mean_and_deviation
from automl.data.transforms import Transform, backward, forward
from automl.data.values import as_number
from automl.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.task import CoderName, Link, Task

CLOSE = 1e-4
"""Numbers that are no further apart, in standard deviations of what is learned, are taken for equal."""


@dataclass(frozen=True)
class NumberCoder:
    """Standardised numbers, perhaps of the target's logarithm.

    What is predicted through a logarithm is kept within the training rows' range and a standard deviation beyond either
    end of it: exp would make an enormous number of what a network misses by little.

    Args:
        target: The target column's name.
        mean: The mean of the training target, transformed.
        scale: Its standard deviation.
        transform: What becomes of the target before it is standardised.
        low: Where there is a transform, the least transformed value that is predicted.
        high: Likewise, the greatest.
    """

    kind: ClassVar[CoderName] = "number"
    link: ClassVar[Link] = "identity"
    columns: ClassVar[tuple[str, ...]] = ("prediction",)
    is_wide: ClassVar[bool] = False
    target: str
    mean: float = 0.0
    scale: float = 1.0
    transform: Transform = "none"
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def blank(cls, task: Task) -> NumberCoder:
        """Give the coder of a task before it has learned anything."""
        return cls(task.target, transform=task.transform)

    def fitted(self, train_target: pd.Series) -> NumberCoder:
        """Learn from the training rows' target (N,).

        Raises:
            TargetError: It holds a value that is missing, infinite or no number.
        """
        numbers = forward(self.transform, finite(train_target, self.target))
        mean, scale = mean_and_deviation(numbers)
        if self.transform == "none":
            return replace(self, mean=mean, scale=scale)
        low, high = float(numbers.min()) - scale, float(numbers.max()) + scale
        return replace(self, mean=mean, scale=scale, low=low, high=high)

    def encode(self, target: pd.Series) -> NDArray[np.float32]:
        """Give standardised values (N,).

        Raises:
            TargetError: A number is missing or infinite.
        """
        return ((self._transformed(finite(target, self.target)) - self.mean) / self.scale).astype(np.float32)

    def truth(self, target: pd.Series) -> NDArray[np.float64]:
        """Give what predictions are scored against: numbers (N,) in the target's own units."""
        return target.to_numpy(dtype=np.float64)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Turn standardised values into the target's units."""
        numbers = np.asarray(values, dtype=np.float64) * self.scale + self.mean
        if self.transform == "none":
            return numbers
        return backward(self.transform, np.clip(numbers, self.low, self.high))

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, 1) into the target's own units (N,)."""
        return self.decode(outputs[:, 0])

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the answer for each row (N,): the prediction itself."""
        return predictions

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows: the number."""
        return {"prediction": predictions}

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far numbers in the target's own units are apart at most (N,), and whether that is little.

        Distances are in standard deviations of what is learned.
        """
        of_each = [
            np.abs(self._transformed(np.asarray(found[name])) - self._transformed(numbers)) / self.scale
            for name, numbers in wanted.items()
        ]
        distances = np.max(of_each, axis=0)
        return distances, distances <= CLOSE

    def onto(self, other: NumberCoder) -> tuple[float, float]:
        """Say by what outputs on its scale are multiplied, and what is added, to be on another's.

        Args:
            other: The coder of the same target, learned from other rows.
        """
        return self.scale / other.scale, (self.mean - other.mean) / other.scale

    def moved(self, scale: float, shift: float) -> NumberCoder:
        """Give the coder whose outputs, multiplied and added to, are on this one's scale: `onto`, undone."""
        return replace(self, mean=self.mean + shift * self.scale, scale=self.scale * scale)

    def _transformed(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        """Transform numbers; what lies beyond the ends is brought to them."""
        if self.transform == "none":
            return numbers
        return np.clip(forward(self.transform, np.asarray(numbers, dtype=np.float64)), self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> NumberCoder:
        """Rebuild it from `to_json`."""
        return cls(**{each.name: record[each.name] for each in fields(cls) if each.name in record})


def finite(target: pd.Series, name: str) -> NDArray[np.float64]:
    """Give a target's numbers (N,).

    Raises:
        TargetError: One is missing, infinite or no number.
    """
    numbers = as_number(target)
    if not np.isfinite(numbers).all():
        strange = target[~np.isfinite(numbers)].iloc[0]
        raise TargetError(f"the target {name!r} must hold finite numbers only, got {strange}")
    return numbers
