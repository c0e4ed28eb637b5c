"""What a pruner knows of the trials: where the completed ones stood, and what each is expected to cost."""

from __future__ import annotations

import math

import pytest

from automl.experiment.pruning import Costs, Curves
from automl.tracking.record import Record
from automl.trial import Completed, Epoch, Pruned

DONE = Completed(0.9, 0.1, 3, 3, 1.0, 9, "epochs")


@pytest.fixture
def record(tmp_path):
    record = Record.create(tmp_path, "s")
    for number, scores in enumerate([(0.5, 0.9, 0.7), (math.nan, 0.4), (0.8,)]):
        record.trial(number).write_config({"training.epochs": 10 + number})
        record.trial(number).write_curve(
            [Epoch(place, 1.0, 1.0, score, 0.1, 1.0) for place, score in enumerate(scores, start=1)]
        )
    return record


def test_completed_trials_stand_at_their_best_score_so_far(record):
    curves = Curves(record, {0: DONE, 1: DONE}, higher_is_better=True)
    assert [curves(epoch)[0] for epoch in (1, 2, 3, 9)] == [0.5, 0.9, 0.9, 0.9]


def test_a_lower_score_may_be_the_better_one(record):
    assert Curves(record, {0: DONE}, higher_is_better=False)(3) == {0: 0.5}


def test_a_score_that_is_no_number_gives_way_to_one(record):
    curves = Curves(record, {1: DONE}, higher_is_better=True)
    assert math.isnan(curves(1)[1]) and curves(2) == {1: 0.4}


def test_trials_that_were_stopped_do_not_count(record):
    outcomes = {0: DONE, 2: Pruned(0.8, 0.1, 1, 1, 1.0, 9)}
    assert Curves(record, outcomes, higher_is_better=True)(1).keys() == {0}


def test_trials_that_end_later_are_taken_in(record):
    outcomes = {}
    curves = Curves(record, outcomes, higher_is_better=True)
    assert curves(1) == {}
    outcomes[0] = DONE
    assert curves(1) == {0: 0.5}


class Trainer:
    """Expects as many parameters as there are epochs, and counts how often it is asked."""

    asked = 0

    def expected(self, config, costs):
        self.asked += 1
        return tuple(float(config["training.epochs"]) for _ in costs)


def test_a_trials_costs_are_predicted_once(record):
    trainer = Trainer()
    costs = Costs(record, trainer, ("parameters",))
    assert [costs(0), costs(1), costs(0)] == [(10.0,), (11.0,), (10.0,)] and trainer.asked == 2


def test_where_nothing_is_to_be_small_nothing_is_predicted(record):
    trainer = Trainer()
    assert Costs(record, trainer, ())(0) == () and trainer.asked == 0
