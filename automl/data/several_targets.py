"""Several target columns folded into one, so that rows are divided, sealed and kept as those of one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.data.values import as_number, as_text, is_missing
from automl.errors import TargetError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

SEPARATOR = "|"
"""What stands between the numbers of a row."""


def target_columns(asked: str, names: Sequence[str]) -> tuple[str, ...]:
    """Read which columns are asked for: the one of that name, or those that commas stand between.

    Raises:
        TargetError: One of several is no column, or named twice.

    Examples:
        >>> target_columns("width, height", ["width", "height", "age"])
        ('width', 'height')
    """
    if asked in names or "," not in asked:
        return (asked,)
    columns = tuple(part.strip() for part in asked.split(","))
    for column in columns:
        if column not in names:
            raise TargetError(unknown("target", column, names))
        if columns.count(column) > 1:
            raise TargetError(f"--target must name each column once, got {column!r} twice")
    return columns


def fold_targets(table: pd.DataFrame, targets: Sequence[str], name: str) -> pd.DataFrame:
    """Put one column in the place of several of numbers; it says nothing of rows in which one is missing.

    Args:
        table: All rows.
        targets: The columns.
        name: What the one is called.

    Raises:
        TargetError: One holds a value that is no number, or infinite, or has one value only.

    Examples:
        >>> import pandas as pd
        >>> fold_targets(pd.DataFrame({"a": [1, 2], "b": [0.5, 0.1], "x": [7, 8]}), ["a", "b"], "a,b")
           x      a,b
        0  7  1.0|0.5
        1  8  2.0|0.1
    """
    columns = [_numbers(table[target], target) for target in targets]
    known = ~np.isnan(np.stack(columns)).any(axis=0)
    folded = np.full(len(table), None, dtype=object)
    rows = zip(*(column[known].tolist() for column in columns))
    folded[known] = [SEPARATOR.join(map(repr, row)) for row in rows]
    return table.drop(columns=list(targets)).assign(**{name: folded})


def unfold(target: pd.Series, count: int) -> NDArray[np.float64]:
    """Give the numbers (N, T) of a folded column (N,), to the last digit."""
    rows = [text.split(SEPARATOR) for text in target.tolist()]
    return np.array(rows, dtype=np.float64).reshape(len(rows), count)


def _numbers(values: pd.Series, name: str) -> NDArray[np.float64]:
    numbers = as_number(values)
    strange = np.isnan(numbers) & ~is_missing(values) | np.isinf(numbers)
    if strange.any():
        shown = as_text(values[strange].iloc[:1])[0]
        raise TargetError(f"several targets must be finite numbers, but {name!r} holds values such as {shown!r}")
    if len(np.unique(numbers[~np.isnan(numbers)])) < 2:
        raise TargetError(f"the target {name!r} must have two values or more")
    return numbers
