"""One number that makes probabilities as sure as they may be, and a distance that holds the truth of so many rows."""

from __future__ import annotations

import numpy as np
import pytest

from automl.evaluation.calibrate import radius, temperature


def _drawn(n_rows, n_classes, spread, seed=0):
    """Logits, and classes drawn with their probabilities."""
    draw = np.random.default_rng(seed)
    logits = spread * draw.normal(size=(n_rows, n_classes))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return logits, np.array([draw.choice(n_classes, p=each) for each in shares])


def _loss(logits, truth, factor):
    scaled = logits / factor
    return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(truth)), truth]))


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_what_logits_were_multiplied_by_is_found(factor):
    logits, truth = _drawn(4000, 3, 1.5)
    assert temperature(factor * logits, truth) == pytest.approx(factor, rel=0.1)


def test_no_other_temperature_has_less_loss():
    logits, truth = _drawn(300, 4, 1.0)
    found = temperature(3 * logits, truth)
    assert all(
        _loss(3 * logits, truth, found) <= _loss(3 * logits, truth, found * by) for by in (0.97, 0.999, 1.001, 1.03)
    )


def test_probabilities_that_are_right_stay_as_they_are():
    found = [temperature(*_drawn(200, 3, 1.5, seed)) for seed in range(20)]
    assert found.count(1.0) >= 15


def test_a_row_of_weight_two_counts_as_two_rows():
    logits, truth = _drawn(400, 3, 1.0)
    doubled = np.repeat(np.arange(400), np.where(np.arange(400) < 100, 2, 1))
    weights = np.where(np.arange(400) < 100, 2.0, 1.0)
    weighted = temperature(3 * logits, truth, weights)
    assert weighted == pytest.approx(temperature(3 * logits[doubled], truth[doubled]))
    assert weighted != temperature(3 * logits, truth)


@pytest.mark.parametrize("logits", [np.zeros((0, 2)), np.array([[np.nan, 0.0]]), np.array([[np.inf, 0.0]])])
def test_nothing_is_learned_of_no_rows_or_of_what_is_not_finite(logits):
    assert temperature(logits, np.zeros(len(logits), dtype=np.int64)) == 1.0


def test_rows_that_are_all_right_do_not_make_a_network_surer():
    logits = np.array([[1.0, -1.0], [-1.0, 1.0]] * 50)
    assert temperature(logits, np.array([0, 1] * 50)) == 1.0


def test_the_radius_is_the_residual_at_its_place():
    residuals = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))
    assert radius(residuals, 0.9) == 90.0
    assert radius(-residuals, 0.5) == 50.0


def test_too_few_rows_give_no_radius():
    assert radius(np.ones(8), 0.9) is None and radius(np.ones(9), 0.9) == 1.0


def test_residuals_that_are_not_finite_give_no_radius():
    assert radius(np.array([np.inf] * 20), 0.9) is None


def test_rows_to_come_are_held_as_often_as_is_promised():
    draw = np.random.default_rng(0)
    held = [np.mean(np.abs(draw.normal(size=200)) <= radius(draw.normal(size=50), 0.9)) for _ in range(2000)]
    assert 0.9 <= np.mean(held) <= 0.93
