"""The search itself: ask, run, tell, until the budget is spent; first of all what a killed session left unfinished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from automl.errors import SearchError
from automl.trial import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.budget import Budget
    from automl.experiment.objective import Objective
    from automl.study.study import Study
    from automl.trial import Outcome

_SAME_BUGS = 3


def run_trials(study: Study, objective: Objective, budget: Budget, trial_ended: Callable[[], None]) -> None:
    """Run trials until the budget is spent.

    Args:
        study: Proposes configs.
        objective: Runs them.
        budget: Trials and seconds in all; the seconds are counted by the objective's clock.
        trial_ended: Called after each trial, when all of it is on the disk.

    Raises:
        SearchError: The first trials all failed by the same bug, or no trial was completed.
    """
    for number in study.unfinished:
        _settle(study, objective, number)
        trial_ended()
    while not _is_spent(study, objective, budget):
        number, config = study.ask()
        study.tell(number, objective.run(number, config))
        trial_ended()
        _stop_at_the_same_bug(objective.outcomes)
    if not objective.winners:
        raise SearchError(f"no trial was completed: {_kinds(objective.outcomes)}")


def _settle(study: Study, objective: Objective, number: int) -> None:
    """Bring an unfinished trial to its end: tell what its folder already holds, or run it again from its start."""
    config = study.ask_again(number)
    known = objective.outcomes.get(number)
    study.tell(number, known if known is not None else objective.run(number, config))


def _is_spent(study: Study, objective: Objective, budget: Budget) -> bool:
    if budget.trials is not None and study.n_asked >= budget.trials:
        return True
    return study.n_asked > 0 and objective.clock.is_over


def _stop_at_the_same_bug(outcomes: Mapping[int, Outcome]) -> None:
    """End a search whose first trials all fail in the same place.

    Raises:
        SearchError: They do; the traceback is part of the text.
    """
    first = [outcomes.get(number) for number in range(_SAME_BUGS)]
    bugs = [outcome for outcome in first if isinstance(outcome, Failed) and outcome.kind == "bug"]
    if len(outcomes) == _SAME_BUGS == len(bugs) and len({_place(bug) for bug in bugs}) == 1:
        raise SearchError(f"the first {_SAME_BUGS} trials failed by the same bug:\n{bugs[0].traceback}")


def _place(bug: Failed) -> tuple[str, ...]:
    """Say what was raised where."""
    raised = bug.message.partition(":")[0]
    return (raised, *re.findall(r'File "(.+?)", line (\d+)', bug.traceback)[-1])


def _kinds(outcomes: Mapping[int, Outcome]) -> str:
    kinds = [
        outcome.kind.replace("_", " ") if isinstance(outcome, Failed) else "pruned" for outcome in outcomes.values()
    ]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "there was none"
