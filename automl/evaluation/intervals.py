"""Confidence intervals by resampling rows: of each prediction's score, and of one prediction's lead over the others.

The percentile bootstrap (Efron and Tibshirani 1993, chapter 13); where rows belong together, whole groups of them are
drawn (the cluster bootstrap; Davison and Hinkley 1997, section 3.8), for such rows say the same thing again. All
predictions are scored on the same resamples, so that the differences are paired: what is hard about a resample is hard
for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from automl.evaluation.means import Array, mean_of
from automl.evaluation.metrics import as_they_are, statistic
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


@dataclass(frozen=True, eq=False)
class Resampling:
    """How rows are drawn anew.

    Args:
        weights: How much each row counts (N,), drawn or not; None where all count alike.
        groups: Each row's group (N,), of any type: groups are drawn, with all of their rows; None where rows are.
        count: How many times they are drawn.
        seed: What the draws depend on.
    """

    weights: Array | None = None
    groups: Array | None = None
    count: int = 1000
    seed: int = 0


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
    resampling: Resampling | None = None,
    level: float = 0.95,
) -> Bootstrap:
    """Score several predictions of the same rows, with intervals, and compare the first with the others.

    Resamples in which the metric is undefined (`roc_auc` without one of two classes) are left out.

    Args:
        metric: A key of `automl.task.HIGHER_IS_BETTER`.
        truth: Class codes, or numbers in the target's own units.
        outputs: Predictions by name, of the shapes `automl.evaluation.metrics.score` takes; the model comes first.
        task: Its classes, and for a binary task the positive one.
        resampling: How rows are drawn; each by itself, and all counting alike, if None.
        level: The share of resamples between the ends.

    Raises:
        ValueError: The metric is unknown, or the shapes do not fit one another.
    """
    statistics = {name: statistic(metric, truth, output, task) for name, output in outputs.items()}
    resampling = resampling or Resampling()
    given = as_they_are(len(truth), resampling.weights)
    values = {name: float(evaluate(given)[0]) for name, evaluate in statistics.items()}
    drawn: dict[str, list[Array]] = {name: [] for name in outputs}
    for weights in _resamples(len(truth), resampling):
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


def without(result: Bootstrap, *names: str) -> Bootstrap:
    """Leave some predictions out, those that are there."""
    scores, differences = (
        {own: interval for own, interval in each.items() if own not in names}
        for each in (result.scores, result.differences)
    )
    return Bootstrap(scores, differences)


def mean_interval(values: Array, resampling: Resampling | None = None, level: float = 0.95) -> Interval:
    """Give the mean of one number a row (N,), such as whether something holds of it, and where it lies in resamples."""
    resampling = resampling or Resampling()
    mean = mean_of(values)
    spread = [mean(weights) for weights in _resamples(len(values), resampling)]
    value = float(mean(as_they_are(len(values), resampling.weights))[0])
    return _interval(value, np.concatenate(spread), level)


def _resamples(n_rows: int, resampling: Resampling) -> Iterator[Array]:
    """Draw the rows, or their groups, with replacement, again and again, a few resamples at a time.

    Yields:
        (R, N): how often each row was drawn, times what it counts.
    """
    rng = np.random.default_rng(resampling.seed)
    at_a_time = max(1, _ELEMENTS // max(n_rows, 1))
    members = None if resampling.groups is None else np.unique(resampling.groups, return_inverse=True)[1]
    n_drawn = n_rows if members is None else int(members.max(initial=-1)) + 1
    for start in range(0, resampling.count, at_a_time):
        drawn = np.zeros((min(at_a_time, resampling.count - start), n_drawn), dtype=np.int32)
        if n_drawn:
            for row in drawn:
                row[:] = np.bincount(rng.integers(0, n_drawn, n_drawn), minlength=n_drawn)
        counts = drawn if members is None else drawn[:, members]
        yield counts if resampling.weights is None else counts * resampling.weights


def _interval(value: float, spread: Array, level: float) -> Interval:
    """Cut the same share off both ends of what the resamples gave."""
    defined = spread[np.isfinite(spread)]
    if not len(defined):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
