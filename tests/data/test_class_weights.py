"""Class weights against scikit-learn's, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from automl.data.class_weights import class_weights, parse_class_weights
from automl.errors import PlanError, TargetError


def test_balanced_weights_are_scikit_learns():
    codes = np.random.default_rng(0).choice(4, 200, p=[0.6, 0.2, 0.15, 0.05])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=codes)
    assert class_weights("balanced", codes, tuple("abcd")) == pytest.approx(expected.tolist())


def test_balanced_classes_count_as_much_by_the_weights_of_their_rows():
    codes, weights = np.array([0, 0, 1, 1, 1]), np.array([1.0, 2.0, 0.5, 0.5, 4.0])
    own = np.array(class_weights("balanced", codes, ("a", "b"), weights))
    by_class = np.bincount(codes, weights * own[codes])
    assert by_class[0] == pytest.approx(by_class[1])
    assert by_class.sum() == pytest.approx(weights.sum())


def test_named_weights_keep_their_ratio_and_leave_the_mean_row_at_1():
    codes = np.array([0, 0, 0, 1])
    own = np.array(class_weights("yes=6,no=2", codes, ("no", "yes")))
    assert own[1] / own[0] == pytest.approx(3)
    assert own[codes].mean() == pytest.approx(1)


@pytest.mark.parametrize("asked", ["none"])
def test_no_weights_are_none(asked):
    assert class_weights(asked, np.array([0, 1]), ("a", "b")) == ()


def test_a_class_without_a_training_row_changes_nothing():
    assert class_weights("balanced", np.array([0, 0, 1]), ("a", "b", "c"))[:2] == pytest.approx((0.75, 1.5))


def test_an_unknown_class_is_refused():
    with pytest.raises(TargetError, match=r"unknown class 'yess'; did you mean 'yes'\?"):
        class_weights("yess=2", np.array([0, 1]), ("no", "yes"))


@pytest.mark.parametrize("text", ["yes", "yes=", "=2", "yes=0", "yes=-1", "yes=nan", "yes=1,yes=2", "", "yes=1,"])
def test_what_says_no_weights_is_refused(text):
    with pytest.raises(PlanError, match="--class-weight must be balanced, none, or CLASS=W"):
        parse_class_weights(text)


def test_a_class_may_have_a_sign_in_its_name():
    assert parse_class_weights("a=b=2") == {"a=b": 2.0}
