"""Model cards tell what is known, and nothing else."""

from __future__ import annotations

import pytest

from automl.export.card import Parity, model_card
from automl.task import Column, Task

TASK = Task("binary", "won", (Column("a|b", "numeric"), Column("job", "category")), ("no", "yes"), "accuracy")
PARITY = Parity(120, 1.0, 3e-7)
FULL = {
    "study": "games",
    "trial": 7,
    "family": "mlp",
    "parameters": 321,
    "config": {"optimizer.adamw.lr": 0.001},
    "seed": 0,
    "data": {"name": "games.csv", "sha256": "abc", "rows": {"train": 60, "validation": 20, "test": 20}},
    "validation": 0.81,
    "test": {"value": 0.7912, "ci_low": 0.75, "ci_high": 0.83, "rows": 20},
    "baselines": {"majority": {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6}},
    "verdicts": ["The model beats majority beyond chance."],
    "seal_broken": ["curiosity"],
    "findings": [{"kind": "constant", "column": "c", "sentence": "column 'c' is 1\nin every row: left out"}],
}


def card(provenance=FULL, task=TASK, parity=PARITY):
    return model_card(task, provenance, parity, {"python": "3.11.7"})


@pytest.mark.parametrize(
    "line",
    [
        "# won: binary model",
        "Predicts which class of `won` a row belongs to: `no`, `yes`.",
        "It was chosen by its accuracy over validation rows in study `games`, trial 7.",
        "| this model | validation (chose the model) | 0.81 |",
        "| this model | test (sealed) | 0.7912 [0.75, 0.83], 20 rows |",
        "| baseline: majority | test (sealed) | 0.5 [0.4, 0.6] |",
        "The model beats majority beyond chance.",
        "The seal of the test rows was broken: curiosity",
        "python predict.py rows.csv predictions.csv",
        "| `a\\|b` | numeric | number (ONNX: double, NaN where missing) |",
        "| SHA-256 of the data | `abc` |",
        "| validation rows | `20` |",
        "| optimizer.adamw.lr | `0.001` |",
        "- column 'c' is 1 in every row: left out",
        "| python | 3.11.7 |",
    ],
)
def test_the_card_tells(line):
    assert line in card().splitlines()


def test_a_card_without_provenance_has_no_numbers():
    assert "## How well" not in card({}) and "## Where it comes from" not in card({}) and "None" not in card({})


def test_a_model_that_was_not_judged_says_so():
    assert "This model was not judged on test rows" in card({**FULL, "test": None})


def test_a_regression_card_speaks_of_numbers():
    task = Task("regression", "price", TASK.columns, (), "rmse")
    assert "Predicts the number `price` of a row" in card(task=task) and "rmse, lower is better" in card(task=task)


def test_a_model_that_was_not_compared_says_so():
    assert "Not compared with the network itself: no rows were given." in card(parity=Parity(0, 1.0, 0.0))
