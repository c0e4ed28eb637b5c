"""What is known before the first trial of a session: the budget, earlier outcomes, what a constant answer scores."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from automl.baselines.dummy import DUMMIES
from automl.evaluation.metrics import score
from automl.experiment.standing import Start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.trial import Outcome


def start_of(plan: Plan, stage: Stage, outcomes: Mapping[int, Outcome], elapsed: float) -> Start:
    """Say what is known before a session's first trial.

    Of the baselines only those that read no column are scored here, on the validation rows: that takes no time. The
    linear model is fitted at the judgement, when no trial waits for it.

    Args:
        plan: What was asked for.
        stage: The rows that are not sealed.
        outcomes: What came of the trials of earlier sessions.
        elapsed: Seconds that the study has used, earlier sessions' included.
    """
    return Start(stage.task.metric, plan.budget, elapsed, dict(outcomes), _constants(stage), plan.objective)


def _constants(stage: Stage) -> dict[str, float]:
    if stage.folds:
        scored = [_constants(fold) for fold in stage.folds]
        return {name: fmean(each[name] for each in scored) for name in scored[0]}
    task = stage.task
    learned, asked = stage.truth(stage.train), stage.truth(stage.validation)
    counts, weights = stage.weights(stage.train), stage.weights(stage.validation)
    return {
        name: score(task.metric, asked, fit({}, learned, (), task, 0, counts).repeated(len(asked)), task, weights)
        for name, fit in DUMMIES[task.kind].items()
    }
