"""The network that stands for a trial of folds: its config trained once more, on training and validation rows together.

It is trained for as many epochs as were best on average over the folds. Nothing is chosen in it: neither epoch nor
config, and no row is left to choose by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import SearchError, StudyError
from automl.experiment.recipe import read_recipe
from automl.experiment.trainer import Candidate, Trainer
from automl.report.figures import counted
from automl.training.device import pick_device
from automl.training.weights import save_weights
from automl.trial import Completed

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record


def refit(
    record: Record, plan: Plan, stage: Stage, trial: int, *, say: Callable[[str], None], check: Callable[[], None]
) -> None:
    """Train the network of a trial of folds and keep its weights, unless that was done; else do nothing.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows.
        trial: The trial's number.
        say: Hears what is done.
        check: Called at every step; what it raises ends the training.

    Raises:
        StudyError: The trial was not completed.
        SearchError: The training came to no finite loss.
    """
    kept = record.trial(trial)
    if not stage.folds or kept.weights_path.exists():
        return
    outcome = kept.read_outcome()
    if not isinstance(outcome, Completed):
        raise StudyError(f"trial {trial} of study {record.study!r} was not completed: it has no network to give")
    rows = counted(len(stage.train), "row")
    say(f"training trial {trial} once more, on all {rows} of its folds, for {counted(outcome.best_epoch, 'epoch')}")
    config = kept.read_config()
    trainer = Trainer(stage, pick_device(plan.device), plan.limits)
    candidate = Candidate(config, (plan.seed, trial), outcome.accumulation)
    fitted = trainer.refit(candidate, kept.read_curve()[: outcome.best_epoch], check)
    if fitted.stopped_by == "diverged":
        raise SearchError(f"trial {trial}, trained once more on all rows of its folds, came to no finite loss")
    kept.write_preparation(stage.preparation(read_recipe(config).preparing).to_json())
    save_weights(kept.weights_path, fitted.weights)
