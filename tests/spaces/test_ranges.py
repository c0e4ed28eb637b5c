"""Every sentence about a range of numbers."""

from __future__ import annotations

from typing import Any

import pytest

from automl.spaces.ranges import read_numbers
from automl.spaces.yaml12 import load


def sentences(text: str) -> list[str]:
    """What is wrong with a node, which is then no range."""
    mistakes: list[str] = []
    node: Any = load(text, mistakes)
    assert read_numbers(next(iter(node)), node, mistakes.append) is None
    return mistakes


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ("{float: [0, 1], log: true, default: 1}", "low must be positive when log is set, got 0"),
        ("{int: [-1, 1], log: true, default: 1}", "low must be positive when log is set, got -1"),
        ("{float: [1, 0], default: 1}", "low must be below high, got 1 and 0"),
        ("{float: [1, 1], default: 1}", "low must be below high, got 1 and 1"),
        ("{float: [no, 1], default: 1}", "low must be a finite number, got 'no'"),
        ("{float: [0, .inf], default: 1}", "high must be a finite number, got inf"),
        ("{float: [0, true], default: 1}", "high must be a finite number, got true"),
        ("{int: [0.5, 1], default: 1}", "low must be a whole number, got 0.5"),
        ("{float: 3, default: 1}", "float must be [low, high], got 3"),
        ("{int: [1, 2, 3], default: 1}", "int must be [low, high], got [1, 2, 3]"),
        ("{float: [0, 1]}", "a default is missing"),
        ("{float: [0, 1], default: 2}", "default must be between 0 and 1, got 2"),
        ("{float: [0, 1], default: .nan}", "default must be between 0 and 1, got nan"),
        ("{float: [0, 1], default: }", "default must be a number, got null"),
        ("{float: [1, 2], zero: true, default: 0.5}", "default must be 0 or between 1 and 2, got 0.5"),
        ("{int: [1, 7], step: 2, default: 2}", "default must be between 1 and 7 in steps of 2, got 2"),
        ("{int: [1, 6], default: 2.5}", "default must be a whole number, got 2.5"),
        ("{float: [0, 1], zero: true, default: 0}", "zero is for ranges without 0, got 0 to 1"),
        ("{float: [0, 1], log: yes, default: 0}", "log must be true or false, got 'yes'"),
        ("{float: [1, 2], zero: 1, default: 1}", "zero must be true or false, got 1"),
        ("{float: [0, 1], step: 0, default: 0}", "step must be a number above 0, got 0"),
        ("{float: [0, 1], step: a, default: 0}", "step must be a number above 0, got 'a'"),
        ("{int: [0, 1], step: 0.5, default: 0}", "step must be a whole number above 0, got 0.5"),
        ("{float: [0, 1], step: 0.3, default: 0}", "high must be low plus a whole number of steps of 0.3, got 0 to 1"),
    ],
)
def test_a_mistaken_range_is_refused_with_its_sentence(node: str, sentence: str) -> None:
    assert sentences(node) == [sentence]


def test_all_mistakes_of_a_range_are_told() -> None:
    assert sentences("{float: [0, 1], log: maybe, zero: true, step: -1}") == [
        "log must be true or false, got 'maybe'",
        "zero is for ranges without 0, got 0 to 1",
        "step must be a number above 0, got -1",
        "a default is missing",
    ]
