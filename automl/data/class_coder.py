"""A target of classes: labels to codes, and probabilities to labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from automl.data.values import as_text
from automl.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from automl.task import CoderName, Label, Link, Task


@dataclass(frozen=True)
class ClassCoder:
    """Codes of classes.

    Args:
        target: The target column's name.
        classes: The labels in their own type; a code is a position in them.
        is_ordered: Whether they have an order: the label is then the median of their probabilities, which is the least
            steps away from the truth on average, else the most probable one.
    """

    kind: ClassVar[CoderName] = "classes"
    link: ClassVar[Link] = "softmax"
    is_wide: ClassVar[bool] = True
    target: str
    classes: tuple[Label, ...]
    is_ordered: bool = False

    @classmethod
    def blank(cls, task: Task) -> ClassCoder:
        """Give the coder of a task; the task says all that there is to know."""
        return cls(task.target, task.classes, task.traits.is_ordered)

    def fitted(self, train_target: pd.Series) -> ClassCoder:
        """Learn nothing from the training rows' target."""
        return self

    def encode(self, target: pd.Series) -> NDArray[np.int64]:
        """Give codes (N,).

        Raises:
            TargetError: A label is none of the classes.
        """
        codes = self.codes(target)
        if (codes < 0).any():
            strange = self.texts(target[codes < 0])[0]
            raise TargetError(f"the target {self.target!r} must hold classes of the training rows, got {strange!r}")
        return codes

    def codes(self, target: pd.Series) -> NDArray[np.int64]:
        """Give codes (N,), -1 for a label that is none of the classes."""
        known = pd.Index(self.texts(pd.Series(list(self.classes))))
        return known.get_indexer(pd.Index(self.texts(target))).astype(np.int64)

    def texts(self, target: pd.Series) -> NDArray[np.object_]:
        """Write labels so that equal ones are equal texts, whatever their column's type: 1 and 1.0 are the same."""
        if isinstance(self.classes[0], str):
            return target.astype(object).map(str).to_numpy(dtype=object)
        return as_text(target, numbers=True)

    def truth(self, target: pd.Series) -> NDArray[np.int64]:
        """Give what predictions are scored against: codes (N,)."""
        return self.encode(target)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn codes (N,) into labels in their own type."""
        labels = np.array(self.classes, dtype=object if isinstance(self.classes[0], str) else None)
        return np.asarray(labels[values])

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, K) into probabilities (N, K); infinite ones, of a spoilt one, into nan."""
        with np.errstate(invalid="ignore"):
            exponents = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
            return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the label of each row (N,): the class that is most probable, or the median one."""
        return self.decode(_medians(predictions) if self.is_ordered else predictions.argmax(axis=1))

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions (N, K) are called."""
        return tuple(f"probability_{label}" for label in self.classes)

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows: the label, and the probability of each class."""
        return {"prediction": self.answers(predictions)} | dict(zip(self.columns, predictions.T))

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far two tellings' probabilities are apart at most (N,), and if labels are equal (N,)."""
        return shares_apart(self.columns, found, wanted)

    def onto(self, other: ClassCoder) -> tuple[float, float]:
        """Leave logits as they are: they are on one scale, whatever rows taught them."""
        return 1.0, 0.0

    def moved(self, scale: float, shift: float) -> ClassCoder:
        """Give itself: logits have no scale of their own."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind, **asdict(self), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> ClassCoder:
        """Rebuild it from `to_json`."""
        return cls(record["target"], tuple(record["classes"]), record.get("is_ordered", False))


def _medians(probabilities: NDArray[Any]) -> NDArray[np.int64]:
    """Give the first class of each row (N,) up to which half of the probability (N, K) lies."""
    below = (np.cumsum(probabilities, axis=1) < 0.5).sum(axis=1)
    return np.asarray(np.minimum(below, probabilities.shape[1] - 1))


def shares_apart(
    columns: Sequence[str], found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Say of each row how far two tellings' probabilities are apart at most (N,), and if labels are equal (N,)."""
    differences = [np.abs(np.asarray(found[name], np.float64) - wanted[name]) for name in columns]
    return np.max(differences, axis=0), np.asarray(found["prediction"] == wanted["prediction"])
