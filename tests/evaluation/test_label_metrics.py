"""Metrics of rows with any number of labels, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from automl.evaluation.metrics import row_losses, score, statistic
from automl.task import KINDS, Task

TASK = Task("multilabel", "tags", (), ("a", "b", "c", "d"), "log_loss")


def labelled(seed):
    """Rows of which none has the last label, at times; probabilities tie often."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((50, 4)) < [0.2, 0.5, 0.8, 0.1 * (seed % 2)]).astype(int)
    return truth, np.clip(np.round(0.6 * truth + rng.random((50, 4)) * 0.6, 1), 0.01, 0.99)


def their_score(metric, truth, output, weights=None):
    if metric == "f1":
        return theirs.f1_score(truth, output >= 0.5, average="macro", sample_weight=weights, zero_division=0.0)
    if metric == "subset_accuracy":
        return theirs.accuracy_score(truth, output >= 0.5, sample_weight=weights)
    told = [place for place in range(4) if metric == "log_loss" or 0 < truth[:, place].sum() < len(truth)]
    one = {"log_loss": theirs.log_loss, "roc_auc": theirs.roc_auc_score}[metric]
    more = {"labels": [0, 1]} if metric == "log_loss" else {}
    return np.mean([one(truth[:, place], output[:, place], sample_weight=weights, **more) for place in told])


@pytest.mark.filterwarnings("ignore:.*renamed to .y_proba")
@pytest.mark.parametrize("metric", KINDS["multilabel"].metrics)
def test_a_metric_of_labels_is_scikit_learns(metric):
    for seed in range(20):
        truth, output = labelled(seed)
        weights = np.random.default_rng(seed).uniform(0.01, 3, len(truth))
        for counts in (None, weights):
            expected = their_score(metric, truth, output, counts)
            assert score(metric, truth, output, TASK, counts) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", KINDS["multilabel"].metrics)
def test_a_row_that_counts_twice_is_two_rows(metric):
    truth, output = labelled(1)
    weights = np.random.default_rng(0).integers(0, 4, (3, len(truth))).astype(np.int32)
    repeated = [score(metric, *(np.repeat(each, row, axis=0) for each in (truth, output)), TASK) for row in weights]
    np.testing.assert_allclose(statistic(metric, truth, output, TASK)(weights), repeated, rtol=1e-9)


def test_a_rows_loss_is_its_part_of_the_log_loss():
    truth, output = labelled(1)
    assert row_losses(truth, output, TASK).mean() == pytest.approx(score("log_loss", truth, output, TASK))


@pytest.mark.parametrize("metric", KINDS["multilabel"].metrics)
def test_a_metric_of_no_rows_is_undefined(metric):
    assert np.isnan(score(metric, np.zeros((0, 4), dtype=int), np.zeros((0, 4)), TASK))
