"""The grid: every config once, in any order, and then the search ends."""

from __future__ import annotations

import json

import pytest

from automl.spaces.count import n_configs
from automl.spaces.read import read_space, read_space_text
from automl.study.grid import grid_of
from automl.study.samplers import refusal, remark
from automl.study.study import Study
from automl.trial import Aim, Completed, Failed
from tests.study.test_every_sampler import DISCRETE

SIZE = (3 * 2 + 2) * 3 * 4


@pytest.fixture
def open_study(tmp_path):
    def make(journal="a.journal", seed=0):
        return Study(tmp_path / journal, "s", DISCRETE, aim=Aim(True), sampler="grid", seed=seed)

    return make


def run_out(study):
    configs = []
    while study.left():
        number, config = study.ask()
        study.tell(number, Completed(0.5, 1.0, 1, 1, 1.0, 9, "epochs"))
        configs.append(config)
    return configs


def test_it_lists_every_config_once():
    listed = [json.dumps(config) for config in grid_of(DISCRETE)]
    assert len(listed) == len(set(listed)) == n_configs(DISCRETE) == SIZE


def test_a_search_ends_when_each_config_was_tried_once(open_study):
    configs = [json.dumps(config) for config in run_out(open_study())]
    assert len(configs) == len(set(configs)) == SIZE


def test_the_default_and_known_good_configs_are_on_the_grid_and_not_tried_twice(open_study):
    configs = run_out(open_study())
    assert configs[:2] == [DISCRETE.default(), DISCRETE.complete(DISCRETE.starts[0])]
    assert configs.count(configs[0]) == configs.count(configs[1]) == 1


def test_the_order_is_shuffled_by_the_seed(open_study):
    first, other = (run_out(open_study(f"{seed}.journal", seed)) for seed in (0, 1))
    assert first != other and sorted(map(json.dumps, first)) == sorted(map(json.dumps, other))


def test_it_knows_how_many_are_left_that_agree_with_a_config(open_study):
    study = open_study()
    shared = {"family", "family.resnet.blocks"}
    config = DISCRETE.complete({"family": "resnet"})
    assert study.left(config, shared.__contains__) == 3 * 4
    study.ask(like=config, shared=shared.__contains__)
    assert study.ask(like=config, shared=shared.__contains__)[1]["family"] == "mlp"  # a known-good config goes first
    assert study.ask(like=config, shared=shared.__contains__)[1]["family.resnet.blocks"] == 1
    assert study.left(config, shared.__contains__) == 3 * 4 - 1


def test_what_cannot_be_tried_comes_last_and_fails_once(open_study):
    study, failed = open_study(), []
    while study.left():
        number, config = study.ask(cost=lambda config: float("inf") if config["training.batch_size"] == 32 else 1.0)
        cannot = config["training.batch_size"] == 32
        failed += [number] if cannot else []
        ended = Failed("infeasible", "", "", 0.0) if cannot else Completed(0.5, 1.0, 1, 1, 1.0, 9, "epochs")
        study.tell(number, ended)
    assert failed == list(range(SIZE - SIZE // 3, SIZE))


def test_the_other_samplers_never_come_to_an_end(tmp_path):
    study = Study(tmp_path / "j", "s", DISCRETE, aim=Aim(True), sampler="random", seed=0)
    assert study.left() is None


def test_a_space_without_end_is_refused_with_the_ranges_that_have_none():
    space = read_space_text("{name: s, space: {training: {clip_norm: {float: [0.1, 1], default: 1}}}}", "s.yaml")
    assert refusal("grid", space) == (
        "grid tries every config, and there is no end of them in training.clip_norm: give these a choice or a step, or "
        "use --sampler qmc, which spreads trials evenly"
    )


def test_a_grid_that_nobody_would_wait_for_is_refused_with_its_size():
    training = "{batch_size: {int: [1, 4096], default: 1}, epochs: {int: [1, 8], default: 1}}"
    text = f"{{name: s, space: {{training: {training}}}}}"
    sentence = refusal("grid", read_space_text(text, "s.yaml"))
    assert sentence.startswith("grid tries every config, and it has 32,768 of them, more than the 20,000")


def test_its_size_is_told():
    assert remark("grid", DISCRETE) == "the grid has 96 configs, each of which is tried once"


def test_what_gp_cannot_see_is_told():
    assert remark("gp", read_space("tabular_small")) == (
        "gp cannot see 14 parameters under conditions; they are proposed by tpe"
    )


def test_gp_refuses_a_space_of_which_it_can_see_nothing():
    text = "{name: s, space: {training: {clip_norm: 1.0}}}"
    assert refusal("gp", read_space_text(text, "s.yaml")).startswith("gp models what every config has, and all")
