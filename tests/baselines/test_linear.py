"""The linear models against scikit-learn on a table that is written out, and their bounds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from automl.baselines.linear import _iterations, fit_logistic, fit_ridge
from automl.task import Block, Task

BLOCKS = (Block("numeric", (1,), "float32"), Block("category", (1,), "int64", cardinalities=(4,)))
BINARY = Task("binary", "t", (), ("no", "yes"), "accuracy")
REGRESSION = Task("regression", "t", (), (), "rmse")


def rows(n_rows, seed=0):
    """A number and a code of 0 to 3, and the same as a table of plain columns: the number, then codes 1 to 3."""
    rng = np.random.default_rng(seed)
    numbers, codes = rng.normal(size=(n_rows, 1)), rng.integers(0, 4, n_rows)
    arrays = {"numeric": numbers.astype(np.float32), "category": codes[:, None]}
    return arrays, np.hstack([arrays["numeric"], np.eye(4)[codes][:, 1:]]), codes


def test_logistic_reads_each_code_but_0_as_a_column_of_its_own():
    arrays, table, codes = rows(200)
    target = ((codes % 2) ^ (arrays["numeric"][:, 0] > 1)).astype(int)
    ours = fit_logistic(arrays, target, BLOCKS, BINARY, 0).predict(arrays)
    np.testing.assert_allclose(ours, LogisticRegression().fit(table, target).predict_proba(table), atol=1e-3)


def test_ridge_reads_each_code_but_0_as_a_column_of_its_own():
    arrays, table, codes = rows(200)
    target = 100.0 * codes + arrays["numeric"][:, 0]
    ours = fit_ridge(arrays, target, BLOCKS, REGRESSION, 0).predict(arrays)
    np.testing.assert_allclose(ours, Ridge().fit(table, target).predict(table), rtol=1e-3, atol=0.5)


def test_a_code_that_no_training_row_had_counts_nothing():
    arrays, _, codes = rows(60)
    arrays["category"] = np.minimum(arrays["category"], 2)
    model = fit_ridge(arrays, codes.astype(float), BLOCKS, REGRESSION, 0)
    asked = {"numeric": np.zeros((3, 1), dtype=np.float32), "category": np.array([[0], [3], [9]])}
    never_seen, never_trained, beyond = model.predict(asked)
    assert never_seen == pytest.approx(never_trained, abs=1e-6)
    assert never_seen == pytest.approx(beyond, abs=1e-6)


def test_ridge_keeps_the_digits_of_a_target_on_a_large_level():
    arrays, _, _ = rows(100)
    target = 1.6e9 + 5.0 * arrays["numeric"][:, 0].astype(np.float64)
    ours = fit_ridge(arrays, target, BLOCKS, REGRESSION, 0).predict(arrays)
    assert np.abs(ours - target).max() < 0.5


def test_ridge_of_a_constant_target_is_that_constant():
    arrays, _, _ = rows(10)
    ours = fit_ridge(arrays, np.full(10, 7.0), BLOCKS, REGRESSION, 0).predict(arrays)
    np.testing.assert_allclose(ours, 7.0)


def test_iterations_shrink_with_the_size_but_not_below_a_floor():
    wide = (Block("numeric", (100,), "float32"),)
    assert _iterations(100, wide, 1) == 1000
    assert _iterations(50_000, wide, 10) == 199
    assert _iterations(10_000_000, wide, 10) == 20
    assert _iterations(0, (), 1) == 1000
