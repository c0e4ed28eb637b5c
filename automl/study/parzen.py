"""Parzen estimators over several parameters at once: a kernel on every observation, and a wide one as the prior.

Numbers are placed on the unit interval, log-scaled ones by their logarithms; options are told by index. The kernels are
those of Bergstra et al. 2011 in the form of Watanabe, Tree-Structured Parzen Estimator (arXiv 2304.11127): truncated
normals as wide as the distance to their neighbours, and for options a share for the one observed.

Shapes:
    observations (N, P), N kernels and the prior: K = N + 1
    points (C, P): candidates
    log densities (C, K)
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution

    Array = NDArray[np.float64]

_PRIOR_WEIGHT = 1.0
_LEAST = 1e-300
_MOST_KERNELS_APART = 100.0
"""No kernel is narrower than this part of the range."""


class Axis(Protocol):
    """One parameter as the estimator sees it."""

    def place(self, value: Any) -> float:
        """Give a value's place: from 0 to 1, or an option's index."""

    def value(self, place: float) -> Any:
        """Give the value at a place."""

    def anywhere(self, rng: np.random.Generator) -> float:
        """Draw a place, all of them alike."""

    def kernels(self, observed: Array) -> Kernels:
        """Put a kernel on every observed place (N,), and the prior's beside them."""


class Kernels(Protocol):
    """The kernels of one parameter."""

    def log_density(self, places: Array) -> Array:
        """Give the logarithm of every kernel's density at the places (C,): (C, K)."""

    def draw(self, chosen: NDArray[np.intp], rng: np.random.Generator) -> Array:
        """Draw a place from each of the chosen kernels (C,): (C,)."""


def axis(distribution: BaseDistribution) -> Axis:
    """Give the axis of a parameter of that distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return _Options(distribution)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return _Numbers(distribution)


class _Options:
    def __init__(self, distribution: CategoricalDistribution) -> None:
        self._distribution = distribution

    def place(self, value: Any) -> float:
        return float(self._distribution.to_internal_repr(value))

    def value(self, place: float) -> Any:
        return self._distribution.choices[int(place)]

    def anywhere(self, rng: np.random.Generator) -> float:
        return float(rng.integers(len(self._distribution.choices)))

    def kernels(self, observed: Array) -> Kernels:
        return _Shares(observed, len(self._distribution.choices))


class _Shares:
    """Kernels over options: (K, O) shares, of which the observed option has the most and the prior all the same."""

    def __init__(self, observed: Array, n_options: int) -> None:
        n_kernels = len(observed) + 1
        self._shares = np.full((n_kernels, n_options), _PRIOR_WEIGHT / n_kernels)
        self._shares[np.arange(len(observed)), observed.astype(int)] += 1.0
        self._shares /= self._shares.sum(axis=1, keepdims=True)

    def log_density(self, places: Array) -> Array:
        densities: Array = np.log(self._shares.T[places.astype(int)])
        return densities

    def draw(self, chosen: NDArray[np.intp], rng: np.random.Generator) -> Array:
        sums = np.cumsum(self._shares[chosen], axis=1)
        drawn: Array = np.sum(sums[:, :-1] < rng.random((len(chosen), 1)), axis=1, dtype=float)
        return drawn


class _Numbers:
    """A range of numbers, placed so that equal distances count the same; whole steps are cells of their width."""

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self._distribution = distribution
        self._step = float(distribution.step or 0.0)
        low, high = distribution.low - self._step / 2, distribution.high + self._step / 2
        self._low, self._high = (math.log(low), math.log(high)) if distribution.log else (low, high)
        self._is_whole = isinstance(distribution, IntDistribution)

    def place(self, value: Any) -> float:
        number = math.log(value) if self._distribution.log else float(value)
        width = self._high - self._low
        return (number - self._low) / width if width > 0 else 0.5

    def value(self, place: float) -> Any:
        number = self._low + place * (self._high - self._low)
        number = math.exp(number) if self._distribution.log else number
        low, high = self._distribution.low, self._distribution.high
        if self._step:
            number = low + round((number - low) / self._step) * self._step
        number = min(max(number, low), high)
        return int(number) if self._is_whole else float(number)

    def snapped(self, places: Array) -> Array:
        """Move places to those of the values they stand for."""
        return np.array([self.place(self.value(place)) for place in places]) if self._step else places

    def cells(self, places: Array) -> tuple[Array, Array]:
        """Give the ends of the cells in which the places lie; only for whole steps."""
        values = np.array([float(self.value(place)) for place in places])
        ends = np.stack([values - self._step / 2, values + self._step / 2])
        ends = np.log(ends) if self._distribution.log else ends
        below, above = (ends - self._low) / (self._high - self._low)
        return below, above

    def anywhere(self, rng: np.random.Generator) -> float:
        return float(rng.random())

    def kernels(self, observed: Array) -> Kernels:
        return _Normals(observed, self)


class _Normals:
    """Normal kernels, truncated to the unit interval."""

    def __init__(self, observed: Array, numbers: _Numbers) -> None:
        self._numbers = numbers
        self._centres = np.append(observed, 0.5)
        self._widths = np.append(_widths(observed), 1.0)
        self._below = _cdf((0.0 - self._centres) / self._widths)
        self._inside = _cdf((1.0 - self._centres) / self._widths) - self._below

    def log_density(self, places: Array) -> Array:
        if self._numbers._step:
            below, above = self._numbers.cells(places)
            mass = _cdf(self._standard(above)) - _cdf(self._standard(below))
            return np.log(np.maximum(mass, _LEAST)) - np.log(self._inside)
        distance = self._standard(places)
        return -0.5 * distance * distance - np.log(math.sqrt(2.0 * math.pi) * self._widths * self._inside)

    def _standard(self, places: Array) -> Array:
        distances: Array = (places[:, None] - self._centres) / self._widths
        return distances

    def draw(self, chosen: NDArray[np.intp], rng: np.random.Generator) -> Array:
        levels = self._below[chosen] + rng.random(len(chosen)) * self._inside[chosen]
        places = self._centres[chosen] + self._widths[chosen] * _quantile(levels)
        return self._numbers.snapped(np.clip(places, 0.0, 1.0))


def _widths(observed: Array) -> Array:
    """Give each kernel the distance to its farther neighbour, within bounds."""
    if len(observed) == 0:
        return observed
    order = np.argsort(observed, kind="stable")
    gaps = np.diff(np.concatenate([[0.0], observed[order], [1.0]]))
    left, right = gaps[:-1].copy(), gaps[1:].copy()
    if len(observed) > 1:  # The ends of the range are no neighbours.
        left[0] = right[-1] = 0.0
    widths = np.empty(len(observed))
    widths[order] = np.maximum(left, right)
    return np.clip(widths, 1.0 / min(_MOST_KERNELS_APART, len(observed) + 2.0), 1.0)


@cache
def _normal() -> tuple[Array, Array]:
    """Tabulate the standard normal's distribution function, closely enough to interpolate to seven digits."""
    grid = np.linspace(-9.0, 9.0, 18_001)
    return grid, np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in grid])


