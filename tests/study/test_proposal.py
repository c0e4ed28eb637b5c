"""Configs drawn from the whole space."""

from __future__ import annotations

import numpy as np
import pytest

from automl.spaces.read import read_space
from automl.study.proposal import at_random


@pytest.fixture(scope="module")
def space():
    return read_space("tabular")


@pytest.fixture(scope="module")
def configs(space):
    return [at_random(space, np.random.default_rng(seed)) for seed in range(200)]


def test_a_random_config_is_one_of_the_space(space, configs):
    assert all(space.complete(config) == config for config in configs)


def test_the_same_seed_draws_the_same_config(space, configs):
    assert at_random(space, np.random.default_rng(7)) == configs[7] != configs[8]


def test_every_option_is_drawn_about_as_often(configs):
    families = [config["family"] for config in configs]
    assert set(families) == {"mlp", "resnet"} and 70 < families.count("mlp") < 130


def test_a_range_that_may_be_off_is_off_about_half_the_time(configs):
    off = [config["family.mlp.dropout"] == 0 for config in configs if config["family"] == "mlp"]
    assert 0.3 < sum(off) / len(off) < 0.7
