"""Which targets get a logarithm, and that it is undone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from automl.data.transforms import backward, forward, settle_transform, skewness
from automl.errors import TargetError

LONG_TAIL = np.exp(np.random.default_rng(0).normal(size=500))


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [(LONG_TAIL, "log"), (np.append(LONG_TAIL, 0.0), "log1p"), (-LONG_TAIL, "none"), (np.arange(50.0) + 1, "none")],
    ids=["above 0", "from 0 on", "below 0", "even"],
)
def test_auto_takes_the_logarithm_of_a_long_tail_above_0(numbers, chosen):
    assert settle_transform("auto", numbers, "y") == chosen


def test_log_is_taken_of_any_target_above_0():
    assert settle_transform("log", np.arange(5.0) + 1, "y") == "log"


def test_the_logarithm_of_a_target_below_0_is_refused():
    with pytest.raises(TargetError, match="--target-transform log needs a target from 0 on, but 'y' is -1 in"):
        settle_transform("log", np.array([-1.0, 2.0]), "y")


def test_skewness_is_scipys():
    assert skewness(LONG_TAIL) == pytest.approx(stats.skew(LONG_TAIL))


def test_a_constant_is_not_skewed():
    assert skewness(np.ones(5)) == 0


@pytest.mark.parametrize("transform", ["none", "log", "log1p"])
def test_what_was_transformed_comes_back(transform):
    np.testing.assert_allclose(backward(transform, forward(transform, LONG_TAIL)), LONG_TAIL, rtol=1e-12)
