"""In which order to make the edits that lead from one config to another, so that the first ones bring most of the gain.

An ablation path (Fawcett and Hoos, "Analysing differences between algorithm configurations through ablation", Journal
of Heuristics 22, 2016): from the first config on, of all edits that are left, the one that gains most is made. Trying
all of them at every point takes k (k + 1) / 2 - 1 trainings for k edits. With fewer,

- the first round still tries every edit alone; where even that leaves nothing, the edits that go least far are one;
- a later round tries as many as leave enough to walk the rest of the path, those first that gained most when they were
  last tried, and at least one;
- what is left when the trainings are spent is the last step, all of it at once.

Nothing here knows what an edit is or how it is tried.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Group = tuple[int, ...]
"""Edits, by number, that are made together."""

Point = frozenset[int]
"""The edits, by number, that are made so far."""

REPEATS = 3
"""How many seeds each end of the path is trained with."""

CONFIRMING = REPEATS - 1
"""Trainings that are kept back for the other seeds of the point at which the gain is there."""

FEWEST = 2 * REPEATS + CONFIRMING + 2
"""So few trainings are enough for a path of two steps."""


def find_path(
    distances: Sequence[float],
    budget: int,
    start: float,
    *,
    is_possible: Callable[[Point], bool],
    measure: Callable[[Sequence[Point]], Sequence[float]],
) -> list[Group]:
    """Order the edits; each step is one of them or several at once, and all steps together are all edits.

    Every point of the path but the first and the last was measured.

    Args:
        distances: How far each edit goes.
        budget: How many points may be measured.
        start: The score where no edit is made, higher being better.
        is_possible: Tells whether the config of a point can be trained at all; it costs nothing.
        measure: Gives the scores of points, higher being better, nan where the training came to nothing.
    """
    left = groups(distances, most_groups(budget))
    path: list[Group] = []
    here: Point = frozenset()
    gains: dict[Group, float] = {}
    failed: set[Group] = set()
    while len(left) > 1 and budget > 0:
        able = [group for group in left if group not in failed and is_possible(here.union(group))]
        tried = able[: max(1, budget - (len(left) - 2)) if path else budget]
        if not tried:
            break
        scores = dict(zip(tried, measure([here.union(group) for group in tried])))
        budget -= len(tried)
        gains |= {group: -math.inf if math.isnan(score) else score - start for group, score in scores.items()}
        failed.update(group for group, score in scores.items() if math.isnan(score))
        best = max(tried, key=lambda group: gains[group])
        if best in failed:
            continue
        path.append(best)
        here, start, failed = here.union(best), scores[best], set()
        left = sorted((group for group in left if group != best), key=lambda group: -gains.get(group, -math.inf))
    return [*path, tuple(sorted(edit for group in left for edit in group))]


def most_groups(budget: int) -> int:
    """Say how many groups of edits such a budget is enough for.

    After a first round that tries each alone, it must be enough for two points more, or for the rest of the path.

    Examples:
        >>> [most_groups(budget) for budget in (2, 3, 4, 6, 12)]
        [2, 2, 3, 4, 10]
    """
    return max(budget - 2, budget // 2 + 1)


def groups(distances: Sequence[float], most: int) -> list[Group]:
    """Put edits that go least far together until there are no more groups than so many, the furthest first.

    Examples:
        >>> groups([0.1, 1.0, 0.3, 1.0], most=4)
        [(1,), (3,), (2,), (0,)]
        >>> groups([0.1, 1.0, 0.3, 1.0], most=3)
        [(1,), (3,), (0, 2)]
    """
    order = sorted(range(len(distances)), key=lambda edit: -distances[edit])
    if len(order) <= most:
        return [(edit,) for edit in order]
    alone, together = order[: most - 1], order[most - 1 :]
    return [*((edit,) for edit in alone), tuple(sorted(together))]
