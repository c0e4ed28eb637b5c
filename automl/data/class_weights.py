"""How much classes weigh in the loss: all alike, balanced, or as a person says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import PlanError, TargetError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from automl.task import Label

NONE, BALANCED = "none", "balanced"


def parse_class_weights(text: str) -> dict[str, float]:
    """Read `CLASS=W,CLASS=W`.

    Raises:
        PlanError: A part is not of that form, a class is named twice, or a weight is no number above 0.

    Examples:
        >>> parse_class_weights("yes=5,no=1")
        {'yes': 5.0, 'no': 1.0}
        >>> parse_class_weights("yes")
        Traceback (most recent call last):
        automl.errors.PlanError: --class-weight must be balanced, none, or CLASS=W,... (each class once, ..., got 'yes'
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        label, sign, number = part.rpartition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not (label and sign) or label in weights or not 0 < weight < math.inf:
            raise PlanError(
                f"--class-weight must be balanced, none, or CLASS=W,... (each class once, its weight above 0), such as "
                f"yes=5,no=1, got {text!r}"
            )
        weights[label] = weight
    return weights


def class_weights(
    asked: str, codes: NDArray[np.int64], classes: Sequence[Label], weights: NDArray[np.float64] | None = None
) -> tuple[float, ...]:
    """Give what each class weighs, so that the training rows weigh 1 on average.

    Balanced is n / (K n_c), as in scikit-learn: n rows, n_c of them of the class, K classes that have any.

    Args:
        asked: `none`, `balanced`, or `CLASS=W,...`; a class that is not named weighs 1.
        codes: The classes of the training rows (N,).
        classes: All classes; a code is a position in them.
        weights: How much each training row counts (N,); None where all count alike.

    Returns:
        One number a class; none where all weigh alike.

    Raises:
        TargetError: A class that is named is none of the task's.

    Examples:
        >>> class_weights("balanced", np.array([0, 0, 0, 1]), ("no", "yes"))
        (0.6666666666666666, 2.0)
        >>> class_weights("yes=3", np.array([0, 0, 1, 1]), ("no", "yes"))
        (0.5, 1.5)
    """
    if asked == NONE or not classes:
        return ()
    counts = np.bincount(codes, weights=weights, minlength=len(classes)).astype(np.float64)
    if asked == BALANCED:
        own = np.where(counts > 0, 1 / np.where(counts > 0, counts, 1.0), 0.0)
    else:
        own = _named(parse_class_weights(asked), classes)
    mean = float(own @ counts) / float(counts.sum())
    given: list[Any] = (own / mean if mean > 0 else np.ones(len(classes))).tolist()
    return tuple(given)


def _named(asked: dict[str, float], classes: Sequence[Label]) -> NDArray[np.float64]:
    places = {str(label): code for code, label in enumerate(classes)}
    own = np.ones(len(classes))
    for label, weight in asked.items():
        if label not in places:
            raise TargetError(unknown("class", label, places))
        own[places[label]] = weight
    return own
