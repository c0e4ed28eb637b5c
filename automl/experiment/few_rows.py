"""What the number of rows asks for, where nobody said it: folds for an ensemble of few, and a refit.

Of a few hundred rows a fifth says little of who is best, least of all among hundreds of trials: the one that is ahead
owes it to luck, and so does its best epoch. Over folds all rows choose, and epochs are a mean. What learned from the
folds then answers together: that errs less than one network, or forest, that learned from all rows.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from automl.errors import SplitError
from automl.experiment.limits import Limits
from automl.experiment.plan import Plan
from automl.experiment.stage import set_out
from automl.report.figures import counted
from automl.task import Finding
from automl.tracking.record import PLAN, SPLIT

if TYPE_CHECKING:
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record

_ENOUGH = 1000
"""Training rows from which on a refit by one set of validation rows made networks better nearly always."""
_FOLDS = 5


def settle_by_rows(record: Record, plan: Plan, stage: Stage) -> tuple[Plan, Stage]:
    """Keep what becomes of a new study's winner, and for few rows by which its ensemble is chosen, unless asked for.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows as the plan divides them.

    Returns:
        The plan as it is kept, and the rows as it divides them.
    """
    if plan.refit is not None or plan.folds is not None:
        return plan, stage
    if len(stage.train) >= _ENOUGH:
        record.write_json(PLAN, record.read_json(PLAN) | {"refit": True})
        return replace(plan, refit=True), stage
    return _folded(record, plan, stage) if _may_be_folded(plan, stage) else (plan, stage)


def _may_be_folded(plan: Plan, stage: Stage) -> bool:
    """Whether folds are what a person would want: of tables, where nothing else says which rows choose."""
    is_free = plan.validation == Plan.validation and plan.split is None and plan.time is None
    return plan.is_ensembled and is_free and not stage.task.has_images and plan.limits == Limits()


def _folded(record: Record, plan: Plan, stage: Stage) -> tuple[Plan, Stage]:
    """Divide the rows into folds; leave them as they are where these would be too small, or lack a class."""
    settled = replace(plan, folds=_FOLDS)
    try:
        folded = set_out(record, settled)
    except SplitError:
        return plan, stage
    rows = counted(len(folded.train), "row")
    said = f"{rows} are few to choose an ensemble by: {_FOLDS} folds of them choose, and their models answer together"
    split, found = record.read_json(SPLIT), asdict(Finding("few_rows", None, said))
    findings = [*(each for each in split["findings"] if each != found), found]  # who was killed here says it once
    record.write_json(SPLIT, split | {"folds": _FOLDS, "findings": findings})
    record.write_json(PLAN, record.read_json(PLAN) | {"folds": settled.folds})
    return settled, folded
