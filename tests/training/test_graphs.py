"""Steps that are recorded and launched do what steps do that run as they come."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import (
    OPTIMIZERS,
    AdamW,
    Augmenting,
    Constant,
    Cosine,
    CosLog,
    Member,
    OneCycle,
    Plateau,
    Training,
)
from automl.training.cohort import Cohort
from automl.training.feed import Rows
from automl.training.graphs import Graphs, pays
from automl.training.moves import moves
from automl.training.seat import Seat
from automl.training.stack import Stack
from automl.training.step import Eager, Step
from automl.training.update import Update
from tests.watching import Accuracy

CPU = torch.device("cpu")
BLOCKS = (
    Block("numeric", (4,), "float32"),
    Block("category", (1,), "int64", (6,)),
    Block("image", (1, 8, 8), "uint8", mean=(127.0,), std=(70.0,)),
)
EDGES = [0, 20, 41, 61, 82, 103]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def _rows(n_rows, seed, device=CPU):
    draw = torch.Generator().manual_seed(seed)
    numeric = torch.randn(n_rows, 4, generator=draw)
    category = torch.randint(0, 6, (n_rows, 1), generator=draw)
    images = torch.randint(0, 256, (n_rows, 1, 8, 8), generator=draw, dtype=torch.uint8)
    inputs = {"numeric": numeric, "category": category, "image": images}
    target = (numeric[:, 0] + (category[:, 0] > 2) > 0.5).long()
    return Rows({name: block.to(device) for name, block in inputs.items()}, target.to(device))


def _members(n_epochs=3):
    """Members of every optimizer and schedule, that regularise and augment, and move what they can."""
    schedules = [Constant(), Cosine(warmup=0.1), OneCycle(), Plateau(patience=0), CosLog(), Constant()]
    training = Training(
        batch_size=21,
        epochs=n_epochs,
        label_smoothing=0.1,
        clip_norm=1.0,
        weight_decay_schedule="cosine",
        dropout_schedule="flat_cosine",
        smoothing_schedule="coslog4",
    )
    return [
        Member(
            seed=seed,
            optimizer=kind(weight_decay=0.02),
            schedule=schedule,
            training=training,
            augmenting=Augmenting(shift=0.1, erase=0.3, mixup=0.2) if seed % 2 else Augmenting(),
        )
        for seed, (kind, schedule) in enumerate(zip(OPTIMIZERS.values(), schedules))
    ]


def _networks(family, n_members):
    return [
        build(FAMILIES[family](width=8, dropout=0.1 * (seed % 3)), BLOCKS, 2, seed=seed) for seed in range(n_members)
    ]


class Tape:
    """Records nothing: it does again what a function does, and counts."""

    def __init__(self):
        self.recorded = self.launched = 0

    def __call__(self, function):
        self.recorded += 1

        def launch():
            self.launched += 1
            function()

        return launch


def _weights(family, members, runner_of):
    """Train two epochs of steps by a runner; give weights, buffers and losses."""
    rows = _rows(103, 0)
    members = sorted(members, key=lambda member: member.optimizer.rule)
    stack = Stack(_networks(family, len(members)), [member.seed for member in members], CPU)
    update = Update([member.optimizer for member in members], stack.weights, stack.decayed)
    n_steps = len(EDGES) - 1
    seats = [Seat(place, each, n_steps=n_steps, higher_is_better=True) for place, each in enumerate(members)]
    step = Step(stack, update, seats, number=0, is_mixed=False)
    runner = runner_of(step, rows, EDGES)
    stack.train(True)
    for epoch in range(2):
        order = torch.stack([torch.randperm(103, generator=seat.order) for seat in seats])
        runner.begin(order, moves(seats, range(epoch * n_steps, (epoch + 1) * n_steps), stack.noise, CPU))
        for place in range(n_steps):
            runner.run(place)
    assert int(step.number) == 2 * n_steps
    return [stack.weights, *stack.buffers.values(), step.losses]


@pytest.mark.parametrize("n_members", [1, 6])
@pytest.mark.parametrize("family", FAMILIES)
def test_recorded_steps_find_on_the_device_what_steps_are_given(family, n_members):
    members = _members()[:n_members]
    plain = _weights(family, members, Eager)
    tape = Tape()
    recorded = _weights(family, members, lambda *given: Graphs(*given, tape))
    assert all(torch.equal(one, other) for one, other in zip(plain, recorded))
    assert (tape.recorded, tape.launched) == (2, 8)  # Two sizes, of which the first step each runs as it comes.


def _refuse(function):
    raise RuntimeError("operation not permitted when stream is capturing")


def test_what_cannot_be_recorded_runs_as_it_comes():
    members = _members()[:2]
    plain = _weights("mlp", members, Eager)
    refused = _weights("mlp", members, lambda *given: Graphs(*given, _refuse))
    assert all(torch.equal(one, other) for one, other in zip(plain, refused))


def test_a_watched_step_is_never_recorded():
    tape, probe = Tape(), _Probe()
    rows, members = _rows(103, 0), _members()[:1]
    stack = Stack(_networks("mlp", 1), [0], CPU)
    seats = [Seat(0, members[0], n_steps=5, higher_is_better=True)]
    step = Step(stack, Update([members[0].optimizer], stack.weights, stack.decayed), seats, number=0, is_mixed=False)
    graphs = Graphs(step, rows, EDGES, tape)
    graphs.begin(torch.arange(103).unsqueeze(0), moves(seats, range(5), stack.noise, CPU))
    for place in range(5):
        graphs.run(place, probe if place == 4 else None)
    assert (tape.launched, probe.taken) == (2, 1)


class _Probe:
    """Counts the gradients it is shown."""

    def __init__(self):
        self.taken = 0

    def watching(self):
        return torch.enable_grad()

    def take(self, gradient):
        self.taken += 1


def test_on_a_processor_nothing_is_recorded():
    assert not pays(_rows(103, 0), EDGES)


def test_batches_in_parts_are_not_recorded_for_a_graph_keeps_memory_of_its_own():
    cuda = torch.device("cuda")
    rows = SimpleNamespace(trained_on=cuda, target=SimpleNamespace(device=cuda))
    assert [pays(rows, EDGES, accumulation) for accumulation in (1, 2, 8)] == [True, False, False]


def test_rows_that_are_not_on_the_device_are_not_recorded():
    rows = replace(_rows(103, 0), device=torch.device("cuda"))
    assert not pays(rows, EDGES)


def _fit(family, members, device, n_rows=1000):
    train_rows, valid_rows = _rows(n_rows, 0, device), _rows(200, 1, device)
    cohort = Cohort(_networks(family, len(members)), members, train_rows, valid_rows, Accuracy(valid_rows.target))
    while cohort.is_active:
        cohort.run_epoch()
    return cohort


def _assert_recorded(cohort):
    assert all(getattr(launch, "__name__", "") == "replay" for launch in cohort._runner._launches.values())


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("n_members", [1, 6])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_training_on_a_cuda_device_is_that_on_a_processor(family, n_members):
    members = _members()[:n_members]
    on_cuda, on_cpu = (_fit(family, members, torch.device(name)) for name in ("cuda", "cpu"))
    _assert_recorded(on_cuda)
    for one, other in zip(on_cuda.fitted, on_cpu.fitted):
        assert [epoch.lr for epoch in one.epochs] == [epoch.lr for epoch in other.epochs]
        for first, second in zip(one.epochs[:2], other.epochs[:2]):
            assert first.train_loss == pytest.approx(second.train_loss, rel=2e-2, abs=5e-3)
            assert first.validation_loss == pytest.approx(second.validation_loss, rel=3e-2, abs=1e-2)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("family", FAMILIES)
def test_a_member_trains_on_a_cuda_device_as_it_would_alone(family):
    members = _members()
    together = _fit(family, members, torch.device("cuda"))
    for member, network_seed, fitted in zip(members, range(6), together.fitted):
        train_rows, valid_rows = (_rows(*given, torch.device("cuda")) for given in ((1000, 0), (200, 1)))
        network = _networks(family, 6)[network_seed]
        alone = Cohort([network], [member], train_rows, valid_rows, Accuracy(valid_rows.target))
        while alone.is_active:
            alone.run_epoch()
        _assert_recorded(alone)
        for one, other in zip(alone.fitted[0].epochs[:2], fitted.epochs[:2]):
            assert one.train_loss == pytest.approx(other.train_loss, rel=2e-2, abs=5e-3)


@pytest.mark.gpu
@needs_cuda
def test_members_leave_on_a_cuda_device():
    members = [
        replace(member, training=replace(member.training, epochs=1 + place)) for place, member in enumerate(_members())
    ]
    cohort = _fit("mlp", members, torch.device("cuda"))
    assert [len(fitted.epochs) for fitted in cohort.fitted] == [1, 2, 3, 4, 5, 6]
    assert all(fitted.weights for fitted in cohort.fitted)


@pytest.mark.gpu
@needs_cuda
def test_memory_of_graphs_is_given_back():
    device = torch.device("cuda")
    member = Member(seed=0, optimizer=AdamW(), schedule=Constant(), training=Training(batch_size=32, epochs=2))
    _fit("mlp", [member], device)
    before = torch.cuda.memory_reserved(device)
    for _ in range(30):
        _fit("mlp", [member], device)
    assert torch.cuda.memory_reserved(device) <= 2 * before + 64 * 2**20
