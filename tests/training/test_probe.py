"""A probe reads what it says it reads, of every member its own, and changes no bit of a step."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import AdamW, Constant, Member, Training
from automl.training.checkpoint import read_cohort, save_cohort
from automl.training.cohort import Cohort
from automl.training.feed import Rows
from automl.training.probe import Probe
from automl.training.stack import Stack

CPU = torch.device("cpu")
BLOCKS = (Block("numeric", (4,), "float32"),)


def _batch(n_members, *shape):
    return {"numeric": torch.randn(n_members, *shape, generator=torch.Generator().manual_seed(0))}


def _networks(family, activations, **arguments):
    known = {"dropout": 0.3, "width": 8, **arguments}
    if family == "resnet":
        known["hidden_dropout"] = known["dropout"]
    return [build(FAMILIES[family](activation=name, **known), BLOCKS, 2, seed) for seed, name in enumerate(activations)]


def _reading(networks, batch, probed=True):
    """Make a step's forward and backward; give outputs, gradient and readings."""
    stack = Stack(networks, range(len(networks)), CPU)
    stack.train(True)
    probe = Probe(stack)
    if not probed:
        outputs = stack.forward(batch, torch.tensor(0))
        return outputs, stack.gradient(outputs.square().sum()), []
    with probe.watching():
        outputs = stack.forward(batch, torch.tensor(0))
    gradient = stack.gradient(outputs.square().sum())
    probe.take(gradient)
    return outputs, gradient, probe.read(5)


class Plain(nn.Module):
    """Two linear layers around an activation; the weights of the first are those given."""

    def __init__(self, weight, bias, activation):
        super().__init__()
        self.first, self.activation, self.last = nn.Linear(1, len(weight)), activation, nn.Linear(len(weight), 1)
        self.first.weight = nn.Parameter(torch.tensor(weight).unsqueeze(1))
        self.first.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, batch):
        return self.last(self.activation(self.first(batch["numeric"])))


def test_a_layer_whose_weights_are_all_0_is_read_by_its_gradient_alone():
    network = Plain([0.0, 0.0], [1.0, 1.0], nn.ReLU())
    rows = {"numeric": torch.tensor([[[1.0], [2.0]]])}
    _, gradient, (reading,) = _reading([network], rows)
    own = gradient[0, Stack([network], [0], CPU).layers["first"]]
    assert reading.layers[0].gradient == pytest.approx(own.norm().item(), rel=1e-2)


def _shares(weight, bias, activation, n_members=1):
    rows = torch.tensor([[-1.0], [1.0], [2.0]])
    networks = [Plain(weight, bias, activation) for _ in range(n_members)]
    readings = _reading(networks, {"numeric": rows.expand(n_members, 3, 1)})[2]
    return [(each.layers[0].activation, each.layers[0].dead, each.layers[0].saturated) for each in readings]


@pytest.mark.parametrize("n_members", [1, 3])
def test_a_unit_is_dead_that_gives_zero_for_every_row(n_members):
    found = _shares([1.0, 1.0, -1.0, 1.0], [0.0, -3.0, 0.0, -1.5], nn.ReLU(), n_members)
    assert found == [("relu", 0.25, None)] * n_members


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(("activation", "steepness"), [(nn.Tanh(), 1.0), (nn.Sigmoid(), 2.0)])
def test_a_unit_is_saturated_that_is_flat_for_most_rows(activation, steepness, n_members):
    weight = [steepness * each for each in (1.5, 1.0, 5.0, 0.1)]  # tanh is above 0.95 from 1.84 on.
    name = type(activation).__name__.lower()
    assert _shares(weight, [0.0] * 4, activation, n_members) == [(name, None, 0.25)] * n_members


@pytest.mark.parametrize("activation", [nn.GELU(), nn.LeakyReLU()])
def test_other_activations_have_a_name_and_no_shares(activation):
    assert _shares([1.0], [0.0], activation) == [(type(activation).__name__.lower(), None, None)]


def test_a_layer_names_all_activations_after_it():
    assert _shares([0.1, 9.0], [0.0, 0.0], nn.Sequential(nn.Sigmoid(), nn.ReLU())) == [("sigmoid, relu", 0.0, 0.5)]


class Convolved(nn.Module):
    """A convolution of which the second of four channels gives nothing."""

    def __init__(self):
        super().__init__()
        self.convolution, self.activation, self.head = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Linear(4, 2)
        nn.init.uniform_(self.convolution.weight, 0.1, 0.2)
        nn.init.zeros_(self.convolution.bias)
        nn.init.constant_(self.convolution.weight[1].detach(), -1.0)

    def forward(self, batch):
        return self.head(self.activation(self.convolution(batch["image"])).mean((-2, -1)))


