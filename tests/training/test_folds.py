"""Folds in step: their means decide."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import AdamW, Constant, Member, Plateau, Training
from automl.training.cohort import Cohort, train
from automl.training.feed import Rows
from automl.training.folds import Folds, mean_epochs
from automl.training.keeping import run
from automl.trial import Epoch

BLOCKS = (Block("numeric", (4,), "float32"),)


class Watch:
    """Scores by accuracy, or by what the test tells it to; keeps the epochs it hears of."""

    higher_is_better = True

    def __init__(self, target=None, scores=None):
        self.target, self.scores, self.seen, self.asked = target, scores, [], 0

    def score(self, outputs):
        self.asked += 1
        if self.scores is not None:
            return self.scores[min(self.asked, len(self.scores)) - 1]
        return float((outputs.argmax(1) == self.target.numpy()).mean())

    def epoch_ended(self, epochs):
        self.seen.append(epochs)
        return set()

    def is_over(self):
        return False


def _rows(n_rows, seed):
    numeric = torch.randn(n_rows, 4, generator=torch.Generator().manual_seed(seed))
    return Rows({"numeric": numeric}, (numeric[:, 0] + 0.3 * numeric[:, 1] > 0).long())


def _member(seed=1, optimizer=None, schedule=None, **training):
    training = {"batch_size": 32, "epochs": 4, **training}
    return Member(
        seed=seed, optimizer=optimizer or AdamW(), schedule=schedule or Constant(), training=Training(**training)
    )


def _cohort(members, rows, valid, watch=None):
    modules = [build(FAMILIES["mlp"](width=8, layers=1), BLOCKS, 2, seed=member.seed) for member in members]
    return Cohort(modules, members, rows, valid, watch or Watch(valid.target))


def _folds(members, scores=None, sizes=((80, 30), (60, 30), (90, 31))):
    cohorts = []
    for number, (n_train, n_valid) in enumerate(sizes):
        valid = _rows(n_valid, 100 + number)
        own = Watch(valid.target, scores[number] if scores else None)
        cohorts.append(_cohort(members, _rows(n_train, number), valid, own))
    return cohorts


def _trained(cohorts, watch):
    return run(lambda: Folds(cohorts, watch))


def test_a_curve_is_the_mean_of_the_folds_own():
    together = _trained(_folds([_member()]), Watch())[0]
    alone = []
    for number, (n_train, n_valid) in enumerate(((80, 30), (60, 30), (90, 31))):
        valid = _rows(n_valid, 100 + number)
        module = build(FAMILIES["mlp"](width=8, layers=1), BLOCKS, 2, seed=1)
        alone.append(train([module], [_member()], _rows(n_train, number), valid, Watch(valid.target))[0])
    for place, epoch in enumerate(together.epochs):
        own = [each.epochs[place] for each in alone]
        assert epoch.validation == pytest.approx(sum(each.validation for each in own) / 3)
        assert epoch.train_loss == pytest.approx(sum(each.train_loss for each in own) / 3)


def test_the_best_epoch_is_that_of_the_mean_curve():
    scores = [[0.9, 0.1, 0.5, 0.1], [0.1, 0.2, 0.5, 0.1], [0.1, 0.9, 0.6, 0.1]]
    fitted = _trained(_folds([_member()], scores), Watch())[0]
    assert (fitted.best.epoch, fitted.best.validation) == (3, pytest.approx(1.6 / 3))


def test_patience_counts_along_the_mean_curve():
    scores = [[0.9, 0.1, 0.2, 0.3, 0.4], [0.9, 0.5, 0.5, 0.5, 0.5], [0.9, 0.95, 0.97, 0.98, 0.99]]
    fitted = _trained(_folds([_member(epochs=50, patience=2)], scores), Watch())[0]
    assert (fitted.best.epoch, len(fitted.epochs), fitted.stopped_by) == (1, 3, "patience")


def test_the_watcher_hears_the_means():
    watch = Watch()
    fitted = _trained(_folds([_member(), _member(2)]), watch)
    assert [epochs[1] for epochs in watch.seen] == fitted[1].epochs


def test_members_leave_one_by_one_in_all_folds():
    fitted = _trained(_folds([_member(epochs=1), _member(2, epochs=3)]), Watch())
    assert [len(each.epochs) for each in fitted] == [1, 3]


def test_no_fold_gives_its_weights():
    assert _trained(_folds([_member()]), Watch())[0].weights == {}


def test_folds_go_on_from_their_state_bit_for_bit():
    members = [_member(epochs=2), _member(2, epochs=6, schedule=Plateau(patience=0, factor=0.1))]
    whole, half = Folds(_folds(members), Watch()), Folds(_folds(members), Watch())
    for _ in range(3):
        half.run_epoch()
    again = Folds(_folds(members), Watch())
    again.restore(half.state())
    while whole.is_active:
        whole.run_epoch()
    while again.is_active:
        again.run_epoch()
    for one, other in zip(whole.fitted, again.fitted):
        assert [replace(epoch, seconds=0) for epoch in one.epochs] == [
            replace(epoch, seconds=0) for epoch in other.epochs
        ]
        assert (one.best.epoch, one.stopped_by, one.health) == (other.best.epoch, other.stopped_by, other.health)
    ended = whole.state(), again.state()
    assert list(ended[0]) == list(ended[1])
    for name in ended[0]:
        assert "curve/" in name or "health/" in name or torch.equal(ended[0][name], ended[1][name])


def test_what_diverges_in_one_fold_has_diverged():
    def epoch(loss):
        return {0: Epoch(1, loss, 0.5, 0.5, 0.1, 1.0)}

    assert math.isnan(mean_epochs([epoch(0.5), epoch(math.nan)])[0].train_loss)
