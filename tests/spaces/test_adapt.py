"""Configs of one space made configs of another."""

from __future__ import annotations

import random

import pytest

from automl.spaces.adapt import adapt
from automl.spaces.read import read_space, read_space_text
from automl.spaces.shipped import shipped_spaces
from automl.spaces.space import Choice

TEXT = """
name: small
space:
  family: {choice: {mlp: {layers: {int: [1, 5], step: 2, default: 3}, activation: {choice: [relu, gelu], default: relu},
    dropout: {float: [0.1, 0.5], zero: true, default: 0}, rate: {float: [0, 1], step: 0.25, default: 0.5},
    more: {int: [1, 9], default: 4, when: {family.mlp.activation: gelu}}}}, default: mlp}
  training: {epochs: 9}
"""


@pytest.fixture(scope="module")
def space():
    return read_space_text(TEXT, "small.yaml")


def _drawn(space, rng):
    """A config from all over the space."""

    def decide(name, domain):
        if isinstance(domain, Choice):
            return rng.choice(domain.options)
        if domain.zero and rng.random() < 0.3:
            return 0
        return rng.choice([domain.low, domain.default, domain.high])

    return space.walk(decide)


@pytest.mark.parametrize("name", [path.stem for path in shipped_spaces()])
def test_a_config_of_the_space_itself_stays_as_it_is(name):
    space, rng = read_space(name), random.Random(0)
    for config in (space.default(), *space.starts, *(_drawn(space, rng) for _ in range(20))):
        adapted = adapt(config, space)
        assert adapted.config == config and adapted.changes == ()


@pytest.mark.parametrize("name", [path.stem for path in shipped_spaces()])
def test_what_becomes_of_any_other_config_is_one_of_the_space(name):
    space, rng = read_space(name), random.Random(1)
    for other in map(read_space, shipped_spaces()):
        for config in (_drawn(other, rng) for _ in range(10)):
            adapted = adapt(config, space)
            assert adapted.changes if adapted.config is None else space.complete(adapted.config) == adapted.config


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("layers", 9, 5),
        ("layers", 0, 1),
        ("layers", 2.9, 3),
        ("dropout", 0.9, 0.5),
        ("dropout", 0.01, 0.1),
        ("dropout", 0, 0),
        ("rate", 0.6, 0.5),
        ("rate", 7, 1.0),
    ],
)
def test_a_number_that_is_none_of_its_range_becomes_the_nearest(space, name, value, near):
    config = {**space.default(), f"family.mlp.{name}": value}
    adapted = adapt(config, space)
    assert adapted.config == {**space.default(), f"family.mlp.{name}": near}
    assert bool(adapted.changes) == (near != value)


def test_an_option_that_there_is_not_becomes_the_default(space):
    adapted = adapt({**space.default(), "family.mlp.activation": "tanh"}, space)
    assert adapted.config == space.default()
    assert adapted.changes == ("family.mlp.activation is 'relu' instead of 'tanh'",)


def test_a_fixed_value_stays_fixed(space):
    adapted = adapt({**space.default(), "training.epochs": 30}, space)
    assert adapted.config == space.default() and adapted.changes == ("training.epochs is 9 instead of 30",)


def test_a_name_that_there_is_not_is_left_out(space):
    adapted = adapt({**space.default(), "schedule": "cosine"}, space)
    assert adapted.config == space.default() and adapted.changes == ("without schedule, which was 'cosine'",)


def test_what_hangs_on_a_lost_value_is_left_out_with_it(space):
    config = {**space.default(), "family.mlp.activation": "tanh", "family.mlp.more": 5}
    assert adapt(config, space).changes[-1] == "without family.mlp.more, which was 5"


def test_a_family_that_there_is_not_leaves_no_config(space):
    adapted = adapt({"family": "cnn", "family.cnn.width": 8, "training.epochs": 9}, space)
    assert adapted.config is None
    assert adapted.changes == ("its family is 'cnn', which this space does not have",)
