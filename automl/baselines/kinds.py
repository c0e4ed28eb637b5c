"""The kinds of trees that may answer together with networks: how each is fitted to a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.baselines.columns import width
from automl.baselines.estimators import Classes, Numbers
from automl.baselines.forests import fit_forest_of_classes, fit_forest_of_numbers
from automl.baselines.grown import gains
from automl.baselines.rotation import Rotation, diagonal_axes, principal_axes
from automl.baselines.trees import BASELINE, QUICK, SHALLOW, SLOW, How, fit_boosted_classes, fit_boosted_numbers

if TYPE_CHECKING:
    from automl.baselines.rows import Given
    from automl.task import Block, Task

_GROWTHS = {
    "slowly_boosted_trees": SLOW,
    "rotated_boosted_trees": SLOW,
    "slanted_boosted_trees": SLOW,
    "shallow_boosted_trees": SHALLOW,
}
_ASLANT = ("rotated_boosted_trees", "slanted_boosted_trees")
"""Those that see numbers from other sides too."""


@dataclass(frozen=True)
class Allowance:
    """What growing may take.

    Args:
        threads: So many trees of a forest grow at once.
        work: How many times as long as the baseline boosted trees may take that stop by other rows than it.
    """

    threads: int = 1
    work: float = 1.0


LEAST = Allowance()


@dataclass(frozen=True)
class Grown:
    """Trees that were fitted.

    Args:
        fitted: What scikit-learn fitted.
        repeat: What grows as many, as steadily, on other rows: the `repeat` of `grow`.
        rotation: What gives the components that they see beside the columns; None where there are none.
    """

    fitted: Classes | Numbers
    repeat: dict[str, Any]
    rotation: Rotation | None = None


def grow(
    kind: str,
    given: Given,
    blocks: tuple[Block, ...],
    task: Task,
    *,
    held: Given | None = None,
    repeat: dict[str, Any] | None = None,
    allowance: Allowance = LEAST,
) -> Grown | None:
    """Fit trees of a kind.

    Args:
        kind: A value of `automl.trial.TREES`.
        given: The rows to learn from.
        blocks: What their arrays are.
        task: Its kind and classes.
        held: The rows that say when boosted trees stop; those of the baseline's kind have their own.
        repeat: What came of the same kind before, where it says when they stop.
        allowance: What it may take; the baseline's kind and forests take no longer for it.

    Returns:
        None where they would take too long, where there is one class alone, and where there is nothing to rotate.
    """
    rotation = None
    if kind in _ASLANT:
        rotation = _rotation(kind, given, blocks, task)
        if rotation is None:
            return None
        given, held, blocks = rotation.beside(given), held and rotation.beside(held), (*blocks, rotation.block)
    if kind in _GROWTHS:
        how = How(_GROWTHS[kind], None if repeat else held, work=allowance.work, **(repeat or {}))
        found = _boosted(given, blocks, task, how)
    elif kind == "boosted_trees":
        found = _boosted(given, blocks, task, BASELINE)
    else:
        found = (fit_forest_of_classes if task.classes else fit_forest_of_numbers)(
            kind, given, blocks, task, 0, allowance.threads
        )
    if not isinstance(found, Classes | Numbers):
        return None
    model = found.model.steps[-1][1]
    told = {"iterations": int(model.n_iter_), "step": float(model.learning_rate)} if kind in _GROWTHS else {}
    return Grown(found, told, rotation)


def _boosted(given: Given, blocks: tuple[Block, ...], task: Task, how: How) -> Any:
    fit = fit_boosted_classes if task.classes else fit_boosted_numbers
    return fit(given.arrays, given.target, blocks, task, 0, given.weights, how)


def _rotation(kind: str, given: Given, blocks: tuple[Block, ...], task: Task) -> Rotation | None:
    """Find the sides from which numbers are seen too; None where there are not two numbers, or trees of them."""
    if kind == "rotated_boosted_trees":
        return principal_axes(given.arrays)
    names = [block.name for block in blocks]
    if "numeric" not in names:
        return None
    found = _boosted(given, blocks, task, How(QUICK))
    if not isinstance(found, Classes | Numbers):
        return None
    place = names.index("numeric")
    start = sum(map(width, blocks[:place]))
    return diagonal_axes(gains(found)[start : start + width(blocks[place])])
