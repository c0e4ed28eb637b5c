"""Rows of one part that are nearly the same as a row of another: re-measured, rounded, typed anew, saved anew.

Texts are nearly the same where they differ in case and spaces alone, numbers where they differ by at most 1 % of the
column's deviation, and rows where all their values are; pictures where they differ by at most 10 % of their contrast.

n rows are asked about, N are those of the other part; points (n or N, D) are as far from each other as rows differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from automl.data.duplicates import PAIRS, values_hashed
from automl.data.one_column import MOST_CELLS, read_features
from automl.data.parts import WORDS, sample
from automl.data.thumbnails import thumbnails
from automl.data.values import distinct_texts
from automl.task import Column, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from automl.data.images import ImageArray
    from automl.data.split import Division

    Flags = NDArray[np.bool_]

CLOSE = 0.01
"""Numbers are nearly the same where they differ by at most this share of the column's deviation."""
CLOSE_PIXELS = 0.1
"""Pictures are nearly the same where they differ, in root mean square, by at most this share of their contrast."""
CROWDED, LEAST_OF_CROWD = 3, 0.3
"""Where rows are crowded, three times the distance finds many times the rows, and the close ones are no copies."""
TELLING_VALUES, TELLING_COLUMNS = 10, 3
"""At least three columns of more than 10 values must agree, on other values than the most common one of each."""
LEAST_SHARE, LEAST_ROWS = 0.01, 2
"""Fewer rows, of those asked about, are of no account."""
MOST_ASKED, MOST_OTHERS, MOST_IMAGES = 1_000, 50_000, 20_000
"""So many rows at most are asked about, and compared with: fewer where they have pictures."""
MOST_COLUMNS = 500
"""Of more columns, so many are compared."""

_STREAM = 2
"""What sets these draws apart from those that divided the rows by the same seed."""
_THUMBNAIL, _AT_ONCE = 8, 128
_APART = 3.0
"""About how far two different texts are from each other, in deviations of a number."""
_FAR = 20.0
"""Numbers further from the median count as this far, so that sums stay exact enough."""


