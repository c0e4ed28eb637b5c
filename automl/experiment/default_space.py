"""The space of a search that names none: by the kind of data, and by whether there is time for slow families."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.experiment.recipe import read_recipe
from automl.report.figures import counted, duration
from automl.spaces.read import read_space
from automl.training.device import pick_device

if TYPE_CHECKING:
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage

_FOR_IMAGES, _FOR_TABLES, _FOR_PATIENCE = "cnn", "tabular", "tabular_best"
_SHORTEST = 120.0
"""Of fewer seconds too many are those of start and end."""
_MOST = 0.4
"""The share of the time that one trial of the slow space's default may take."""
_ENOUGH = 1000
"""Of fewer training rows many quick trials, each of every fold, find as much."""


def default_space(plan: Plan, stage: Stage) -> tuple[str, str]:
    """Name the shipped space for a search that names none.

    Args:
        plan: Says how long it may take, and on what. Where trials are counted the usual one is searched, and where
            several machines may share a study, which have to agree.
        stage: The rows.

    Returns:
        The name, and a sentence on why it is that; an empty one where it is the usual one.
    """
    if stage.task.has_images:
        return _FOR_IMAGES, ""
    budget, n_rows = plan.budget, len(stage.train)
    is_open = budget.trials is None and plan.storage is None
    if not is_open or budget.seconds is None or budget.seconds < _SHORTEST or n_rows < _ENOUGH:
        return _FOR_TABLES, ""
    expected = _seconds(plan, stage)
    if expected > _MOST * budget.seconds:
        return _FOR_TABLES, ""
    shares = f"about {duration(expected)} of {duration(budget.seconds)}"
    why = f"one trial of its default on {counted(n_rows, 'row')} takes {shares}"
    return _FOR_PATIENCE, f"the space is {_FOR_PATIENCE}, for there is time for it: {why}"


def _seconds(plan: Plan, stage: Stage) -> float:
    """Predict how long the slow space's default trains."""
    from automl.experiment.trainer import Trainer

    config = read_space(_FOR_PATIENCE).default()
    trainer = Trainer(stage, pick_device(plan.device), plan.limits)
    return read_recipe(config).training.epochs * trainer.cost(config)
