"""From the target column to what a network learns, and back: what every kind of target can do, and which there are.

Shapes:
    N rows; K outputs of a network for each
    encoded (N,): class codes, or standardised numbers; truth (N,): codes, or numbers in the target's own units; both
    (N, T) of T targets
    predictions: probabilities (N, K), or numbers in the target's own units: one (N,), quantiles (N, K), or one a
    target (N, T)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from automl.data.class_coder import ClassCoder
from automl.data.label_coder import LabelCoder
from automl.data.number_coder import NumberCoder
from automl.data.numbers_coder import NumbersCoder
from automl.data.quantile_coder import QuantileCoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from automl.task import CoderName, Link, Scale, Task


class TargetCoder(Protocol):
    """Knows a target: how it is learned, and what a network's outputs say of it.

    Args:
        kind: Its word in JSON.
        link: What makes predictions of outputs.
        is_wide: Whether predictions are several for a row, (N, K); if not, they are (N,).
        target: The target column's name.
    """

    kind: ClassVar[CoderName]
    link: ClassVar[Link]
    is_wide: ClassVar[bool]

    @property
    def target(self) -> str:
        """The target column's name."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions are called."""

    def fitted(self, train_target: pd.Series) -> TargetCoder:
        """Learn from the training rows' target (N,)."""

    def encode(self, target: pd.Series) -> NDArray[Any]:
        """Give what is learned."""

    def truth(self, target: pd.Series) -> NDArray[Any]:
        """Give what predictions are scored against."""

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn what is learned into labels, or into the target's own units."""

    def predictions(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Turn a network's raw outputs (N, K) into what is scored."""

    def answers(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Give the one answer for each row (N,) that predictions come to."""

    def told(self, predictions: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give all that is said of rows by its column's name (N,); where there is one answer, it is `prediction`."""

    def apart(
        self, found: Mapping[str, NDArray[Any]], wanted: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Say of each row how far apart two tellings of it are (N,), and whether they are the same answer (N,)."""

    def onto(self, other: Any) -> tuple[Scale, Scale]:
        """Say by what outputs are multiplied, and what is added, to be on the scale of one learned from other rows."""

    def moved(self, scale: Any, shift: Any) -> TargetCoder:
        """Give the coder whose `onto` this one is that: whose outputs, multiplied and added to, are on its scale."""

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""


_Coder = type[ClassCoder] | type[NumberCoder] | type[QuantileCoder] | type[NumbersCoder] | type[LabelCoder]
CODERS: dict[CoderName, _Coder] = {
    "classes": ClassCoder,
    "number": NumberCoder,
    "quantiles": QuantileCoder,
    "numbers": NumbersCoder,
    "labels": LabelCoder,
}
"""Every kind of target, by its word in JSON."""


def blank_coder(task: Task) -> TargetCoder:
    """Give the coder of a task before it has learned anything: it knows labels and names."""
    return CODERS[task.traits.coder].blank(task)


def fit_coder(task: Task, train_target: pd.Series) -> TargetCoder:
    """Learn from the training rows' target (N,).

    Raises:
        TargetError: A target of numbers holds a value that is missing, infinite or no number.
    """
    return blank_coder(task).fitted(train_target)


def coder_from_json(record: Mapping[str, Any]) -> TargetCoder:
    """Rebuild a coder from its `to_json`; where it names no kind, its classes tell it."""
    kind: CoderName = record.get("kind") or ("classes" if record["classes"] else "number")
    return CODERS[kind].from_json(record)