def _cdf(z: Array) -> Array:
    grid, levels = _normal()
    return np.interp(z, grid, levels)


def _quantile(level: Array) -> Array:
    grid, levels = _normal()
    return np.interp(level, levels, grid)


class Mixture:
    """A weighted sum of product kernels.

    Args:
        axes: The parameters.
        observed: (N, P) places.
        weights: (N,) of the observations, relative to 1 for the prior.
    """

    def __init__(self, axes: Sequence[Axis], observed: Array, weights: Array) -> None:
        self._kernels = [each.kernels(column) for each, column in zip(axes, observed.T)]
        weights = np.append(weights, _PRIOR_WEIGHT)
        self._log_weights = np.log(weights / weights.sum())

    def log_density(self, points: Array) -> Array:
        """Give the logarithm of the density at points (C, P): (C,)."""
        total = self._log_weights + sum(kernels.log_density(column) for kernels, column in zip(self._kernels, points.T))
        most = total.max(axis=1, keepdims=True)
        density: Array = np.log(np.exp(total - most).sum(axis=1)) + most[:, 0]
        return density

    def draw(self, size: int, known: Mapping[int, float], rng: np.random.Generator) -> Array:
        """Draw points (size, P).

        Args:
            size: How many.
            known: Places that are given, by column; the others are drawn as they go with these.
            rng: What they are drawn from.
        """
        log_weights = self._log_weights
        for column, place in known.items():
            log_weights = log_weights + self._kernels[column].log_density(np.array([place]))[0]
        weights = np.exp(log_weights - log_weights.max())
        chosen = rng.choice(len(weights), size=size, p=weights / weights.sum())
        columns = [
            np.full(size, known[column]) if column in known else kernels.draw(chosen, rng)
            for column, kernels in enumerate(self._kernels)
        ]
        return np.stack(columns, axis=1)
