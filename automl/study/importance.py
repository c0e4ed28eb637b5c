"""Which parameters mattered: what sets the best trials apart from all of them (PED-ANOVA, as Optuna has it).

Watanabe et al., PED-ANOVA (IJCAI 2023, arXiv 2304.10255), in its form for conditional parameters (arXiv 2601.20800).
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from optuna.trial import create_trial

from automl.study.scored import score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import optuna
    from optuna.trial import FrozenTrial

LEAST_TRIALS = 10
"""Of fewer trials no importance is told."""
_BEST_SHARE, _LEAST_BEST = 0.1, 5
"""The best are a tenth of the trials, and five of them at least, as Optuna advises."""


def importance(study: optuna.Study) -> dict[str, Any] | None:
    """Say how much each parameter has to do with being among the best; None where too few trials were trained.

    A pruned trial counts with the score at which it was stopped: where most are stopped, those that were completed are
    too few and too much alike to tell anything.

    Returns:
        `method, trials, best_share, parameters`: how many trials were compared, the share of them that count as the
        best, and by parameter its part of the whole, the largest first. Whether a parameter is on (`NAME?`) counts as
        its own.
    """
    scored = _scored(study)
    if len(scored) < LEAST_TRIALS:
        return None
    share = max(_BEST_SHARE, _LEAST_BEST / len(scored))
    found: dict[str, float] = {}
    for name, value in sorted(_divergences(scored, study.directions[0], share).items()):
        whole = name.removesuffix("?")
        found[whole] = found.get(whole, 0.0) + value
    total = sum(found.values())
    if not total > 0:
        return None
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    parameters = {name: value / total for name, value in ordered}
    return {"method": "PED-ANOVA", "trials": len(scored), "best_share": share, "parameters": parameters}


def _scored(study: optuna.Study) -> list[FrozenTrial]:
    """Give every trial that has a finite score as one that was completed with it."""
    scores = {trial.number: score_of(trial) for trial in study.get_trials(deepcopy=False)}
    return [
        create_trial(params=trial.params, distributions=trial.distributions, value=scores[trial.number])
        for trial in study.get_trials(deepcopy=False)
        if math.isfinite(scores[trial.number])
    ]


def _divergences(
    trials: Sequence[FrozenTrial], direction: optuna.study.StudyDirection, share: float
) -> dict[str, float]:
    # The last of these brings scikit-learn's forests along, for which no first trial should wait.
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    scored = optuna.create_study(direction=direction)
    scored.add_trials(trials)
    with warnings.catch_warnings():
        # Of branches that few trials took, and that the sums are not brought to 1: both are told where this is shown.
        warnings.simplefilter("ignore")
        evaluator = PedAnovaImportanceEvaluator(target_quantile=share)
        return get_param_importances(scored, evaluator=evaluator, normalize=False)
