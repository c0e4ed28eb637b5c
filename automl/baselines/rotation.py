"""Numbers seen from other sides, beside the columns, so that trees can split aslant.

Either along the principal components of all, as in Rodriguez, Kuncheva & Alonso, Rotation Forest: A New Classifier
Ensemble Method, IEEE PAMI 2006, or along the diagonals of every two that matter most: what they come to together, and
how far they are apart.

Shapes:
    N rows, n numbers a row, r components
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.rows import Given
from automl.task import Block

_FARTHEST = 5.0
"""Standardised numbers count as no farther out, so that a few rows do not set the axes."""
_GRAIN = 2.0**-20
"""Components are multiples of it, so that no split tells apart what rounding does, by the order in which it is summed:
the difference of two equal numbers is 0, or not quite."""
_MOST_COMPONENTS = 16
_MOST_PAIRED = 8
"""So many numbers are paired: 28 pairs, each with two diagonals."""
_COMPONENTS = "components"


@dataclass(frozen=True)
class Rotation:
    """Axes, and what is added along each: clipped numbers (N, n) @ axes (n, r) + offset (r,), to the nearest grain."""

    axes: NDArray[np.float64]
    offset: NDArray[np.float64]

    def as_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give it as arrays: `axes` (n, r), what is added `along` each (r,), how `farthest` out numbers go, `grain`."""
        ends = {"farthest": np.array(_FARTHEST), "grain": np.array(_GRAIN)}
        return {"axes": self.axes, "along": self.offset, **ends}

    @property
    def block(self) -> Block:
        """The block of components."""
        return Block(_COMPONENTS, (len(self.offset),), "float32")

    def beside(self, given: Given) -> Given:
        """Give rows with their components."""
        numeric = np.clip(given.arrays["numeric"].astype(np.float64), -_FARTHEST, _FARTHEST)
        components = (np.rint((numeric @ self.axes + self.offset) / _GRAIN) * _GRAIN).astype(np.float32)
        return replace(given, arrays={**given.arrays, _COMPONENTS: components})


def principal_axes(arrays: Mapping[str, NDArray[Any]]) -> Rotation | None:
    """Find the axes along which rows differ most, at most sixteen; None where there are not two numbers a row."""
    numeric = arrays.get("numeric")
    if numeric is None or numeric.shape[1] < 2 or len(numeric) < 2:
        return None
    clipped = np.clip(numeric.astype(np.float64), -_FARTHEST, _FARTHEST)
    mean = clipped.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(clipped - mean, rowvar=False))
    axes = vectors[:, ::-1][:, :_MOST_COMPONENTS]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    return Rotation(np.ascontiguousarray(axes), -mean @ axes)


def diagonal_axes(gains: NDArray[np.float64]) -> Rotation | None:
    """Give the diagonals of every two of the numbers that matter most, at most eight; None where there are not two.

    Args:
        gains: How much each number tells of the target (n,); one that tells nothing is in no pair.

    Examples:
        >>> diagonal_axes(np.array([2.0, 0.0, 1.0])).axes.round(3).tolist()
        [[0.707, 0.707], [0.0, 0.0], [0.707, -0.707]]
    """
    first = np.argsort(-gains, kind="stable")[:_MOST_PAIRED]
    pairs = np.array([*combinations(first[gains[first] > 0], 2)], dtype=np.intp).reshape(-1, 2)
    if not len(pairs):
        return None
    axes, sums = np.zeros((len(gains), 2 * len(pairs))), np.arange(0, 2 * len(pairs), 2)
    axes[pairs[:, 0], sums] = axes[pairs[:, 1], sums] = axes[pairs[:, 0], sums + 1] = np.sqrt(0.5)
    axes[pairs[:, 1], sums + 1] = -np.sqrt(0.5)
    return Rotation(axes, np.zeros(axes.shape[1]))
