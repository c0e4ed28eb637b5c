"""Configs trained once more, in cohorts: kept, told again, gone on with, and each fault kept with one of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from automl.experiment.checkpoints import CHECKPOINTS
from automl.experiment.interrupts import Interrupts
from automl.experiment.plan import Plan
from automl.experiment.retrain import RETRAININGS, Retrainer, Retraining
from automl.experiment.stage import set_out
from automl.experiment.trainer import Trainer as RealTrainer
from automl.tracking.record import Record
from automl.trial import Completed, Failed
from tests.killing import AfterEpochs

NARROW = {"family": "mlp", "family.mlp.width": 8, "optimizer": "adamw", "optimizer.adamw.lr": 0.01}
WIDE = {**NARROW, "family.mlp.width": 16}
FAST = {**NARROW, "optimizer.adamw.lr": 0.1}
BROKEN = {**NARROW, "optimizer.adamw.lr": -1.0}


class Stage:
    """Rows that nobody looks at."""

    task = SimpleNamespace(higher_is_better=True)
    validation = ()

    def truth(self, rows):
        return rows

    def weights(self, rows):
        return None


class Trainer:
    """Scores a config by its learning rate and its seed, in no time."""

    stage = Stage()

    def __init__(self, size=16):
        self.size = size
        self.trained = []

    def cohort_size(self, config):
        return self.size

    def train(self, candidates, watch, keeper=None):
        self.trained.append(candidates)
        if any(candidate.config["optimizer.adamw.lr"] < 0 for candidate in candidates):
            raise ValueError("a rate below 0")
        return [(None, _outcome(candidate)) for candidate in candidates]


def _outcome(candidate):
    return Completed(candidate.config["optimizer.adamw.lr"] + candidate.seed[-1], 0.1, 1, 2, 1.0, 10, "patience")


@pytest.fixture
def record(tmp_path):
    return Record.create(tmp_path, "wines")


def retrainer(record, trainer, size=None, interrupts=None):
    return Retrainer(record, trainer, 7, size, interrupts or Interrupts())


def run(retrainer, *wanted):
    return dict(retrainer.run(wanted))


def sizes(trainer):
    return [len(cohort) for cohort in trainer.trained]


def test_each_gets_its_own_outcome(record):
    ended = run(retrainer(record, Trainer()), Retraining(WIDE, 0), Retraining(FAST, 2), Retraining(NARROW, 1))
    assert {place: outcome.score for place, outcome in ended.items()} == {0: 0.01, 1: 2.1, 2: 1.01}


def test_configs_of_equal_shape_train_together(record):
    trainer = Trainer()
    run(retrainer(record, trainer), Retraining(NARROW, 0), Retraining(WIDE, 0), Retraining(FAST, 0))
    assert sizes(trainer) == [2, 1]


def test_no_more_train_together_than_is_worth_it(record):
    trainer = Trainer(size=2)
    run(retrainer(record, trainer), *(Retraining(NARROW, repeat) for repeat in range(5)))
    assert sizes(trainer) == [2, 2, 1]


def test_the_studys_own_size_of_cohorts_counts(record):
    trainer = Trainer()
    run(retrainer(record, trainer, size=1), Retraining(NARROW, 0), Retraining(FAST, 0))
    assert sizes(trainer) == [1, 1]


def test_all_configs_share_the_seed_of_a_repeat(record):
    trainer = Trainer()
    run(retrainer(record, trainer), Retraining(NARROW, 1), Retraining(FAST, 1))
    one, other = trainer.trained[0]
    assert one.seed == other.seed == (7, "retraining", 1)


def test_a_cohort_that_was_trained_is_told_again(record):
    wanted = [Retraining(NARROW, 0), Retraining(FAST, 0)]
    ended, again = run(retrainer(record, Trainer()), *wanted), Trainer()
    assert run(retrainer(record, again), *wanted) == ended
    assert again.trained == []


def test_a_cohort_with_another_member_is_trained_anew(record):
    run(retrainer(record, Trainer()), Retraining(NARROW, 0))
    again = Trainer()
    run(retrainer(record, again), Retraining(NARROW, 0), Retraining(FAST, 0))
    assert sizes(again) == [2]


def test_what_is_trained_anew_is_not_what_another_seed_came_to(record):
    run(retrainer(record, Trainer()), Retraining(NARROW, 0))
    assert run(retrainer(record, Trainer()), Retraining(NARROW, 1))[0].score == 1.01


def test_a_cohort_is_one_line(record):
    run(retrainer(record, Trainer()), Retraining(NARROW, 0), Retraining(FAST, 0))
    [line] = record.read_jsonl(RETRAININGS)
    assert line["members"] == [{"config": NARROW, "repeat": 0}, {"config": FAST, "repeat": 0}]
    assert [outcome["state"] for outcome in line["outcomes"]] == ["completed", "completed"]


def test_a_fault_stays_with_one(record):
    ended = run(retrainer(record, Trainer()), Retraining(NARROW, 0), Retraining(BROKEN, 0))
    assert isinstance(ended[0], Completed)
    assert isinstance(ended[1], Failed)
    assert ended[1].message == "ValueError: a rate below 0"


def test_a_fault_is_told_again_too(record):
    failed = run(retrainer(record, Trainer()), Retraining(BROKEN, 0))[0]
    assert replace(run(retrainer(record, Trainer()), Retraining(BROKEN, 0))[0], seconds=failed.seconds) == failed


def test_a_request_to_end_is_obeyed_before_the_next_cohort(record):
    interrupts, trainer = Interrupts(), Trainer()
    ended = retrainer(record, trainer, size=1, interrupts=interrupts).run([Retraining(NARROW, 0), Retraining(FAST, 0)])
    next(ended)
    interrupts.asked = True
    with pytest.raises(KeyboardInterrupt):
        next(ended)
    assert sizes(trainer) == [1]


def test_a_torn_last_line_is_trained_again(record):
    run(retrainer(record, Trainer(), size=1), Retraining(NARROW, 0), Retraining(FAST, 0))
    path = record.run_dir / RETRAININGS
    path.write_text(path.read_text()[:-20])
    again = Trainer()
    run(retrainer(record, again, size=1), Retraining(NARROW, 0), Retraining(FAST, 0))
    assert sizes(again) == [1]


def test_nothing_wanted_is_nothing_trained(record):
    assert run(retrainer(record, Trainer())) == {}
    assert not record.has(RETRAININGS)


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")))
    stage = set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan)
    return RealTrainer(stage, torch.device("cpu"))


SOME = [Retraining({**config, "training.epochs": 8}, repeat) for config in (NARROW, FAST) for repeat in (0, 1)]


def _without_clocks(ended):
    return [replace(ended[place], seconds=0.0) for place in range(len(ended))]


def test_a_cohort_that_was_cut_off_goes_on_and_comes_to_the_same(record, trainer, tmp_path):
    whole = run(retrainer(Record.create(tmp_path, "whole"), trainer), *SOME)
    said = []
    with pytest.raises(KeyboardInterrupt):
        run(Retrainer(record, trainer, 7, None, AfterEpochs(5), said.append), *SOME)
    assert said == [] and not record.has(RETRAININGS)
    ended = run(Retrainer(record, trainer, 7, None, Interrupts(), said.append), *SOME)
    assert said == [f"{CHECKPOINTS}/retrainings/0000-0003.safetensors goes on after epoch 5"]
    assert _without_clocks(ended) == _without_clocks(whole)


def test_a_cohort_does_not_go_on_from_where_one_of_other_seeds_was_cut_off(record, trainer, tmp_path):
    others = [replace(each, repeat=each.repeat + 2) for each in SOME]
    whole = run(retrainer(Record.create(tmp_path, "whole"), trainer), *others)
    with pytest.raises(KeyboardInterrupt):
        run(Retrainer(record, trainer, 7, None, AfterEpochs(5)), *SOME)
    assert _without_clocks(run(retrainer(record, trainer), *others)) == _without_clocks(whole)


def test_nothing_is_left_of_a_cohort_that_is_over(record, trainer):
    with pytest.raises(KeyboardInterrupt):
        run(Retrainer(record, trainer, 7, None, AfterEpochs(5)), *SOME)
    run(retrainer(record, trainer), *SOME)
    assert list((record.run_dir / CHECKPOINTS).rglob("*.safetensors")) == []
