"""A step of a batch in parts is the step of the whole batch: losses, gradients, and what is drawn at random."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import get_args

import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.models.words import ImageNorm, Norm
from automl.task import Block
from automl.training.arguments import SGD, AdamW, Augmenting, Constant, Cosine, Member, Training
from automl.training.cohort import Cohort, train
from automl.training.feed import WEIGHT, Rows
from automl.training.graphs import Graphs
from automl.training.memory import has_batch_norm
from automl.training.moves import moves
from automl.training.parts import parts_of
from automl.training.seat import Seat
from automl.training.stack import Stack
from automl.training.step import Eager, Step
from automl.training.update import Update
from tests.watching import Nobody

CPU = torch.device("cpu")
BLOCKS = (
    Block("numeric", (4,), "float32"),
    Block("category", (1,), "int64", (6,)),
    Block("image", (1, 8, 8), "uint8", mean=(127.0,), std=(70.0,)),
)
N_ROWS, BATCH = 60, 21
DROPPING = {"dropout": 0.2, "hidden_dropout": 0.1, "channel_dropout": 0.1, "attention_dropout": 0.1}


def _networks_without_batch_norm():
    """Every family in every way that it normalises without batch norm."""
    found = {}
    for family, kind in FAMILIES.items():
        known = {field.name for field in fields(kind)}
        told = {name: value for name, value in {"width": 8, **DROPPING}.items() if name in known}
        for norm in dict.fromkeys((*get_args(Norm), *get_args(ImageNorm))) if "norm" in known else ("none",):
            made = partial(_build, kind, {**told, "norm": norm} if "norm" in known else told)
            try:
                network = made()
            except (KeyError, TypeError, ValueError):
                continue
            if not has_batch_norm(network):
                found[f"{family}, {norm}"] = made
    return found


def _build(kind, told, n_outputs=3):
    return build(kind(**told), BLOCKS, n_outputs, seed=0)


NETWORKS = _networks_without_batch_norm()


def _rows(seed=0, regression=False, n_rows=N_ROWS):
    draw = torch.Generator().manual_seed(seed)
    inputs = {
        "numeric": torch.randn(n_rows, 4, generator=draw),
        "category": torch.randint(0, 6, (n_rows, 1), generator=draw),
        "image": torch.randint(0, 256, (n_rows, 1, 8, 8), generator=draw, dtype=torch.uint8),
        WEIGHT: torch.rand(n_rows, generator=draw) + 0.5,
    }
    target = torch.randn(n_rows, generator=draw) if regression else torch.randint(0, 3, (n_rows,), generator=draw)
    return Rows(inputs, target)


def _member(accumulation, *, regression=False, optimizer=None, **training):
    """A member with everything that a step has: weights, smoothing, clipping, augmentation, rates that move."""
    told = {
        "batch_size": BATCH,
        "epochs": 3,
        "label_smoothing": 0.0 if regression else 0.1,
        "clip_norm": 0.5,
        "weight_decay_schedule": "cosine",
        "dropout_schedule": "flat_cosine",
        "smoothing_schedule": "coslog4",
    }
    return Member(
        seed=3,
        optimizer=optimizer or SGD(weight_decay=0.01),
        schedule=Cosine(warmup=0.1),
        training=Training(**{**told, **training}),
        augmenting=Augmenting(flip=0.3, shift=0.1, erase=0.3, mixup=0.4, cutmix=0.4),
        class_weights=() if regression else (0.5, 1.0, 1.5),
        loss="squared_error" if regression else "cross_entropy",
        accumulation=accumulation,
    )


class Seen:
    """Keeps the gradient that it is shown."""

    def watching(self):
        return torch.enable_grad()

    def take(self, gradient):
        self.gradient = gradient.clone()


def _one_step(network, member, regression=False):
    """The loss and the gradient of the first step, before clipping."""
    rows, seat = _rows(regression=regression), Seat(0, member, n_steps=3, higher_is_better=True)
    stack = Stack([network], [member.seed], CPU)
    step = Step(stack, Update([member.optimizer], stack.weights, stack.decayed), [seat], number=0, is_mixed=False)
    runner, seen = Eager(step, rows, [0, 20, 40, 60]), Seen()
    stack.train(True)
    runner.begin(torch.randperm(N_ROWS, generator=seat.order).unsqueeze(0), moves([seat], range(3), stack.noise, CPU))
    runner.run(0, seen)
    return step.losses, seen.gradient


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "numbers"])
@pytest.mark.parametrize("parts", [2, 3, 10])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_gradient_of_a_batch_in_parts_is_that_of_the_batch(network, parts, regression):
    n_outputs = 1 if regression else 3
    given = [(NETWORKS[network](n_outputs=n_outputs), _member(n, regression=regression)) for n in (1, parts)]
    (loss, gradient), (other_loss, other_gradient) = (_one_step(*each, regression) for each in given)
    torch.testing.assert_close(other_loss, loss, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(other_gradient, gradient, rtol=1e-4, atol=1e-5)


class Watch(Nobody):
    """Scores by the mean output, and stops nobody."""

    def score(self, outputs):
        return float(outputs.mean())


def _trained(network, member):
    (fitted,) = train([network], [member], _rows(), _rows(1), Watch())
    return fitted


@pytest.mark.parametrize("network", NETWORKS)
def test_a_training_in_parts_comes_to_what_it_comes_to_otherwise(network):
    whole, parts = (_trained(NETWORKS[network](), _member(n)) for n in (1, 4))
    for one, other in zip(whole.epochs, parts.epochs, strict=True):
        assert other.train_loss == pytest.approx(one.train_loss, rel=1e-4)
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=1e-4)
    for name, weight in whole.weights.items():
        torch.testing.assert_close(parts.weights[name], weight, rtol=1e-3, atol=1e-4)


def test_every_family_can_be_built_without_batch_norm():
    assert {name.partition(",")[0] for name in NETWORKS} == set(FAMILIES)


def test_a_step_in_parts_is_recorded_as_any_other():
    def weights(runner_of):
        member, rows = _member(3, optimizer=AdamW()), _rows()
        stack = Stack([NETWORKS["mlp, none"]()], [member.seed], CPU)
        update = Update([member.optimizer], stack.weights, stack.decayed)
        seat = Seat(0, member, n_steps=3, higher_is_better=True)
        runner = runner_of(Step(stack, update, [seat], number=0, is_mixed=False), rows, [0, 20, 40, 60])
        stack.train(True)
        order = torch.randperm(N_ROWS, generator=seat.order).unsqueeze(0)
        runner.begin(order, moves([seat], range(3), stack.noise, CPU))
        for place in range(3):
            runner.run(place)
        return stack.weights

    assert torch.equal(weights(Eager), weights(lambda *given: Graphs(*given, lambda function: function)))


def test_members_that_train_together_do_not_accumulate():
    networks = [NETWORKS["mlp, none"]() for _ in range(2)]
    members = [Member(seed=1, optimizer=SGD(), schedule=Constant(), training=Training(), accumulation=2)] * 2
    with pytest.raises(ValueError, match="a member that accumulates trains alone"):
        Cohort(networks, members, _rows(), _rows(1), Watch())


@pytest.mark.parametrize(("n_rows", "count"), [(1, 1), (1, 4), (2, 2), (7, 3), (8, 3), (5, 9)])
def test_parts_hold_every_row_once(n_rows, count):
    parts = parts_of(n_rows, count)
    assert [row for part in parts for row in range(n_rows)[part.rows]] == list(range(n_rows))
    assert len({part.stop - part.start for part in parts}) <= 2
    assert sum(part.share for part in parts) == pytest.approx(1.0)


@pytest.mark.parametrize("norm", ["batch", "none", "layer"])
def test_batch_norm_is_found(norm):
    assert has_batch_norm(build(FAMILIES["mlp"](norm=norm), BLOCKS[:1], 2, seed=0)) is (norm == "batch")
