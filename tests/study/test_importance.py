"""Importance: what matters is found, what is told is plain, and few trials tell nothing."""

from __future__ import annotations

import math
import warnings

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from automl.study.importance import LEAST_TRIALS, importance

RATE = FloatDistribution(1e-4, 1.0, log=True)
UNIT = FloatDistribution(0.0, 1.0)
FAMILY = CategoricalDistribution(("mlp", "resnet"))
SWITCH = CategoricalDistribution((False, True))


def study_of(n_trials, score, direction="maximize", state=TrialState.COMPLETE):
    """A study of random trials whose score is a function of the parameters."""
    rng = np.random.default_rng(0)
    study = optuna.create_study(direction=direction)
    for _ in range(n_trials):
        params = {"rate": 10 ** rng.uniform(-4, 0), "noise": rng.uniform(), "family": FAMILY.choices[rng.integers(2)]}
        ranges = {"rate": RATE, "noise": UNIT, "family": FAMILY}
        if params["family"] == "resnet":
            params |= {"drop?": bool(rng.integers(2))}
            ranges |= {"drop?": SWITCH}
            if params["drop?"]:
                params, ranges = params | {"drop": rng.uniform()}, ranges | {"drop": UNIT}
        value = score(params)
        came = {"value": value} if state is TrialState.COMPLETE else {"intermediate_values": {3: 0.0, 6: value}}
        study.add_trial(create_trial(state=state, params=params, distributions=ranges, **came))
    return study


def closeness(params):
    return -abs(math.log10(params["rate"]) + 2)


@pytest.fixture(scope="module")
def found():
    return importance(study_of(80, closeness))


def test_the_parameter_that_decides_comes_first(found):
    assert next(iter(found["parameters"])) == "rate" and found["parameters"]["rate"] > 0.7


def test_the_parts_are_those_of_one_whole(found):
    assert sum(found["parameters"].values()) == pytest.approx(1.0)


def test_it_says_by_what_and_of_how_many_trials_it_was_told(found):
    assert (found["method"], found["trials"], found["best_share"]) == ("PED-ANOVA", 80, 0.1)


def test_a_switch_counts_as_the_parameter_it_switches(found):
    assert set(found["parameters"]) == {"rate", "noise", "family", "drop"}


def test_the_direction_of_the_scores_does_not_matter(found):
    assert importance(study_of(80, lambda params: -closeness(params), "minimize")) == found


def test_the_best_are_five_trials_at_least():
    assert importance(study_of(20, closeness))["best_share"] == 5 / 20


@pytest.mark.parametrize("n_trials", [0, 1, LEAST_TRIALS - 1])
def test_of_few_trials_nothing_is_told(n_trials):
    assert importance(study_of(n_trials, closeness)) is None


def test_a_pruned_trial_counts_with_the_score_at_which_it_was_stopped(found):
    assert importance(study_of(80, closeness, state=TrialState.PRUNED)) == found


def test_a_trial_without_a_score_counts_nothing(found):
    study = study_of(80, closeness)
    parameters = {"params": {"rate": 0.01}, "distributions": {"rate": RATE}}
    study.add_trial(create_trial(state=TrialState.FAIL, **parameters))
    study.add_trial(create_trial(state=TrialState.RUNNING, **parameters))
    study.add_trial(create_trial(state=TrialState.PRUNED, intermediate_values={3: math.nan}, **parameters))
    assert importance(study) == found


def test_where_all_scores_are_equal_nothing_is_told():
    assert importance(study_of(20, lambda params: 1.0)) is None


def test_nobody_is_warned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importance(study_of(12, closeness))
