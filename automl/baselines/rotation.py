"""Numbers seen from other sides: principal components beside the columns, so that trees can split aslant.

Source: Rodriguez, Kuncheva & Alonso, Rotation Forest: A New Classifier Ensemble Method, IEEE PAMI 2006.

Shapes:
    N rows, n numbers a row, r components
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.rows import Given
from automl.task import Block

_FARTHEST = 5.0
"""Standardised numbers count as no farther out, so that a few rows do not set the axes."""
_MOST_COMPONENTS = 16
_COMPONENTS = "components"


@dataclass(frozen=True)
class Rotation:
    """Axes, and what is added along each: clipped numbers (N, n) @ axes (n, r) + offset (r,)."""

    axes: NDArray[np.float64]
    offset: NDArray[np.float64]

    def as_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give it as arrays: `axes` (n, r), what is added `along` each (r,), and how `farthest` out numbers count."""
        return {"axes": self.axes, "along": self.offset, "farthest": np.array(_FARTHEST)}

    @property
    def block(self) -> Block:
        """The block of components."""
        return Block(_COMPONENTS, (len(self.offset),), "float32")

    def beside(self, given: Given) -> Given:
        """Give rows with their components."""
        numeric = np.clip(given.arrays["numeric"].astype(np.float64), -_FARTHEST, _FARTHEST)
        components = (numeric @ self.axes + self.offset).astype(np.float32)
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
