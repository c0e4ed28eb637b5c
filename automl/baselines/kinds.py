"""The kinds of trees that may answer together with networks: how each is fitted to a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.baselines.estimators import Classes, Numbers
from automl.baselines.forests import fit_forest_of_classes, fit_forest_of_numbers
from automl.baselines.trees import BASELINE, SHALLOW, SLOW, How, fit_boosted_classes, fit_boosted_numbers

if TYPE_CHECKING:
    from automl.baselines.rows import Given
    from automl.task import Block, Task

_BOOSTED = {"slowly_boosted_trees": SLOW, "shallow_boosted_trees": SHALLOW}


@dataclass(frozen=True)
class Grown:
    """Trees that were fitted.

    Args:
        fitted: What scikit-learn fitted.
        repeat: What grows as many, as steadily, on other rows: the `repeat` of `grow`.
    """

    fitted: Classes | Numbers
    repeat: dict[str, Any]


def grow(
    kind: str,
    given: Given,
    blocks: tuple[Block, ...],
    task: Task,
    *,
    held: Given | None = None,
    repeat: dict[str, Any] | None = None,
) -> Grown | None:
    """Fit trees of a kind.

    Args:
        kind: A value of `automl.trial.TREES`.
        given: The rows to learn from.
        blocks: What their arrays are.
        task: Its kind and classes.
        held: The rows that say when boosted trees stop; those of the baseline's kind have their own.
        repeat: What came of the same kind before, where it says when they stop.

    Returns:
        None where they would take too long, and where there is one class alone.
    """
    rows = (given.arrays, given.target, blocks, task, 0, given.weights)
    if kind in _BOOSTED or kind == "boosted_trees":
        stopping = How(_BOOSTED[kind], None if repeat else held, **(repeat or {})) if kind in _BOOSTED else BASELINE
        found = fit_boosted_classes(*rows, stopping) if task.classes else fit_boosted_numbers(*rows, stopping)
    else:
        found = fit_forest_of_classes(kind, *rows) if task.classes else fit_forest_of_numbers(kind, *rows)
    if not isinstance(found, Classes | Numbers):
        return None
    model = found.model.steps[-1][1]
    told = {"iterations": int(model.n_iter_), "step": float(model.learning_rate)} if kind in _BOOSTED else {}
    return Grown(found, told)
