"""Groups of rows divided into parts: each as a whole, sizes and classes as near to what was asked as groups allow.

Shapes:
    N rows, G groups, P parts, C counted columns: the rows, then each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.errors import SplitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEPS = 20_000
"""So many placements of groups are tried at most; of many groups, one order is as good as another."""
_MOST_ORDERS = 32


def divide_groups(
    groups: NDArray[Any], labels: NDArray[Any] | None, shares: Sequence[float], seed: int, name: str
) -> NDArray[np.intp]:
    """Put each group into one part.

    Groups come in a random order, and each goes where the counts of rows and of classes then deviate least from what
    was asked (by chi-squared); of several orders the one with the least deviation at the end is taken.

    Args:
        groups: Each row's group (N,).
        labels: Each row's class (N,), to be kept in proportion; None where there are none.
        shares: How much of the rows each part is to have; they add up to 1.
        seed: What the orders depend on.
        name: The group column's name.

    Returns:
        Which part each row is in (N,); none is empty.

    Raises:
        SplitError: There are fewer groups than parts.
    """
    members, known = pd.factorize(groups)
    if len(known) < len(shares):
        raise SplitError(
            f"the group column {name!r} must have at least {len(shares)} groups, one a part, got {len(known)}"
        )
    counts = _counts(members, len(known), labels)
    wanted = np.asarray(shares)[:, None] * counts.sum(axis=0)
    generator = np.random.default_rng(seed)
    n_orders = int(np.clip(_STEPS // len(known), 1, _MOST_ORDERS))
    tried = [_placed(counts, wanted, generator.permutation(len(known))) for _ in range(n_orders)]
    _, best = min(tried, key=lambda each: each[0])
    return np.asarray(best[members], dtype=np.intp)


def _counts(members: NDArray[np.intp], n_groups: int, labels: NDArray[Any] | None) -> NDArray[np.float64]:
    """Count each group's rows, in all and by class: (G, C)."""
    rows = np.bincount(members, minlength=n_groups).astype(np.float64)[:, None]
    if labels is None:
        return rows
    codes, known = pd.factorize(labels)
    by_class = np.zeros((n_groups, len(known)))
    np.add.at(by_class, (members, codes), 1.0)
    return np.hstack([rows, by_class])


def _placed(
    counts: NDArray[np.float64], wanted: NDArray[np.float64], order: NDArray[np.intp]
) -> tuple[float, NDArray[np.intp]]:
    """Place groups one after the other; give the deviation at the end, and each group's part (G,)."""
    held = np.zeros_like(wanted)
    parts = np.zeros(len(order), dtype=np.intp)
    empty = set(range(len(wanted)))
    for number, group in enumerate(order):
        own = counts[group]
        worse = (own * (2 * held + own) / wanted).sum(axis=1)  # what it adds to chi-squared, but for a constant
        able = sorted(empty) if len(order) - number <= len(empty) else range(len(wanted))
        part = min(able, key=lambda part: worse[part])
        held[part] += own
        parts[group] = part
        empty.discard(part)
    return float(((held - wanted) ** 2 / wanted).sum()), parts
