"""Confidence intervals by resampling rows: of each prediction's score, and of one prediction's lead over the others.

The percentile bootstrap (Efron and Tibshirani 1993, chapter 13). All predictions are scored on the same resamples, so
that the differences are paired: what is hard about a resample is hard for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from automl.evaluation.metrics import Array, statistic
from automl.task import HIGHER_IS_BETTER, Task

_ELEMENTS = 500_000
"""How many row counts are held at a time: about 20 MB with what is made of them."""


@dataclass(frozen=True)
class Interval:
    """A number on the rows as they are, and where it lies in nearly all resamples of them.

    Args:
        value: On the rows as they are; nan where undefined.
        low: The lower end; nan where no resample defines it.
        high: The upper end; nan where no resample defines it.
    """

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Give it as plain JSON values, None for nan."""
        ends = {"value": self.value, "ci_low": self.low, "ci_high": self.high}
        return {name: None if np.isnan(end) else end for name, end in ends.items()}


@dataclass(frozen=True)
class Bootstrap:
    """What the resamples say.

    Args:
        scores: Each prediction's score, by its name.
        differences: The lead of the first prediction over each other one, by the other's name. Positive means that the
            first is better, whatever the metric's direction.
    """

    scores: dict[str, Interval]
    differences: dict[str, Interval]


def bootstrap(
    metric: str,
    truth: Array,
    outputs: Mapping[str, Array],
    task: Task,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """Score several predictions of the same rows, with intervals, and compare the first with the others.

    Resamples in which the metric is undefined (`roc_auc` without one of two classes) are left out.

    Args:
        metric: A key of `automl.task.HIGHER_IS_BETTER`.
        truth: Class codes, or numbers in the target's own units.
        outputs: Predictions by name, of the shapes `automl.evaluation.metrics.score` takes; the model comes first.
        task: Its classes, and for a binary task the positive one.
        resamples: How many times the rows are drawn anew.
        seed: What the draws depend on.
        level: The share of resamples between the ends.

    Raises:
        ValueError: The metric is unknown, or the shapes do not fit one another.
    """
    statistics = {name: statistic(metric, truth, output, task) for name, output in outputs.items()}
    as_they_are = np.ones((1, len(truth)), dtype=np.int32)
    values = {name: float(evaluate(as_they_are)[0]) for name, evaluate in statistics.items()}
    drawn: dict[str, list[Array]] = {name: [] for name in outputs}
    for weights in _resamples(len(truth), resamples, seed):
        for name, evaluate in statistics.items():
            drawn[name].append(evaluate(weights))
    spread = {name: np.concatenate(chunks) for name, chunks in drawn.items()}

    first, *others = outputs
    sign = 1.0 if HIGHER_IS_BETTER[metric] else -1.0
    return Bootstrap(
        {name: _interval(values[name], spread[name], level) for name in outputs},
        {
            name: _interval(sign * (values[first] - values[name]), sign * (spread[first] - spread[name]), level)
            for name in others
        },
    )


def _resamples(n_rows: int, resamples: int, seed: int) -> Iterator[Array]:
    """Draw the rows with replacement, again and again: how often each was drawn, a few resamples at a time."""
    rng = np.random.default_rng(seed)
    at_a_time = max(1, _ELEMENTS // max(n_rows, 1))
    for start in range(0, resamples, at_a_time):
        weights = np.zeros((min(at_a_time, resamples - start), n_rows), dtype=np.int32)
        if n_rows:
            for row in weights:
                row[:] = np.bincount(rng.integers(0, n_rows, n_rows), minlength=n_rows)
        yield weights


def _interval(value: float, spread: Array, level: float) -> Interval:
    """Cut the same share off both ends of what the resamples gave."""
    defined = spread[np.isfinite(spread)]
    if not len(defined):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