@pytest.mark.parametrize("n_members", [1, 2])
def test_the_units_of_images_are_channels(n_members):
    images = torch.rand(n_members, 6, 1, 5, 5)
    readings = _reading([Convolved() for _ in range(n_members)], {"image": images})[2]
    assert [each.layers[0].dead for each in readings] == [0.25] * n_members


@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_gradients_are_relative_to_the_weights_they_move(family):
    network = _networks(family, ["tanh"], dropout=0.0)[0]
    copy = _networks(family, ["tanh"], dropout=0.0)[0].train()
    batch = _batch(1, 16, 4)
    copy({name: block[0] for name, block in batch.items()}).square().sum().backward()
    layers = _reading([network], batch)[2][0].layers
    expected = {
        name.removesuffix(".weight"): float(each.grad.norm() / each.detach().norm())
        for name, each in copy.named_parameters()
        if each.dim() > 1
    }
    assert {layer.layer: layer.gradient for layer in layers} == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("activations", [["relu"] * 3, ["tanh", "sigmoid", "tanh"], ["relu", "gelu", "relu", "tanh"]])
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_a_member_reads_as_it_would_alone(family, activations):
    batch = _batch(len(activations), 16, 4)
    together = _reading(_networks(family, activations, dropout=0.0), batch)[2]
    for place, reading in enumerate(together):
        network = _networks(family, activations, dropout=0.0)[place]
        alone = _reading([network], {"numeric": batch["numeric"][place : place + 1]})[2][0]
        assert [layer.activation for layer in alone.layers] == [layer.activation for layer in reading.layers]
        assert reading.numbers == pytest.approx(alone.numbers, rel=0.01, nan_ok=True)


@pytest.mark.parametrize("activations", [["relu"], ["relu", "relu"], ["tanh", "relu", "sigmoid"]], ids=len)
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_a_probe_changes_no_bit_and_leaves_nothing_behind(family, activations):
    batch = _batch(len(activations), 16, 4)
    networks = _networks(family, activations)
    watched, plain = _reading(networks, batch), _reading(_networks(family, activations), batch, probed=False)
    assert torch.equal(watched[0], plain[0])
    assert torch.equal(watched[1], plain[1])
    assert not any(layer._forward_hooks for network in networks for layer in network.modules())


class Strange(nn.Module):
    """A network with a layer that has no wide form."""

    def __init__(self):
        super().__init__()
        self.linear, self.slope, self.activation = nn.Linear(4, 2), nn.PReLU(2), nn.ReLU()

    def forward(self, batch):
        return self.activation(self.slope(self.linear(batch["numeric"])))


def test_under_vmap_gradients_are_read_and_units_are_not():
    first, second = _reading([Strange(), Strange()], _batch(2, 16, 4))[2]
    for reading in (first, second):
        (layer,) = reading.layers
        assert (layer.layer, layer.activation, layer.dead) == ("linear", "relu", None)
        assert layer.gradient > 0


def test_nothing_is_read_where_nothing_was_taken():
    assert Probe(Stack(_networks("mlp", ["relu"]), [0], CPU)).read(1) == []


class Watch:
    """Scores nothing; ends the first epoch after some steps where told to."""

    higher_is_better = True

    def __init__(self, steps=None):
        self.steps = steps

    def score(self, outputs):
        return 0.0

    def epoch_ended(self, epochs):
        return {0} if next(iter(epochs.values())).epoch == 2 else set()

    def is_over(self):
        if self.steps is None:
            return False
        self.steps -= 1
        return self.steps < 0


def _cohort(n_members=3, steps=None):
    draw = torch.Generator().manual_seed(0)
    rows, valid = (Rows({"numeric": torch.randn(n, 4, generator=draw)}, torch.arange(n) % 2) for n in (480, 20))
    training = Training(batch_size=16, epochs=5)
    members = [Member(seed=s, optimizer=AdamW(), schedule=Constant(), training=training) for s in range(n_members)]
    return Cohort(_networks("mlp", ["relu"] * n_members), members, rows, valid, Watch(steps))


def _finish(cohort):
    while cohort.is_active:
        cohort.run_epoch()
    return [fitted.health for fitted in cohort.fitted]


def test_a_cohort_reads_every_member_until_it_leaves():
    assert [[each.epoch for each in health] for health in _finish(_cohort())] == [[1, 2], [1, 2, 3, 4], [1, 2, 3, 4]]


def test_an_epoch_that_the_clock_cut_is_not_read():
    assert _finish(_cohort(1, steps=3)) == [[]]


@pytest.mark.parametrize("n_members", [1, 3])
def test_readings_go_on_from_a_checkpoint(n_members, tmp_path):
    cut, again = _cohort(n_members), _cohort(n_members)
    for _ in range(2 if n_members > 1 else 1):
        cut.run_epoch()
    save_cohort(tmp_path / "cohort.safetensors", cut)
    again.restore(read_cohort(tmp_path / "cohort.safetensors")[0])
    assert _finish(again) == _finish(_cohort(n_members))
