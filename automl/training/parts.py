"""A batch in parts that go through one after the other: the memory of a part, and the step of the whole batch.

Shapes:
    M members, B rows a step
"""

from __future__ import annotations

import itertools
from typing import NamedTuple


class Part(NamedTuple):
    """Some of the rows of a batch.

    Args:
        start: Its first row.
        stop: The row after its last.
        whole: How many rows the batch has.
    """

    start: int
    stop: int
    whole: int

    @property
    def rows(self) -> slice:
        """Where its rows stand in the batch."""
        return slice(self.start, self.stop)

    @property
    def share(self) -> float:
        """How much of the batch it is: a mean over the batch is the sum of the parts' means at these shares."""
        return (self.stop - self.start) / self.whole


def parts_of(n_rows: int, count: int) -> list[Part]:
    """Cut a batch into so many parts, which differ by one row at most, or into as many as there are rows.

    Examples:
        >>> [part.rows for part in parts_of(5, 2)]
        [slice(0, 2, None), slice(2, 5, None)]
    """
    count = max(1, min(count, n_rows))
    edges = [n_rows * index // count for index in range(count + 1)]
    return [Part(start, stop, n_rows) for start, stop in itertools.pairwise(edges)]
