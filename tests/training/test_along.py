"""What was decided with validation can be trained once more without, and goes on where it was cut off."""

from __future__ import annotations

import math

import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.along import Along
from automl.training.arguments import SGD, AdamW, Member, Plateau, Training
from automl.training.cohort import Cohort, train
from automl.training.feed import Rows
from automl.training.keeping import run
from automl.trial import Epoch
from tests.watching import Accuracy, Nobody

BLOCKS = (Block("numeric", (4,), "float32"),)
MOVED = Plateau(patience=0, factor=0.1)
MEMBER = Member(seed=1, optimizer=AdamW(lr=0.1), schedule=MOVED, training=Training(batch_size=32, epochs=8))


class Blind(Nobody):
    """Scores nothing; the time is up after some epochs."""

    def __init__(self, last=math.inf):
        self.heard, self.last = [], last

    def score(self, outputs):
        return math.nan

    def epoch_ended(self, epochs):
        self.heard.append(epochs[0].epoch)
        return set()

    def is_over(self):
        return len(self.heard) >= self.last


def _rows(n_rows, seed):
    numeric = torch.randn(n_rows, 4, generator=torch.Generator().manual_seed(seed))
    return Rows({"numeric": numeric}, (numeric[:, 0] + 0.3 * numeric[:, 1] > 0).long())


ROWS, VALID = _rows(80, 0), _rows(30, 1)


def _network():
    return build(FAMILIES["mlp"](width=8, layers=1), BLOCKS, 2, seed=1)


@pytest.fixture(scope="module")
def known():
    """A training that validation rows decided."""
    return train([_network()], [MEMBER], ROWS, VALID, Accuracy(VALID.target))[0]


@pytest.fixture
def curve(known):
    return known.epochs[: known.best.epoch]


def along(curve, watch=None, member=MEMBER):
    watch = watch or Blind()
    return Along(Cohort([_network()], [member], ROWS, Rows(*ROWS.at(slice(0, 2))), watch), curve, watch)


def test_training_along_a_curve_is_that_training_without_its_choice(known, curve):
    watch = Blind()
    [again] = run(lambda: along(curve, watch))
    assert watch.heard == [epoch.epoch for epoch in curve]
    for name, weight in known.weights.items():
        assert torch.equal(weight, again.weights[name])


def test_what_diverges_along_a_curve_says_so():
    curve = [Epoch(number, 0.5, 0.5, 0.5, 0.1, 1.0) for number in (1, 2, 3)]
    wild = Member(seed=1, optimizer=SGD(lr=1e30, momentum=0.0), schedule=MOVED, training=MEMBER.training)
    assert run(lambda: along(curve, member=wild))[0].stopped_by == "diverged"


def test_it_goes_on_from_its_state_bit_for_bit(curve):
    [whole] = run(lambda: along(curve))
    half = along(curve)
    for _ in range(len(curve) - 1):
        half.run_epoch()
    again = along(curve)
    again.restore(half.state())
    assert (again.n_weights, again.step_size) == (half.n_weights, half.step_size)
    again.run_epoch()
    assert not again.is_active and half.is_active
    assert all(torch.equal(weight, again.fitted[0].weights[name]) for name, weight in whole.weights.items())


def test_where_the_time_is_up_it_has_fewer_epochs(curve):
    [cut] = run(lambda: along(curve, Blind(last=1)))
    assert (len(cut.epochs), cut.stopped_by) == (1, "budget") and len(curve) > 1


def test_it_can_be_ended_between_epochs(curve):
    begun = along(curve)
    begun.run_epoch()
    begun.end()
    assert not begun.is_active and begun.fitted[0].stopped_by == "budget"
