"""A wide block as a few numbers: its projections on the directions in which the training rows differ most.

A truncated singular value decomposition of the block, centred by the training rows' means; numeric columns are divided
by their deviations too, 0/1 columns are not, for a rare value's small deviation would make it rule. Missing values have
been replaced by then, as the preparation does. What comes out has a root mean square of 1 over the training rows.

Source: Halko, Martinsson & Tropp, SIAM Review 2011, for blocks that are too large to be decomposed in full.

Shapes:
    N rows, d columns, k components: (N, d) float32 -> (N, k) float32
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST_EXACT = 1500
"""Blocks whose smaller side is longer are decomposed for the wanted components alone."""
MOST_FOR_A_SHARE = 256
"""So many components of such a block are looked at where a share of the variance is wanted."""
_DIGITS = 9
_LEAST = 1e-10
"""Directions of less variance than this share of the largest one's are rounding."""


@dataclass(frozen=True, eq=False)
class Reduction:
    """An affine map from a block's columns to components.

    Args:
        block: The block's name.
        offset: What is subtracted from the columns, (d,).
        matrix: What they are then multiplied by, (d, k).
        variance: The share of the columns' variance over the training rows that is kept.
    """

    block: str
    offset: Floats
    matrix: Floats
    variance: float

    @property
    def width(self) -> int:
        """How many components there are."""
        return int(self.matrix.shape[1])

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Reduce a block (N, d)."""
        reduced = (values.astype(np.float64) - self.offset) @ self.matrix
        return np.asarray(reduced, dtype=np.float32)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reduction) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.block, self.matrix.shape, self.variance))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "block": self.block,
            "variance": self.variance,
            "offset": self.offset.tolist(),
            "matrix": self.matrix.tolist(),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Reduction:
        """Rebuild it from `to_json`."""
        offset, matrix = (np.array(record[name], dtype=np.float64) for name in ("offset", "matrix"))
        return cls(record["block"], offset, matrix.reshape(len(offset), -1), record["variance"])


@dataclass(frozen=True, eq=False)
class Decomposition:
    """A block's directions, those of most variance first; from it reductions of any size are cut.

    Args:
        block: The block's name.
        mean: The columns' means, (d,).
        scale: What the columns are divided by, (d,).
        directions: (d, r), of length 1; of each, the entry that is largest without its sign is positive.
        variances: The training rows' variance along each, (r,).
        total: All of it.
    """

    block: str
    mean: Floats
    scale: Floats
    directions: Floats
    variances: Floats
    total: float

    def reduction(self, components: float) -> Reduction | None:
        """Cut a reduction.

        Args:
            components: From 1 on how many, below 1 the share of the variance to keep at least.

        Returns:
            None where that would not be fewer numbers than the block has columns.
        """
        count = _count(components, self.variances, self.total)
        if not 0 < count < len(self.mean):
            return None
        kept = float(self.variances[:count].sum())
        matrix = self.directions[:, :count] / self.scale[:, None] / np.sqrt(kept / count)
        return Reduction(self.block, _rounded(self.mean), _rounded(matrix), round(kept / self.total, 6))


def decompose(block: str, values: NDArray[Any], components: float, *, standardised: bool) -> Decomposition:
    """Find the directions in which a block's training rows differ most.

    Args:
        block: Its name.
        values: The training rows (N, d).
        components: What will be wanted; counts only for blocks too large to be decomposed in full.
        standardised: Whether columns are divided by their deviations.
    """
    table = values.astype(np.float64)
    mean = table.mean(axis=0)
    table -= mean
    deviation = np.sqrt(np.square(table).mean(axis=0))
    scale = np.where(deviation > 0, deviation, 1.0) if standardised else np.ones_like(deviation)
    table /= scale
    total = float(np.square(table).sum() / len(table))
    directions, variances = _directions(table, components)
    kept = variances > _LEAST * max(float(variances.max(initial=0.0)), 1e-300)
    directions, variances = directions[:, kept], variances[kept]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return Decomposition(block, mean, scale, directions * np.sign(largest), variances, total)


def is_exact(shape: tuple[int, ...]) -> bool:
    """Tell whether a block of that shape is decomposed in full, whatever is wanted of it."""
    return min(shape) <= LARGEST_EXACT


def _directions(table: Floats, components: float) -> tuple[Floats, Floats]:
    n_rows, n_columns = table.shape
    if not is_exact(table.shape):
        from sklearn.utils.extmath import randomized_svd

        count = MOST_FOR_A_SHARE if components < 1 else round(components)
        _, values, directions = randomized_svd(table, min(count, *table.shape), random_state=0)
        return directions.T, np.square(values) / n_rows
    if n_columns <= n_rows:
        variances, directions = np.linalg.eigh(table.T @ table / n_rows)
        return directions[:, ::-1], variances[::-1].clip(0.0)
    _, values, directions = np.linalg.svd(table, full_matrices=False)
    return directions.T, np.square(values) / n_rows


def _count(components: float, variances: Floats, total: float) -> int:
    if components >= 1:
        return min(round(components), len(variances))
    if not len(variances):
        return 0
    shares = np.cumsum(variances) / total
    return min(int(np.searchsorted(shares, components - 1e-12)) + 1, len(variances))


def _rounded(values: Floats) -> Floats:
    """Keep nine digits, which single precision does not tell apart and a file of text can hold."""
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log10(np.abs(values), where=values != 0, out=np.zeros_like(values)))
    factor = 10.0 ** (_DIGITS - 1 - exponent)
    return np.asarray(np.round(values * factor) / factor, dtype=np.float64)
