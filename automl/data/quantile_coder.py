"""A target of numbers of which quantiles are predicted: learned as numbers are, and told in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from automl.data.number_coder import NumberCoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.task import CoderName, Link, Task

MEDIAN = 0.5


@dataclass(frozen=True)
class QuantileCoder:
    """Standardised numbers, and which quantiles of them a network gives.

    A network may give a lower quantile a greater number than a higher one. They are told in order, which is never worse
    (Chernozhukov et al., Quantile and Probability Curves Without Crossing, Econometrica 2010).

    Args:
        quantiles: Which ones (Q,), each above 0 and below 1, in their order.
        numbers: How the target is learned.
    """

    kind: ClassVar[CoderName] = "quantiles"
    link: ClassVar[Link] = "identity"
    is_wide: ClassVar[bool] = True
    quantiles: tuple[float, ...]
    numbers: NumberCoder

    @classmethod
    def blank(cls, task: Task) -> QuantileCoder:
        """Give the coder of a task before it has learned anything."""
        return cls(task.quantiles, NumberCoder.blank(task))

    @property
    def target(self) -> str:
        """The target column's name."""
        return self.numbers.target

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions (N, Q) are called."""
        return tuple(f"quantile_{level:g}" for level in self.quantiles)

    @property
    def middle(self) -> int:
        """Which of them is the answer: the median, or the middle one."""
        return self.quantiles.index(MEDIAN) if MEDIAN in self.quantiles else (len(self.quantiles) - 1) // 2

    def fitted(self, train_target: pd.Series) -> QuantileCoder:
        """Learn from the training rows' target (N,).

        Raises:
            TargetError: It holds a value that is missing, infinite or no number.
        """
        return replace(self, numbers=self.numbers.fitted(train_target))

    def encode(self, target: pd.Series) -> NDArray[np.float32]:
        """Give standardised values (N,).

        Raises:
            TargetError: A number is missing or infinite.
        """
        return self.numbers.encode(target)

    def truth(self, target: pd.Series) -> NDArray[np.float64]:
        """Give what predictions are scored against: numbers (N,) in the target's own units."""
        return self.numbers.truth(target)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Turn standardised values into the target's units."""
        return self.numbers.decode(values)

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, Q) into quantiles (N, Q) in the target's own units, in order."""
        return np.sort(self.decode(outputs), axis=1)

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the answer for each row (N,): the median, or the middle quantile."""
        answers: NDArray[Any] = predictions[:, self.middle]
        return answers

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows: the answer, and every quantile."""
        return {"prediction": self.answers(predictions)} | dict(zip(self.columns, predictions.T))

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far numbers are apart at most (N,), in deviations, and whether that is little (N,)."""
        return self.numbers.apart(found, wanted)

    def onto(self, other: QuantileCoder) -> tuple[float, float]:
        """Say by what outputs on its scale are multiplied, and what is added, to be on another's."""
        return self.numbers.onto(other.numbers)

    def moved(self, scale: float, shift: float) -> QuantileCoder:
        """Give the coder whose outputs, multiplied and added to, are on this one's scale: `onto`, undone."""
        return replace(self, numbers=self.numbers.moved(scale, shift))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, "quantiles": list(self.quantiles), "numbers": self.numbers.to_json()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> QuantileCoder:
        """Rebuild it from `to_json`."""
        return cls(tuple(record["quantiles"]), NumberCoder.from_json(record["numbers"]))
