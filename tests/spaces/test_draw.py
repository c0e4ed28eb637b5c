"""Configs drawn at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.spaces.draw import draw
from automl.spaces.read import read_space, read_space_text
from automl.spaces.shipped import shipped_spaces


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_what_is_drawn_is_a_config_of_the_space(path: Path) -> None:
    space = read_space(path)
    for seed in range(50):
        config = draw(space, seed)
        assert space.complete(config) == config


def test_the_same_seed_draws_the_same() -> None:
    space = read_space("tabular")
    assert draw(space, 7) == draw(space, 7)
    assert draw(space, 7) != draw(space, 8)


def drawn(node: str) -> set[object]:
    space = read_space_text(f"{{name: x, space: {{p: {node}}}}}", "x.yaml")
    return {draw(space, seed)["p"] for seed in range(200)}


@pytest.mark.parametrize(
    ("node", "values"),
    [
        ("3", {3}),
        ("{choice: [a, b], default: a}", {"a", "b"}),
        ("{int: [1, 3], default: 1}", {1, 2, 3}),
        ("{int: [1, 3], log: true, default: 1}", {1, 2, 3}),
        ("{int: [2, 6], step: 2, zero: true, default: 2}", {0, 2, 4, 6}),
        ("{float: [0.5, 1.5], step: 0.5, default: 1}", {0.5, 1.0, 1.5}),
    ],
)
def test_every_value_of_a_discrete_range_is_drawn(node: str, values: set[object]) -> None:
    assert drawn(node) == values


def test_a_range_is_drawn_over_its_whole_and_by_its_scale() -> None:
    plain, log = drawn("{float: [0, 100], default: 1}"), drawn("{float: [1e-4, 100], log: true, default: 1}")
    assert min(plain) < 5 and max(plain) > 95 and sum(value < 50 for value in plain) in range(70, 130)
    assert min(log) < 5e-4 and max(log) > 20 and sum(value < 0.1 for value in log) in range(70, 130)
