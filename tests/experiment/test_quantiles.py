"""Quantiles as a person writes them."""

from __future__ import annotations

import re

import pytest

from automl.errors import PlanError
from automl.experiment.quantiles import parse_quantiles


def test_quantiles_are_put_in_order():
    assert parse_quantiles(["0.9", " 0.05", "0.5"]) == (0.05, 0.5, 0.9)


@pytest.mark.parametrize("words", [[], [""], ["0"], ["1"], ["nan"], ["0.1", "0.1"], ["half"], ["-0.1", "0.5"]])
def test_what_is_no_quantile_is_refused(words):
    sentence = "--quantiles must be numbers above 0 and below 1, each once, such as 0.1,0.5,0.9, got "
    with pytest.raises(PlanError, match=f"^{re.escape(sentence + ','.join(words))}$"):
        parse_quantiles(words)
