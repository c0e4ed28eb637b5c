"""Folds: every row is validated on once, classes stay in proportion, groups whole, the past before the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.folds import check_folds, fold_rows, with_later
from automl.data.roles import NO_ROLES, Roles
from automl.errors import SplitError


def table(n_rows=103, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.choice(["a", "b"], n_rows, p=[0.8, 0.2]),
            "g": rng.integers(0, 25, n_rows).astype(str),
            "t": rng.integers(0, 40, n_rows),
        }
    )


def folds_of(rows, roles=NO_ROLES, count=5, seed=0):
    return fold_rows(rows, "y", roles, stratify=True, count=count, seed=seed)


@pytest.mark.parametrize("roles", [NO_ROLES, Roles(group="g")], ids=["rows", "groups"])
def test_every_row_is_validated_on_once_by_what_all_others_taught(roles):
    rows = table()
    folds = folds_of(rows, roles)
    assert sorted(np.concatenate([fold.validation for fold in folds])) == list(range(len(rows)))
    assert all(sorted([*fold.train, *fold.validation]) == list(range(len(rows))) for fold in folds)


def test_folds_differ_by_one_row_at_most_in_size_and_in_every_class():
    rows = table()
    folds = folds_of(rows)
    assert np.ptp([len(fold.validation) for fold in folds]) <= 1
    assert np.ptp([(rows["y"].iloc[fold.validation] == "b").sum() for fold in folds]) <= 1


def test_no_group_is_in_two_folds():
    rows = table()
    held = [set(rows["g"].iloc[fold.validation]) for fold in folds_of(rows, Roles(group="g"))]
    assert sum(map(len, held)) == len(set.union(*held))


def test_in_time_all_that_teaches_is_older():
    rows = table()
    folds = folds_of(rows, Roles(time="t"))
    assert len(folds) == 5
    for fold in folds:
        assert rows["t"].iloc[fold.train].max() < rows["t"].iloc[fold.validation].min()


def test_the_same_seed_gives_the_same_folds():
    first, again, other = (folds_of(table(), seed=seed)[0].validation.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_too_many_folds_are_refused():
    with pytest.raises(
        SplitError, match="every fold needs at least 10 training and 2 validation rows, but fold 9 of 12 has 19 and 1"
    ):
        folds_of(table(20), count=12)


def test_a_fold_in_which_the_metric_is_undefined_is_refused():
    rows = table()
    one_class = rows.assign(y=np.where(rows["t"] > 30, "b", "a"))
    folds = fold_rows(one_class, "y", Roles(time="t"), stratify=True, count=4, seed=0)
    with pytest.raises(SplitError, match="the training rows of fold 1 have one class only"):
        check_folds(one_class["y"].to_numpy(), folds, "accuracy", are_classes=True)
    with pytest.raises(SplitError, match="roc_auc is undefined in fold 1 of 4"):
        check_folds(one_class["y"].to_numpy(), folds, "roc_auc", are_classes=False)


def test_later_rows_are_learned_from_in_every_fold():
    for fold in folds_of(table(80)):
        later = with_later(fold, table(), 80, NO_ROLES)
        assert list(later.train) == [*fold.train, *range(80, 103)] and list(later.validation) == list(fold.validation)


def test_later_rows_of_a_group_that_validates_validate_too():
    rows, roles = table(), Roles(group="g")
    for fold in folds_of(rows.iloc[:80], roles):
        later = with_later(fold, rows, 80, roles)
        assert sorted([*later.train, *later.validation]) == list(range(103))
        assert len(later.validation) > len(fold.validation)
        assert not set(rows["g"].iloc[later.train]) & set(rows["g"].iloc[later.validation])


def test_in_time_later_rows_are_learned_from_and_no_older_one_validates():
    rows, roles = table().sort_values("t", ignore_index=True), Roles(time="t")
    for fold in folds_of(rows.iloc[:80], roles):
        later = with_later(fold, rows, 80, roles)
        assert list(later.train) == [*fold.train, *range(80, 103)] and len(later.validation) == 0
