"""How the time of a search is shared out: search, repeats, refit, end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.budget import Clock
from automl.experiment.growing import seconds_of_trees

if TYPE_CHECKING:
    from automl.experiment.objective import Objective
    from automl.experiment.plan import Plan

_LONGEST_RESERVE = 20.0
_RESERVED_SHARE = 0.12
_LARGEST_SHARE = 0.6
_ENDS_A_START = 2.0
_NETWORKS_A_START = 0.5
_FINALS_SHARE = 0.3
"""Of the time for training, so much is for training the best trials again."""
_REFIT_SHARE = 0.3
"""Of the time for training, so much at most is for training the winner once more on all rows."""
_ALONE = {"cpu": 1.3, "cuda": 2.5}
"""How many times as long a training may take alone as its share of a cohort's was; on a CPU it mostly takes as long."""
_START_OF_TREES = 4.0
"""Seconds until the process that grows trees anew has its rows."""
_LEAST = 1.0
"""Seconds that are kept for a refit, however short it is."""


class Timetable:
    """When each part of a search is over; without a limit of time none is.

    Args:
        plan: Which parts are asked for.
        clock: When all must be over but the end, which the refit comes right before.
    """

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._seconds = clock.seconds or 0.0
        self._of_finals = _FINALS_SHARE if plan.repeats else 0.0
        self._n_refit = max(1, plan.ensemble) if plan.refit else 0
        self.refit, self.finals, self.search = clock, clock.ending(0.0), clock.ending(0.0)
        self._keep(_REFIT_SHARE if plan.refit else 0.0)

    def _keep(self, of_refit: float) -> None:
        """Let search and repeats end so that a share of the time is left for the refit."""
        until_refit = (1 - of_refit) * self._seconds
        self.finals.end_after(until_refit)
        self.search.end_after((1 - self._of_finals) * until_refit)

    def expect_refit(self, objective: Objective) -> None:
        """Keep for the refit what it takes by what the best trials took, or nothing where its share is too little.

        Alone each may take longer than its share of a cohort's time was. Trees are grown anew meanwhile; where networks
        take too long, they alone are.
        """
        best, growth = objective.best(self._n_refit), objective.trainer.stage.growth
        seconds = [growth * outcome.seconds_to_best for outcome in best]
        if not seconds or not self._seconds:
            return
        alone = _ALONE[objective.trainer.device.type] * sum(seconds)
        of_networks = _LEAST + alone if seconds[0] < _REFIT_SHARE * self._seconds else 0.0
        longest = max(seconds_of_trees(objective.record).values(), default=0.0)
        of_trees = _START_OF_TREES + growth * longest if longest else 0.0
        self._keep(min(_REFIT_SHARE, max(of_networks, of_trees) / self._seconds))


def until_judged(plan: Plan, seconds_to_start: float) -> float | None:
    """Give what is left of a plan's seconds when the end's share is kept back: judging, exporting, telling MLflow.

    Args:
        plan: How many seconds there are, and how many networks the model may have: each further one takes longer to
            export.
        seconds_to_start: How long the start took, which tells how fast the machine is now; the end takes twice that.
    """
    seconds = plan.budget.seconds
    if seconds is None:
        return None
    n_networks = 1
    if plan.is_ensembled:
        n_networks = plan.ensemble * (1 if plan.refit else plan.folds or 1)
    reserve = max(min(_LONGEST_RESERVE, _RESERVED_SHARE * seconds), _ENDS_A_START * seconds_to_start)
    further = min((n_networks - 1) * _NETWORKS_A_START * seconds_to_start, _RESERVED_SHARE * seconds)
    return seconds - min(reserve + further, _LARGEST_SHARE * seconds)
