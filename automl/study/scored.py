"""What a trial of the Optuna study came to, as numbers by which samplers compare: its score, and its costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optuna.study import StudyDirection
from optuna.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.trial import FrozenTrial

    from automl.trial import Aim

COSTS = "costs"
"""The note on a trial with its costs, in the order of the study's directions; a pruned one has them nowhere else."""
_LEAST = 1e-12


def directions(aim: Aim) -> list[StudyDirection]:
    """Give Optuna's words for what a search is after: the score's direction, then down for each cost."""
    upwards = StudyDirection.MAXIMIZE if aim.higher_is_better else StudyDirection.MINIMIZE
    return [upwards, *[StudyDirection.MINIMIZE] * len(aim.costs)]


def score_of(trial: FrozenTrial) -> float:
    """Give a trial's score, that of the rung where it left for a pruned one; nan where it has none."""
    if trial.state is TrialState.COMPLETE and trial.values:
        return float(trial.values[0])
    if trial.state is TrialState.PRUNED and trial.last_step is not None:
        return float(trial.intermediate_values[trial.last_step])
    return math.nan


def values_of(trial: FrozenTrial) -> tuple[float, ...]:
    """Give a trial's score and the logarithms of its costs, of which ratios count; nan where there is none."""
    costs = trial.values[1:] if trial.values else trial.user_attrs.get(COSTS, ())
    return (score_of(trial), *(math.log(max(cost, _LEAST)) for cost in costs))


def is_scored(trial: FrozenTrial, n_values: int) -> bool:
    """Whether a trial is over and has as many finite values as the study has directions."""
    values = values_of(trial)
    return trial.state.is_finished() and len(values) == n_values and all(map(math.isfinite, values))


def signs(directions: Sequence[StudyDirection]) -> list[float]:
    """Give what turns values into such of which less is better."""
    return [-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in directions]
