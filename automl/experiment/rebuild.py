"""A trial of the record made live again: its network with its stored weights, and its preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.data.prepare import Preparation, fit_preparation
from automl.errors import StudyError, unknown
from automl.experiment.recipe import read_recipe
from automl.experiment.stage import learned_rows
from automl.files import read_json
from automl.models.build import Network, build
from automl.task import Task
from automl.tracking.record import TASK
from automl.training.weights import load_weights

if TYPE_CHECKING:
    from automl.tracking.record import Record


def architecture(record: Record, trial: int, fold: int | None = None) -> tuple[Network, Preparation]:
    """Build a trial's network, or that of one of its folds, its weights as drawn, and give its preparation.

    Raises:
        StudyError: There is no such trial.
    """
    numbers = [str(each.number) for each in record.trials()]
    if str(trial) not in numbers:
        raise StudyError(unknown("trial", trial, numbers))
    task = Task.from_json(record.read_json(TASK))
    kept = record.trial(trial)
    recipe = read_recipe(kept.read_config())
    path = kept.preparation_path if fold is None else kept.fold_paths(fold)[1]
    if path.exists():
        preparation = Preparation.from_json(read_json(path))
    else:
        preparation = fit_preparation(learned_rows(record), task.columns, recipe.preparing)
    return build(recipe.family, preparation.blocks, task.n_outputs, seed=0), preparation


def rebuild(record: Record, trial: int, fold: int | None = None) -> tuple[Network, Preparation]:
    """Build a trial's network, or that of one of its folds, with its stored weights, and give its preparation.

    The network is in evaluation.

    Raises:
        StudyError: There is no such trial, or its weights were not kept.
    """
    network, preparation = architecture(record, trial, fold)
    kept_trial = record.trial(trial)
    weights = kept_trial.weights_path if fold is None else kept_trial.fold_paths(fold)[0]
    if not weights.exists():
        kept = [str(each.number) for each in record.trials() if each.weights_path.exists()]
        raise StudyError(
            f"study {record.study!r} keeps the weights of its best trials only, and trial {trial} is none of them; "
            f"kept: {', '.join(kept) or 'none'}"
        )
    load_weights(network, weights)
    return network, preparation
