"""What may make a study's numbers look better than they are, looked for once, when the rows are divided.

It is told and chooses nothing: no column and no row is left out for it. Test rows are looked at too, before they are
sealed; nothing here can be asked later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.data.near_duplicates import near_duplicates
from automl.data.shift import shifts
from automl.data.target_leaks import target_leaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.data.split import Division
    from automl.task import Column, Finding


def find_leaks(division: Division, columns: Sequence[Column]) -> tuple[Finding, ...]:
    """Look for columns that give the target away, nearly the same rows in two parts, and parts of another kind.

    The same division and columns give the same findings, whatever the machine and the time.

    Args:
        division: The rows.
        columns: The columns that are learned from.
    """
    return (
        *target_leaks(division, columns),
        *near_duplicates(division, columns),
        *shifts(division, columns),
    )
