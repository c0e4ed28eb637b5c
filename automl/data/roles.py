"""Columns that say something of their rows, and are not learned from: which part, which group, when, how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.data.times import instants
from automl.data.values import as_number, as_text, is_missing
from automl.errors import DataError, PlanError, SplitError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

Frames = dict[str, "pd.DataFrame"]


@dataclass(frozen=True)
class Roles:
    """Which column says what of a row; None where no column does.

    Args:
        split: Which part it is in; that column is gone once the table is divided.
        group: What it belongs to: rows of one group are in one part.
        time: When it was: the newest rows are the test rows, those before them the validation rows.
        weight: How much it counts, in the loss and in every score.
        learns_time: Whether the time is a feature too.
    """

    split: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    learns_time: bool = False

    @property
    def named(self) -> dict[str, str]:
        """The columns that have a role, by role."""
        given = {"split": self.split, "group": self.group, "time": self.time, "weight": self.weight}
        return {role: column for role, column in given.items() if column is not None}

    @property
    def aside(self) -> frozenset[str]:
        """The columns that are not learned from."""
        return frozenset(name for role, name in self.named.items() if role != "time" or not self.learns_time)

    def without_split(self) -> Roles:
        """Give what is left of the roles once the table is divided."""
        return replace(self, split=None)

    def to_json(self) -> dict[str, str]:
        """Give the columns that a divided table still has, by role."""
        return self.without_split().named


NO_ROLES = Roles()
"""No column says anything of its rows."""


def check_roles(roles: Roles, names: list[str], target: str) -> None:
    """Refuse roles of columns that there are not, and columns of two roles.

    Raises:
        DataError: There is no such column.
        PlanError: Two roles name one column, or one names the target, or time and group are both given.
    """
    for role, column in roles.named.items():
        if column not in names:
            raise DataError(unknown(f"{role} column", column, names))
        if column == target:
            raise PlanError(f"the target and the {role} column must be two columns, got {target!r} for both")
    columns = list(roles.named.values())
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        both = " and ".join(role for role, column in roles.named.items() if column == twice)
        raise PlanError(f"a column can say one thing of a row, but {twice!r} is named for {both}")
    if roles.time and roles.group:
        raise PlanError(
            "--time and --group cannot be given together: a group whose rows lie before and after the cut would be on "
            "both sides of it; give one of them, or the parts by --split"
        )


def settle_roles(frames: Frames, roles: Roles) -> Frames:
    """Write weights as numbers and groups as text, and refuse rows that lack what their columns should say.

    Args:
        frames: The rows of each source.
        roles: Their roles.

    Raises:
        DataError: A weight that is no number from 0 on, or no time.
        SplitError: A row without a group.
    """
    settled = {}
    for part, frame in frames.items():
        columns: dict[str, NDArray[Any]] = {}
        if roles.weight is not None:
            columns[roles.weight] = _weights(frame[roles.weight], roles.weight)
        if roles.group is not None:
            columns[roles.group] = _groups(frame[roles.group], roles.group)
        if roles.time is not None:
            instants(frame[roles.time], roles.time)
        settled[part] = frame.assign(**columns) if columns else frame
    return settled


def check_parts(parts: Mapping[str, pd.DataFrame], roles: Roles, words: Mapping[str, str]) -> None:
    """Refuse parts in which no row counts, and parts that share a group.

    Args:
        parts: The rows of each part.
        roles: Their roles, settled.
        words: What the rows of each part are called.

    Raises:
        DataError: All weights of a part are 0.
        SplitError: A group has rows in two parts.
    """
    for part, rows in parts.items():
        if roles.weight is not None and not rows[roles.weight].sum() > 0:
            raise DataError(f"the weight column {roles.weight!r} must be above 0 in some of the {words[part]} rows")
    if roles.group is None:
        return
    held = {part: set(rows[roles.group]) for part, rows in parts.items()}
    for part, other in (("test", "train"), ("test", "validation"), ("validation", "train")):
        shared = sorted(held[part] & held[other])
        if shared:
            raise SplitError(
                f"each group of {roles.group!r} must be in one part, but {len(shared)} of the {words[part]} rows' "
                f"groups are among the {words[other]} rows too, such as {shared[0]!r}"
            )


def _weights(values: pd.Series[Any], name: str) -> NDArray[np.float64]:
    numbers = as_number(values)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        shown = as_text(values[wrong].iloc[:1])[0] or "(missing)"
        raise DataError(
            f"the weight column {name!r} must hold a number from 0 on in every row, but "
            f"{int(wrong.sum())} of {len(values)} rows do not, such as {shown}"
        )
    return numbers


def _groups(values: pd.Series[Any], name: str) -> NDArray[np.object_]:
    missing = is_missing(values)
    if missing.any():
        raise SplitError(
            f"the group column {name!r} must say of every row what it belongs to, "
            f"but {int(missing.sum())} of {len(values)} rows have no value"
        )
    return as_text(values, numbers=True)
