"""How the rows that no file and no column fixes are drawn: at random, by whole groups, or by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.data.groups import divide_groups
from automl.data.parts import Parts, split_rows
from automl.data.times import cut_by_time, instants

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from automl.data.roles import Roles


def draw(
    rows: pd.DataFrame, target: str, roles: Roles, *, stratify: bool, test: float, validation: float, seed: int
) -> Parts:
    """Draw test and validation rows; a fraction of 0 leaves its part empty.

    Args:
        rows: The N rows.
        target: The target column.
        roles: Whether a column says what belongs together, or when a row was.
        stratify: Whether the target's values are classes to keep in proportion.
        test: The share of the rows that are test rows.
        validation: The share of the rows that are validation rows.
        seed: What the draw depends on; by time nothing is drawn at random.

    Raises:
        SplitError: There are too few groups, or too few different times.
    """
    if roles.group is None and roles.time is None:
        return split_rows(rows[target], stratify=stratify, test=test, validation=validation, seed=seed)
    shares = {"train": 1 - test - validation, "validation": validation, "test": test}
    wanted = {part: share for part, share in shares.items() if share > 0}
    sizes = list(wanted.values())
    if roles.group is not None:
        labels = rows[target].to_numpy() if stratify else None
        part_of = divide_groups(rows[roles.group].to_numpy(), labels, sizes, seed, roles.group)
    else:
        assert roles.time is not None
        part_of = cut_by_time(instants(rows[roles.time], roles.time), sizes, roles.time)
    positions: dict[str, NDArray[np.int64]] = {
        part: np.flatnonzero(part_of == number) for number, part in enumerate(wanted)
    }
    return Parts(**{part: positions.get(part, np.zeros(0, dtype=np.int64)) for part in shares})
