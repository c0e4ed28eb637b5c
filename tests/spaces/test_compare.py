"""In what two spaces differ."""

from __future__ import annotations

import json

import pytest

from automl.spaces.compare import differences, different_starts
from automl.spaces.read import read_space, read_space_text
from automl.spaces.space import Space

TEXT = """name: one
space:
  family: {choice: {mlp: {layers: {int: [1, 6], default: 3}}, linear: }, default: mlp}
  lr: {float: [1e-4, 0.1], log: true, default: 0.01}
  epochs: 100
starts: [{lr: 0.05}, {family: linear}]
"""


def space(text: str = TEXT) -> Space:
    return read_space_text(text, "one.yaml")


def changes(before: str, after: str) -> list[tuple[object, ...]]:
    """What differs once a piece of the file is another."""
    assert before in TEXT
    return [tuple(each.values()) for each in differences(space(), space(TEXT.replace(before, after)))]


def test_a_space_does_not_differ_from_itself() -> None:
    assert differences(space(), space()) == []
    assert different_starts(space(), space()) == {"only_a": [], "only_b": []}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("int: [1, 6]", "int: [1, 9]", ("family.mlp.layers", "range", "int 1 to 6", "int 1 to 9")),
        ("int: [1, 6]", "float: [1, 6]", ("family.mlp.layers", "range", "int 1 to 6", "float 1 to 6")),
        ("log: true, ", "", ("lr", "range", "float 0.0001 to 0.1, log", "float 0.0001 to 0.1")),
        ("default: 0.01", "default: 0.02", ("lr", "default", "0.01", "0.02")),
        ("epochs: 100", "epochs: 50", ("epochs", "range", "fixed 100", "fixed 50")),
        (
            "epochs: 100",
            "epochs: {fixed: 100, when: {family: mlp}}",
            ("epochs", "condition", "always", "family is mlp"),
        ),
        ("  epochs: 100\n", "", ("epochs", "only in A", "fixed 100", None)),
        ("epochs: 100", "epochs: 100\n  seed: 1", ("seed", "only in B", None, "fixed 1")),
    ],
)
def test_a_change_is_told(before: str, after: str, change: tuple[object, ...]) -> None:
    assert changes(before, after) == [change]


def test_a_range_and_its_default_are_two_changes() -> None:
    assert [each[1] for each in changes("{int: [1, 6], default: 3}", "{int: [4, 9], default: 5}")] == [
        "range",
        "default",
    ]


def test_a_range_that_became_fixed_is_one_change() -> None:
    assert changes("{int: [1, 6], default: 3}", "2") == [("family.mlp.layers", "range", "int 1 to 6", "fixed 2")]


def test_an_option_that_is_gone_takes_its_parameters_along() -> None:
    assert [each[:2] for each in changes("mlp: {layers: {int: [1, 6], default: 3}}", "mlp: ")] == [
        ("family.mlp.layers", "only in A")
    ]


def test_the_order_is_that_of_the_first_space() -> None:
    names = [each["name"] for each in differences(read_space("tabular"), read_space("cnn"))]
    ranks = {each.name: place for place, each in enumerate(read_space("tabular").parameters_flat())}
    known = [ranks[name] for name in names if name in ranks]
    assert known == sorted(known) and not set(names[: len(known)]) - set(ranks)


def test_starts_of_one_alone_are_given_by_what_they_change_of_the_default() -> None:
    other = space(TEXT.replace("{lr: 0.05}", "{lr: 0.06}"))
    assert different_starts(space(), other) == {"only_a": [{"lr": 0.05}], "only_b": [{"lr": 0.06}]}


def test_starts_do_not_differ_by_what_they_leave_to_the_default() -> None:
    other = space(TEXT.replace("epochs: 100", "epochs: 50").replace("default: 0.01", "default: 0.02"))
    assert different_starts(space(), other) == {"only_a": [], "only_b": []}


def test_differences_are_plain_json() -> None:
    found = differences(read_space("tabular"), read_space("mlp"))
    assert json.loads(json.dumps(found)) == found
