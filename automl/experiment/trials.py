"""The search itself: ask, run, tell, until the budget is spent; first of all what a killed session left unfinished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from automl.errors import SearchError
from automl.trial import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from automl.budget import Budget
    from automl.experiment.cohorts import Cohorts
    from automl.experiment.objective import Objective
    from automl.study.study import Study
    from automl.trial import Config, Outcome

_SAME_BUGS = 3


def run_trials(
    study: Study, objective: Objective, budget: Budget, cohorts: Cohorts, trial_ended: Callable[[], None]
) -> None:
    """Run trials, cohort by cohort, until the budget is spent.

    Args:
        study: Proposes configs.
        objective: Runs them.
        budget: Trials and seconds in all; the seconds are counted by the objective's clock.
        cohorts: Forms the cohorts, and knows those that were formed before.
        trial_ended: Called after each cohort, when all of it is on the disk.

    Raises:
        SearchError: The first trials all failed by the same bug.
    """
    run_again(study, objective, cohorts.unfinished(study), trial_ended)
    run_new(study, objective, budget, cohorts, trial_ended)


def run_again(
    study: Study, objective: Objective, groups: Sequence[Sequence[int]], trial_ended: Callable[[], None]
) -> None:
    """Bring cohorts to their end that were formed before, by this process or by one that is gone."""
    for numbers in groups:
        objective.catch_up(numbers)
        _settle(study, objective, {number: study.ask_again(number) for number in numbers})
        trial_ended()


def run_new(
    study: Study, objective: Objective, budget: Budget, cohorts: Cohorts, trial_ended: Callable[[], None]
) -> None:
    """Form cohorts and run them until the budget is spent; what others work on is left to them."""
    while configs := cohorts.form(study, objective, budget):
        _settle(study, objective, configs)
        cohorts.release()
        trial_ended()
        _stop_at_the_same_bug(objective.outcomes)


def _settle(study: Study, objective: Objective, configs: Mapping[int, Config]) -> None:
    """Bring a cohort to its end: run it, or tell what its trials' folders already hold.

    Nothing of a cohort is told before all of it is kept, so that one which was killed runs again as a whole.
    """
    known = {number: objective.outcomes[number] for number in configs if number in objective.outcomes}
    ended = known if len(known) == len(configs) else objective.run(configs)
    for number, outcome in ended.items():
        study.tell(number, outcome)


def _stop_at_the_same_bug(outcomes: Mapping[int, Outcome]) -> None:
    """End a search whose first trials all fail in the same place.

    Raises:
        SearchError: They do; the traceback is part of the text.
    """
    bugs = [outcome for outcome in outcomes.values() if isinstance(outcome, Failed) and outcome.kind == "bug"]
    if len(outcomes) == _SAME_BUGS == len(bugs) and len({_place(bug) for bug in bugs}) == 1:
        raise SearchError(f"the first {_SAME_BUGS} trials failed by the same bug:\n{bugs[0].traceback}")


def _place(bug: Failed) -> tuple[str, ...]:
    """Say what was raised where."""
    raised = bug.message.partition(":")[0]
    return (raised, *re.findall(r'File "(.+?)", line (\d+)', bug.traceback)[-1])


def require_winner(objective: Objective) -> int:
    """Give the best trial.

    Raises:
        SearchError: No trial was completed.
    """
    if not objective.leaders:
        raise SearchError(f"no trial was completed: {_kinds(objective.outcomes)}")
    return objective.leaders[0]


def _kinds(outcomes: Mapping[int, Outcome]) -> str:
    kinds = [
        outcome.kind.replace("_", " ") if isinstance(outcome, Failed) else "pruned" for outcome in outcomes.values()
    ]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "there was none"
