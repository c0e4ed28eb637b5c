"""Positions of the three parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.parts import Parts, assign_by_column, sample, split_rows
from automl.errors import SplitError


def counts(target: pd.Series, positions: np.ndarray) -> dict:
    return target.iloc[positions].value_counts().to_dict()


def draw(target, *, stratify=True, test=0.2, validation=0.2, seed=0) -> Parts:
    return split_rows(pd.Series(target), stratify=stratify, test=test, validation=validation, seed=seed)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 10, 101])
@pytest.mark.parametrize(("test", "validation"), [(0.2, 0.2), (0.0, 0.3), (0.3, 0.0), (0.0, 0.0), (0.5, 0.49)])
def test_every_row_is_in_exactly_one_part(stratify, n_rows, test, validation):
    parts = draw(np.arange(n_rows) % 3, stratify=stratify, test=test, validation=validation)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together.tolist()) == list(range(n_rows))
    assert all((np.diff(part) > 0).all() for part in (parts.train, parts.validation, parts.test))


def test_every_class_gives_its_share():
    target = pd.Series(["a"] * 50 + ["b"] * 30 + ["c"] * 20)
    parts = draw(target)
    assert counts(target, parts.test) == counts(target, parts.validation) == {"a": 10, "b": 6, "c": 4}


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_exact_to_a_row_and_their_sum_is_exact(seed):
    target = pd.Series(np.random.default_rng(seed).choice(5, 503, p=[0.5, 0.2, 0.15, 0.1, 0.05]))
    parts = draw(target, seed=seed)
    for positions in (parts.test, parts.validation):
        assert len(positions) == round(503 * 0.2)
        for label, count in target.value_counts().items():
            assert abs(counts(target, positions)[label] - count * 0.2) < 1


def test_a_class_of_three_rows_is_in_every_part():
    target = pd.Series(["a"] * 100 + ["b"] * 3)
    parts = draw(target)
    assert [counts(target, part).get("b") for part in (parts.train, parts.validation, parts.test)] == [1, 1, 1]


def test_a_class_of_three_rows_stays_in_training_beside_the_largest_fractions():
    target = pd.Series(["a"] * 100 + ["b"] * 3)
    parts = draw(target, test=0.5, validation=0.49)
    assert [counts(target, part).get("b") for part in (parts.train, parts.validation, parts.test)] == [1, 1, 1]


def test_a_class_too_small_for_every_part_is_for_training():
    target = pd.Series(["a"] * 100 + ["b"] * 2)
    assert counts(target, draw(target).train)["b"] == 2
    assert counts(target, draw(target, test=0.0).validation)["b"] == 1


def test_without_classes_the_sizes_are_the_fractions():
    parts = draw(np.linspace(0, 1, 101), stratify=False)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (61, 20, 20)


@pytest.mark.parametrize("stratify", [True, False])
def test_the_seed_decides_the_parts(stratify):
    target = np.arange(100) % 2
    first, again, other = (draw(target, stratify=stratify, seed=seed).test for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_sorted_rows_are_drawn_from_everywhere():
    parts = draw(["a"] * 500 + ["b"] * 500)
    assert 400 < np.mean(parts.test) < 600
    assert 100 < parts.test[parts.test < 500].mean() < 400


def test_a_column_names_the_parts_in_any_case_of_letters():
    parts = assign_by_column(pd.Series(["Train", "training", "VALID", "val", "dev", "validation", " test "]))
    assert (parts.train.tolist(), parts.validation.tolist(), parts.test.tolist()) == ([0, 1], [2, 3, 4, 5], [6])


def test_a_column_may_name_no_validation_rows():
    parts = assign_by_column(pd.Series(pd.Categorical(["train", "test"])))
    assert (parts.train.tolist(), parts.validation.tolist(), parts.test.tolist()) == ([0], [], [1])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "test", "tests", None], "split column 's': each value must be .*, got '.missing.', 'tests'"),
        ([0, 1, 1], "split column 's': each value must be train, validation or test, got '0', '1'"),
        (["train", "train"], "split column 's' must name training and test rows, got 2 x 'train'"),
        (["test", "val"], "split column 's' must name training and test rows, got 1 x 'test', 1 x 'val'"),
        ([], "split column 's' must name training and test rows, got no rows"),
    ],
)
def test_a_column_that_names_no_parts_is_refused(words, sentence):
    with pytest.raises(SplitError, match=sentence):
        assign_by_column(pd.Series(words, name="s"))


@pytest.mark.parametrize(("n_rows", "most", "n_drawn"), [(0, 5, 0), (5, 5, 5), (6, 5, 5), (5, 0, 0)])
def test_a_sample_is_of_different_rows_in_their_order(n_rows, most, n_drawn):
    drawn = sample(n_rows, most, np.random.default_rng(0)).tolist()
    assert len(drawn) == n_drawn and drawn == sorted(set(drawn)) and set(drawn) <= set(range(n_rows))
