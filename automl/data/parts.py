"""Which rows are for training, which for validation and which for test, as positions; knows no table.

N is the number of rows, K that of classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.data.layouts import PART_WORDS
from automl.data.values import as_text
from automl.errors import SplitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = {"train": "training", "validation": "validation", "test": "test"}
"""What the rows of each part are called."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Row positions of the three parts, each sorted; no position is in two."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split_rows(target: pd.Series[Any], *, stratify: bool, test: float, validation: float, seed: int) -> Parts:
    """Draw validation and test rows at random.

    Stratified, every class gives each part its share of rows, to the nearest row, and at least one; a class with fewer
    rows than there are parts is for training altogether. A fraction of 0 leaves its part empty.

    Args:
        target: The target of the N rows, without missing values.
        stratify: Whether the target's values are classes to keep in proportion.
        test: The share of the rows that are test rows.
        validation: The share of the rows that are validation rows.
        seed: What the draw depends on.
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(target))
    if not stratify:
        sizes = [np.array([round(share * len(target))]) for share in (test, validation)]
        return _sorted_parts(shuffled, sizes[0], sizes[1], np.array([len(target)]))
    codes, _ = pd.factorize(target, sort=True)
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    counts = np.bincount(codes)
    spare = np.where(counts < n_parts(test, validation), 0, counts - 1)  # one row of a class is for training
    keeps = (validation > 0) & (spare > 0)
    n_test = _allocate(counts, test, spare - keeps)
    n_validation = _allocate(counts, validation, spare - n_test)
    return _sorted_parts(by_class, n_test, n_validation, counts)


def sample(n_rows: int, most: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw at most so many of the positions of `n_rows` rows, in their order."""
    return np.arange(n_rows) if n_rows <= most else np.sort(generator.permutation(n_rows)[:most])


def n_parts(test: float, validation: float) -> int:
    """Count the parts that rows are drawn for."""
    return 1 + (test > 0) + (validation > 0)


def assign_by_column(words: pd.Series[Any]) -> Parts:
    """Read the parts from a column that names them; it may name no validation rows.

    Raises:
        SplitError: A value that names no part, or no test or no training rows.
    """
    text = pd.Series(as_text(words)).str.strip().str.lower()
    parts = text.map(PART_WORDS)
    bad = sorted({word or "(missing)" for word in text[parts.isna()].unique()})
    known = "each value must be train, validation or test"
    if bad:
        raise SplitError(f"split column {words.name!r}: {known}, got {', '.join(map(repr, bad[:10]))}")
    train, validation, test = (np.flatnonzero(parts == part) for part in ("train", "validation", "test"))
    if len(train) == 0 or len(test) == 0:
        raise SplitError(f"split column {words.name!r} must name training and test rows, got {_tally(text)}")
    return Parts(train, validation, test)


def _tally(text: pd.Series[Any]) -> str:
    return ", ".join(f"{count} x {word!r}" for word, count in text.value_counts().items()) or "no rows"


def _allocate(counts: NDArray[np.int64], fraction: float, room: NDArray[np.int64]) -> NDArray[np.int64]:
    """Share out a part by largest remainder, from 1 to `room` rows for every class (K,) that has room."""
    if fraction == 0:
        return np.zeros_like(counts)
    quotas = np.where(room > 0, counts * fraction, 0.0)
    given = np.minimum(np.maximum(np.floor(quotas).astype(np.int64), 1), room)
    left = round(float(quotas.sum())) - int(given.sum())
    order = np.argsort(given - quotas, kind="stable")
    takers = order[(given < room)[order]][: max(left, 0)]
    given[takers] += 1
    return given


def _sorted_parts(
    rows: NDArray[np.int64], n_test: NDArray[np.int64], n_validation: NDArray[np.int64], counts: NDArray[np.int64]
) -> Parts:
    """Cut each class's run of rows into test, validation and the rest."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    place = np.arange(len(rows)) - starts
    is_test = place < np.repeat(n_test, counts)
    is_validation = ~is_test & (place < np.repeat(n_test + n_validation, counts))
    is_train = ~is_test & ~is_validation
    return Parts(np.sort(rows[is_train]), np.sort(rows[is_validation]), np.sort(rows[is_test]))
