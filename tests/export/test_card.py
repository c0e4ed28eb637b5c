"""Model cards tell what is known, and nothing else."""

from __future__ import annotations

import pytest

from automl.export.card import Parity, model_card
from automl.task import Block, Column, Task

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


PICTURES = Task("binary", "won", (Column("photo", "image"), Column("job", "category")), ("no", "yes"), "accuracy")


def test_what_the_model_loses_to_is_said_before_any_number():
    said = "The network loses to boosted trees beyond chance."
    scored = {"majority": {"value": 0.5}, "boosted_trees": {"value": 0.9}}
    text = card({**FULL, "shortfall": said, "baselines": scored})
    assert f"## How well\n\n**{said}**\n\nMetric: " in text
    assert "| baseline: boosted trees | test (sealed) | 0.9 |" in text


def picture_card(block):
    return model_card(PICTURES, {}, PARITY, {}, block)


@pytest.mark.parametrize(
    "line",
    [
        "pip install onnxruntime numpy pillow",
        "| `photo` | image | picture of any size, or its file's name (ONNX: uint8 of shape (N, 3, 32, 24), from 0 to "
        "255; every pixel (125, 123, 114) where missing) |",
        "| `job` | category | text (ONNX: string, empty where missing) |",
    ],
)
def test_a_card_of_pictures_tells(line):
    block = Block("image", (3, 32, 24), "uint8", mean=(125.3, 123.0, 113.9), std=(60.0, 60.0, 60.0))
    assert line in picture_card(block).splitlines()


@pytest.mark.parametrize(("channels", "word"), [(1, "grey"), (3, "red, green and blue")])
def test_a_card_of_pictures_says_what_becomes_of_them(channels, word):
    card = picture_card(Block("image", (channels, 32, 24), "uint8", mean=(1.0,) * channels))
    assert f"stretched to 32 rows of 24 pixels by Pillow's bilinear filter and made {word}; " in card


def test_a_card_of_a_table_does_not_speak_of_pictures():
    assert "pillow" not in card().lower() and "picture" not in card()
