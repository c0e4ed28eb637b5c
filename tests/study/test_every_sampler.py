"""What every sampler promises, on every shipped space that it serves, and grid on a discrete one."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace

import pytest

from automl.spaces.read import read_space, read_space_text
from automl.spaces.shipped import shipped_spaces
from automl.study.samplers import SAMPLERS, refusal
from automl.study.study import Study
from automl.trial import Aim, Completed, Failed, Pruned

DISCRETE = read_space_text(
    """
name: discrete
space:
  family:
    choice:
      mlp: {layers: {int: [1, 3], default: 2}, norm: {choice: [none, batch], default: none}}
      resnet: {blocks: {int: [1, 2], default: 1}}
    default: mlp
  training:
    batch_size: {choice: [32, 64, 128], default: 64}
    label_smoothing: {float: [0.1, 0.3], step: 0.1, zero: true, default: 0.3}
starts:
  - {family: {mlp: {layers: 3}}}
""",
    "discrete.yaml",
)
SHIPPED = [path.stem for path in shipped_spaces()]
SERVED = [(sampler, name) for sampler in SAMPLERS for name in SHIPPED if not refusal(sampler, read_space(name))]
LEARNS = 24
"""So many trials are asked for that each sampler is past its random beginning."""

every_sampler = pytest.mark.parametrize("sampler", SAMPLERS)


def space_for(sampler):
    return DISCRETE if sampler == "grid" else read_space("tabular_small")


@pytest.fixture
def open_study(tmp_path):
    def make(journal, sampler, *, space=None, seed=3, costs=()):
        space = space or space_for(sampler)
        return Study(tmp_path / journal, "s", space, aim=Aim(True, costs), sampler=sampler, seed=seed)

    return make


def outcome(number, config):
    score = -abs(config.get("family.mlp.layers", 9) - 2) + 0.1 * (config["training.batch_size"] == 64)
    costs = {"parameters": 100 + 7 * number % 40, "latency": 0.1}
    if number % 5 == 3:
        return Pruned(score=score, loss=1.0, best_epoch=1, epochs=6, seconds=1.0, **costs)
    if number % 11 == 6:
        return Failed(kind="diverged", message="no epoch had a finite loss and score", traceback="", seconds=1.0)
    return Completed(score=score, loss=1.0, best_epoch=1, epochs=9, seconds=1.0, stopped_by="patience", **costs)


def go_on(study, until, cost=lambda config: 0.0):
    configs = []
    while study.n_asked < until:
        number, config = study.ask(cost=cost)
        study.tell(number, outcome(number, config))
        configs.append(config)
    return configs


@pytest.mark.parametrize(("sampler", "name"), SERVED)
def test_it_proposes_only_configs_of_every_shipped_space_it_serves(open_study, sampler, name):
    space = read_space(name)
    study = open_study("a.journal", sampler, space=space)
    for _ in range(14):
        number, config = study.ask()
        assert space.check(config) == {} and space.complete(config) == config
        study.tell(number, Completed(number / 9, 1.0, 1, 9, 1.0, 9, "patience"))


@every_sampler
def test_the_same_seed_gives_the_same_study(open_study, sampler):
    first, again = (go_on(open_study(name, sampler), LEARNS) for name in ("a.journal", "b.journal"))
    assert first == again


@every_sampler
def test_another_seed_gives_another_study(open_study, sampler):
    first, other = (go_on(open_study(f"{seed}.journal", sampler, seed=seed), 12) for seed in (1, 2))
    assert first != other


@every_sampler
@pytest.mark.parametrize("cut_after", [13, 22])
def test_a_study_that_is_killed_goes_on_as_if_it_was_not(open_study, tmp_path, sampler, cut_after):
    whole = go_on(open_study("whole.journal", sampler, costs=("parameters",)), LEARNS)
    lines = (tmp_path / "whole.journal").read_bytes().splitlines(keepends=True)
    asked = [place for place, line in enumerate(lines) if b'"distributions"' in line][cut_after]
    (tmp_path / "cut.journal").write_bytes(b"".join(lines[: asked + 1]))
    study = open_study("cut.journal", sampler, costs=("parameters",))
    (number,) = study.unfinished
    assert (number, study.ask_again(number)) == (cut_after, whole[cut_after])
    study.tell(number, outcome(number, whole[number]))
    assert go_on(study, LEARNS) == whole[cut_after + 1 :]


@every_sampler
def test_trials_that_run_are_not_proposed_again(open_study, sampler):
    study = open_study("a.journal", sampler)
    go_on(study, 14)
    asked = [json.dumps(study.ask()[1]) for _ in range(4)]
    assert len(set(asked)) == 4


@every_sampler
def test_two_processes_ask_for_different_configs(open_study, sampler):
    ours, other = open_study("a.journal", sampler), open_study("a.journal", sampler)
    go_on(ours, 13)
    asked = [json.dumps(each.ask()[1]) for each in (ours, other, ours, other)]
    assert len(set(asked)) == 4


@every_sampler
def test_those_that_train_together_agree_in_what_they_share(open_study, sampler):
    study = open_study("a.journal", sampler)
    go_on(study, 13)
    _, config = study.ask()
    mates = [study.ask(like=config, shared=lambda name: name.startswith("family"))[1] for _ in range(2)]
    wanted = {name: value for name, value in config.items() if name.startswith("family")}
    for mate in mates:
        assert {name: mate.get(name) for name in wanted} == wanted and space_for(sampler).check(mate) == {}
    assert len({json.dumps(each) for each in (config, *mates)}) == 3


@every_sampler
def test_what_cannot_be_tried_is_not_proposed(open_study, sampler):
    study = open_study("a.journal", sampler)
    go_on(study, 11)
    asked = go_on(study, 18, cost=lambda config: math.inf if config["training.batch_size"] > 64 else 1.0)
    assert all(config["training.batch_size"] <= 64 for config in asked)


@every_sampler
def test_what_a_person_wants_comes_first(open_study, sampler):
    space = space_for(sampler)
    wanted = tuple(space.complete({"training.batch_size": size}) for size in (128, 32))
    configs = go_on(open_study("a.journal", sampler, space=replace(space, first=wanted)), 4)
    assert configs[:3] == [space.default(), *wanted]


@every_sampler
@pytest.mark.parametrize("costs", [("parameters",), ("parameters", "latency", "seconds")])
def test_it_searches_where_costs_count_too(open_study, sampler, costs):
    study = open_study("a.journal", sampler, costs=costs)
    configs = go_on(study, LEARNS)
    assert all(space_for(sampler).check(config) == {} for config in configs)
    assert study.insights()["importance"] is not None


@every_sampler
def test_it_says_nothing_that_a_person_should_not_read(open_study, sampler):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        go_on(open_study("a.journal", sampler), 14)
    assert told == []
