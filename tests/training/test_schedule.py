"""Schedules follow their formulas over all steps of a training, for learning rates and regularisers alike."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import SGD, AdamW, CosLog, Course, Member, Training
from automl.training.cohort import batch_edges, train
from automl.training.feed import Rows
from automl.training.schedule import Rate, strengths

BLOCKS = (Block("numeric", (4,), "float32"), Block("category", (1,), "int64", (6,)))
COURSES = get_args(Course)
N_ROWS, BATCH, EPOCHS = 70, 20, 4
EDGES = batch_edges(N_ROWS, BATCH)
N_STEPS = (len(EDGES) - 1) * EPOCHS


def _formula(course, n_steps=N_STEPS):
    """The formulas in another form: (1 + cos x) / 2 = cos(x / 2)^2 and (1 - cos x) / 2 = sin(x / 2)^2."""
    share = np.arange(n_steps) / n_steps
    return {
        "constant": np.ones(n_steps),
        "flat_cosine": np.where(share < 0.5, 1.0, np.cos(np.pi * (share - 0.5)) ** 2),
        "cosine": np.cos(np.pi * share / 2) ** 2,
        "coslog4": np.sin(np.pi * np.log2(1 + 15 * share)) ** 2,
    }[course]


class Watch:
    """Scores the last epoch best and stops none."""

    higher_is_better = True

    def __init__(self):
        self.n_epochs = 0

    def score(self, outputs):
        return float(self.n_epochs)

    def epoch_ended(self, epochs):
        self.n_epochs += 1
        return set()

    def is_over(self):
        return False


def _rows(n_rows=N_ROWS, seed=0):
    draw = torch.Generator().manual_seed(seed)
    numeric = torch.randn(n_rows, 4, generator=draw)
    category = torch.randint(0, 6, (n_rows, 1), generator=draw)
    return Rows({"numeric": numeric, "category": category}, (numeric[:, 0] + (category[:, 0] > 2) > 0.5).long())


def _network(**arguments):
    return build(FAMILIES["mlp"](**{"width": 16, "dropout": 0.0, **arguments}), BLOCKS, 2, seed=0)


def _train(networks, optimizer, schedule, **training):
    arguments = Training(batch_size=BATCH, epochs=EPOCHS, **training)
    members = [Member(seed=3, optimizer=optimizer, schedule=schedule, training=arguments)] * len(networks)
    return train(networks, members, _rows(), _rows(20, 1), Watch())


@pytest.mark.parametrize("n_steps", [1, 2, 48])
@pytest.mark.parametrize("course", COURSES)
def test_a_regularisers_course_follows_its_formula(course, n_steps):
    np.testing.assert_allclose(strengths(course, range(n_steps), n_steps), _formula(course, n_steps), atol=1e-12)


@pytest.mark.parametrize("course", COURSES)
def test_a_course_does_not_depend_on_how_many_steps_are_asked_for(course):
    parts = [strengths(course, range(first, first + 12), 48) for first in range(0, 48, 12)]
    assert np.array_equal(np.concatenate(parts), strengths(course, range(48), 48))


def test_coslog4_moves_the_learning_rate_by_its_formula():
    assert Rate(CosLog(), 48).multipliers(0, 48) == pytest.approx(_formula("coslog4", 48).tolist())


def test_coslog4_takes_the_whole_rate_four_times():
    multipliers = Rate(CosLog(), 10_000).multipliers(0, 10_000)
    peaks = 1 + np.flatnonzero((multipliers[1:-1] > multipliers[:-2]) & (multipliers[1:-1] >= multipliers[2:]))
    assert peaks / 10_000 == pytest.approx([(2**cycle - 1) / 15 for cycle in (0.5, 1.5, 2.5, 3.5)], abs=1e-3)


def _by_hand(network, rule, optimizer, courses):
    """Train as the loop does, with torch's optimizer, a group for the embeddings and one for what is not decayed."""
    table = network.encoders["category"].table.weight
    biases = [each for each in network.parameters() if each.dim() == 1]
    others = [each for each in network.parameters() if each.dim() > 1 and each is not table]
    groups = [{"params": [table]}, {"params": others}, {"params": biases}]
    known = {"momentum": optimizer.momentum} if rule is torch.optim.SGD else {}
    by_torch = rule(groups, lr=optimizer.lr, **known)
    rows, draw = _rows(), torch.Generator().manual_seed(3)
    decay, smoothing = (_formula(courses[name]) for name in ("weight_decay_schedule", "smoothing_schedule"))
    rates = iter(zip(Rate(CosLog(), N_STEPS).multipliers(0, N_STEPS), decay, 0.3 * smoothing))
    for _ in range(EPOCHS):
        order = torch.randperm(N_ROWS, generator=draw)
        for begin, end in pairwise(EDGES):
            multiplier, share, smooth = next(rates)
            for group, factor, decayed in zip(by_torch.param_groups, (5.0, 1.0, 1.0), (1.0, 1.0, 0.0)):
                group["lr"] = optimizer.lr * multiplier * factor
                group["weight_decay"] = optimizer.weight_decay * share * decayed
            batch = {name: block[order[begin:end]] for name, block in rows.inputs.items()}
            loss = cross_entropy(network(batch), rows.target[order[begin:end]], label_smoothing=smooth)
            by_torch.zero_grad()
            loss.backward()
            by_torch.step()
    return network.state_dict()


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize(
    ("rule", "optimizer"),
    [
        (torch.optim.SGD, SGD(lr=0.05, momentum=0.5, weight_decay=0.05)),
        (torch.optim.AdamW, AdamW(lr=0.01, weight_decay=2.0)),
    ],
    ids=["sgd", "adamw"],
)
@pytest.mark.parametrize("shift", range(len(COURSES)))
def test_a_training_with_every_schedule_equals_a_loop_by_hand(rule, optimizer, shift, n_members):
    courses = {"weight_decay_schedule": COURSES[shift], "smoothing_schedule": COURSES[shift - 1]}
    networks = [_network(embedding_lr_factor=5.0) for _ in range(n_members)]
    by_hand = _by_hand(copy.deepcopy(networks[0]), rule, optimizer, courses)
    for fitted in _train(networks, optimizer, CosLog(), label_smoothing=0.3, **courses):
        assert fitted.best.epoch == EPOCHS
        for name, weight in by_hand.items():
            torch.testing.assert_close(fitted.weights[name], weight, rtol=1e-4, atol=1e-5)


