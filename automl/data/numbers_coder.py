"""Several targets of numbers, folded into one column: each standardised by itself, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from automl.data.number_coder import NumberCoder
from automl.data.several_targets import SEPARATOR, unfold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from automl.task import CoderName, Link, Task


@dataclass(frozen=True)
class NumbersCoder:
    """Standardised numbers of several targets.

    Args:
        target: The name of the column that holds all of them.
        each: How each target is learned (T).
    """

    kind: ClassVar[CoderName] = "numbers"
    link: ClassVar[Link] = "identity"
    is_wide: ClassVar[bool] = True
    target: str
    each: tuple[NumberCoder, ...]

    @classmethod
    def blank(cls, task: Task) -> NumbersCoder:
        """Give the coder of a task before it has learned anything."""
        return cls(task.target, tuple(NumberCoder(name) for name in task.targets))

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions (N, T) are called."""
        return tuple(f"prediction_{one.target}" for one in self.each)

    def fitted(self, train_target: pd.Series) -> NumbersCoder:
        """Learn from the training rows' targets, folded (N,)."""
        numbers = self.truth(train_target)
        return replace(self, each=tuple(one.fitted(pd.Series(own)) for one, own in zip(self.each, numbers.T)))

    def encode(self, target: pd.Series) -> NDArray[np.float32]:
        """Give standardised values (N, T)."""
        numbers = self.truth(target)
        return np.stack([one.encode(pd.Series(own)) for one, own in zip(self.each, numbers.T)], axis=1)

    def truth(self, target: pd.Series) -> NDArray[np.float64]:
        """Give what predictions are scored against: numbers (N, T) in the targets' own units."""
        return unfold(target, len(self.each))

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Turn standardised values (N, T) into the targets' own units."""
        return np.stack([one.decode(own) for one, own in zip(self.each, values.T)], axis=1)

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, T) into the targets' own units."""
        return self.decode(outputs)

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the answer for each row (N,): its numbers, folded as the target is."""
        return np.array([SEPARATOR.join(map(repr, row)) for row in predictions.tolist()], dtype=object)

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows: the number of each target."""
        return dict(zip(self.columns, predictions.T))

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far numbers are apart at most (N,), in deviations, and whether that is little (N,)."""
        of_each = [one.apart({name: found[name]}, {name: wanted[name]}) for one, name in zip(self.each, self.columns)]
        return np.max([far for far, _ in of_each], axis=0), np.all([little for _, little in of_each], axis=0)

    def onto(self, other: NumbersCoder) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Say by what each target's outputs are multiplied, and what is added, to be on another's scale."""
        scales, shifts = zip(*(one.onto(theirs) for one, theirs in zip(self.each, other.each)))
        return scales, shifts

    def moved(self, scale: tuple[float, ...], shift: tuple[float, ...]) -> NumbersCoder:
        """Give the coder whose outputs, multiplied and added to, are on this one's scale: `onto`, undone."""
        return replace(self, each=tuple(one.moved(*own) for one, *own in zip(self.each, scale, shift)))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, "target": self.target, "each": [one.to_json() for one in self.each]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> NumbersCoder:
        """Rebuild it from `to_json`."""
        return cls(record["target"], tuple(NumberCoder.from_json(one) for one in record["each"]))
