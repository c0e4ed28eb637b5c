"""Columns that say again what an earlier one says, found in the training rows alone.

The first of the columns that say the same is kept. Two numeric columns say the same where the absolute rank correlation
of their values (Spearman) is high and they lack values in the same rows; two others, or a numeric one of few values and
another, where each value of the one goes with one value of the other; two of any kind where all values are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from automl.data.values import as_microseconds, as_number, as_text
from automl.task import Column, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

How = Literal["constant", "equal", "recoded", "correlated"]

LEAST_ROWS = 20
"""Fewer training rows say nothing about what goes together."""
MOST_ROWS, MOST_CELLS = 20_000, 20_000_000
"""Of more rows so many, evenly spread, tell how numbers are correlated; of wide tables, as many cells."""
_TOLD = 20
"""More columns than this are counted instead of told one by one."""


@dataclass(frozen=True)
class Redundancy:
    """A column that need not be there.

    Args:
        column: Its name.
        kept: The earlier column that says the same; None where it says nothing at all.
        how: It is constant, all values are equal, they are recoded one by one, or they are correlated.
        r: The rank correlation of numbers.
    """

    column: str
    kept: str | None
    how: How
    r: float | None = None

    @property
    def said(self) -> str:
        """What it says again, in words.

        Examples:
            >>> Redundancy("x7", "x3", "correlated", 0.9981).said
            'x7 repeats x3: r = 0.998'
        """
        if self.how == "constant":
            return f"{self.column} has one value in all training rows"
        if self.how == "equal":
            return f"{self.column} repeats {self.kept}: all values are equal"
        if self.how == "recoded":
            return f"{self.column} repeats {self.kept}: each value goes with one of its values"
        return f"{self.column} repeats {self.kept}: r = {self.r:.3f}"

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Redundancy:
        """Rebuild it from its values; what else the record says is for a person."""
        return cls(record["column"], record["kept"], record["how"], record["r"])


def find_redundant(rows: pd.DataFrame, columns: Sequence[Column], correlation: float) -> tuple[Redundancy, ...]:
    """Find the columns that say again what an earlier one says; the same rows always give the same.

    Args:
        rows: The training rows, and no others.
        columns: Those of its columns that are learned from, in the table's order.
        correlation: From which absolute rank correlation on numbers say the same.
    """
    found: list[Redundancy] = []
    kept = _Kept(correlation, len(rows), sum(column.kind == "numeric" for column in columns))
    for column in columns:
        if column.kind == "image":
            continue
        values = _values(rows[column.name], column)
        codes, n_distinct = _codes(values)
        redundancy = Redundancy(column.name, None, "constant") if n_distinct <= 1 else kept.like(column, values, codes)
        if redundancy:
            found.append(redundancy)
        else:
            kept.add(column, values, codes, n_distinct)
    return tuple(found if len(found) < len(columns) else found[1:])


def redundant_findings(redundant: Sequence[Redundancy]) -> list[Finding]:
    """Say what was found, for the report."""
    told = [Finding("redundant", each.column, each.said) for each in redundant[:_TOLD]]
    left = len(redundant) - len(told)
    if left:
        told.append(Finding("redundant", None, f"{left} more columns repeat others or have one value"))
    return told


def _values(values: pd.Series[Any], column: Column) -> NDArray[Any]:
    """Read a column as its kind does: numbers with NaN where missing, microseconds, or text."""
    if column.kind == "numeric":
        numbers = as_number(values)
        return np.where(np.isfinite(numbers), numbers, np.nan) + 0.0  # no negative zero
    return as_microseconds(values) if column.kind == "datetime" else as_text(values, column.numbers)


def _codes(values: NDArray[Any]) -> tuple[NDArray[np.intp], int]:
    """Number values by their first appearance: columns that recode each other have the same numbers."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return codes, len(distinct)


def _key(values: NDArray[Any]) -> bytes:
    if values.dtype == object:
        return "\x00".join(values.tolist()).encode("utf-8", "surrogatepass")
    return values.dtype.str.encode() + values.tobytes()


class _Kept:
    """The columns that are kept: their values, what they tell apart, and ranks of numbers in some rows."""

    def __init__(self, correlation: float, n_rows: int, n_columns: int) -> None:
        self._is_enough = n_rows >= LEAST_ROWS
        self._by_values: dict[bytes, str] = {}
        self._by_order: dict[bytes, str] = {}
        self._numbers = _Numbers(correlation, n_rows, n_columns)

    def like(self, column: Column, values: NDArray[Any], codes: NDArray[np.intp]) -> Redundancy | None:
        """Find the first kept column that says the same."""
        if not self._is_enough:
            return None
        if (equal := self._by_values.get(_key(values))) is not None:
            return Redundancy(column.name, equal, "equal")
        if (correlated := self._numbers.like(column, values)) is not None:
            return correlated
        recoded = self._by_order.get(codes.tobytes())
        return None if recoded is None else Redundancy(column.name, recoded, "recoded")

    def add(self, column: Column, values: NDArray[Any], codes: NDArray[np.intp], n_distinct: int) -> None:
        """Keep a column."""
        self._by_values.setdefault(_key(values), column.name)
        if 2 * n_distinct <= len(codes):  # else going together is a matter of course
            self._by_order.setdefault(codes.tobytes(), column.name)
        self._numbers.add(column, values)


class _Numbers:
    """The numeric columns among them, as standardised ranks, a line each."""

    def __init__(self, correlation: float, n_rows: int, n_columns: int) -> None:
        most = min(n_rows, MOST_ROWS, max(LEAST_ROWS, MOST_CELLS // max(1, n_columns)))
        self._rows = np.linspace(0, max(0, n_rows - 1), most).astype(np.int64)
        self._correlation = correlation
        self._names: list[str] = []
        self._missing: list[bytes] = []
        self._ranks = np.zeros((n_columns, most))

    def like(self, column: Column, values: NDArray[Any]) -> Redundancy | None:
        """Find the first kept column that goes up and down with this one, and lacks values where it does."""
        if column.kind != "numeric" or not self._names:
            return None
        found = self._ranks[: len(self._names)] @ _ranks(values[self._rows])
        missing = _missing(values)
        for place in np.flatnonzero(np.abs(found) >= self._correlation - 1e-9).tolist():
            if self._missing[place] == missing:
                r = max(-1.0, min(1.0, float(found[place])))
                return Redundancy(column.name, self._names[place], "correlated", round(r, 6))
        return None

    def add(self, column: Column, values: NDArray[Any]) -> None:
        """Keep a column."""
        if column.kind == "numeric":
            self._ranks[len(self._names)] = _ranks(values[self._rows])
            self._names.append(column.name)
            self._missing.append(_missing(values))


def _missing(values: NDArray[np.float64]) -> bytes:
    return np.packbits(np.isnan(values)).tobytes()


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank values, missing ones in the middle; centred, and of length 1 where they differ."""
    ranks = pd.Series(values).rank().to_numpy(np.float64)
    known = ~np.isnan(ranks)
    centred = np.where(known, ranks - (ranks[known].mean() if known.any() else 0.0), 0.0)
    length = float(np.sqrt(centred @ centred))
    return centred / length if length else centred
