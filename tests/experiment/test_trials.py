"""The search's own loop: budgets, unfinished trials, and a bug that comes up again and again."""

from __future__ import annotations

import pytest

from automl.budget import Budget
from automl.errors import SearchError
from automl.experiment.trials import run_trials
from automl.trial import Completed, Failed, Pruned

DONE = Completed(0.9, 0.1, 1, 2, 1.0, 10, "patience")
DIVERGED = Failed("diverged", "DivergedError: no epoch was finite", 'File "cohort.py", line 9', 1.0)
PRUNED = Pruned(0.5, 0.5, 1, 6, 1.0, 10)


def _bug(line=3, kind="KeyError"):
    return Failed(
        "bug", f"{kind}: 'x'", f'Traceback\n  File "a.py", line 1\n  File "b.py", line {line}\n{kind}: x', 1.0
    )


class Study:
    """Asks for numbered configs."""

    def __init__(self, unfinished=()):
        self.told = {}
        self.unfinished = list(unfinished)
        self.n_asked = len(self.unfinished)

    def ask(self):
        self.n_asked += 1
        return self.n_asked - 1, {}

    def ask_again(self, number):
        return {}

    def tell(self, number, outcome):
        self.told[number] = outcome


class Clock:
    """Is over after so many questions."""

    def __init__(self, after):
        self.after = after

    @property
    def is_over(self):
        self.after -= 1
        return self.after < 0


class Objective:
    """Gives outcomes from a list, the last one for ever."""

    def __init__(self, outcomes, known=None, over_after=10**9):
        self.planned = outcomes
        self.outcomes = dict(known or {})
        self.clock = Clock(over_after)
        self.ran = []

    def run(self, number, config):
        self.ran.append(number)
        self.outcomes[number] = self.planned[min(len(self.ran), len(self.planned)) - 1]
        return self.outcomes[number]

    @property
    def winners(self):
        return [number for number, outcome in self.outcomes.items() if isinstance(outcome, Completed)]


def _run(objective, study=None, budget=None):
    ended = []
    study = study or Study()
    run_trials(study, objective, budget or Budget(trials=6), lambda: ended.append(1))
    return study, ended


def test_a_budget_in_trials_is_met_exactly():
    study, ended = _run(Objective([DONE, PRUNED, DIVERGED]))
    assert len(study.told) == len(ended) == 6


def test_a_budget_in_seconds_ends_the_search():
    study, _ = _run(Objective([DONE], over_after=4), budget=Budget(seconds=9.0))
    assert len(study.told) == 5


def test_the_first_trial_runs_even_without_time():
    study, _ = _run(Objective([DONE], over_after=0), budget=Budget(seconds=9.0))
    assert len(study.told) == 1


def test_an_unfinished_trial_is_run_again_first():
    objective = Objective([DONE])
    study, _ = _run(objective, Study(unfinished=[0]), Budget(trials=3))
    assert objective.ran == [0, 1, 2]
    assert list(study.told) == [0, 1, 2]


def test_an_unfinished_trial_whose_outcome_is_kept_is_only_told():
    objective = Objective([DONE], known={0: PRUNED})
    study, _ = _run(objective, Study(unfinished=[0]), Budget(trials=2))
    assert objective.ran == [1]
    assert study.told[0] == PRUNED


def test_the_same_bug_in_the_first_three_trials_ends_the_search_with_its_traceback():
    objective = Objective([_bug()])
    with pytest.raises(SearchError, match=r"the first 3 trials failed by the same bug:\nTraceback\n(.|\n)*b\.py"):
        _run(objective)
    assert objective.ran == [0, 1, 2]
    assert SearchError.exit_code == 1


@pytest.mark.parametrize("third", [_bug(line=4), _bug(kind="TypeError"), DIVERGED, DONE])
def test_other_failures_do_not_end_it(third):
    study, _ = _run(Objective([_bug(), _bug(), third, DONE]))
    assert len(study.told) == 6


def test_a_search_without_a_completed_trial_says_what_its_trials_came_to():
    with pytest.raises(SearchError, match="no trial was completed: 5 diverged, 1 pruned"):
        _run(Objective([PRUNED, DIVERGED]))
