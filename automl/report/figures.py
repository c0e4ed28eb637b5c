"""Numbers, durations and tables as plain Markdown text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from automl.budget import Budget

_NOTHING = "–"
_BARS = "▁▂▃▄▅▆▇█"


def figure(value: Any, like: float | None = None) -> str:
    """Write a value with four digits that count.

    Args:
        value: A number, a word, or None.
        like: A number whose decimals to use, so that the ends of an interval match its middle.

    Examples:
        >>> figure(0.87), figure(45123.46), figure(0.00012), figure(True), figure(None), figure(300)
        ('0.8700', '45123', '0.0001200', 'true', '–', '300')
    """
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "undefined"
    size = abs(value if like is None else like)
    if value and (size >= 1e15 or abs(value) < 1e-6):
        return f"{value:.3e}"
    decimals = 3 if size == 0 else min(max(3 - math.floor(math.log10(size)), 0), 10)
    return f"{value:.{decimals}f}"


def setting(value: Any) -> str:
    """Write a value of a config; a number to four digits, without the zeros after them.

    Examples:
        >>> setting(0.001), setting(0.00123456), setting(512), setting(True), setting(None)
        ('0.001', '0.001235', '512', 'true', 'none')
    """
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else figure(value)


def spoken(name: str) -> str:
    """Write a baseline's name as it is said.

    Examples:
        >>> spoken("boosted_trees"), spoken("linear")
        ('boosted trees', 'linear')
    """
    return name.replace("_", " ")


def interval(ends: Mapping[str, float | None], like: float | None = None) -> str:
    """Write both ends of an interval, with the decimals of the value they belong to, or of another.

    Examples:
        >>> interval({"value": 0.8712, "ci_low": 0.866, "ci_high": 0.87638})
        '[0.8660, 0.8764]'
    """
    if ends["ci_low"] is None or ends["ci_high"] is None:
        return _NOTHING
    low, high = (figure(ends[end], ends["value"] if like is None else like) for end in ("ci_low", "ci_high"))
    return f"[{low}, {high}]"


def duration(seconds: float | None) -> str:
    """Write a duration.

    Examples:
        >>> duration(0.84), duration(75.0), duration(7384), duration(None)
        ('0.8 s', '1 min 15 s', '2 h 3 min', '–')
    """
    if seconds is None:
        return _NOTHING
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: float) -> str:
    """Write a size of memory or of a disk.

    Examples:
        >>> size(16.8e9), size(950e6), size(2.5e12)
        ('16.8 GB', '950 MB', '2500 GB')
    """
    if n_bytes < 1e9:
        return f"{n_bytes / 1e6:.0f} MB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes < 100e9 else f"{n_bytes / 1e9:.0f} GB"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw finite numbers as a row of bars, the smallest lowest; of many, each bar shows the last of its share.

    Args:
        values: The numbers, in order.
        width: How many bars at most.

    Examples:
        >>> sparkline([1, 2, 3, 4], 10), sparkline(range(100), 8), sparkline([5, 5], 10), sparkline([1], 0)
        ('▁▃▆█', '▁▂▃▄▅▆▇█', '▄▄', '')
    """
    n_bars = min(len(values), max(width, 0))
    shown = [values[(bar + 1) * len(values) // n_bars - 1] for bar in range(n_bars)]
    if not shown:
        return ""
    low, spread = min(shown), max(shown) - min(shown)
    if not spread:
        return _BARS[3] * n_bars
    return "".join(_BARS[round((value - low) / spread * (len(_BARS) - 1))] for value in shown)


def allowance(budget: Budget) -> str:
    """Write a budget.

    Examples:
        >>> allowance(Budget(30, 150.0)), allowance(Budget(trials=1)), allowance(Budget())
        ('30 trials, 2 min 30 s', '1 trial', 'without limit')
    """
    trials = [] if budget.trials is None else [counted(budget.trials, "trial")]
    seconds = [] if budget.seconds is None else [duration(budget.seconds)]
    return ", ".join(trials + seconds) or "without limit"


def flat(facts: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give nested facts under one name each, with dots.

    Examples:
        >>> flat({"study": "a", "test": {"value": 0.9, "rows": 200}})
        {'study': 'a', 'test.value': 0.9, 'test.rows': 200}
    """
    flattened: dict[str, Any] = {}
    for name, value in facts.items():
        is_nested = isinstance(value, Mapping)
        flattened |= flat(value, f"{prefix}{name}.") if is_nested else {f"{prefix}{name}": value}
    return flattened


def counted(number: int, noun: str) -> str:
    """Write a count with its noun, in the plural but for one.

    Examples:
        >>> counted(1, "trial"), counted(16281, "row")
        ('1 trial', '16,281 rows')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> list[str]:
    r"""Write a table whose columns line up, so that it also reads well as plain text.

    Args:
        header: The columns' names.
        rows: Their values, written as `figure` does.
        right: The positions of columns aligned to the right.

    Examples:
        >>> print("\n".join(table(["trial", "score"], [[12, 0.9], [3, "a|b"]], right=[0])))
        | trial | score  |
        | ----: | ------ |
        |    12 | 0.9000 |
        |     3 | a\|b   |
    """
    cells = [[cell(value) for value in row] for row in [header, *rows]]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = [
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width - 1) + ":" if column in right else "-" * width for column, width in enumerate(widths)]
    return [line(cells[0]), line(rule), *(line(row) for row in cells[1:])]


def cell(value: Any) -> str:
    """Write a value so that it stays within one cell of a table."""
    return " ".join(figure(value).split()).replace("|", "\\|")


def listed(names: Sequence[str], word: str = "and") -> str:
    """Write names in a row, with a word before the last.

    Examples:
        >>> listed(["3", "7", "9"]), listed(["3", "7"], "or"), listed(["3"])
        ('3, 7 and 9', '3 or 7', '3')
    """
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
