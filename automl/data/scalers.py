"""Scaling of one numeric column, in double precision and in steps that an ONNX graph repeats number for number.

Every scaler takes finite values (N,) float64 and gives finite values (N,) float64. Values are limited to +-`LARGEST`
before a scaler sees them, so that no difference of two of them overflows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from automl.data.preparing import Scaling
from automl.data.transforms import SKEWED, skewness

Values = NDArray[np.float64]

LARGEST = 1e300
FARTHEST = 1e4  # in scales from the centre: what lies beyond is as far as this, and finite in single precision
MAX_KNOTS = 256


@dataclass(frozen=True)
class Standard:
    """Centre by the mean and divide by the standard deviation.

    Args:
        mean: The training values' mean.
        scale: Their standard deviation.
    """

    kind: ClassVar[str] = "standard"
    mean: float
    scale: float

    def apply(self, values: Values) -> Values:
        """Scale values (N,)."""
        with np.errstate(over="ignore"):  # what overflows is clipped
            return np.clip((values - self.mean) / self.scale, -FARTHEST, FARTHEST)


@dataclass(frozen=True)
class Robust:
    """Centre by the median, divide by the interquartile range and clip smoothly: `z / sqrt(1 + (z / 3)^2)`.

    Source: RealMLP's preprocessing (Holzmueller et al. 2024, section 3); results lie within (-3, 3).

    Args:
        center: The training values' median.
        scale: Their interquartile range; half their whole range where that is zero.
    """

    kind: ClassVar[str] = "robust"
    center: float
    scale: float

    def apply(self, values: Values) -> Values:
        """Scale values (N,)."""
        with np.errstate(over="ignore"):  # what overflows is clipped
            z = np.clip((values - self.center) / self.scale, -FARTHEST, FARTHEST)
        third = z / 3.0
        return np.asarray(z / np.sqrt(1.0 + third * third), dtype=np.float64)


@dataclass(frozen=True)
class Quantile:
    """Map values to normal scores along a piecewise linear table, flat beyond its ends.

    Args:
        knots: Increasing values, at least two.
        scores: The normal score of each knot.
    """

    kind: ClassVar[str] = "quantile"
    knots: tuple[float, ...]
    scores: tuple[float, ...]

    def segments(self) -> tuple[Values, Values, Values, Values]:
        """Give the start, width, first score and rise of each of the table's segments."""
        knots, scores = np.array(self.knots), np.array(self.scores)
        return knots[:-1], np.diff(knots), scores[:-1], np.diff(scores)

    def apply(self, values: Values) -> Values:
        """Scale values (N,)."""
        start, width, low, rise = self.segments()
        segment = np.clip(np.searchsorted(self.knots, values, side="right") - 1, 0, len(start) - 1)
        with np.errstate(over="ignore"):  # what overflows is clipped
            share = np.clip((values - start[segment]) / width[segment], 0.0, 1.0)
        return np.asarray(low[segment] + share * rise[segment], dtype=np.float64)


@dataclass(frozen=True)
class Log:
    """Take the logarithm of each value's size, `sign(x) log(1 + |x| / unit)`, then scale it as `Standard` does.

    Args:
        unit: The median size of the training values that are not 0.
        mean: The mean of the training values' logarithms.
        scale: Their standard deviation.
    """

    kind: ClassVar[str] = "log"
    unit: float
    mean: float
    scale: float

    def apply(self, values: Values) -> Values:
        """Scale values (N,)."""
        return Standard(self.mean, self.scale).apply(_logarithms(values, self.unit))


def _logarithms(values: Values, unit: float) -> Values:
    with np.errstate(over="ignore"):  # what overflows is limited
        size = np.minimum(np.abs(values) / unit, LARGEST)
    return np.asarray(np.sign(values) * np.log(1.0 + size), dtype=np.float64)


Scaler = Standard | Robust | Quantile | Log


def mean_and_deviation(values: Values) -> tuple[float, float]:
    """Give mean and standard deviation of finite values (N,), without overflow; a deviation of zero becomes one."""
    low = float(values.min())
    extent = float(values.max()) - low
    if extent == 0.0:
        return low, 1.0
    share = (values - low) / extent
    return low + extent * float(share.mean()), (extent * float(share.std())) or 1.0


def fit_scaler(kind: Scaling, values: Values) -> Scaler:
    """Fit a scaler to the finite training values (N,); none or only equal ones are scaled to zero, others too then."""
    if values.size == 0 or values.min() == values.max():
        value = float(values[0]) if values.size else 0.0
        return Quantile((value, value + max(1.0, abs(value))), (0.0, 0.0))
    if kind == "standard":
        return Standard(*mean_and_deviation(values))
    if kind == "robust":
        return _fit_robust(values)
    if kind == "log":
        is_skewed = abs(skewness(values / np.abs(values).max())) > SKEWED
        return _fit_log(values) if is_skewed else Standard(*mean_and_deviation(values))
    return _fit_quantile(values)


def _fit_log(values: Values) -> Log:
    unit = float(np.median(np.abs(values[values != 0.0]))) or 1.0
    return Log(unit, *mean_and_deviation(_logarithms(values, unit)))


def _fit_robust(values: Values) -> Robust:
    low, center, high = (float(value) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return Robust(center, high - low or float(values.max() - values.min()) / 2.0)


def _fit_quantile(values: Values) -> Quantile:
    """Rank the values, ties at the middle of theirs; keep at most `MAX_KNOTS` of them, evenly spaced by rank."""
    knots, counts = np.unique(values, return_counts=True)
    ranks = np.cumsum(counts) - counts / 2.0
    if len(knots) > MAX_KNOTS:
        wanted = np.linspace(ranks[0], ranks[-1], MAX_KNOTS)
        kept = np.unique(np.searchsorted(ranks, wanted).clip(0, len(knots) - 1))
        knots, ranks = knots[kept], ranks[kept]
    normal = NormalDist()
    scores = tuple(normal.inv_cdf(rank / len(values)) for rank in ranks.tolist())
    return Quantile(tuple(knots.tolist()), scores)


def scaler_to_json(scaler: Scaler) -> dict[str, Any]:
    """Give a scaler as plain JSON values, its kind first."""
    return {"kind": scaler.kind, **asdict(scaler)}


def scaler_from_json(record: dict[str, Any]) -> Scaler:
    """Rebuild a scaler from `scaler_to_json`."""
    if record["kind"] == "standard":
        return Standard(record["mean"], record["scale"])
    if record["kind"] == "robust":
        return Robust(record["center"], record["scale"])
    if record["kind"] == "log":
        return Log(record["unit"], record["mean"], record["scale"])
    return Quantile(tuple(record["knots"]), tuple(record["scores"]))
