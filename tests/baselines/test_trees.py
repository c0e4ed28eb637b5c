"""Boosted trees on real tables, beside the linear model and scikit-learn's own, and the bounds of their work."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor

from automl.baselines.dummy import Constant
from automl.baselines.fit import fit_baseline
from automl.baselines.rows import Given
from automl.baselines.trees import Effort, effort, fit_boosted_classes, fit_boosted_numbers, remark
from automl.data.columns import infer_columns
from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.task import Block, Task

BINARY = Task("binary", "t", (), ("no", "yes"), "accuracy")
REGRESSION = Task("regression", "t", (), (), "rmse")
CODES = (Block("category", (1,), "int64", cardinalities=(7,)),)


def numbers(n_columns):
    return (Block("numeric", (n_columns,), "float32"),)


def classes(n_classes):
    return Task("multiclass", "t", (), tuple(range(n_classes)), "accuracy")


def rmse(model, arrays, target):
    return float(np.sqrt(np.mean((model.predict(arrays) - target) ** 2)))


def accuracy(model, arrays, target):
    return float((model.predict(arrays).argmax(axis=1) == target).mean())


def noise(n_rows, n_columns=2, seed=0):
    return {"numeric": np.random.default_rng(seed).normal(size=(n_rows, n_columns)).astype(np.float32)}


def codes(n_rows, seed=0):
    """Codes from 1 to 6; whether one is even is the class."""
    drawn = np.random.default_rng(seed).integers(1, 7, (n_rows, 1))
    return {"category": drawn}, drawn[:, 0] % 2


@pytest.fixture
def halves(real_data):
    """Prepare some rows of a real table as the judgement does, half of them to learn from."""

    def read(name, target, n_rows):
        rows = pd.read_parquet(real_data / name / "data.parquet").sample(n_rows, random_state=0)
        asked, features = rows[target], rows.drop(columns=target)
        half = n_rows // 2
        columns, _ = infer_columns(features.iloc[:half], {}, ())
        preparation = fit_preparation(features.iloc[:half], columns, Preparing(numeric="standard", one_hot_max=0))
        values = asked.to_numpy() if asked.dtype.kind == "f" else pd.factorize(asked, sort=True)[0]
        some, rest = (preparation.transform(part) for part in (features.iloc[:half], features.iloc[half:]))
        return (some, values[:half], preparation.blocks), (rest, values[half:])

    return read


def test_numbers_of_a_real_table_are_predicted_better_than_by_a_line(halves):
    (some, target, blocks), asked = halves("california_housing", "median_house_value", 6000)
    error = {
        name: rmse(fit_baseline(name, some, target, blocks, REGRESSION, seed=0), *asked)
        for name in ("mean", "linear", "boosted_trees")
    }
    assert error["boosted_trees"] < 0.85 * error["linear"] < 0.85 * error["mean"]


def test_classes_of_a_real_table_are_told_as_well_as_by_a_line(halves):
    (some, target, blocks), asked = halves("credit_g", "class", 1000)
    right = {
        name: accuracy(fit_baseline(name, some, target, blocks, BINARY, seed=0), *asked)
        for name in ("majority", "linear", "boosted_trees")
    }
    assert right["boosted_trees"] > max(right["majority"], right["linear"] - 0.04)


def test_columns_that_lack_values_tell_classes_too(halves):
    (some, target, blocks), asked = halves("titanic", "survived", 891)
    assert "one_hot" in [block.name for block in blocks]  # what says where a number is missing
    model = fit_boosted_classes(some, target, blocks, BINARY, 0)
    assert accuracy(model, *asked) > 0.76


def test_that_a_value_is_missing_may_be_all_there_is_to_know():
    blocks = (*numbers(2), Block("one_hot", (1,), "float32"))
    target = np.random.default_rng(1).integers(0, 2, 600)
    arrays = {**noise(600), "one_hot": target[:, None].astype(np.float32)}
    assert accuracy(fit_boosted_classes(arrays, target, blocks, BINARY, 0), arrays, target) == 1.0


def test_codes_are_read_as_categories():
    arrays, target = codes(400)
    model = fit_boosted_classes(arrays, target, CODES, BINARY, 0)
    assert model.model.steps[-1][1].is_categorical_.tolist() == [True]
    rest, asked = codes(100, seed=1)
    assert accuracy(model, rest, asked) == 1.0


def test_a_code_that_no_training_row_had_is_answered():
    arrays, target = codes(400)
    arrays["category"] = np.minimum(arrays["category"], 5)
    model = fit_boosted_classes(arrays, target, CODES, BINARY, 0)
    never_seen, never_trained, beyond = model.predict({"category": np.array([[0], [6], [99]])})
    assert never_seen.tolist() == never_trained.tolist() == beyond.tolist()


def test_of_very_many_categories_the_rare_ones_count_as_one():
    blocks = (Block("category", (1,), "int64", cardinalities=(1001,)),)
    drawn = np.random.default_rng(0).integers(1, 1001, (5000, 1))
    model = fit_boosted_numbers({"category": drawn}, (drawn[:, 0] < 200).astype(float), blocks, REGRESSION, 0)
    frequent, rare, rarer = model.predict({"category": np.array([[5], [254], [1000]])})
    assert frequent > 0.7 and rare == rarer < 0.1


def test_a_column_of_one_value_says_nothing():
    rows, target = noise(300), np.arange(300) % 2
    alone = fit_boosted_classes(rows, target, numbers(2), BINARY, 0).predict(rows)
    wider = {"numeric": np.column_stack([rows["numeric"], np.full(300, 7, dtype=np.float32)])}
    np.testing.assert_array_equal(fit_boosted_classes(wider, target, numbers(3), BINARY, 0).predict(wider), alone)


def test_a_constant_target_is_that_constant():
    model = fit_boosted_numbers(noise(300), np.full(300, 7.0), numbers(2), REGRESSION, 0)
    np.testing.assert_allclose(model.predict(noise(3)), 7.0)


def test_a_target_on_a_large_level_keeps_its_digits():
    rows = noise(500)
    target = 1.6e9 + 5.0 * (rows["numeric"][:, 0] > 0)
    model = fit_boosted_numbers(rows, target, numbers(2), REGRESSION, 0)
    assert np.quantile(np.abs(model.predict(rows) - target), 0.99) < 0.5  # a row at the step may lie on its other side


def test_a_row_that_counts_nothing_is_as_if_it_were_not_there():
    rows, target = noise(500), (noise(500)["numeric"][:, 0] > 0).astype(int)
    weights = np.ones(500)
    weights[300:] = 0
    weighted = fit_boosted_classes(rows, np.where(weights, target, 1 - target), numbers(2), BINARY, 0, weights)
    some = {"numeric": rows["numeric"][:300]}
    alone = fit_boosted_classes(some, target[:300], numbers(2), BINARY, 0)
    np.testing.assert_array_equal(weighted.predict(rows), alone.predict(rows))


def test_what_counts_more_is_followed():
    rows, target = noise(1000), np.arange(1000) % 2
    weights = np.where(target == 1, 3.0, 1.0)
    for scale in (1.0, 1e-6):
        model = fit_boosted_classes(rows, target, numbers(2), BINARY, 0, weights * scale)
        assert model.predict(rows)[:, 1].mean() == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("n_rows", [1, 5, 60, 199])
def test_few_rows_are_learned_from_whole(n_rows):
    model = fit_boosted_numbers(noise(n_rows), np.arange(n_rows, dtype=float), numbers(2), REGRESSION, 0)
    fitted = model.model.steps[-1][1]
    assert fitted.n_iter_ == 100 and not fitted.do_early_stopping_


def test_a_tenth_of_the_training_rows_says_when_to_stop():
    data = load_diabetes()
    X = {"numeric": data.data.astype(np.float32)}
    model = fit_boosted_numbers(X, data.target, numbers(10), REGRESSION, 0)
    options = {"learning_rate": 0.05, "max_iter": 1000, "early_stopping": True, "n_iter_no_change": 20}
    theirs = HistGradientBoostingRegressor(**options, validation_fraction=0.1, random_state=0)
    standardised = (data.target - data.target.mean()) / data.target.std()
    expected = theirs.fit(X["numeric"], standardised).predict(X["numeric"]) * data.target.std() + data.target.mean()
    np.testing.assert_allclose(model.predict(X), expected)
    assert 20 < theirs.n_iter_ < 1000


@pytest.mark.parametrize("rare", [[2], [*range(2, 30)] * 2])
def test_classes_too_rare_to_set_some_of_each_aside_are_learned_from_whole(rare):
    target = np.array([0, 1] * 110 + rare)
    n_classes = max(rare) + 1
    fitted = fit_boosted_classes(noise(len(target)), target, numbers(2), classes(n_classes), 0)
    assert not fitted.model.steps[-1][1].do_early_stopping_
    assert (fitted.predict(noise(3)) > 0).all()


def test_one_class_among_the_rows_that_count_is_a_constant():
    target = np.arange(10) % 2
    model = fit_boosted_classes(noise(10), target, numbers(2), BINARY, 0, (target == 0).astype(float))
    assert isinstance(model, Constant) and model.predict(noise(1)).tolist() == [[1.0, 0.0]]


def test_a_usual_table_takes_small_steps_and_a_large_one_fewer_and_larger():
    assert effort(30_000, numbers(15), BINARY) == Effort(30_000, 1000, 0.05)
    larger = effort(1_000_000, numbers(15), BINARY)
    assert larger.rows == 1_000_000 and larger.iterations == 95
    assert larger.step == pytest.approx(15 / 95)


def test_the_fewest_steps_are_taken_on_fewer_rows():
    allowed = effort(5_000_000, numbers(100), BINARY)
    assert allowed == Effort(724_700, 20, 0.3)
    assert remark(5_000_000, numbers(100), BINARY) == (
        "boosted trees learned from 724,700 of 5,000,000 training rows: all would take too long"
    )


def test_very_many_classes_and_columns_have_no_trees():
    many = classes(1000)
    assert effort(10_000, numbers(500), many) is None
    assert remark(10_000, numbers(500), many) == (
        "boosted trees were left out: 1000 classes and 500 columns would take too long"
    )
    assert fit_boosted_classes(noise(20, 500), np.arange(20), numbers(500), many, 0) is None


def test_nothing_is_said_where_all_rows_are_learned_from():
    assert remark(30_000, numbers(15), BINARY) is None


def test_rows_that_are_drawn_hold_every_class_and_are_the_same_again():
    target = np.append(np.arange(5000) % 2, 2)
    rows = Given({"numeric": np.arange(5001)}, target)
    drawn, again = (rows.at_most(300, 0, are_classes=True) for _ in range(2))
    assert drawn.arrays["numeric"].tolist() == again.arrays["numeric"].tolist() and 300 <= len(drawn.target) <= 303
    assert np.unique(drawn.target).tolist() == [0, 1, 2]


def test_rows_are_drawn_of_those_that_count():
    rows = Given({"numeric": np.arange(1000)}, np.zeros(1000), np.repeat([0.0, 1.0], 500))
    few, all_of_them = (rows.at_most(most, 0, are_classes=False).arrays["numeric"] for most in (100, 1000))
    assert few.min() >= 500 and all_of_them.tolist() == [*range(500, 1000)]
