"""Configs that are tried right after the default: where they come from, what becomes of them, and that they stay."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

import automl
from automl.errors import SpaceError, StudyError
from automl.experiment.first import N_WARM, beginning_with_first, foreign_rows, settle_first, with_first
from automl.experiment.plan import Origin, Plan, Wanted
from automl.spaces.read import read_space
from automl.spaces.shipped import find_space
from automl.task import Column, Task
from automl.tracking.record import Record
from automl.trial import Completed

TASK = Task("binary", "y", (Column("a", "numeric"),), ("a", "b"), "accuracy", "a")
SPACE = read_space("tabular_small")
WIDTH = "family.mlp.width"


@pytest.fixture
def plan(tmp_path):
    return Plan(data="iris", study="mine", runs_dir=str(tmp_path), space="tabular_small")


@pytest.fixture
def other(tmp_path):
    """Make another study with these configs, the later the better."""

    def other(*configs, name="other", **split):
        record = Record.create(tmp_path, name, {"data": "iris"})
        record.write_json("task.json", TASK.to_json())
        record.write_json("split.json", split)
        for number, config in enumerate(configs):
            record.trial(number).write_config(config)
            record.trial(number).write_outcome(Completed(0.1 * number, 0.1, 1, 2, 1.0, 10, "patience"))
        return record

    return other


@pytest.fixture
def settle(tmp_path):
    """Settle a plan of a study that has its space and its rows."""

    def settle(plan, **split):
        record = Record.create(tmp_path, plan.study, plan.to_json())
        record.write_text("space.yaml", find_space(plan.space).read_text())
        record.write_json("split.json", split)
        settled, said = settle_first(record, plan)
        assert Plan.from_json(record.read_json("plan.json")) == settled
        return record, settled, said

    return settle


def _width(width):
    return SPACE.complete({WIDTH: width})


def _widths(plan):
    return [wanted.config[WIDTH] for wanted in plan.first]


def test_the_best_trials_of_another_study_are_taken_best_first(plan, other):
    other(*map(_width, range(8, 16)))
    wanted = with_first(plan, warm_start="other").first
    assert [each.source for each in wanted] == [f"trial {number} of other" for number in (7, 6, 5, 4, 3)]
    assert len(wanted) == N_WARM


def test_another_study_that_there_is_not_is_told(plan, other):
    other()
    with pytest.raises(StudyError, match="unknown study 'othr'; did you mean 'other'"):
        with_first(plan, warm_start="othr")


def test_another_study_without_a_completed_trial_is_told(plan, other):
    other()
    with pytest.raises(StudyError, match="study 'other' has no completed trial to start from"):
        with_first(plan, warm_start="other")


def test_own_configs_come_before_those_of_another_study(plan, other):
    other(_width(8))
    wanted = with_first(plan, warm_start="other", seed_configs=[{WIDTH: 20}, {WIDTH: 10}]).first
    assert [each.config[WIDTH] for each in wanted] == [20, 10, 8]


def test_a_plan_gives_its_first_configs_back(plan, other):
    other(_width(8), data_sha256="d", test_sha256="t")
    wanted = with_first(plan, warm_start="other", seed_configs=[{WIDTH: 20}])
    assert Plan.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted
    assert wanted.warm_start == Origin("other", "d", "t")


def test_own_configs_are_completed_in_their_order(plan, settle):
    _, settled, said = settle(with_first(plan, seed_configs=[{"family": {"mlp": {"width": 20}}}, {WIDTH: 10}]))
    assert [wanted.config for wanted in settled.first] == [_width(20), _width(10)]
    assert said == ["2 configs to try after the default: seed_configs: [0], seed_configs: [1]"]


def test_every_mistake_in_own_configs_is_told_with_its_place(plan, settle):
    wrong = [{WIDTH: 1000, "optimizer": "lion"}, {WIDTH: 10}, {"family.mlp.widht": 3}]
    with pytest.raises(SpaceError) as caught:
        settle(with_first(plan, seed_configs=wrong))
    assert [line.partition(" family")[0].partition(" optimizer")[0] for line in str(caught.value).splitlines()] == [
        "seed_configs: [0]:",
        "seed_configs: [0]:",
        "seed_configs: [2]: unknown parameter 'family.mlp.widht'; did you mean 'family.mlp.width'? Known:",
    ]


def test_a_config_that_was_taken_before_or_is_the_default_is_not_taken(plan, other, settle):
    other(_width(10), SPACE.default(), _width(20))
    _, settled, said = settle(with_first(plan, warm_start="other", seed_configs=[{WIDTH: 20}, {}]))
    assert _widths(settled) == [20, 10]
    assert said == [
        "2 configs to try after the default: seed_configs: [0], trial 0 of other",
        "seed_configs: [1] is not taken: it is the same as the default",
        "trial 2 of other is not taken: it is the same as seed_configs: [0]",
        "trial 1 of other is not taken: it is the same as the default",
    ]


def test_what_another_study_tried_is_adapted_or_left_out_with_the_reason(plan, other, settle):
    other({"family": "cnn", "family.cnn.width": 8}, {**_width(10), WIDTH: 512, "training.epochs": 7})
    _, settled, said = settle(with_first(plan, warm_start="other"))
    assert _widths(settled) == [64]
    assert said == [
        "1 config to try after the default: trial 1 of other",
        f"trial 1 of other is taken with changes: {WIDTH} is 64 instead of 512; training.epochs is 60 instead of 7",
        "trial 0 of other is not taken: its family is 'cnn', which this space does not have",
    ]


def test_what_is_settled_stays_though_the_other_study_is_gone(plan, other, settle):
    another = other(_width(10), _width(20))
    record, settled, _ = settle(with_first(plan, warm_start="other"))
    shutil.rmtree(another.run_dir)
    assert settle_first(record, Plan.from_json(record.read_json("plan.json")))[0] == settled


def test_a_plan_without_configs_to_try_first_is_left_as_it_is(plan, settle):
    _, settled, said = settle(plan)
    assert settled == plan and said == []


@pytest.mark.parametrize(
    ("data", "test", "is_told"),
    [("d", "t", False), ("d", "other", True), ("other", "other", False), (None, "t", False)],
)
def test_test_rows_that_had_a_part_in_choosing_are_told(plan, other, settle, data, test, is_told):
    other(_width(10), data_sha256=data, test_sha256=test)
    wanted = with_first(plan, warm_start="other")
    record, _, said = settle(wanted, data_sha256="d", test_sha256="t")
    sentence = foreign_rows(record, wanted)
    assert (sentence is not None) == is_told == ("test rows of this one had a part in choosing them" in said[-1])


def test_a_study_of_which_nothing_was_taken_had_no_part_in_it(plan, other, settle):
    other(SPACE.default(), data_sha256="d", test_sha256="other")
    record, settled, _ = settle(with_first(plan, warm_start="other"), data_sha256="d", test_sha256="t")
    assert foreign_rows(record, settled) is None


def test_the_space_begins_with_them(plan):
    first = (Wanted("x", _width(10), is_own=True),)
    assert beginning_with_first(SPACE, replace(plan, first=first)).first == (_width(10),)


def _tried(result):
    return [trial.read_config() for trial in Record(result.run_dir).trials()]


def test_a_search_tries_them_in_order_and_needs_neither_file_nor_study_again(runs_dir, tmp_path):
    (tmp_path / "seeds.yaml").write_text(f"- {{{WIDTH}: 10}}\n- {{{WIDTH}: 12}}\n")
    options = {"space": "tabular_small", "judge": False, "runs_dir": runs_dir}
    automl.search("iris", trials=2, seed_configs=tmp_path / "seeds.yaml", study="one", **options)
    (tmp_path / "seeds.yaml").unlink()
    one = _tried(automl.resume("one", runs_dir=runs_dir, trials=4))
    (known_good,) = SPACE.starts
    assert one == [SPACE.default(), _width(10), _width(12), known_good]
    two = automl.search("iris", trials=5, warm_start="one", seed_configs=[known_good], study="two", **options)
    assert _tried(two)[:2] == [SPACE.default(), known_good]
    assert all(
        config in one[1:3] for config in _tried(two)[2 : len(Record(two.run_dir).read_json("plan.json")["first"])]
    )
    again = automl.search("iris", trials=5, seed_configs=two.run_dir / "plan.json", **options)
    assert _tried(again) == _tried(two)


def test_a_mistake_in_the_file_leaves_no_study_behind(runs_dir, tmp_path):
    (tmp_path / "seeds.yaml").write_text(f"- {{{WIDTH}: 1000}}\n")
    with pytest.raises(SpaceError, match=r"seeds.yaml: \[0\]: family.mlp.width: must be between 8 and 64, got 1000"):
        automl.search("iris", space="tabular_small", seed_configs=tmp_path / "seeds.yaml", runs_dir=runs_dir)
    assert Record.all(runs_dir) == []
