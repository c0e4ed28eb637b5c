"""A cohort goes on from its file as if it had never stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import OPTIMIZERS, Constant, Cosine, CosLog, Course, Member, OneCycle, Plateau, Training
from automl.training.checkpoint import Pace, read_cohort, save_cohort
from automl.training.cohort import Cohort
from automl.training.feed import Rows

BLOCKS = (
    Block("numeric", (4,), "float32"),
    Block("category", (1,), "int64", (5,)),
    Block("image", (1, 4, 4), "uint8", mean=(127.0,), std=(70.0,)),
)
COURSES = get_args(Course)


class Watch:
    """Scores by accuracy; lets the members at the given places leave after two epochs."""

    higher_is_better = True

    def __init__(self, leaving=()):
        self.leaving = set(leaving)
        self.target = _rows(40, 1).target.numpy()

    def score(self, outputs):
        return float((outputs.argmax(1) == self.target).mean())

    def epoch_ended(self, epochs):
        return self.leaving if next(iter(epochs.values())).epoch == 2 else set()

    def is_over(self):
        return False


def _rows(n_rows, seed):
    draw = torch.Generator().manual_seed(seed)
    numeric, category = torch.randn(n_rows, 4, generator=draw), torch.randint(0, 5, (n_rows, 1), generator=draw)
    images = torch.randint(0, 256, (n_rows, 1, 4, 4), generator=draw, dtype=torch.uint8)
    return Rows({"numeric": numeric, "category": category, "image": images}, (numeric[:, 0] > 0).long())


def _training(place, moves):
    """Regularisation that moves by another course in every member, or that does not move."""
    plain = Training(batch_size=16, epochs=6, patience=3 + place, label_smoothing=0.1)
    names = ("weight_decay_schedule", "dropout_schedule", "smoothing_schedule")
    courses = {name: COURSES[(place + number + 1) % 4] for number, name in enumerate(names)}
    return replace(plain, **courses) if moves else plain


def _cohort(family, rules, leaving, moves=False):
    schedules = [Constant(), Cosine(warmup=0.1), OneCycle(), Plateau(patience=0), CosLog()]
    members = [
        Member(
            seed=place,
            optimizer=OPTIMIZERS[rule](weight_decay=0.02),
            schedule=schedules[place % 5],
            training=_training(place, moves),
        )
        for place, rule in enumerate(rules)
    ]
    modules = [
        build(FAMILIES[family](width=8, dropout=0.2, embedding_lr_factor=1.0 + place * moves), BLOCKS, 2, seed=place)
        for place in range(len(rules))
    ]
    return Cohort(modules, members, _rows(90, 0), _rows(40, 1), Watch(leaving))


def _finish(cohort):
    while cohort.is_active:
        cohort.run_epoch()
    return cohort.fitted


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("stop_after", [1, 3])
@pytest.mark.parametrize("rules", [["adamw"], list(OPTIMIZERS), ["sgd", "adam", "sgd"]], ids=len)
@pytest.mark.parametrize("moves", [False, True], ids=["constant", "moving"])
def test_a_cohort_goes_on_bit_for_bit(family, stop_after, rules, moves, tmp_path):
    leaving = {0} if len(rules) > 1 else set()
    whole = _finish(_cohort(family, rules, leaving, moves))
    cut = _cohort(family, rules, leaving, moves)
    for _ in range(stop_after):
        cut.run_epoch()
    save_cohort(tmp_path / "cohort.safetensors", cut)
    again = _cohort(family, rules, leaving, moves)
    again.restore(read_cohort(tmp_path / "cohort.safetensors")[0])
    for first, second in zip(whole, _finish(again)):
        assert first.stopped_by == second.stopped_by
        assert [(e.train_loss, e.validation_loss, e.validation, e.lr) for e in first.epochs] == [
            (e.train_loss, e.validation_loss, e.validation, e.lr) for e in second.epochs
        ]
        assert first.best.epoch == second.best.epoch
        assert first.outputs.dtype == torch.float16 and torch.equal(first.outputs, second.outputs)
        assert all(torch.equal(weight, second.weights[name]) for name, weight in first.weights.items())


def test_saving_leaves_training_as_it_was(tmp_path):
    whole = _finish(_cohort("mlp", ["adam"], set()))
    watched = _cohort("mlp", ["adam"], set())
    while watched.is_active:
        watched.run_epoch()
        save_cohort(tmp_path / "cohort.safetensors", watched)
    assert [e.train_loss for e in whole[0].epochs] == [e.train_loss for e in watched.fitted[0].epochs]


def test_another_cohorts_file_is_refused(tmp_path):
    save_cohort(tmp_path / "cohort.safetensors", _cohort("mlp", ["adam"], set()))
    with pytest.raises(KeyError):
        _cohort("mlp", ["adam", "sgd"], set()).restore(read_cohort(tmp_path / "cohort.safetensors")[0])


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "cohort.safetensors"
    save_cohort(path, _cohort("mlp", ["adam"], set()))
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 128]))
    with pytest.raises(ValueError, match="it is damaged"):
        read_cohort(path)


def test_the_note_is_read_back(tmp_path):
    path = tmp_path / "cohort.safetensors"
    save_cohort(path, _cohort("mlp", ["adam"], set()), {"seconds": "1.5"})
    assert read_cohort(path)[1] == {"seconds": "1.5"}


class Time:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def passes(self, seconds):
        self.now += seconds


@pytest.mark.parametrize("cost", [0.001, 0.5, 20.0])
@pytest.mark.parametrize("epoch", [0.01, 1.0, 300.0])
def test_writing_takes_at_most_three_percent_of_the_time(cost, epoch):
    time, spent, last = Time(), 0.0, 0.0
    pace = Pace(time)
    for _ in range(2000):
        time.passes(epoch)
        if pace.is_due(10_000):
            pace.timed(lambda: time.passes(cost), 10_000)
            spent, last = spent + last, cost
        assert spent <= 0.03 * time.now + 1e-9
    assert last == cost or 2000 * epoch < 1


def test_a_larger_cohort_is_thought_to_cost_more():
    time = Time()
    pace = Pace(time)
    time.passes(1.0)
    assert (pace.is_due(10), pace.is_due(10_000_000)) == (True, False)


def test_a_write_that_fails_has_cost_time_too():
    time = Time()
    pace = Pace(time)

    def fail():
        time.passes(1.0)
        raise OSError

    time.passes(10.0)
    with pytest.raises(OSError):
        pace.timed(fail, 10)
    time.passes(20.0)
    assert not pace.is_due(10)
