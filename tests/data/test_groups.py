"""Groups stay whole, and parts are near the size and the classes that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.groups import divide_groups
from automl.errors import SplitError

SHARES = [0.6, 0.2, 0.2]


def drawn(seed, n_rows=1000, n_groups=60):
    rng = np.random.default_rng(seed)
    groups = rng.choice(n_groups, n_rows, p=rng.dirichlet(np.ones(n_groups)))
    return groups, (rng.random(n_rows) < 0.2 + 0.1 * (groups % 2)).astype(int)


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_in_two_parts(seed):
    groups, labels = drawn(seed)
    part = divide_groups(groups, labels, SHARES, seed, "g")
    assert all(len(set(part[groups == group])) == 1 for group in set(groups))


@pytest.mark.parametrize("seed", range(5))
def test_sizes_and_classes_are_near_what_was_asked(seed):
    groups, labels = drawn(seed)
    part = divide_groups(groups, labels, SHARES, seed, "g")
    np.testing.assert_allclose(np.bincount(part) / len(part), SHARES, atol=0.03)
    for number in range(3):
        assert labels[part == number].mean() == pytest.approx(labels.mean(), abs=0.04)


def test_without_classes_sizes_are_near_what_was_asked():
    groups, _ = drawn(0)
    np.testing.assert_allclose(np.bincount(divide_groups(groups, None, SHARES, 0, "g")) / 1000, SHARES, atol=0.03)


def test_as_many_groups_as_parts_are_one_each():
    part = divide_groups(np.repeat(["a", "b", "c"], [90, 5, 5]), None, SHARES, 0, "g")
    assert sorted(np.bincount(part).tolist()) == [5, 5, 90]


def test_the_same_seed_draws_alike_and_another_otherwise():
    groups, labels = drawn(1)
    first, again, other = (divide_groups(groups, labels, SHARES, seed, "g") for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_too_few_groups_are_refused():
    with pytest.raises(SplitError, match="the group column 'g' must have at least 3 groups, one a part, got 2"):
        divide_groups(np.array([1, 1, 2]), None, SHARES, 0, "g")
