"""Whether sampler and pruner suit a space, and what is said of how they will search it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from automl.errors import PlanError
from automl.experiment.plan import Plan
from automl.experiment.strategy import settle_strategy
from automl.spaces.read import whole_text
from automl.tracking.record import Record


@pytest.fixture
def settle(tmp_path):
    def settle(space="tabular", n_rows=5000, **options):
        plan = Plan(data="iris", study="s", runs_dir=str(tmp_path), space=space, **options)
        record = Record.create(tmp_path, "s", plan.to_json())
        record.write_text("space.yaml", whole_text(space))
        stage = SimpleNamespace(train=range(n_rows), task=SimpleNamespace(metric="accuracy"))
        said = settle_strategy(record, plan, stage)
        assert record.read_json("plan.json").get("remarks", []) == said
        return said

    return settle


def test_of_an_ordinary_search_there_is_nothing_to_say(settle):
    assert settle() == []


def test_what_gp_cannot_see_is_said_and_kept_in_the_plan(settle):
    assert settle(sampler="gp") == ["gp cannot see 46 parameters under conditions; they are proposed by tpe"]


def test_a_grid_over_continuous_ranges_is_refused(settle):
    with pytest.raises(PlanError, match=r"^grid tries every config, and there is no end of them in family\.mlp\.drop"):
        settle(sampler="grid")


def test_the_brackets_of_hyperband_are_named(settle):
    assert settle(pruner="hyperband") == ["hyperband judges a trial first at epoch 3, 9 or 27, by its number"]


def test_hyperband_refuses_trials_that_are_too_short(settle):
    sentence = (
        r"^hyperband needs trials of 36 epochs or more on these rows, and those of the space have at most 20; use "
        "--pruner asha$"
    )
    with pytest.raises(PlanError, match=sentence):
        settle(space="cnn_small", pruner="hyperband", n_rows=500)


def test_all_that_does_not_suit_is_told_at_once(settle):
    with pytest.raises(PlanError) as caught:
        settle(space="cnn_small", pruner="hyperband", sampler="grid", n_rows=500)
    assert len(str(caught.value).splitlines()) == 2


def test_a_genetic_search_of_one_generation_is_remarked_on(settle):
    assert settle(sampler="nsga2", trials=20) == [
        "nsga2 draws its first 20 trials at random, and there are 20; tpe learns earlier"
    ]


def test_what_an_objective_changes_is_said(settle):
    assert settle(objective=("latency", "seconds")) == [
        "tpe seeks a good accuracy with a low latency and a short training; the trial with the best accuracy is the "
        "winner",
        "asha holds a trial against those alone that are expected to cost no more",
        "seconds are measured, so that the same seed may give another study",
    ]


def test_the_remarks_are_plain_json(settle, tmp_path):
    settle(objective=("parameters",), pruner="none")
    assert len(json.loads((tmp_path / "s" / "plan.json").read_text())["remarks"]) == 1
