"""Limits: what a network may be at most, told before it is made."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from automl.errors import PlanError
from automl.experiment.limits import Limits, milliseconds, parse_size
from automl.models.cost import LayerCost

LAYERS = (LayerCost("a", (100,), 1_000, 50_000), LayerCost("b", (10,), 500, 500))


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (Limits(), ""),
        (Limits(parameters=1_500), ""),
        (Limits(parameters=1_499), "its parameters would be 1500, and the limit is 1499"),
        (Limits(bytes=1e5), ""),
        (Limits(bytes=2e4), r"its memory would be 5e\+04 bytes, and the limit is 2e\+04 bytes"),
        (Limits(milliseconds=1), ""),
        (Limits(milliseconds=0.01), "its latency would be 0.0301 ms, and the limit is 0.01 ms"),
    ],
)
def test_a_network_that_passes_a_limit_is_told(limits, sentence):
    assert re.fullmatch(sentence, limits.passed_by(LAYERS, n_bytes=5e4))


def test_a_row_takes_longer_in_a_deeper_network():
    assert milliseconds(LAYERS) > milliseconds(LAYERS[:1]) > 0


def test_a_row_takes_as_long_as_it_passes_often():
    twice = [replace(layer, passes=2) for layer in LAYERS]
    assert milliseconds(twice) == pytest.approx(2 * milliseconds(LAYERS))


@pytest.mark.parametrize(("text", "size"), [("500MB", 5e8), ("1.5 gb", 1.5e9), ("1KB", 1e3)])
def test_a_size_is_a_number_and_a_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "5", "MB", "-1MB", "0GB", "5TB"])
def test_another_text_is_no_size(text):
    with pytest.raises(PlanError, match=f"^a size is a number and a unit such as 500MB or 2GB, got '{text}'$"):
        parse_size(text)
