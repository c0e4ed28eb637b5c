"""Configs with seeds go in and outcomes come out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from automl.budget import Clock
from automl.experiment.interrupts import Interrupts
from automl.experiment.limits import Limits
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.recipe import read_recipe
from automl.experiment.stage import set_out
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.watch import Watch
from automl.study.rungs import NoPruner
from automl.tracking.record import Record
from automl.training.failures import OutOfTimeError

CONFIG = {"family": "mlp", "family.mlp.layers": 1, "family.mlp.width": 8, "training.epochs": 3}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")))
    return set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan)


def _trained(stage, *candidates, seconds=None):
    watch = Watch(range(1, len(candidates) + 1), stage, NoPruner(), Clock(seconds), Silent(), Interrupts())
    outcomes = [outcome for _, outcome in Trainer(stage, torch.device("cpu")).train(candidates, watch)]
    return [replace(outcome, seconds=0.0) for outcome in outcomes]


def test_the_same_seed_trains_alike(stage):
    assert _trained(stage, Candidate(CONFIG, (1, 2))) == _trained(stage, Candidate(CONFIG, (1, 2)))


def test_another_seed_trains_otherwise(stage):
    assert _trained(stage, Candidate(CONFIG, (1, 2))) != _trained(stage, Candidate(CONFIG, (1, 3)))


def test_members_of_a_cohort_with_one_seed_train_alike(stage):
    one, other = _trained(stage, *2 * [Candidate(CONFIG, (1, 2))])
    assert one == other


@pytest.mark.parametrize("family", ["realmlp", "tabm"])
def test_networks_settle_on_the_training_rows_and_no_others(stage, family):
    config = {"family": family, f"family.{family}.layers": 1, f"family.{family}.width": 8, "training.epochs": 1}
    config |= {"optimizer.adamw.lr": 0.0} | ({"family.tabm.bins": 4} if family == "tabm" else {})
    weights = {}
    for name, rows in (
        ("as divided", stage),
        ("other validation", replace(stage, validation=stage.validation[:5], _prepared={})),
    ):
        watch = Watch([1], rows, NoPruner(), Clock(None), Silent(), Interrupts())
        ((fitted, _),) = Trainer(rows, torch.device("cpu")).train([Candidate(config, (1, 2))], watch)
        weights[name] = fitted.weights
    one, other = weights.values()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    if family == "tabm":
        edge = -one["encoders.numeric.bins.offset"][:, 0] / one["encoders.numeric.bins.slope"][:, 0]
        numeric = torch.from_numpy(stage.prepare(read_recipe(config).preparing).train["numeric"])
        torch.testing.assert_close(edge, numeric.amin(dim=0), rtol=1e-3, atol=1e-3)


def test_nothing_is_trained_when_the_time_is_up(stage):
    with pytest.raises(OutOfTimeError, match="the time was up before the first step"):
        _trained(stage, Candidate(CONFIG, (1, 2)), seconds=0.0)


def test_a_network_past_a_limit_is_infeasible(stage):
    trainer = Trainer(stage, torch.device("cpu"), Limits(parameters=5))
    assert "its parameters would be" in trainer.infeasible(CONFIG)


def test_a_network_past_a_limit_costs_infinitely_much(stage):
    assert Trainer(stage, torch.device("cpu"), Limits(parameters=5)).cost(CONFIG) == float("inf")


def test_a_network_within_the_limits_is_feasible(stage):
    assert Trainer(stage, torch.device("cpu")).infeasible(CONFIG) == ""


def test_no_more_train_together_than_the_limit_of_memory_holds(stage):
    n_bytes = Trainer(stage, torch.device("cpu")).size(CONFIG)["bytes"]
    for limit, most in ((None, None), (n_bytes, 1), (3.5 * n_bytes, 3)):
        assert Trainer(stage, torch.device("cpu"), Limits(bytes=limit)).most_together(CONFIG) == most


@pytest.mark.parametrize(
    ("more", "most"), [({}, 5), ({"family.mlp.norm": "batch"}, 1), ({"training.batch_size": 1}, 1)]
)
def test_batches_are_cut_into_parts_of_two_rows_and_never_under_a_batch_norm(stage, more, most):
    config = {**CONFIG, "training.batch_size": 10, **more}
    assert Trainer(stage, torch.device("cpu")).most_parts(config) == most
