"""NSGA-II: children of the front, in what every config has and in what stands under conditions."""

from __future__ import annotations

import optuna
import pytest

from automl.spaces.read import read_space
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


def _outcome(config):
    """The score rises with the rate and the size: every size has a best."""
    rate = config.get("optimizer.adamw.lr", 0.0)
    return Completed(_width(config) ** 0.5 + 100 * rate, 1.0, 1, 9, 1.0, _width(config), "epochs")


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


def test_generations_come_nearer_to_the_front_than_chance(open_study):
    def best_rates(sampler):
        late = [_asked(open_study(seed, sampler), 4 * POPULATION)[-POPULATION:] for seed in range(2)]
        return sum(config.get("optimizer.adamw.lr", 0.0) > 1e-2 for configs in late for config in configs)

    assert best_rates("nsga2") > 1.3 * best_rates("random")


def test_what_every_config_has_leaves_out_the_value_of_what_may_be_off():
    from automl.spaces.read import read_space_text

    text = "{name: s, space: {training: {clip_norm: {float: [0.1, 1], zero: true, default: 1}}}}"
    shared = shared_parameters(read_space_text(text, "s.yaml"))
    assert shared == {"training.clip_norm?": optuna.distributions.CategoricalDistribution((False, True))}
