"""A target of which a row may have any number of labels: to a truth a label, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from automl.data.class_coder import shares_apart
from automl.data.labels import BETWEEN, flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.task import CoderName, Link, Task

LEAST = 0.5
"""A row is given the labels whose probability is at least this."""


@dataclass(frozen=True)
class LabelCoder:
    """A truth for every label.

    Args:
        target: The target column's name.
        labels: Those that a row may have (K).
    """

    kind: ClassVar[CoderName] = "labels"
    link: ClassVar[Link] = "sigmoid"
    is_wide: ClassVar[bool] = True
    target: str
    labels: tuple[str, ...]

    @classmethod
    def blank(cls, task: Task) -> LabelCoder:
        """Give the coder of a task; the task says all that there is to know."""
        return cls(task.target, tuple(map(str, task.classes)))

    def fitted(self, train_target: pd.Series) -> LabelCoder:
        """Learn nothing from the training rows' target."""
        return self

    def encode(self, target: pd.Series) -> NDArray[np.float32]:
        """Give 1 where a row has a label, else 0 (N, K).

        Raises:
            TargetError: A row has a label that is none of them.
        """
        return flags(target, self.labels).astype(np.float32)

    def truth(self, target: pd.Series) -> NDArray[np.int64]:
        """Give what predictions are scored against: 1 where a row has a label, else 0 (N, K)."""
        return flags(target, self.labels).astype(np.int64)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn truths (N, K) into texts (N,): the labels that are true."""
        labels = np.array(self.labels, dtype=object)
        return np.array([BETWEEN.join(labels[row]) for row in values.astype(bool)], dtype=object)

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, K) into a probability for each label (N, K)."""
        return np.asarray(np.exp(-np.logaddexp(0.0, -outputs.astype(np.float64))))

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the labels of each row, joined (N,)."""
        return self.decode(predictions >= LEAST)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions (N, K) are called."""
        return tuple(f"probability_{label}" for label in self.labels)

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows: the labels, and the probability of each."""
        return {"prediction": self.answers(predictions)} | dict(zip(self.columns, predictions.T))

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far two tellings' probabilities are apart at most (N,), and if labels are equal (N,)."""
        return shares_apart(self.columns, found, wanted)

    def onto(self, other: LabelCoder) -> tuple[float, float]:
        """Leave logits as they are: they are on one scale, whatever rows taught them."""
        return 1.0, 0.0

    def moved(self, scale: float, shift: float) -> LabelCoder:
        """Give itself: logits have no scale of their own."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, "target": self.target, "labels": list(self.labels)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> LabelCoder:
        """Rebuild it from `to_json`."""
        return cls(record["target"], tuple(record["labels"]))
