"""Spaces as rows for people and programs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from automl.spaces.describe import describe, range_text, summary
from automl.spaces.read import read_space, read_space_text
from automl.spaces.space import Choice, Domain, Fixed, Float, Int, Space

TEXT = """
name: two
description: Two families
space:
  family: {choice: {mlp: {layers: {int: [1, 6], default: 3}}, linear: }, default: mlp}
  loss: {choice: [l1], default: l1}
  epochs: 100
starts: [{family: linear}]
"""


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Float(0.0, 1.0, default=0.0), "0 to 1"),
        (Float(1e-5, 0.1, default=0.0, log=True, zero=True), "0, or 1e-05 to 0.1, log"),
        (Float(0.0, 1.0, default=0.0, step=0.25), "0 to 1, step 0.25"),
        (Int(1, 7, default=1, step=2), "1 to 7, step 2"),
        (Choice((True, "a", 3), default="a"), "true, a, 3"),
        (Fixed(None), "null"),
    ],
)
def test_a_range_is_told_in_words(domain: Domain, text: str) -> None:
    assert range_text(domain) == text


def test_every_parameter_has_a_row_with_what_it_needs() -> None:
    rows = describe(read_space_text(TEXT, "two.yaml"))
    assert [row["name"] for row in rows] == ["family", "family.mlp.layers", "loss", "epochs"]
    assert rows[1] == {
        "name": "family.mlp.layers",
        "kind": "int",
        "range": "1 to 6",
        "default": 3,
        "condition": "family is mlp",
    }


def test_a_summary_parts_what_varies_from_what_does_not() -> None:
    seen = summary(read_space_text(TEXT, "two.yaml"))
    assert (seen["name"], seen["description"], seen["dimensions"], seen["starts"]) == ("two", "Two families", 2, 1)
    assert [row["name"] for row in seen["varies"]] == ["family", "family.mlp.layers"]
    assert [(row["name"], row["default"]) for row in seen["fixed"]] == [("loss", "l1"), ("epochs", 100)]


def test_an_empty_space_has_no_rows() -> None:
    assert summary(Space("none", "", ()))["varies"] == []


def test_a_summary_is_plain_json() -> None:
    seen = summary(read_space("tabular"))
    assert json.loads(json.dumps(seen)) == seen


def test_reading_and_describing_imports_nothing_heavier_than_yaml() -> None:
    code = """
import sys
from automl.spaces.describe import summary
from automl.spaces.read import read_space
summary(read_space("tabular"))
print(sorted({"numpy", "pandas", "torch", "optuna", "mlflow", "sklearn"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
