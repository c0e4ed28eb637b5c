"""Metrics of quantiles, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from automl.evaluation.metrics import row_losses, score, statistic
from automl.task import KINDS, Task

LEVELS = (0.1, 0.5, 0.8)
TASK = Task("quantile", "price", (), (), "pinball", quantiles=LEVELS)


def quantiles(seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(100, 10, 50)
    return truth, np.sort(truth[:, None] + rng.normal(0, 8, (50, 3)), axis=1)


def their_score(metric, truth, output, weights=None):
    if metric == "mae":
        return theirs.mean_absolute_error(truth, output[:, 1], sample_weight=weights)
    of_each = [
        theirs.mean_pinball_loss(truth, column, alpha=level, sample_weight=weights)
        for level, column in zip(LEVELS, output.T)
    ]
    return np.mean(of_each)


@pytest.mark.parametrize("metric", KINDS["quantile"].metrics)
def test_a_metric_of_quantiles_is_scikit_learns(metric):
    for seed in range(20):
        truth, output = quantiles(seed)
        weights = np.random.default_rng(seed).uniform(0, 3, len(truth))
        assert score(metric, truth, output, TASK) == pytest.approx(their_score(metric, truth, output), rel=1e-12)
        expected = their_score(metric, truth, output, weights)
        assert score(metric, truth, output, TASK, weights) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", KINDS["quantile"].metrics)
def test_a_row_that_counts_twice_is_two_rows(metric):
    truth, output = quantiles(0)
    weights = np.random.default_rng(0).integers(0, 4, (3, len(truth))).astype(np.int32)
    repeated = [score(metric, np.repeat(truth, row), np.repeat(output, row, axis=0), TASK) for row in weights]
    np.testing.assert_allclose(statistic(metric, truth, output, TASK)(weights), repeated, rtol=1e-9)


def test_a_rows_loss_is_its_part_of_the_metric():
    truth, output = quantiles(1)
    assert row_losses(truth, output, TASK).mean() == pytest.approx(score("pinball", truth, output, TASK))


def test_one_number_a_row_is_refused():
    with pytest.raises(ValueError, match=r"the output of 50 rows must have the shape \(50, 3\), got \(50,\)"):
        score("pinball", *(each if each.ndim == 1 else each[:, 0] for each in quantiles(0)), TASK)
