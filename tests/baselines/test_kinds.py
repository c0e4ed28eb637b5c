"""The kinds of trees that may answer together with networks: when they stop, how they are grown again, their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.decomposition import PCA

from automl.baselines.estimators import Classes, Numbers
from automl.baselines.forests import N_TREES, fit_forest_of_classes, fit_forest_of_numbers
from automl.baselines.grown import as_arrays
from automl.baselines.kinds import LEAST, Allowance, grow
from automl.baselines.rotation import principal_axes
from automl.baselines.rows import Given
from automl.task import Block, Task
from automl.trial import TREES

CLASSES = Task("binary", "t", (), ("no", "yes"), "accuracy")
NUMBERS = Task("regression", "t", (), (), "rmse")


def halves(load):
    """Half of a table that scikit-learn ships to learn from, half to stop by; the blocks that they are."""
    data = load()
    X, target = data.data.astype(np.float32), data.target
    order = np.random.default_rng(0).permutation(len(X))
    parts = np.array_split(order, 2)
    return *(Given({"numeric": X[part]}, target[part]) for part in parts), (Block("numeric", (X.shape[1],), "float32"),)


def answers(made, asked):
    return made.fitted.predict((made.rotation.beside(asked) if made.rotation else asked).arrays)


@pytest.mark.parametrize("kind", TREES.values())
@pytest.mark.parametrize(("load", "task"), [(load_breast_cancer, CLASSES), (load_diabetes, NUMBERS)])
def test_every_kind_learns_and_comes_out_the_same_again(kind, load, task):
    given, held, blocks = halves(load)
    one, other = (answers(grow(kind, given, blocks, task, held=held), held) for _ in range(2))
    assert np.array_equal(one, other)
    if task.classes:
        assert (one.argmax(axis=1) == held.target).mean() > 0.9
    else:
        assert np.mean((one - held.target) ** 2) < 0.75 * held.target.var()


@pytest.mark.parametrize(
    "kind", ["slowly_boosted_trees", "shallow_boosted_trees", "rotated_boosted_trees", "slanted_boosted_trees"]
)
def test_boosted_trees_stop_by_the_rows_that_are_held_and_as_soon_again(kind):
    given, held, blocks = halves(load_diabetes)
    grown = grow(kind, given, blocks, NUMBERS, held=held)
    model = grown.fitted.model.steps[-1][1]
    assert 40 < model.n_iter_ < 1000 and model._raw_predict is not None
    again = grow(kind, given, blocks, NUMBERS, repeat=grown.repeat)
    assert grown.repeat == again.repeat == {"iterations": model.n_iter_, "step": model.learning_rate}
    assert np.array_equal(answers(again, held), answers(grown, held))


def test_classes_that_are_held_and_never_learned_say_nothing():
    given, held, blocks = halves(load_breast_cancer)
    strange = Given(held.arrays, np.where(np.arange(len(held.target)) < 9, 2, held.target))
    three = Task("multiclass", "t", (), ("a", "b", "c"), "accuracy")
    found = grow("slowly_boosted_trees", given, blocks, three, held=strange).fitted
    assert isinstance(found, Classes) and (found.predict(held.arrays)[:, 2] == 0).all()


def test_the_baselines_kind_does_not_stop_by_them():
    given, held, blocks = halves(load_diabetes)
    one, other = (grow("boosted_trees", given, blocks, NUMBERS, held=each).fitted for each in (held, None))
    assert isinstance(one, Numbers) and np.array_equal(one.predict(held.arrays), other.predict(held.arrays))


def test_one_class_has_no_trees():
    given, held, blocks = halves(load_breast_cancer)
    same = Given(given.arrays, np.zeros_like(given.target))
    assert all(grow(kind, same, blocks, CLASSES, held=held) is None for kind in TREES.values())


def test_the_leaves_of_a_forest_of_many_rows_and_classes_are_larger():
    draw = np.random.default_rng(0)
    blocks, X = (Block("numeric", (3,), "float32"),), {"numeric": draw.normal(size=(20_000, 3)).astype(np.float32)}
    numbers = fit_forest_of_numbers("extra_trees", Given(X, draw.normal(size=20_000)), blocks, NUMBERS, 0)
    ten = Task("multiclass", "t", (), tuple(range(10)), "accuracy")
    classes = fit_forest_of_classes("random_forest", Given(X, draw.integers(0, 10, 20_000)), blocks, ten, 0)
    for fitted, least in ((numbers, 3), (classes, 7)):
        model = fitted.model.steps[-1][1]
        assert model.min_samples_leaf == least and len(model.estimators_) == N_TREES
        assert as_arrays(fitted)["value"].nbytes < 40_000_000


def test_a_forest_of_very_many_columns_learns_from_fewer_rows():
    draw = np.random.default_rng(0)
    X = {"numeric": draw.normal(size=(3000, 600)).astype(np.float32)}
    blocks = (Block("numeric", (600,), "float32"),)
    fitted = fit_forest_of_numbers("extra_trees", Given(X, X["numeric"][:, 0].astype(float)), blocks, NUMBERS, 0)
    assert fitted.model.steps[-1][1].estimators_[0].tree_.n_node_samples[0] == 1000


def test_components_are_those_of_scikit_learn_and_the_same_on_other_rows():
    given, *_ = halves(load_diabetes)
    standardised = (given.arrays["numeric"] - given.arrays["numeric"].mean(0)) / given.arrays["numeric"].std(0)
    rotation = principal_axes({"numeric": standardised})
    theirs = PCA(10, svd_solver="full").fit(np.clip(standardised, -5, 5))
    found = rotation.beside(Given({"numeric": standardised}, given.target)).arrays["components"]
    expected = theirs.transform(np.clip(standardised, -5, 5))
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)
    some = rotation.beside(Given({"numeric": standardised[:7]}, given.target[:7])).arrays["components"]
    assert np.array_equal(some, found[:7])


def test_diagonals_are_of_the_numbers_that_matter_and_the_trees_see_them():
    draw = np.random.default_rng(0)
    numeric, codes = draw.normal(size=(600, 10)).astype(np.float32), draw.integers(1, 4, (600, 2)).astype(np.int32)
    target = np.sign(numeric[:, 2] - numeric[:, 7]) + 0.1 * (codes[:, 0] == 2)
    blocks = (Block("codes", (2,), "int32", cardinalities=(4, 4)), Block("numeric", (10,), "float32"))
    given, held = (
        Given({"codes": codes[part], "numeric": numeric[part]}, target[part])
        for part in (slice(0, 400), slice(400, None))
    )
    slanted, plain = (
        grow(kind, given, blocks, NUMBERS, held=held) for kind in ("slanted_boosted_trees", "slowly_boosted_trees")
    )
    assert {*np.flatnonzero(slanted.rotation.axes[:, 0])} == {*np.flatnonzero(slanted.rotation.axes[:, 1])} == {2, 7}
    assert slanted.rotation.axes.shape == (10, 56)
    errors = [np.mean((answers(made, held) - held.target) ** 2) for made in (slanted, plain)]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("kind", ["rotated_boosted_trees", "slanted_boosted_trees"])
def test_where_there_are_not_two_numbers_nothing_is_seen_from_other_sides(kind):
    rows = Given({"numeric": np.zeros((40, 1), dtype=np.float32)}, np.arange(40.0))
    assert grow(kind, rows, (Block("numeric", (1,), "float32"),), NUMBERS, held=rows) is None
    codes = Given({"codes": np.ones((40, 1), dtype=np.int32)}, np.arange(40.0))
    assert grow(kind, codes, (Block("codes", (1,), "int32", cardinalities=(2,)),), NUMBERS, held=codes) is None


@pytest.mark.parametrize("kind", ["slanted_boosted_trees", "boosted_trees"])
def test_trees_that_may_take_longer_have_smaller_steps_but_the_baselines_never(kind):
    draw = np.random.default_rng(0)
    numeric = draw.normal(size=(30_000, 12)).astype(np.float32)
    target = (np.sin(3 * numeric[:, 0]) * numeric[:, 1] > 0).astype(np.int64)
    blocks, given = (Block("numeric", (12,), "float32"),), Given({"numeric": numeric}, target)
    held, given = given.of(np.arange(400)), given.of(np.arange(10_000, 30_000))
    short, long = (
        grow(kind, given, blocks, CLASSES, held=held, allowance=each) for each in (LEAST, Allowance(work=4.0))
    )
    steps = [each.fitted.model.steps[-1][1].learning_rate for each in (short, long)]
    assert steps[0] == steps[1] if kind == "boosted_trees" else steps[0] > steps[1]
