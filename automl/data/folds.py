"""Rows divided into folds, each to be validated on once by what the others taught.

At random the classes of every fold are as those of all rows; where rows belong together, no group is in two folds. In
the order of time a fold is validated on by what all older ones taught (forward chaining), and the oldest is only
learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from automl.data.groups import divide_groups
from automl.data.split import LEAST_ROWS
from automl.data.times import cut_by_time, instants
from automl.errors import SplitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automl.data.roles import Roles

NEED_TWO = ("roc_auc", "r2", "quadratic_kappa")
"""Metrics that are undefined over rows whose targets are all the same."""


class Fold(NamedTuple):
    """Positions of rows, each sorted."""

    train: NDArray[np.intp]
    validation: NDArray[np.intp]


def fold_rows(rows: pd.DataFrame, target: str, roles: Roles, *, stratify: bool, count: int, seed: int) -> list[Fold]:
    """Divide rows into folds.

    Args:
        rows: The N rows.
        target: The target column.
        roles: Whether a column says what belongs together, or when a row was.
        stratify: Whether the target's values are classes to keep in proportion.
        count: How many folds are validated on.
        seed: What the draw depends on; by time nothing is drawn.

    Raises:
        SplitError: There are too few rows, groups or times for so many folds.
    """
    if roles.time is not None:
        stretches = cut_by_time(instants(rows[roles.time], roles.time), [1.0] * (count + 1), roles.time)
        folds = [
            Fold(np.flatnonzero(stretches < last), np.flatnonzero(stretches == last)) for last in range(1, count + 1)
        ]
    else:
        place = _places(rows, target, roles, stratify=stratify, count=count, seed=seed)
        folds = [Fold(np.flatnonzero(place != own), np.flatnonzero(place == own)) for own in range(count)]
    for number, fold in enumerate(folds, start=1):
        if len(fold.train) < LEAST_ROWS["train"] or len(fold.validation) < LEAST_ROWS["validation"]:
            raise SplitError(
                f"every fold needs at least {LEAST_ROWS['train']} training and {LEAST_ROWS['validation']} validation "
                f"rows, but fold {number} of {count} has {len(fold.train)} and {len(fold.validation)}; "
                "take fewer with --folds"
            )
    return folds


def with_later(fold: Fold, rows: pd.DataFrame, n_divided: int, roles: Roles) -> Fold:
    """Take rows into a fold that came after the division: they are learned from.

    Those of a group that it validates on are validated on too. In the order of time later rows are learned from, and
    none that are older validate.

    Args:
        fold: The fold as it was divided.
        rows: The rows (N,), those that were divided first.
        n_divided: How many were divided.
        roles: As they were divided by.
    """
    later = np.arange(n_divided, len(rows))
    if roles.time is not None:
        return Fold(np.concatenate([fold.train, later]), np.array([], dtype=np.intp))
    is_held = np.zeros(len(later), dtype=bool)
    if roles.group is not None:
        groups = rows[roles.group]
        is_held = groups.iloc[later].isin(groups.iloc[fold.validation]).to_numpy()
    return Fold(*(np.concatenate([own, more]) for own, more in zip(fold, (later[~is_held], later[is_held]))))


def check_folds(target: NDArray[Any], folds: list[Fold], metric: str, *, are_classes: bool) -> None:
    """Refuse folds whose training rows have one class only, or in which the metric is undefined whatever is predicted.

    Raises:
        SplitError: There is such a fold.
    """
    for number, fold in enumerate(folds, start=1):
        if are_classes and len(np.unique(target[fold.train])) < 2:
            raise SplitError(f"the training rows of fold {number} have one class only; take fewer folds with --folds")
        if metric in NEED_TWO and len(np.unique(target[fold.validation])) < 2:
            raise SplitError(
                f"{metric} is undefined in fold {number} of {len(folds)}, whose validation rows all have the same "
                "target; take fewer folds with --folds, or another metric"
            )


def _places(
    rows: pd.DataFrame, target: str, roles: Roles, *, stratify: bool, count: int, seed: int
) -> NDArray[np.intp]:
    """Say in which fold each row is validated on (N,)."""
    if roles.group is not None:
        labels = rows[target].to_numpy() if stratify else None
        return divide_groups(rows[roles.group].to_numpy(), labels, [1 / count] * count, seed, roles.group)
    order = np.random.default_rng(seed).permutation(len(rows))
    if stratify:
        codes, _ = pd.factorize(rows[target], sort=True)
        order = order[np.argsort(codes[order], kind="stable")]
    place = np.empty(len(rows), dtype=np.intp)
    place[order] = np.arange(len(rows)) % count  # one class after the other, dealt out like cards
    return place