def _thresholds_of_training(network, course):
    """Train a network, and give the threshold of its first dropout layer in every step."""
    seen = []
    layer = next(each for each in network.modules() if hasattr(each, "noise"))

    def look(each, _inputs):
        if each.training:
            seen.append(int((each.now or (each.threshold, each.scale))[0]))

    layer.register_forward_pre_hook(look)
    _train([network], AdamW(), CosLog(), dropout_schedule=course)
    return seen


@pytest.mark.parametrize("course", COURSES)
def test_dropout_follows_its_course_over_all_steps_of_all_epochs(course):
    thresholds = _thresholds_of_training(_network(dropout=0.4), course)
    assert thresholds == pytest.approx(0.4 * _formula(course) * 65536 - 32768, abs=0.51)


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_network_keeps_its_own_dropout_rate(n_members):
    networks = [_network(dropout=0.4) for _ in range(n_members)]
    before = {name: buffer.clone() for name, buffer in networks[0].named_buffers()}
    fitted = _train(networks, AdamW(), CosLog(), dropout_schedule="cosine")
    assert all(torch.equal(buffer, before[name]) for name, buffer in networks[0].named_buffers())
    assert fitted[0].weights.keys() == networks[0].state_dict().keys()


@pytest.mark.parametrize("name", ["weight_decay_schedule", "dropout_schedule", "smoothing_schedule"])
@pytest.mark.parametrize("course", COURSES[1:])
def test_a_course_without_its_regulariser_changes_nothing(name, course):
    plain = _train([_network()], AdamW(weight_decay=0.0), CosLog())[0]
    moved = _train([_network()], AdamW(weight_decay=0.0), CosLog(), **{name: course})[0]
    assert [epoch.train_loss for epoch in plain.epochs] == [epoch.train_loss for epoch in moved.epochs]
    assert all(torch.equal(weight, moved.weights[key]) for key, weight in plain.weights.items())
