"""NSGA-II: children of the front, in what every config has and in what stands under conditions."""

from __future__ import annotations

import math
import statistics

import optuna
import pytest

from automl.spaces.read import read_space, read_space_text
from automl.study.nsga2 import POPULATION
from automl.study.proposal import shared_parameters
from automl.study.study import Study
from automl.trial import Aim, Completed


@pytest.fixture
def open_study(tmp_path):
    def make(seed, sampler="nsga2"):
        space = read_space("tabular_small")
        aim = Aim(True, ("parameters",))
        return Study(tmp_path / f"{sampler}{seed}.journal", "s", space, aim=aim, sampler=sampler, seed=seed)

    return make


def _width(config):
    return config.get("family.mlp.width") or config["family.resnet.width"]


def _error(config):
    """Tell how far the rate, which stands under a condition, is from the best one."""
    rate = config.get("optimizer.adamw.lr") or config["optimizer.sgd.lr"] / 20
    return (math.log10(rate) + 2) ** 2


def _outcome(config):
    """The score rises with the size: every size has a best."""
    return Completed(math.log(_width(config)) - _error(config), 1.0, 1, 9, 1.0, _width(config), "epochs")


def _asked(study, until):
    configs = []
    while study.n_asked < until:
        number, config = study.ask()
        study.tell(number, _outcome(config))
        configs.append(config)
    return configs


def test_children_have_values_of_their_parents_under_conditions_too(open_study):
    configs = _asked(open_study(0), 2 * POPULATION)
    known = {config.get("optimizer.adamw.lr") for config in configs[:POPULATION]}
    children = [config["optimizer.adamw.lr"] for config in configs[POPULATION:] if config["optimizer"] == "adamw"]
    assert sum(rate in known for rate in children) > len(children) / 2 > 3


def test_generations_come_nearer_to_the_front(open_study):
    configs = _asked(open_study(0), 5 * POPULATION)
    first, last = configs[:POPULATION], configs[-POPULATION:]
    assert statistics.median(map(_error, last)) < 0.5 * statistics.median(map(_error, first))


def test_what_every_config_has_leaves_out_the_value_of_what_may_be_off():
    text = "{name: s, space: {training: {clip_norm: {float: [0.1, 1], zero: true, default: 1}}}}"
    shared = shared_parameters(read_space_text(text, "s.yaml"))
    assert shared == {"training.clip_norm?": optuna.distributions.CategoricalDistribution((False, True))}
