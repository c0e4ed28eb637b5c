"""What the judgement says row by row, as `judgement.parquet` keeps it; no test row is looked at again.

Shapes:
    truth, prediction (N,): class codes (positions in the task's classes), or numbers in the target's own units.
    confidence (N,): the probability of the predicted class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import StudyError
from automl.task import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from automl.report.reading import Reading

    Array = NDArray[Any]

N_BINS = 10
_Z = 1.959964


@dataclass(frozen=True, eq=False)
class Judged:
    """What was predicted for each judged row beside the truth.

    Args:
        truth: (N,)
        prediction: (N,)
        confidence: (N,); None for regression.
    """

    truth: Array
    prediction: Array
    confidence: Array | None


@dataclass(frozen=True)
class Bin:
    """The rows whose confidence lies in one part of the range.

    Args:
        n_rows: How many, at least one.
        confidence: Their mean confidence.
        right: The share of them that were predicted right.
        low: The lower end of the 95 % interval of that share (Wilson 1927).
        high: The upper end of it.
    """

    n_rows: int
    confidence: float
    right: float
    low: float
    high: float


def read_judged(reading: Reading) -> Judged | None:
    """Read the judgement of the best trial row by row; None where it was not judged.

    Raises:
        StudyError: The file is damaged.
    """
    path = reading.record.judgement_rows_path
    if reading.judged is None or not path.exists():
        return None
    import pandas as pd

    try:
        rows = pd.read_parquet(path)
        classes = reading.task["classes"]
        if KINDS[reading.task["kind"]].is_several:
            return None
        if not classes:
            return Judged(rows["truth"].to_numpy(np.float64), rows["prediction"].to_numpy(np.float64), None)
        codes = {known: code for code, known in enumerate(classes)}
        truth, prediction = (_codes(rows[name].tolist(), codes) for name in ("truth", "prediction"))
        shares = rows[[f"probability_{known}" for known in classes]].to_numpy(np.float64)
        confidence = shares[np.arange(len(rows)), prediction]
        return Judged(truth, prediction, confidence)
    except (KeyError, OSError, ValueError) as error:  # what pyarrow raises of a torn file is a ValueError
        raise StudyError(f"{path} is damaged: {error}") from None


def _codes(labels: Sequence[Any], codes: dict[Any, int]) -> Array:
    return np.array([codes[known] for known in labels], dtype=np.intp)


def confusion(judged: Judged, n_classes: int) -> Array:
    """Count rows by true and predicted class: (n_classes, n_classes), a row a true class."""
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (judged.truth, judged.prediction), 1)
    return counts


def reliability(confidence: Array, is_right: Array, n_bins: int = N_BINS) -> list[Bin]:
    """Put rows into bins of equal width by their confidence; empty bins are left out.

    Args:
        confidence: (N,), from 0 to 1.
        is_right: (N,), whether the row was predicted right.
        n_bins: How many bins there are.
    """
    places = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    bins = []
    for place in np.unique(places):
        inside = places == place
        n_rows, right = int(inside.sum()), float(is_right[inside].mean())
        bins.append(Bin(n_rows, float(confidence[inside].mean()), right, *_wilson(right, n_rows)))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float:
    """Give the expected calibration error: the gap between confidence and share, over the bins' rows.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 2.

    Examples:
        >>> calibration_error([Bin(3, 0.9, 0.8, 0.0, 1.0), Bin(1, 0.6, 0.6, 0.0, 1.0)])
        0.075
    """
    total = sum(each.n_rows for each in bins)
    return round(sum(each.n_rows * abs(each.confidence - each.right) for each in bins) / total, 12)


def _wilson(share: float, n_rows: int) -> tuple[float, float]:
    middle = share + _Z**2 / (2 * n_rows)
    reach = _Z * (share * (1 - share) / n_rows + _Z**2 / (4 * n_rows**2)) ** 0.5
    whole = 1 + _Z**2 / n_rows
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def spread_out(judged: Judged, most: int) -> Array:
    """Choose rows for a plot, evenly over the true values: the least and the greatest are among them."""
    order = np.argsort(judged.truth, kind="stable")
    if len(order) <= most:
        return order
    chosen: Array = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    return chosen
