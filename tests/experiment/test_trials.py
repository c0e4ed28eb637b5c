"""The search's own loop: budgets, unfinished trials, and a bug that comes up again and again."""

from __future__ import annotations

import pytest

from automl.budget import Budget
from automl.errors import SearchError
from automl.experiment.cohorts import COHORTS, Cohorts
from automl.experiment.trials import require_winner, run_trials
from automl.tracking.record import Record
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
        self.proposals = []
        self.unfinished = list(unfinished)
        self.n_asked = len(self.unfinished)

    n_starts = 1

    @property
    def finished(self):
        return list(self.told)

    def left(self, like=None, shared=None):
        return None

    def ask(self, like=None, shared=None, cost=None, n_proposals=1):
        self.n_asked += 1
        self.proposals.append(n_proposals)
        self.unfinished.append(self.n_asked - 1)
        return self.n_asked - 1, {"like": like}

    def ask_again(self, number):
        return {}

    def tell(self, number, outcome):
        self.told[number] = outcome
        self.unfinished.remove(number)


class Clock:
    """Is over after so many questions."""

    def __init__(self, after):
        self.after = self.all = after

    @property
    def share_left(self):
        return self.after / max(self.all, 1)

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
        self.cohorts = []
        self.together = None

    def cohort_size(self, config):
        return 4

    def most_together(self, config):
        return self.together

    def cost(self, config):
        return 1.0

    def run(self, configs):
        ended = {}
        for number in configs:
            self.ran.append(number)
            ended[number] = self.planned[min(len(self.ran), len(self.planned)) - 1]
        self.cohorts.append(list(configs))
        self.outcomes.update(ended)
        return ended

    def catch_up(self, ended):
        pass

    @property
    def leaders(self):
        return [number for number, outcome in self.outcomes.items() if isinstance(outcome, Completed)]


@pytest.fixture
def run(tmp_path):
    def run(objective, study=None, budget=None, size=1, formed=()):
        ended = []
        study = study or Study()
        record = Record.create(tmp_path, "study")
        for group in formed:
            record.append_jsonl(COHORTS, {"trials": group})
        run_trials(study, objective, budget or Budget(trials=6), Cohorts(record, size), lambda: ended.append(1))
        return study, ended

    return run


def test_a_budget_in_trials_is_met_exactly(run):
    study, ended = run(Objective([DONE, PRUNED, DIVERGED]))
    assert len(study.told) == len(ended) == 6


@pytest.mark.parametrize(("together", "formed"), [(None, [1, 4, 1]), (9, [1, 4, 1]), (2, [1, 2, 2, 1]), (1, [1] * 6)])
def test_no_more_train_together_than_a_limit_of_memory_lets(run, together, formed):
    objective = Objective([DONE])
    objective.together = together
    run(objective, size=4)
    assert [len(cohort) for cohort in objective.cohorts] == formed


def test_a_budget_in_seconds_ends_the_search(run):
    study, _ = run(Objective([DONE], over_after=4), budget=Budget(seconds=9.0))
    assert len(study.told) == 5


def test_the_cheapest_of_fewer_and_fewer_proposals_is_tried_as_the_seconds_run_out(run):
    study, _ = run(Objective([DONE], over_after=6), budget=Budget(seconds=60.0))
    assert (study.proposals[0], study.proposals[-1]) == (4, 1)
    assert study.proposals == sorted(study.proposals, reverse=True)


def test_a_number_of_trials_is_spent_on_what_the_sampler_proposes(run):
    study, _ = run(Objective([DONE], over_after=60), budget=Budget(trials=6, seconds=60.0))
    assert set(study.proposals) == {1}


def test_the_first_trial_runs_even_without_time(run):
    study, _ = run(Objective([DONE], over_after=0), budget=Budget(seconds=9.0))
    assert len(study.told) == 1


def test_an_unfinished_trial_is_run_again_first(run):
    objective = Objective([DONE])
    study, _ = run(objective, Study(unfinished=[0]), Budget(trials=3))
    assert objective.ran == [0, 1, 2]
    assert list(study.told) == [0, 1, 2]


def test_an_unfinished_trial_whose_outcome_is_kept_is_only_told(run):
    objective = Objective([DONE], known={0: PRUNED})
    study, _ = run(objective, Study(unfinished=[0]), Budget(trials=2), formed=[[0]])
    assert objective.ran == [1]
    assert study.told[0] == PRUNED


def test_cohorts_are_trimmed_to_the_budget(run):
    objective = Objective([DONE])
    run(objective, budget=Budget(trials=10), size=4)
    assert objective.cohorts == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]]


def test_cohorts_grow_with_the_study_up_to_what_pays(run):
    objective = Objective([DONE])
    run(objective, budget=Budget(trials=30), size=None)
    assert [len(cohort) for cohort in objective.cohorts] == [1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 4, 4, 4, 1]


def test_the_members_of_a_cohort_are_asked_for_alike(run):
    study = Study()
    asked = []
    ask = study.ask
    study.ask = lambda like=None, shared=None, **_: asked.append(like) or ask(like)
    run(Objective([DONE]), study, Budget(trials=4), size=3)
    assert asked == [None, None, {"like": None}, {"like": None}]


def test_a_cohort_killed_before_it_was_formed_is_formed_as_it_would_have_been(run):
    objective = Objective([DONE], known={0: DONE})
    study = Study(unfinished=[1, 2])
    study.n_asked = 3
    run(objective, study, Budget(trials=9), size=4)
    assert objective.cohorts == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_killed_cohort_runs_again_as_a_whole(run):
    objective = Objective([DONE], known={0: DONE, 2: DONE})
    study = Study(unfinished=[1, 2, 3])
    study.n_asked = 4
    run(objective, study, Budget(trials=4), size=3, formed=[[0], [1, 2, 3]])
    assert objective.cohorts == [[1, 2, 3]]


def test_a_cohort_that_was_kept_whole_is_only_told(run):
    objective = Objective([DONE], known=dict.fromkeys(range(4), DONE))
    study = Study(unfinished=[2, 3])
    study.n_asked = 4
    run(objective, study, Budget(trials=4), size=3, formed=[[0], [1, 2, 3]])
    assert objective.ran == []
    assert list(study.told) == [2, 3]


def test_the_same_bug_in_the_first_three_trials_ends_the_search_with_its_traceback(run):
    objective = Objective([_bug()])
    with pytest.raises(SearchError, match=r"the first 3 trials failed by the same bug:\nTraceback\n(.|\n)*b\.py"):
        run(objective)
    assert objective.ran == [0, 1, 2]
    assert SearchError.exit_code == 1


@pytest.mark.parametrize("third", [_bug(line=4), _bug(kind="TypeError"), DIVERGED, DONE])
def test_other_failures_do_not_end_it(run, third):
    study, _ = run(Objective([_bug(), _bug(), third, DONE]))
    assert len(study.told) == 6


def test_a_search_without_a_completed_trial_says_what_its_trials_came_to(run):
    objective = Objective([PRUNED, DIVERGED])
    run(objective)
    with pytest.raises(SearchError, match="no trial was completed: 5 diverged, 1 pruned"):
        require_winner(objective)
