"""The order of classes: of numbers their own, of texts the one that is given."""

from __future__ import annotations

import pytest

from automl.data.order import in_order
from automl.errors import TargetError

LABELS = ("high", "low", "medium")


def test_texts_are_in_the_order_that_is_given():
    assert in_order(LABELS, ("low", "medium", "high"), "risk") == ("low", "medium", "high")


def test_numbers_are_in_their_own_order_unless_another_is_given():
    assert in_order((3, 4, 10), (), "grade") == (3, 4, 10)
    assert in_order((3, 4, 10), ("10", "4", "3"), "grade") == (10, 4, 3)


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ((), "the classes of 'risk' are texts: say their order with --order, such as high,low,medium"),
        (("low", "high"), "--order must name every class of 'risk', from the least to the greatest; it lacks medium"),
        (("low", "medum", "high"), "--order: unknown class 'medum'; did you mean 'medium'[?] Known: high, low, medium"),
    ],
)
def test_an_order_that_is_none_is_refused(order, sentence):
    with pytest.raises(TargetError, match=f"^{sentence}$"):
        in_order(LABELS, order, "risk")
