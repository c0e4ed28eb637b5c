"""Reads the ranges of numbers in a space file: `{float: [1e-4, 0.1], log: true, default: 1e-3}`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

from automl.spaces.conditions import is_number, shown, word
from automl.spaces.domains import Float, Int, on_grid, whole_number

Ends = tuple[float, float]
Say = Callable[[str], None]
"""Takes one sentence about one mistake."""


def read_numbers(kind: str, node: Mapping[object, object], wrong: Say) -> Float | Int | None:
    """Read a range, or None where anything about it is wrong.

    Args:
        kind: `float` or `int`, a key of the node.
        node: That key with `default` and, if wanted, `log`, `step` and `zero`.
        wrong: Is told of every mistake.

    Examples:
        >>> read_numbers("int", {"int": [1, 6], "default": 3}, print)
        Int(low=1, high=6, default=3, log=False, step=1, zero=False)
        >>> read_numbers("int", {"int": [6, 1], "default": 3}, print)
        low must be below high, got 6 and 1
    """
    mistakes: list[str] = []
    ends = _ends(kind, node[kind], mistakes)
    for key in ("log", "zero"):
        if not isinstance(node.get(key, False), bool):
            mistakes.append(f"{key} must be true or false, got {shown(node[key])}")
    if ends is not None:
        _check_ends(node, ends, mistakes)
        _check_step(kind, node, ends, mistakes)
    if "default" not in node:
        mistakes.append("a default is missing")
    for mistake in mistakes:
        wrong(mistake)
    return None if ends is None or mistakes else _build(kind, node, ends, wrong)


def _ends(kind: str, node: object, mistakes: list[str]) -> Ends | None:
    if not isinstance(node, list) or len(node) != 2:
        mistakes.append(f"{kind} must be [low, high], got {shown(node)}")
        return None
    for name, value in zip(("low", "high"), node, strict=True):
        if kind == "int" and whole_number(value) is None:
            mistakes.append(f"{name} must be a whole number, got {shown(value)}")
            return None
        if not is_number(value) or not math.isfinite(value):
            mistakes.append(f"{name} must be a finite number, got {shown(value)}")
            return None
    low, high = node
    if low >= high:
        mistakes.append(f"low must be below high, got {word(low)} and {word(high)}")
        return None
    return low, high


def _check_ends(node: Mapping[object, object], ends: Ends, mistakes: list[str]) -> None:
    low, high = ends
    if node.get("log") is True and low <= 0:
        mistakes.append(f"low must be positive when log is set, got {word(low)}")
    elif node.get("zero") is True and low <= 0 <= high:
        mistakes.append(f"zero is for ranges without 0, got {word(low)} to {word(high)}")


def _check_step(kind: str, node: Mapping[object, object], ends: Ends, mistakes: list[str]) -> None:
    if "step" not in node:
        return
    step, (low, high) = node["step"], ends
    fits = whole_number(step) is not None if kind == "int" else is_number(step)
    if not fits or not 0 < cast(float, step) < math.inf:
        what = "a whole number above 0" if kind == "int" else "a number above 0"
        mistakes.append(f"step must be {what}, got {shown(step)}")
    elif node.get("log") is True:
        mistakes.append("log and step cannot both be set")
    elif not on_grid(high - low, cast(float, step)):
        mistakes.append(
            f"high must be low plus a whole number of steps of {word(step)}, got {word(low)} to {word(high)}"
        )


def _build(kind: str, node: Mapping[object, object], ends: Ends, wrong: Say) -> Float | Int | None:
    """Build the range once without its default, to check the default by it."""
    low, high = ends
    log, zero = node.get("log") is True, node.get("zero") is True
    step = cast("float | None", node.get("step"))
    try:
        if kind == "int":
            whole = Int(int(low), int(high), int(low), log=log, step=int(step or 1), zero=zero)
            return Int(whole.low, whole.high, whole.read(node["default"]), log=log, step=whole.step, zero=zero)
        real = Float(float(low), float(high), float(low), log=log, step=step, zero=zero)
        return Float(real.low, real.high, real.read(node["default"]), log=log, step=step, zero=zero)
    except ValueError as error:
        wrong(f"default {error}")
        return None
