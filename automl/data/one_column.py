"""What one column alone says of a target: predictions for rows it was not fitted on, and how good they are.

N rows; a target is (N, K): a column of 0 and 1 for each class, or numbers to predict. A column of the table is read as
numbers (N,) float64, NaN where missing, or as codes (N,) int64, -1 where missing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.data.dates import date_parts
from automl.data.images import ImageArray
from automl.data.values import MISSING_TIME, as_microseconds, as_number, distinct_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from automl.task import Column

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MOST_CELLS, MOST_COLUMNS = 2_000_000, 2_000
"""Whoever looks at columns one by one looks at about so many values at most, and at so many columns."""
MOST_BINS, LEAST_IN_BIN = 25, 5
"""Numbers are told apart by at most 25 bins, of at least 5 rows each where no more are asked for."""
LEAST_KNOWN = 0.5
"""Predictions for no more than this share of the rows are of no account."""
LEAST_OF_CLASS = 5
"""A class tells something where at least so many rows are in it and as many in others."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, eq=False)
class Feature:
    """One way to read a column: a date is read as elapsed time, weekday, hour and so on, each by itself.

    Args:
        name: The column's name.
        values: (N,) numbers or codes.
    """

    name: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Skill:
    """How good predictions are.

    Args:
        measure: `AUC` or `R2`.
        value: The mean over both halves of the rows.
        error: Its standard error.
    """

    measure: str
    value: float
    error: float

    def low(self, n_errors: int = 1) -> float:
        """Give what the skill surely is, by so many standard errors."""
        return self.value - n_errors * self.error

    def __str__(self) -> str:
        return f"{self.measure} {self.value:.3f}"


def read_features(rows: pd.DataFrame, columns: Sequence[Column]) -> Iterator[Feature]:
    """Read the columns of rows (N) one after the other; images are left out."""
    for column in columns:
        values = rows[column.name]
        if column.kind == "datetime":
            instants = as_microseconds(values)
            known = instants != MISSING_TIME
            for part in date_parts(np.where(known, instants, 0)).values():
                yield Feature(column.name, np.where(known, part, np.nan))
        elif column.kind == "numeric":
            numbers = as_number(values)
            yield Feature(column.name, np.where(np.isfinite(numbers), numbers, np.nan))
        elif not isinstance(values.array, ImageArray):
            codes, texts = distinct_texts(values, column.numbers)
            yield Feature(column.name, np.where(texts[codes] == "", -1, codes).astype(np.int64))


