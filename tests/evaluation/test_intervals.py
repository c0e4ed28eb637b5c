"""The bootstrap against formulas, its pairing, its seed and its edges."""

import math
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from automl.evaluation.intervals import Interval, Resampling, bootstrap
from automl.evaluation.metrics import score
from automl.task import CLASS_METRICS, REGRESSION_METRICS, Task

BINARY = Task("binary", "income", (), ("high", "low"), "accuracy", positive="high")
REGRESSION = Task("regression", "price", (), (), "rmse")


def guesses(n_rows, share_right, seed=0):
    """Binary truth, and probabilities that are right for the first `share_right` of the rows."""
    truth = np.random.default_rng(seed).integers(0, 2, n_rows)
    predicted = np.where(np.arange(n_rows) < share_right * n_rows, truth, 1 - truth)
    return truth, np.eye(2)[predicted] * 0.8 + 0.1


def test_the_interval_of_accuracy_is_the_binomial_one():
    truth, output = guesses(2000, 0.8)
    interval = bootstrap("accuracy", truth, {"model": output}, BINARY).scores["model"]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 2000)
    assert interval.value == pytest.approx(0.8)
    assert interval.low == pytest.approx(0.8 - half, abs=half / 10)
    assert interval.high == pytest.approx(0.8 + half, abs=half / 10)


def test_the_interval_of_a_mean_error_is_the_normal_one():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=5000)
    output = truth + rng.exponential(size=5000)
    interval = bootstrap("mae", truth, {"model": output}, REGRESSION).scores["model"]
    half = 1.96 / math.sqrt(5000)
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.1)


@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_the_value_is_the_score_of_the_classes(metric):
    truth, output = guesses(50, 0.7)
    interval = bootstrap(metric, truth, {"model": output}, BINARY, resampling=Resampling(count=50)).scores["model"]
    assert interval.value == score(metric, truth, output, BINARY)
    assert interval.low <= interval.value <= interval.high


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_the_value_is_the_score_of_the_numbers(metric):
    rng = np.random.default_rng(2)
    truth = rng.normal(size=50)
    output = truth + rng.normal(scale=0.5, size=50)
    interval = bootstrap(metric, truth, {"model": output}, REGRESSION, resampling=Resampling(count=50)).scores["model"]
    assert interval.value == score(metric, truth, output, REGRESSION)
    assert interval.low <= interval.value <= interval.high


def test_all_predictions_are_scored_on_the_same_resamples():
    truth, output = guesses(300, 0.7)
    result = bootstrap("log_loss", truth, {"model": output, "linear": output.copy()}, BINARY)
    assert result.scores["model"] == result.scores["linear"]
    assert result.differences["linear"] == Interval(0.0, 0.0, 0.0)


def test_pairing_finds_a_small_lead_that_the_two_intervals_hide():
    truth, better = guesses(2000, 0.81)
    _, worse = guesses(2000, 0.80)
    result = bootstrap("accuracy", truth, {"model": better, "linear": worse}, BINARY)
    assert result.scores["model"].low < result.scores["linear"].high
    assert result.differences["linear"].low > 0


def test_a_lead_is_positive_for_the_better_model_whatever_the_direction():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=200)
    near, far = truth + rng.normal(scale=0.1, size=200), truth + rng.normal(scale=1.0, size=200)
    for metric in REGRESSION_METRICS:
        leads = bootstrap(metric, truth, {"model": near, "mean": far}, REGRESSION).differences
        assert leads["mean"].low > 0
        assert bootstrap(metric, truth, {"model": far, "mean": near}, REGRESSION).differences["mean"].high < 0


def test_the_first_prediction_is_compared_with_every_other():
    truth, output = guesses(20, 0.7)
    result = bootstrap("accuracy", truth, dict.fromkeys(("model", "majority", "linear"), output), BINARY)
    assert list(result.scores) == ["model", "majority", "linear"]
    assert list(result.differences) == ["majority", "linear"]


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    truth, output = guesses(500, 0.7)
    first, again, other = (
        bootstrap("accuracy", truth, {"m": output}, BINARY, resampling=Resampling(seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_lower_level_gives_a_narrower_interval():
    truth, output = guesses(500, 0.7)
    wide = bootstrap("accuracy", truth, {"m": output}, BINARY, level=0.99).scores["m"]
    narrow = bootstrap("accuracy", truth, {"m": output}, BINARY, level=0.5).scores["m"]
    assert wide.low < narrow.low < narrow.high < wide.high


def test_resamples_where_the_metric_is_undefined_are_left_out():
    truth, output = np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]])
    assert bootstrap("roc_auc", truth, {"m": output}, BINARY).scores["m"] == Interval(1.0, 1.0, 1.0)


