"""How the time of a search is shared out: for the search itself, for repeats, for a refit, for the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.budget import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automl.experiment.plan import Plan
    from automl.trial import Completed

_LONGEST_RESERVE = 20.0
_RESERVED_SHARE = 0.12
_LARGEST_SHARE = 0.6
_ENDS_A_START = 2.0
_NETWORKS_A_START = 0.5
_FINALS_SHARE = 0.3
"""Of the time for training, so much is for training the best trials again."""
_REFIT_SHARE = 0.3
"""Of the time for training, so much at most is for training the winner once more on all rows."""
_ALONE = 2.5
"""How many times as long a training may take alone as its share of a cohort's was."""
_LEAST = 1.0
"""Seconds that are kept for a refit, however short it is."""


class Timetable:
    """When each part of a search is over; without a limit of time none is.

    Args:
        plan: How much time there is, and which parts are asked for.
        seconds_to_start: How long the start took.
        used: Seconds that earlier sessions used.
        started: The `time.monotonic()` at which this session began.
    """

    def __init__(self, plan: Plan, seconds_to_start: float, *, used: float, started: float) -> None:
        n_networks = plan.ensemble * (plan.folds or 1) if plan.is_ensembled else 1
        self._seconds = _until_judged(plan.budget.seconds, seconds_to_start, n_networks)
        self._of_finals = _FINALS_SHARE if plan.repeats else 0.0
        self.refit = Clock(self._seconds, used, started)
        self.finals = Clock(self._seconds, used, started)
        self.search = Clock(self._seconds, used, started)
        self._keep(_REFIT_SHARE if plan.refit else 0.0)

    def _keep(self, of_refit: float) -> None:
        """Let search and repeats end so that a share of the time is left for the refit."""
        if self._seconds is not None:
            until_refit = (1 - of_refit) * self._seconds
            self.finals.end_after(until_refit)
            self.search.end_after((1 - self._of_finals) * until_refit)

    def expect_refit(self, best: Iterable[Completed], growth: float) -> None:
        """Keep for the refit what it takes by what is known now; alone each takes longer than in its cohort.

        Args:
            best: Those that would be trained once more.
            growth: How many times as long an epoch takes then.
        """
        seconds = sum(outcome.seconds_to_best for outcome in best)
        if self._seconds and seconds:
            self._keep(min(_REFIT_SHARE, (_LEAST + _ALONE * growth * seconds) / self._seconds))


def _until_judged(seconds: float | None, seconds_to_start: float, n_networks: int = 1) -> float | None:
    """Give what is left for the search when the end's share is kept back: judging, exporting, telling MLflow.

    Args:
        seconds: The budget; None is without limit.
        seconds_to_start: How long the start took, which tells how fast the machine is now; the end takes twice that.
        n_networks: How many networks the model may have; each further one takes longer to export.
    """
    if seconds is None:
        return None
    reserve = max(min(_LONGEST_RESERVE, _RESERVED_SHARE * seconds), _ENDS_A_START * seconds_to_start)
    further = min((n_networks - 1) * _NETWORKS_A_START * seconds_to_start, _RESERVED_SHARE * seconds)
    return seconds - min(reserve + further, _LARGEST_SHARE * seconds)