def halves(n_rows: int, generator: np.random.Generator) -> Flags:
    """Draw one half of the rows (N,)."""
    return np.asarray(generator.permutation(n_rows) < n_rows // 2)


def predict(
    feature: Feature, target: Numbers, half: Flags, *, prior: float = 0.0, in_bin: int = LEAST_IN_BIN
) -> Numbers:
    """Predict each half of the rows (N, K) by the mean target of like values in the other half, NaN where it has none.

    Codes are alike where they are equal; numbers within a bin, with a straight line from one bin's mean to the next's.

    Args:
        feature: The column.
        target: (N, K)
        half: Which half a row is in.
        prior: So many rows of the mean target are added to every code and bin, also to those without a row.
        in_bin: How many rows a bin has at least; more give steadier means.
    """
    predicted = np.empty_like(target)
    for fitted in (half, ~half):
        mean = target[fitted].mean(axis=0)
        known, differs, asked = feature.values[fitted], target[fitted] - mean, feature.values[~fitted]
        if feature.values.dtype.kind == "f":
            predicted[~fitted] = mean + _by_number(known, differs, asked, prior, in_bin)
        else:
            predicted[~fitted] = mean + _by_code(known, differs, asked, prior)
    return predicted


def predict_by_word(texts: pd.Series[Any], target: Numbers, half: Flags) -> Numbers:
    """Predict each half of the rows (N, K) by whether its text has a word: the other half's best one for each class."""
    codes, distinct = distinct_texts(texts)
    codes = codes % len(distinct)  # the last text is that of missing values
    words = [set(_WORD.findall(text.casefold())) for text in distinct]
    text_of = np.repeat(np.arange(len(words)), [len(each) for each in words])
    word_of, names = pd.factorize(np.array([word for each in words for word in sorted(each)], dtype=object))
    predicted = np.zeros_like(target)
    for fitted in (half, ~half) if len(names) else ():
        for place, is_class in enumerate(target.T[:, fitted] > 0):
            weights = np.where(is_class, 1 / max(is_class.sum(), 1), -1 / max((~is_class).sum(), 1))
            of_text = np.bincount(codes[fitted], weights=weights, minlength=len(distinct))
            of_word = np.bincount(word_of, weights=of_text[text_of], minlength=len(names))
            best = int(np.abs(of_word).argmax())
            has_word = np.zeros(len(distinct))
            has_word[text_of[word_of == best]] = np.sign(of_word[best])
            predicted[~fitted, place] = has_word[codes[~fitted]]
    return predicted


def predict_by_order(feature: Feature, target: Numbers, half: Flags) -> Numbers:
    """Score each half of the rows (N, 1) by the numbers themselves, up or down as the other half's one class lies."""
    scores = np.empty_like(target)
    for fitted in (half, ~half):
        is_up = _auc(feature.values[fitted], target[fitted, 0] > 0)[0] >= 0.5
        scores[~fitted, 0] = feature.values[~fitted] * (1 if is_up else -1)
    return scores


def skill(predicted: Numbers, target: Numbers, half: Flags, *, are_classes: bool) -> Skill:
    """Measure predictions (N, K): the AUC of the class that is told worst, or the R2 of the numbers that are told best.

    Rows without a prediction do not count; where half are or more, there is no skill.
    """
    measure, nothing = ("AUC", 0.5) if are_classes else ("R2", 0.0)
    is_known = ~np.isnan(predicted[:, 0])
    measured = []
    for score, truth in zip(predicted.T, target.T):
        both = [
            _auc(score[part], truth[part] > 0) if are_classes else _r2(score[part], truth[part])
            for part in (half & is_known, ~half & is_known)
        ]
        (one, its_error), (other, others_error) = both
        measured.append(Skill(measure, (one + other) / 2, math.hypot(its_error, others_error) / 2))
    measured = [each for each in measured if not math.isnan(each.value)]
    if not measured or is_known.mean() <= LEAST_KNOWN:
        return Skill(measure, nothing, 0.0)
    return min(measured, key=Skill.low) if are_classes else max(measured, key=Skill.low)


def _by_code(codes: NDArray[np.int64], target: Numbers, asked: NDArray[np.int64], prior: float) -> Numbers:
    n_codes = max(int(codes.max(initial=-1)), int(asked.max(initial=-1))) + 2
    return _means(codes + 1, target, n_codes, prior)[asked + 1]


def _by_number(numbers: Numbers, target: Numbers, asked: Numbers, prior: float, in_bin: int) -> Numbers:
    known, asks = ~np.isnan(numbers), ~np.isnan(asked)
    answer = np.empty((len(asked), target.shape[1]))
    answer[~asks] = _means(np.zeros((~known).sum(), dtype=np.int64), target[~known], 1, prior)
    if not known.any():
        answer[asks] = 0.0 if prior else np.nan
        return answer
    bins = _bins(numbers[known], in_bin)
    n_bins = int(bins.max()) + 1
    centres = _means(bins, numbers[known][:, None], n_bins, 0.0)[:, 0]
    means = _means(bins, target[known], n_bins, prior)
    for place in range(target.shape[1]):
        answer[asks, place] = np.interp(asked[asks], centres, means[:, place])
    return answer


def _bins(numbers: Numbers, in_bin: int) -> NDArray[np.int64]:
    """Cut numbers into bins of about one size; equal ones stay together, and many equal ones by themselves."""
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    size = math.ceil(len(numbers) / np.clip(len(numbers) // in_bin, 1, MOST_BINS))
    is_full = counts >= size
    begins = np.diff((np.cumsum(counts) - counts) // size, prepend=-1) > 0
    begins |= is_full
    begins[1:] |= is_full[:-1]
    return (np.cumsum(begins) - 1)[place]


def _means(codes: NDArray[np.int64], target: Numbers, n_codes: int, prior: float) -> Numbers:
    """Give each code's mean target (n_codes, K), NaN where it has no row."""
    counts = np.bincount(codes, minlength=n_codes) + prior
    sums = np.stack([np.bincount(codes, weights=column, minlength=n_codes) for column in target.T], axis=1)
    return sums / np.where(counts > 0, counts, np.nan)[:, None]


def _auc(scores: Numbers, positive: Flags) -> tuple[float, float]:
    """Give the area under the ROC curve and its standard error, NaN where a side has too few rows.

    Source: Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve".
    """
    n, m = int(positive.sum()), int((~positive).sum())
    if min(n, m) < LEAST_OF_CLASS:
        return math.nan, math.nan
    ranks = pd.Series(scores).rank().to_numpy()
    area = float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))
    both, twice = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    return area, math.sqrt(max(area * (1 - area) + (n - 1) * both + (m - 1) * twice, 0.0) / (n * m))


def _r2(predicted: Numbers, truth: Numbers) -> tuple[float, float]:
    variance = float(truth.var()) if len(truth) else 0.0
    if variance == 0:
        return 0.0, 0.0
    explained = 1 - float(np.mean((predicted - truth) ** 2)) / variance
    return explained, 2 * math.sqrt(max(explained, 0.0)) * (1 - explained) / math.sqrt(len(truth))
