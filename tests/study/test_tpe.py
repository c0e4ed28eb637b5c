"""The tree-structured Parzen estimator: an Optuna sampler that learns, branch by branch."""

from __future__ import annotations

import warnings

import numpy as np
import optuna
import pytest

from automl.study.tpe import N_STARTUP, TPESampler


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _branches(trial):
    """The best is opt b with lr 0.01 and momentum 0.2."""
    score = (np.log10(trial.suggest_float("lr", 1e-4, 1, log=True)) + 2) ** 2
    score += 0.3 * abs(trial.suggest_int("layers", 1, 6) - 3)
    if trial.suggest_categorical("opt", ["a", "b"]) == "b":
        return score + 2 * (trial.suggest_float("momentum", 0, 1) - 0.2) ** 2
    return score + 0.5 + trial.suggest_float("alpha", 0, 1)


def _bests(make, n_trials=50, seeds=range(8)):
    bests = []
    for seed in seeds:
        study = optuna.create_study(sampler=make(seed))
        study.optimize(_branches, n_trials=n_trials)
        bests.append(study.best_value)
    return np.array(bests)


def test_it_finds_better_values_than_chance():
    chance = _bests(lambda seed: optuna.samplers.RandomSampler(seed=seed))
    assert np.median(_bests(TPESampler)) < 0.5 * np.median(chance)


def test_it_needs_no_warning():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _bests(TPESampler, n_trials=15, seeds=[0])
    assert told == []


def test_its_first_proposals_are_random():
    study = optuna.create_study(sampler=TPESampler(0))
    study.optimize(_branches, n_trials=N_STARTUP)
    assert {trial.params["opt"] for trial in study.trials} == {"a", "b"}
    assert len({trial.params["lr"] for trial in study.trials}) == N_STARTUP


def _known(n_trials):
    study = optuna.create_study(sampler=TPESampler(0))
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    for number in range(n_trials):
        place = (number * 0.37) % 1
        study.add_trial(optuna.create_trial(params={"x": place}, distributions=space, value=abs(place - 0.5)))
    return study, space


def test_it_looks_at_the_best_and_the_latest_trials_alone():
    study, space = _known(60)
    sampler = TPESampler(0, best=5, latest=8)
    study.sampler = sampler
    study.ask(space)
    best = sorted(range(60), key=lambda number: (study.trials[number].value, number))[:5]
    assert len(sampler._table._places) == len({*best, *range(52, 60)})


def test_a_new_sampler_proposes_as_one_that_was_there_all_along():
    study, space = _known(40)
    old = TPESampler(7, best=9, latest=9)
    study.sampler = old
    for _ in range(3):
        study.tell(study.ask(space), 0.3)
    kept = study.ask(space).params
    again, _ = _known(40)
    for trial in study.trials[40:43]:
        again.add_trial(trial)
    again.sampler = TPESampler(7, best=9, latest=9)
    assert again.ask(space).params == kept


def test_trials_that_run_keep_others_from_their_place():
    study, space = _known(40)
    running = [study.ask(space).params["x"] for _ in range(12)]
    assert len({round(x, 3) for x in running}) > 8


def test_failed_trials_are_avoided():
    study = optuna.create_study(sampler=TPESampler(0))
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    for _ in range(60):
        trial = study.ask(space)
        if trial.params["x"] > 0.3:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, 1.0)
    last = [trial.params["x"] for trial in study.trials[30:]]
    assert np.mean(np.array(last) > 0.3) < 0.5


def test_stopped_trials_count_by_how_long_they_lived():
    study = optuna.create_study(sampler=TPESampler(0))
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    for _ in range(60):
        trial = study.ask(space)
        step = 6 if trial.params["x"] < 0.5 else 12
        trial.report(1.0, step)
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    last = [trial.params["x"] for trial in study.trials[30:]]
    assert np.mean(np.array(last) > 0.5) > 0.7


def test_what_is_decided_of_a_trial_conditions_the_rest():
    study = optuna.create_study(sampler=TPESampler(0))
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in ("x", "y")}
    rng = np.random.default_rng(0)
    for _ in range(120):  # Good where y = x.
        x, y = rng.random(2)
        study.add_trial(optuna.create_trial(params={"x": x, "y": y}, distributions=space, value=abs(x - y)))
    for x in (0.1, 0.9):
        found = []
        for _ in range(9):
            study.enqueue_trial({"x": x})
            found.append(study.ask(space).params["y"])
        assert abs(np.median(found) - x) < 0.3