def near_duplicates(division: Division, columns: Sequence[Column]) -> list[Finding]:
    """Count the rows of a part that are nearly the same as one of another; those that are the very same are left out.

    Args:
        division: The rows.
        columns: The columns that are learned from.
    """
    parts = {"train": division.train, "validation": division.validation, "test": division.test}
    target = Column(division.target, division.target_kind)
    generator = np.random.default_rng([division.seed, _STREAM])
    compared = [columns[place] for place in sample(len(columns), MOST_COLUMNS, generator)]
    has_images = any(column.kind == "image" for column in compared)
    most = MOST_IMAGES if has_images else min(MOST_OTHERS, MOST_CELLS // len(compared))
    findings = []
    for part, other in PAIRS:
        asked = parts[part].iloc[sample(len(parts[part]), min(MOST_ASKED, most), generator)]
        others = parts[other].iloc[sample(len(parts[other]), most, generator)]
        near = _near(asked, others, [*compared, target])
        least = max(LEAST_ROWS, LEAST_SHARE * len(asked))
        if near.sum() >= least:
            hashes = values_hashed({"train": parts["train"], part: asked, other: parts[other]}, division.target)
            near &= ~np.isin(hashes[part], hashes[other])
        if near.sum() >= least:
            findings.append(Finding("leak", None, _said(int(near.sum()), len(asked), len(parts[part]), part, other)))
    return findings


def _said(n_near: int, n_asked: int, n_rows: int, part: str, other: str) -> str:
    asked = f"{n_asked} {WORDS[part]} rows" + (" looked at" if n_asked < n_rows else "")
    said = f"{n_near} of {asked} are nearly the same as {WORDS[other]} rows"
    return f"{said}: scores on them reward memory; --split COL can keep such rows in one part"


def _near(asked: pd.DataFrame, others: pd.DataFrame, columns: Sequence[Column]) -> Flags:
    """Tell which of the rows asked about (n,) are near another: by their images where they have some, else by all."""
    for column in columns:
        if column.kind == "image":
            pair = (cast("ImageArray", rows[column.name].array) for rows in (asked, others))
            return _near_images(*pair)
    names = [column.name for column in columns]
    rows = pd.concat([asked[names], others[names]], ignore_index=True)
    return _near_rows([_read(rows, column, len(asked)) for column in columns], len(asked))


@dataclass(frozen=True, eq=False)
class _Reading:
    """A column of both parts' rows (n + N): its numbers in spreads, or codes; its points; where it tells rows apart."""

    values: NDArray[Any]
    points: NDArray[np.float32]
    is_telling: Flags


def _read(rows: pd.DataFrame, column: Column, n_asked: int) -> _Reading:
    if column.kind not in ("numeric", "datetime"):
        codes = _codes(rows[column.name], column.numbers)
        places = np.random.default_rng(0).normal(scale=_APART / 2, size=(int(codes.max()) + 1, 2))
        return _Reading(codes, places[codes].astype(np.float32), _telling(codes, codes > 0))
    *_, feature = read_features(rows, [column])  # of a date, the time that has elapsed
    is_known = ~np.isnan(feature.values)
    centre, spread = _scale(feature.values[n_asked:][is_known[n_asked:]])
    values = (feature.values - centre) / spread
    near_centre = np.where(is_known, np.clip(values, -_FAR, _FAR), 0.0)
    points = np.stack([near_centre, _APART * ~is_known], axis=1)
    return _Reading(values, points.astype(np.float32), _telling(values, is_known))


def _codes(values: pd.Series[Any], are_numbers: bool) -> NDArray[np.int64]:
    """Give texts that differ in case and spaces alone the same number from 1 on, missing ones 0."""
    codes, texts = distinct_texts(values, are_numbers)
    alike, _ = pd.factorize(np.array(["", *(" ".join(text.casefold().split()) for text in texts)], dtype=object))
    return np.asarray(alike[1:][codes], dtype=np.int64)


def _scale(known: NDArray[np.float64]) -> tuple[float, float]:
    """Give the median of numbers, and their deviation without the outermost hundredths, if there is any."""
    if len(known) == 0:
        return 0.0, 1.0
    low, median, high = np.quantile(known, [0.01, 0.5, 0.99])
    return float(median), float(np.clip(known, low, high).std() or known.std() or 1.0)


def _telling(values: NDArray[Any], is_known: Flags) -> Flags:
    """Tell which rows have another value than the most common, in a column of many."""
    codes, different = pd.factorize(values[is_known])
    is_telling = np.zeros(len(values), dtype=bool)
    if len(different) > TELLING_VALUES:
        is_telling[is_known] = codes != np.bincount(codes).argmax()
    return is_telling


def _near_rows(readings: Sequence[_Reading], n_asked: int) -> Flags:
    points = np.concatenate([reading.points for reading in readings], axis=1)
    place = _nearest(points[:n_asked], points[n_asked:])
    n_telling = np.zeros(n_asked, dtype=np.int64)
    difference = np.zeros(n_asked)
    for reading in readings:
        values, others = reading.values[:n_asked], reading.values[n_asked:][place]
        apart = np.where(np.isnan(values) & np.isnan(others), 0.0, np.abs(values - others))
        difference = np.maximum(difference, apart)  # NaN where one of both is missing
        n_telling += reading.is_telling[:n_asked]
    difference[n_telling < TELLING_COLUMNS] = np.nan
    close, around = (int(np.sum((difference > 0) & (difference <= times * CLOSE))) for times in (1, CROWDED))
    return difference <= (CLOSE if close >= LEAST_OF_CROWD * around else 0.0)


def _near_images(asked: ImageArray, others: ImageArray) -> Flags:
    nearest = others[_nearest(*thumbnails([asked, others], _THUMBNAIL))]
    return np.array([_are_near(*pair) for pair in zip(asked, nearest)], dtype=bool)


def _are_near(picture: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> bool:
    if picture is None or other is None or picture.shape != other.shape:
        return False
    one, two = picture.astype(np.float32), other.astype(np.float32)
    return bool(np.mean((one - two) ** 2) <= CLOSE_PIXELS**2 * (one.var() + two.var()) / 2)


def _nearest(points: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.int64]:
    """Give each point's nearest among others (n,)."""
    lengths = np.square(others).sum(axis=1) / 2
    runs = (points[start : start + _AT_ONCE] for start in range(0, len(points), _AT_ONCE))
    return np.concatenate([(lengths - run @ others.T).argmin(axis=1) for run in runs])