def test_an_undefined_metric_has_an_undefined_interval():
    truth, output = np.array([1, 1]), np.array([[0.9, 0.1], [0.2, 0.8]])
    interval = bootstrap("roc_auc", truth, {"m": output}, BINARY).scores["m"]
    assert interval.to_json() == {"value": None, "ci_low": None, "ci_high": None}


def test_no_rows_have_an_undefined_interval():
    interval = bootstrap("rmse", np.zeros(0), {"m": np.zeros(0)}, REGRESSION).scores["m"]
    assert interval.to_json() == {"value": None, "ci_low": None, "ci_high": None}


def test_one_row_has_an_interval_of_one_point():
    interval = bootstrap("mae", np.array([1.0]), {"m": np.array([3.0])}, REGRESSION).scores["m"]
    assert interval == Interval(2.0, 2.0, 2.0)


def test_memory_stays_small_however_many_rows():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=50_000)
    tracemalloc.start()
    bootstrap("rmse", truth, {"m": truth + 1, "mean": truth + 2}, REGRESSION, resampling=Resampling(count=100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32e6


def test_a_rule_of_one_column_beats_the_mean_on_real_rows(real_data):
    rows = pd.read_parquet(real_data / "penguins" / "data.parquet").dropna()
    truth = rows["body_mass_g"].to_numpy(float)
    flipper = rows["flipper_length_mm"].to_numpy(float)
    rule = np.polyval(np.polyfit(flipper, truth, 1), flipper)
    outputs = {"model": rule, "mean": np.full_like(truth, truth.mean())}
    result = bootstrap("rmse", truth, outputs, REGRESSION)
    assert result.differences["mean"].low > 0
    assert result.scores["model"].low < result.scores["model"].value < result.scores["model"].high


def test_whole_groups_are_drawn_where_rows_belong_together():
    truth, output = guesses(100, 0.7)
    tenfold = [np.repeat(each, 10, axis=0) for each in (truth, output)]
    single = bootstrap("accuracy", truth, {"m": output}, BINARY).scores["m"]
    groups = np.repeat(np.arange(100), 10).astype(str)
    grouped = bootstrap("accuracy", tenfold[0], {"m": tenfold[1]}, BINARY, resampling=Resampling(groups=groups))
    fooled = bootstrap("accuracy", tenfold[0], {"m": tenfold[1]}, BINARY).scores["m"]
    width = grouped.scores["m"].high - grouped.scores["m"].low
    assert width == pytest.approx(single.high - single.low, rel=0.15)
    assert fooled.high - fooled.low < 0.5 * width


def test_groups_of_one_row_are_rows():
    truth, output = guesses(300, 0.7)
    one, other = (
        bootstrap("accuracy", truth, {"m": output}, BINARY, resampling=Resampling(groups=groups))
        for groups in (None, np.arange(300))
    )
    assert one == other


def test_weights_count_in_value_and_interval():
    truth, output = guesses(300, 0.5)
    weights = np.where(np.arange(300) < 150, 9.0, 1.0)
    interval = bootstrap("accuracy", truth, {"m": output}, BINARY, resampling=Resampling(weights)).scores["m"]
    assert interval.value == pytest.approx(0.9)
    assert 0.85 < interval.low < 0.9 < interval.high < 0.95


def test_weights_of_1_change_nothing():
    truth, output = guesses(300, 0.5)
    plain, weighted = (
        bootstrap("log_loss", truth, {"m": output}, BINARY, resampling=Resampling(weights)).scores["m"]
        for weights in (None, np.ones(300))
    )
    assert plain.value == pytest.approx(weighted.value) and plain.low == pytest.approx(weighted.low)
