"""Trials whose memory runs out: fewer together, then batches in parts, then failed; and no other trial is harmed.

On a processor memory is counted and bounded by the test; on a CUDA device it is bounded by torch, and really runs out.
"""

from __future__ import annotations

from typing import ClassVar

import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris

from automl.budget import Clock
from automl.experiment.checkpoints import CHECKPOINTS, Checkpoints
from automl.experiment.cohorts import COHORTS
from automl.experiment.interrupts import Interrupts
from automl.experiment.objective import Objective
from automl.experiment.plan import Plan
from automl.experiment.replay import replay
from automl.experiment.stage import Stage, set_out
from automl.experiment.trainer import Trainer
from automl.study.rungs import NoPruner
from automl.tracking.record import MEMORY, Record
from automl.trial import Completed, Failed
from tests.killing import Always, Killed
from tests.scarcity import Cuda, Processor, Scarce
from tests.watching import Heard

MACHINES = {"cpu": Processor, "cuda": Cuda}


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def machine(request):
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    return MACHINES[request.param]()


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")))
    table = load_iris(as_frame=True).frame
    return set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan, {"data": table})


def _stage(iris, n_train, n_validation):
    """As many rows as are wanted, some of them more than once."""

    def repeated(rows, count):
        return pd.concat([rows] * (count // len(rows) + 1), ignore_index=True).head(count)

    return Stage(iris.task, iris.coder, repeated(iris.train, n_train), repeated(iris.validation, n_validation))


class Bench:
    """Runs trials on a machine, each time in a run folder of its own."""

    def __init__(self, machine, folder, stage):
        self.machine, self.folder, self.stage = machine, folder, stage
        self.trainer = Trainer(stage, machine.device)
        self._n = 0

    def run(self, *cohorts, known=()):
        """Run cohorts one after the other; give the record."""
        self._n += 1
        self.record = Record.create(self.folder, f"study{self._n}")
        for line in known:
            self.record.append_jsonl(MEMORY, line)
        self.heard = Heard()
        objective = Objective(self.record, self.trainer, 0, NoPruner(), Clock(None), self.heard)
        for configs in cohorts:
            objective.run(configs)
        return self.record

    def config(self, place=0, **more):
        return {
            "family": "mlp",
            "family.mlp.width": self.machine.width,
            "family.mlp.dropout": 0.1 + 0.05 * place,
            "optimizer.adamw.lr": 1e-3 * (1 + place),
            "training.batch_size": self.machine.batch,
            "training.epochs": 3,
            **more,
        }


@pytest.fixture
def bench(machine, tmp_path, iris):
    n_rows = machine.steps * machine.batch
    return Bench(machine, tmp_path, _stage(iris, n_rows, machine.batch // 4))


def _assert_same_curves(one, other, numbers, tolerance):
    for number in numbers:
        curves = one.trial(number).read_curve(), other.trial(number).read_curve()
        assert [len(curve) for curve in curves] == [3, 3]
        for first, second in zip(*curves):
            assert second.train_loss == pytest.approx(first.train_loss, rel=tolerance)
            assert second.validation_loss == pytest.approx(first.validation_loss, rel=tolerance)


def test_a_cohort_that_memory_does_not_hold_comes_to_the_same_in_smaller_ones(machine, bench):
    numbers = range(1, 1 + machine.members)
    configs = {number: bench.config(number) for number in numbers}
    most = machine.most(lambda: bench.run(configs))
    whole = bench.record
    with machine.bounded(int(0.75 * most)):
        halved = bench.run(configs)
    assert all(isinstance(outcome, Completed) for outcome in halved.outcomes().values())
    assert [line for line in halved.read_jsonl(MEMORY) if "halves" in line]
    assert not [line for line in halved.read_jsonl(MEMORY) if "accumulation" in line]
    _assert_same_curves(whole, halved, numbers, machine.tolerance)


def test_what_memory_did_not_hold_is_trained_as_it_was_recorded(machine, bench):
    configs = {number: bench.config(number) for number in (1, 2, 3)}
    lines = [
        {"trials": [1, 2, 3], "halves": [[1, 2], [3]]},
        {"trials": [3], "accumulation": 2},
        {"trials": [1, 2], "at_once": 5},
    ]
    whole, again = bench.run(configs), bench.run(configs, known=lines)
    assert again.read_jsonl(MEMORY) == lines
    assert [getattr(again.outcomes()[number], "accumulation", None) for number in (1, 2, 3)] == [1, 1, 2]
    _assert_same_curves(whole, again, configs, machine.tolerance)


@pytest.fixture
def large(machine, tmp_path, iris):
    """A bench where one candidate takes so much memory that it counts, in its batches alone."""
    machine.batch, machine.width = 4 * machine.batch, machine.width // 2
    return Bench(machine, tmp_path, _stage(iris, machine.steps * machine.batch, 64))


def test_a_candidate_that_memory_does_not_hold_accumulates_and_comes_to_the_same(machine, large):
    most = machine.most(lambda: large.run({7: large.config()}))
    whole = large.record
    with machine.bounded(int(0.6 * most)):
        parts = large.run({7: large.config()})
    decided = [line["accumulation"] for line in parts.read_jsonl(MEMORY) if "accumulation" in line]
    assert decided == [2**place for place in range(1, 1 + len(decided))] and decided
    outcome = parts.outcomes()[7]
    assert isinstance(outcome, Completed), outcome
    assert outcome.accumulation == decided[-1]
    assert whole.outcomes()[7].accumulation == 1
    _assert_same_curves(whole, parts, [7], machine.tolerance)


def _small(bench):
    """A config that takes next to no memory."""
    return bench.config(**{"family.mlp.width": 4, "training.batch_size": max(64, bench.machine.batch // 64)})


BATCH_NORM = {"family.mlp.norm": "batch"}


def test_a_network_with_batch_norm_fails_and_the_next_trial_is_unharmed(machine, large):
    small, batch_norm = _small(large), large.config(**BATCH_NORM)
    most = machine.most(lambda: large.run({7: batch_norm}))
    unharmed = large.run({8: small})
    with machine.bounded(int(0.6 * most)):
        record = large.run({6: small}, {7: batch_norm}, {8: small})
    outcome = record.outcomes()[7]
    assert isinstance(outcome, Failed) and outcome.kind == "out_of_memory"
    assert outcome.message.startswith("memory does not hold it, alone and with whole batches: OutOfMemoryError: ")
    assert "out of memory" in record.trial(7).traceback_path.read_text()
    assert not record.read_jsonl(MEMORY)
    _assert_same_curves(unharmed, record, [8], machine.tolerance)


def test_a_candidate_too_large_for_any_part_fails_and_says_what_was_tried(machine, tmp_path, iris):
    bench = Bench(machine, tmp_path, _stage(iris, 40, 30))
    wide = bench.config(**{"family.mlp.width": machine.widest, "training.batch_size": 8})
    most = machine.most(lambda: bench.run({7: wide}))
    with machine.bounded(int(0.3 * most)):
        record = bench.run({7: wide}, {8: _small(bench)})
    outcome = record.outcomes()[7]
    assert isinstance(outcome, Failed) and outcome.kind == "out_of_memory"
    assert "alone and with its batches in 4 parts" in outcome.message
    assert isinstance(record.outcomes()[8], Completed)


def test_a_trial_that_failed_leaves_nothing_in_memory(machine, large):
    small, batch_norm = _small(large), large.config(**BATCH_NORM)
    most = machine.most(lambda: large.run({7: batch_norm}))
    held = []
    with machine.bounded(int(0.6 * most)) as bound:
        for _ in range(3):
            record = large.run({6: small}, {7: batch_norm}, {8: small})
            assert [outcome.state for outcome in record.outcomes().values()] == ["completed", "failed", "completed"]
            held.append(bound.held if bound else machine.held())
    assert held[2] == held[1] <= 0.1 * most + held[0]


def test_an_evaluation_that_memory_does_not_hold_goes_on_in_smaller_portions(machine, tmp_path, iris):
    machine.members *= 4
    bench = Bench(machine, tmp_path, _stage(iris, 640, 4096 if machine.device.type == "cpu" else 16384))
    configs = {n: bench.config(n % 7, **{"training.batch_size": 64}) for n in range(1, 1 + machine.members)}
    most = machine.most(lambda: bench.run(configs))
    whole = bench.record
    with machine.bounded(int(0.7 * most)):
        portions = bench.run(configs)
    (line,) = portions.read_jsonl(MEMORY)
    assert line["trials"] == list(configs)
    assert 64 <= line["at_once"] <= 4096
    _assert_same_curves(whole, portions, configs, machine.tolerance)


class Study:
    """A study in its folder, of which each session is a new objective; memory is bounded in all of them."""

    configs: ClassVar = {
        n: {
            "family": "mlp",
            "family.mlp.width": 32,
            "optimizer.adamw.lr": 1e-3 * n,
            "training.batch_size": 64,
            "training.epochs": 4,
        }
        for n in (3, 4, 5, 6)
    }

    def __init__(self, folder, bound):
        self.bound = bound
        plan = Plan(data="iris", study="iris", runs_dir=str(folder), target="target", device="cpu")
        self.record = Record.create(folder, "iris", plan.to_json() | {"study_id": "one"})
        table = load_iris(as_frame=True).frame
        self.stage = set_out(self.record, plan, {"data": table})
        self.record.append_jsonl(COHORTS, {"trials": list(self.configs)})

    def run(self, act=lambda number, epoch: None):
        heard = Heard()
        heard.epoch = lambda number, epoch: act(number, epoch.epoch)
        interrupts = Interrupts()
        trainer = Trainer(self.stage, torch.device("cpu"))
        objective = Objective(self.record, trainer, 0, NoPruner(), Clock(None), heard, interrupts=interrupts)
        objective.checkpoints = Checkpoints(self.record, 0, interrupts, heard.say, pace=Always())
        with Scarce(self.bound) as memory:
            objective.run(self.configs)
        return memory, heard.sentences


def _curves(record):
    """What all epochs came to, without clocks."""
    return {
        number: [(each.train_loss, each.validation_loss, each.validation) for each in record.trial(number).read_curve()]
        for number in Study.configs
    }


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    """A study whose cohort of four trained in halves."""
    free = Study(tmp_path_factory.mktemp("free"), None)
    study = Study(tmp_path_factory.mktemp("halved"), int(0.7 * free.run()[0].most))
    study.run()
    assert study.record.read_jsonl(MEMORY) == [{"trials": [3, 4, 5, 6], "halves": [[3, 4], [5, 6]]}]
    return study


def test_a_replay_trains_in_the_halves_that_memory_held(halved):
    told = replay(halved.record, 5)
    assert (told["cohort"], told["equal"]) == ([5, 6], True)


def test_a_search_that_was_killed_in_the_second_half_goes_on_in_it(halved, tmp_path):
    def kill(number, epoch):
        if (number, epoch) == (6, 3):
            raise Killed

    study = Study(tmp_path, halved.bound)
    with pytest.raises(Killed):
        study.run(kill)
    files = sorted(path.name for path in (study.record.run_dir / CHECKPOINTS).iterdir())
    assert files == ["0003-0004.safetensors", "0005-0006.safetensors"]
    memory, said = study.run()
    assert memory.refusals == 0
    assert said == [
        "checkpoints/0003-0004.safetensors goes on after epoch 3",
        "checkpoints/0005-0006.safetensors goes on after epoch 2",
    ]
    assert _curves(study.record) == _curves(halved.record)
    assert len(study.record.read_jsonl(MEMORY)) == 1


def test_a_trial_in_parts_is_repeated_bit_for_bit(tmp_path):
    study = Study(tmp_path, None)
    study.record.append_jsonl(MEMORY, {"trials": [3, 4, 5, 6], "halves": [[3], [4, 5, 6]]})
    study.record.append_jsonl(MEMORY, {"trials": [3], "accumulation": 4})
    study.run()
    assert study.record.outcomes()[3].accumulation == 4
    assert replay(study.record, 3)["equal"]
