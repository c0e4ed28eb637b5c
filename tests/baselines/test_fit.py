"""Every baseline of every kind of task, through one door."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from automl.baselines.fit import BASELINES, fit_baseline, names_of
from automl.task import KINDS, TASK_KINDS, Block, Column, Task

NUMERIC = (Block("numeric", (2,), "float32"),)
MIXED = (
    Block("numeric", (2,), "float32"),
    Block("one_hot", (3,), "float32"),
    Block("category", (2,), "int64", cardinalities=(5, 4)),
)


def task_of(kind, n_classes=2):
    classes = tuple(range(n_classes)) if KINDS[kind].has_classes else ()
    classes = ("x", "y", "z") if kind == "multilabel" else classes
    quantiles = (0.1, 0.5, 0.9) if kind == "quantile" else ()
    targets = ("a", "b", "c") if kind == "multitarget" else ()
    return Task(kind, "t", (), classes, KINDS[kind].metrics[0], quantiles=quantiles, targets=targets)


def target_of(kind, codes):
    """A target that every row of codes (N,) may have."""
    several = {"multitarget": np.stack([codes, -codes, codes**2], axis=1).astype(float)}
    return (several | {"multilabel": np.stack([codes > 0, codes > 1, codes < 1], axis=1).astype(int)}).get(kind, codes)


def fit_baselines(arrays, target, blocks, task, seed):
    return {name: fit_baseline(name, arrays, target, blocks, task, seed=seed) for name in names_of(task)}


def mixed_rows(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "numeric": rng.normal(size=(n_rows, 2)).astype(np.float32),
        "one_hot": np.eye(3, dtype=np.float32)[rng.integers(0, 3, n_rows)],
        "category": np.stack([rng.integers(1, 5, n_rows), rng.integers(1, 4, n_rows)], axis=1),
    }


def built_in(load):
    data = load()
    X = ((data.data - data.data.mean(axis=0)) / data.data.std(axis=0)).astype(np.float32)
    return {"numeric": X}, data.target, (Block("numeric", (X.shape[1],), "float32"),)


def test_every_kind_of_task_has_a_constant_a_linear_baseline_and_boosted_trees():
    assert {kind: list(named) for kind, named in BASELINES.items()} == {
        "binary": ["majority", "linear", "boosted_trees"],
        "multiclass": ["majority", "linear", "boosted_trees"],
        "ordinal": ["median", "linear", "boosted_trees"],
        "multilabel": ["shares", "linear", "boosted_trees"],
        "multitarget": ["mean", "linear", "boosted_trees"],
        "quantile": ["empirical", "linear", "boosted_trees"],
        "regression": ["mean", "linear", "boosted_trees"],
    }


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_images_have_no_boosted_trees(kind):
    task = replace(task_of(kind), columns=(Column("size", "numeric"), Column("picture", "image")))
    assert names_of(task) == list(BASELINES[kind])[:2]


@pytest.mark.parametrize("kind", TASK_KINDS)
@pytest.mark.parametrize("n_rows", [1, 2, 50, 250])
def test_every_baseline_predicts_finite_numbers_of_the_right_shape(kind, n_rows):
    task = task_of(kind, 3)
    target = target_of(kind, np.arange(n_rows) % 3)
    fitted = fit_baselines(mixed_rows(n_rows), target, MIXED, task, seed=0)
    for baseline in fitted.values():
        for asked in (0, 1, 7):
            answer = baseline.predict(mixed_rows(asked, seed=1))
            assert answer.shape == ((asked,) if kind == "regression" else (asked, 3))
            assert np.isfinite(answer).all()
            if KINDS[kind].has_classes:
                np.testing.assert_allclose(answer.sum(axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("kind", TASK_KINDS)
@pytest.mark.parametrize("n_rows", [40, 400])
def test_every_baseline_is_silent_and_the_same_again(kind, n_rows):
    task = task_of(kind, 2)
    rows, target = mixed_rows(n_rows), target_of(kind, np.arange(n_rows) % 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, again = (fit_baselines(rows, target, MIXED, task, seed=3) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name].predict(rows), again[name].predict(rows))


def test_no_baseline_touches_the_global_state_of_random_numbers():
    before = np.random.get_state()[1].tolist()
    fit_baselines(mixed_rows(400), np.arange(400) % 3, MIXED, task_of("multiclass", 3), seed=0)
    assert np.random.get_state()[1].tolist() == before


def test_a_class_without_a_training_row_has_probability_0_in_its_own_column():
    task = task_of("multiclass", 4)
    target = np.array([0, 2, 3] * 10)
    for baseline in fit_baselines(mixed_rows(30), target, MIXED, task, seed=0).values():
        answer = baseline.predict(mixed_rows(5, seed=1))
        np.testing.assert_array_equal(answer[:, 1], 0.0)
        assert (answer[:, [0, 2, 3]] > 0).all()


def test_a_single_class_among_the_training_rows_is_always_predicted():
    fitted = fit_baselines(mixed_rows(5), np.full(5, 1), MIXED, task_of("binary"), seed=0)
    for baseline in fitted.values():
        np.testing.assert_array_equal(baseline.predict(mixed_rows(2)), [[0.0, 1.0], [0.0, 1.0]])


def test_no_training_rows_are_refused():
    with pytest.raises(ValueError, match="a baseline needs at least one training row"):
        fit_baseline("linear", mixed_rows(0), np.zeros(0, dtype=int), MIXED, task_of("binary"), seed=0)


@pytest.mark.parametrize(("load", "at_least"), [(load_breast_cancer, 0.97), (load_wine, 0.97)])
def test_linear_beats_majority_on_real_classes(load, at_least):
    rows, target, blocks = built_in(load)
    n_classes = int(target.max()) + 1
    task = task_of("binary" if n_classes == 2 else "multiclass", n_classes)
    accuracy = {
        name: (baseline.predict(rows).argmax(axis=1) == target).mean()
        for name, baseline in fit_baselines(rows, target, blocks, task, seed=0).items()
    }
    assert accuracy["majority"] == np.bincount(target).max() / len(target)
    assert accuracy["linear"] >= at_least


def test_linear_beats_the_mean_on_real_numbers():
    rows, target, blocks = built_in(load_diabetes)
    error = {
        name: np.sqrt(np.mean((baseline.predict(rows) - target) ** 2))
        for name, baseline in fit_baselines(rows, target, blocks, task_of("regression"), seed=0).items()
    }
    assert error["mean"] == pytest.approx(target.std())
    assert error["linear"] < 0.75 * error["mean"]


def test_linear_reaches_its_known_accuracy_on_satimage(real_data):
    rows = pd.read_parquet(real_data / "satimage" / "data.parquet")
    is_train = (rows["split"] == "train").to_numpy()
    classes, target = np.unique(rows["classes"].astype(str), return_inverse=True)
    X = rows.drop(columns=["split", "classes"]).to_numpy(float)
    X = ((X - X[is_train].mean(axis=0)) / X[is_train].std(axis=0)).astype(np.float32)
    blocks = (Block("numeric", (X.shape[1],), "float32"),)
    task = Task("multiclass", "classes", (), tuple(classes), "accuracy")
    fitted = fit_baselines({"numeric": X[is_train]}, target[is_train], blocks, task, seed=0)
    right = fitted["linear"].predict({"numeric": X[~is_train]}).argmax(axis=1) == target[~is_train]
    assert 0.82 < right.mean() < 0.88


def test_the_constant_quantiles_are_the_least_that_hold_their_share():
    target, weights = np.array([5.0, 1.0, 2.0, 9.0]), np.array([1.0, 1.0, 6.0, 0.0])
    arrays, task = mixed_rows(4), task_of("quantile")
    alike, weighed = (fit_baseline("empirical", arrays, target, MIXED, task, each, seed=0) for each in (None, weights))
    np.testing.assert_array_equal(alike.predict(arrays)[0], np.quantile(target, task.quantiles, method="inverted_cdf"))
    assert weighed.predict(arrays)[0].tolist() == [1.0, 2.0, 5.0]


def test_every_baseline_of_quantiles_holds_its_share_of_the_training_rows():
    arrays, target, blocks = built_in(load_diabetes)
    for name, baseline in fit_baselines(arrays, target, blocks, task_of("quantile"), seed=0).items():
        below = (target[:, None] <= baseline.predict(arrays)).mean(axis=0)
        assert np.abs(below - [0.1, 0.5, 0.9]).max() < 0.12, name
        assert (np.diff(baseline.predict(arrays), axis=1) >= 0).all()


def test_a_baseline_of_several_targets_is_that_of_each():
    arrays, target, blocks = built_in(load_diabetes)
    both = np.stack([target, target**2], axis=1)
    several = fit_baselines(arrays, both, blocks, replace(task_of("multitarget"), targets=("a", "b")), seed=0)
    for name in ("mean", "linear"):
        each = [fit_baselines(arrays, own, blocks, task_of("regression"), seed=0)[name] for own in both.T]
        expected = np.stack([one.predict(arrays) for one in each], axis=1)
        np.testing.assert_allclose(several[name].predict(arrays), expected)


def test_a_baseline_of_labels_is_that_of_two_classes_for_each():
    arrays, target, blocks = built_in(load_wine)
    both = np.stack([target == 0, target == 1], axis=1).astype(int)
    task = replace(task_of("multilabel"), classes=("a", "b"))
    fitted = fit_baselines(arrays, both, blocks, task, seed=0)
    for name in ("linear", "boosted_trees"):
        alone = [fit_baselines(arrays, own, blocks, task_of("binary"), seed=0)[name] for own in both.T]
        expected = np.stack([one.predict(arrays)[:, 1] for one in alone], axis=1)
        np.testing.assert_allclose(fitted[name].predict(arrays), expected, atol=1e-6)
    np.testing.assert_allclose(fitted["shares"].predict(arrays)[0], both.mean(axis=0))
