"""Quasi-random points: even in every parameter, and none of them twice."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from automl.spaces.read import read_space
from automl.study.proposal import propose
from automl.study.qmc import QMCSampler


@pytest.fixture
def points():
    """The proposals for 32 trials in a row, from where the sequence is even."""
    space = read_space("tabular_small")
    study = optuna.create_study(sampler=QMCSampler(0, space))
    return [propose(study, number, space, {}) for number in range(32, 64)]


def test_a_range_that_every_config_has_is_covered_evenly(points):
    sizes = [config["training.batch_size"] for config, _, _ in points]
    assert all(abs(sizes.count(size) - 32 / 3) < 1 for size in (32, 64, 128))


def test_options_are_covered_evenly(points):
    families = [config["family"] for config, _, _ in points]
    assert families.count("mlp") == families.count("resnet") == 16


def test_a_range_under_a_condition_has_a_coordinate_of_its_own(points):
    rates = [config["optimizer.adamw.lr"] for config, _, _ in points if config["optimizer"] == "adamw"]
    assert len(rates) == 16
    assert min(rates) < 5e-4 and max(rates) > 1.8e-2


def test_every_stratum_of_a_range_has_one_point():
    space = read_space("tabular_small")
    sampler = QMCSampler(5, space)
    study = optuna.create_study(sampler=sampler)
    name, dimension = "optimizer.adamw.lr", FloatDistribution(0.0, 1.0)
    drawn = []
    for number in range(16, 32):
        trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
        trial.number = number
        drawn.append(sampler.sample_independent(study, trial, name, dimension))
    assert sorted(int(16 * value) for value in drawn) == list(range(16))


def test_further_proposals_for_a_trial_are_others():
    space = read_space("tabular_small")
    study = optuna.create_study(sampler=QMCSampler(0, space))
    configs = [propose(study, 20, space, {}, draw)[0] for draw in range(5)]
    assert len({repr(config) for config in configs}) == 5


def test_an_option_is_never_beyond_the_last():
    space = read_space("tabular_small")
    sampler = QMCSampler(0, space)
    study = optuna.create_study(sampler=sampler)
    seen = set()
    for number in range(200):
        trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
        trial.number = number
        seen.add(sampler.sample_independent(study, trial, "family", CategoricalDistribution(["a", "b", "c"])))
    assert seen == {"a", "b", "c"}
