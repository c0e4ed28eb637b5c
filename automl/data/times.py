"""Rows in the order of time: cut at instants, so that rows of the same instant are always on one side.

N is the number of rows, D that of different instants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pandas.api import types

from automl.data.values import MISSING_TIME, as_microseconds, as_number, as_text, plain
from automl.errors import DataError, SplitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray


def instants(values: pd.Series[Any], name: str) -> NDArray[Any]:
    """Give what orders rows in time: numbers as they are (a year, a counter), dates as microseconds since 1970.

    Shape:
        (N,) -> (N,) float64 or int64.

    Raises:
        DataError: A value that is missing, or neither a number nor a date.

    Examples:
        >>> import pandas as pd
        >>> instants(pd.Series(["1970-01-02", "1970-01-01"]), "day").tolist()
        [86400000000, 0]
        >>> instants(pd.Series(["2024-05-01", "soon"]), "day")
        Traceback (most recent call last):
        automl.errors.DataError: the time column 'day' must hold a date or a number in every row, but 1 of 2 rows ...
    """
    column = plain(values)
    is_number = types.is_numeric_dtype(column.dtype)
    keys: NDArray[Any] = as_number(column) if is_number else as_microseconds(column)
    wrong = ~np.isfinite(keys) if is_number else keys == MISSING_TIME
    if types.is_bool_dtype(column.dtype):
        wrong = np.ones(len(keys), dtype=bool)
    if wrong.any():
        shown = as_text(values[wrong].iloc[:1])[0]
        raise DataError(
            f"the time column {name!r} must hold a date or a number in every row, but {int(wrong.sum())} of "
            f"{len(values)} rows {f'do not, such as {shown!r}' if shown else 'have no value'}; "
            "dates are written 2024-05-31 or 2024-05-31T08:30:00"
        )
    return keys


def cut_by_time(keys: NDArray[Any], sizes: Sequence[float], name: str) -> NDArray[np.intp]:
    """Cut rows into consecutive stretches of time, as near to the wanted sizes as instants allow.

    Args:
        keys: What orders the rows (N,).
        sizes: How large each stretch is to be, the oldest first, in any unit.
        name: The time column's name.

    Returns:
        Which stretch each row is in (N,), 0 the oldest; none is empty.

    Raises:
        SplitError: There are fewer instants than stretches.

    Examples:
        >>> cut_by_time(np.array([5, 1, 2, 2, 3]), [3, 1, 1], "day").tolist()
        [2, 0, 0, 0, 1]
    """
    distinct, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    n_parts, n_distinct = len(sizes), len(distinct)
    if n_distinct < n_parts:
        raise SplitError(
            f"the time column {name!r} must have at least {n_parts} different times, one a part, got {n_distinct}"
        )
    ends = np.cumsum(counts)
    wanted = np.cumsum(sizes)[:-1] / np.sum(sizes) * len(keys)
    lasts: list[int] = []
    for number, rows in enumerate(wanted):
        low, high = (lasts[-1] + 1 if lasts else 0), n_distinct - (n_parts - number)
        lasts.append(low + int(np.abs(ends[low : high + 1] - rows).argmin()))
    return np.searchsorted(np.array(lasts, dtype=np.intp), place, side="left")
