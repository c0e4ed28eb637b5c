"""Scalers: formulas, extremes, and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from automl.data.preparing import SCALINGS
from automl.data.scalers import (
    FARTHEST,
    LARGEST,
    MAX_KNOTS,
    Log,
    Quantile,
    Robust,
    Standard,
    fit_scaler,
    mean_and_deviation,
    scaler_from_json,
    scaler_to_json,
)

EXTREMES = {
    "none": np.array([]),
    "one value": np.array([3.0]),
    "constant": np.full(9, 0.1),
    "two values": np.array([0.0, 1.0, 1.0]),
    "largest": np.array([-LARGEST, 0.0, LARGEST]),
    "tiny differences": np.array([5e-324, 0.0, 1e-320]),
    "one outlier": np.r_[np.arange(50.0), LARGEST],
    "mostly one value": np.r_[np.zeros(99), 7.0],
    "next to each other": np.array([1e16, 1e16 + 2, 1e16 + 4]),
}


@pytest.fixture
def skewed():
    return np.exp(np.random.default_rng(0).normal(size=3000))


@pytest.mark.parametrize("kind", SCALINGS)
@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
def test_any_value_is_finite_in_single_precision(kind, values):
    scaler = fit_scaler(kind, values)
    asked = np.r_[values, -LARGEST, LARGEST, 0.0, 5e-324, 1.0]
    scaled = scaler.apply(asked)
    assert np.isfinite(scaled.astype(np.float32)).all() and np.abs(scaled).max() <= FARTHEST


@pytest.mark.parametrize("kind", SCALINGS)
@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
def test_a_scaler_comes_back_from_strict_json(kind, values):
    scaler = fit_scaler(kind, values)
    assert scaler_from_json(json.loads(json.dumps(scaler_to_json(scaler), allow_nan=False))) == scaler


@pytest.mark.parametrize("kind", SCALINGS)
def test_order_is_kept(kind, skewed):
    scaled = fit_scaler(kind, skewed).apply(np.sort(skewed))
    assert (np.diff(scaled) >= 0).all() and scaled[0] < scaled[-1]


@pytest.mark.parametrize("kind", SCALINGS)
def test_equal_training_values_scale_everything_to_zero(kind):
    assert fit_scaler(kind, np.full(5, 0.1)).apply(np.array([-9.0, 0.1, 9.0])).tolist() == [0.0, 0.0, 0.0]


def test_standard_equals_scikit_learn(skewed):
    wanted = StandardScaler().fit_transform(skewed[:, None])[:, 0]
    np.testing.assert_allclose(fit_scaler("standard", skewed).apply(skewed), wanted, rtol=1e-9)


def test_standard_limits_what_is_far_outside():
    assert Standard(0.0, 1.0).apply(np.array([-1e200, 1e200])).tolist() == [-FARTHEST, FARTHEST]


def test_robust_is_the_published_formula(skewed):
    low, center, high = np.quantile(skewed, [0.25, 0.5, 0.75])
    z = (skewed - center) / (high - low)
    np.testing.assert_allclose(fit_scaler("robust", skewed).apply(skewed), z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-12)


def test_robust_takes_half_the_range_where_most_values_are_equal():
    assert fit_scaler("robust", np.r_[np.zeros(99), 8.0]) == Robust(0.0, 4.0)


def test_quantile_is_near_scikit_learn(skewed):
    wanted = QuantileTransformer(n_quantiles=1000, output_distribution="normal").fit_transform(skewed[:, None])[:, 0]
    middle = np.abs(wanted) < 2.0
    np.testing.assert_allclose(fit_scaler("quantile", skewed).apply(skewed)[middle], wanted[middle], atol=0.02)


def test_quantile_keeps_a_bounded_table(skewed):
    assert len(fit_scaler("quantile", skewed).knots) <= MAX_KNOTS


def test_quantile_puts_ties_at_the_middle_of_their_ranks():
    assert fit_scaler("quantile", np.array([0.0, 0.0, 1.0, 1.0])).apply(np.array([0.0, 1.0])).sum() == pytest.approx(0)


def test_quantile_is_flat_beyond_its_ends():
    table = Quantile((0.0, 1.0, 3.0), (-1.0, 0.0, 1.0))
    assert table.apply(np.array([-5.0, 0.0, 0.5, 1.0, 2.0, 3.0, 9.0])).tolist() == [-1, -1, -0.5, 0, 0.5, 1, 1]


def test_mean_and_deviation_do_not_overflow():
    assert mean_and_deviation(np.array([-LARGEST, LARGEST])) == (0.0, LARGEST)


def test_a_constant_has_deviation_one():
    assert mean_and_deviation(np.full(3, 0.1)) == (0.1, 1.0)


def test_log_takes_the_logarithm_of_skewed_columns_alone(skewed):
    scaler = fit_scaler("log", skewed)
    logarithms = np.log1p(skewed / np.median(skewed))
    assert isinstance(scaler, Log)
    np.testing.assert_allclose(scaler.apply(skewed), (logarithms - logarithms.mean()) / logarithms.std(), rtol=1e-9)
    even = np.random.default_rng(1).normal(size=500)
    assert fit_scaler("log", even) == fit_scaler("standard", even)


def test_log_keeps_signs_apart():
    values = np.r_[-np.exp(np.arange(12.0)), np.arange(40.0)]
    scaler = fit_scaler("log", values)
    assert isinstance(scaler, Log) and (np.diff(scaler.apply(np.sort(values))) > 0).all()
