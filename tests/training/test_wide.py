"""Networks made wide give what each of them gives alone; what has no wide form runs under vmap all the same."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.stack import Stack
from automl.training.wide import WIDE, apart, side_by_side, widened

CPU = torch.device("cpu")
BLOCKS = (
    Block("numeric", (3,), "float32"),
    Block("one_hot", (4,), "float32"),
    Block("category", (2,), "int64", (5, 9)),
    Block("image", (2, 8, 8), "uint8", mean=(127.0, 90.0), std=(70.0, 50.0)),
)
MEMBERS, ROWS = 3, 11


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(0)
    codes = [torch.randint(0, n, (MEMBERS, ROWS), generator=draw) for n in (5, 9)]
    floats = {
        name: torch.randn(MEMBERS, ROWS, width, generator=draw) for name, width in (("numeric", 3), ("one_hot", 4))
    }
    images = torch.randint(0, 256, (MEMBERS, ROWS, 2, 8, 8), generator=draw, dtype=torch.uint8)
    return floats | {"category": torch.stack(codes, dim=2), "image": images}


def _networks(family, **arguments):
    return [build(FAMILIES[family](**arguments), BLOCKS, 2, seed) for seed in range(MEMBERS)]


def _stack(networks):
    return Stack(networks, range(len(networks)), CPU)


WORDS = [
    (family, {name: word})
    for family, kind in FAMILIES.items()
    for name in ("norm", "block", "pooling", "head", "numbers")
    for word in get_args(get_type_hints(kind).get(name))
]
SHAPES = [
    ("mlp", {"skip": True}),
    ("tabm", {"is_mini": True, "k": 3}),
    ("realmlp", {"is_parametric": False, "front": False}),
    ("ft_transformer", {"width": 16, "heads": 4}),
    ("ft_transformer", {"width": 16, "blocks": 1, "activation": "silu"}),
    ("cnn", {"squeeze": True, "mirror": True}),
    ("cnn", {"kernel": 5, "hidden": 7, "layers": 2}),
]


@pytest.mark.parametrize(("family", "arguments"), WORDS + SHAPES, ids=str)
def test_every_family_runs_wide_as_each_member_alone(family, arguments, batch):
    alone, stack = _networks(family, **arguments), _stack(_networks(family, **arguments))
    assert stack._wide is not None
    stack.train(True)
    for _ in range(2):  # The second run finds moved running statistics, but has the rows' own.
        outputs = stack.forward(batch)
        for member, network in enumerate(alone):
            own = {name: rows[member] for name, rows in batch.items()}
            torch.testing.assert_close(outputs[member], network.train()(own), rtol=1e-4, atol=1e-5)
    stack.train(False)
    same = {name: rows[0] for name, rows in batch.items()}
    outputs = stack.forward_same(same)
    for member, network in enumerate(alone):
        torch.testing.assert_close(outputs[member], network.eval()(same), rtol=1e-4, atol=1e-5)
        for name, each in network.state_dict().items():
            torch.testing.assert_close(stack.snapshot(member)[name], each, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "rows"),
    [
        (nn.Linear(4, 3), torch.randn(MEMBERS, 5, 4)),
        (nn.Linear(4, 3, bias=False), torch.randn(MEMBERS, 5, 4)),
        (nn.Linear(4, 3), torch.randn(MEMBERS, 5, 6, 4)),
        (nn.BatchNorm1d(4), torch.randn(MEMBERS, 5, 4)),
        (nn.LayerNorm(4), torch.randn(MEMBERS, 5, 4)),
        (nn.LayerNorm(4), torch.randn(MEMBERS, 5, 6, 4)),
        (nn.Conv2d(4, 6, 3), torch.randn(MEMBERS, 5, 4, 7, 7)),
        (nn.Conv2d(4, 6, 3, 2, 1, 1, 2, False), torch.randn(MEMBERS, 5, 4, 7, 6)),
        (nn.Conv2d(4, 4, (3, 5), (1, 2), (0, 2), 2, 4), torch.randn(MEMBERS, 5, 4, 9, 9)),
        (nn.BatchNorm2d(4), torch.randn(MEMBERS, 5, 4, 3, 2)),
        (nn.GroupNorm(2, 4), torch.randn(MEMBERS, 5, 4, 3, 2)),
        (nn.Embedding(7, 2), torch.arange(MEMBERS * 5).view(MEMBERS, 5) % 7),
        (nn.Embedding(7, 2), torch.arange(MEMBERS * 10).view(MEMBERS, 5, 2) % 7),
    ],
    ids=lambda value: str(tuple(value.shape)) if isinstance(value, torch.Tensor) else type(value).__name__,
)
def test_a_wide_layer_is_the_layer_under_vmap(layer, rows):
    layers = [type(layer)(*arguments) for arguments in [_arguments(layer)] * MEMBERS]
    for each in layers:
        for parameter in each.parameters():
            nn.init.normal_(parameter)
    parameters, buffers = stack_module_state(layers)
    wide = widened(layers)
    assert wide is not None
    wide.seat({name: tensor.detach() for name, tensor in {**parameters, **buffers}.items()})
    wide.train(False)

    def one(parameters, buffers, rows):
        return functional_call(layers[0].eval(), (parameters, buffers), (rows,))

    expected = vmap(one)(parameters, buffers, rows)
    torch.testing.assert_close(wide(rows), expected, rtol=1e-4, atol=1e-5)


def _arguments(layer):
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features, layer.bias is not None
    if isinstance(layer, nn.Embedding):
        return layer.num_embeddings, layer.embedding_dim
    if isinstance(layer, nn.GroupNorm):
        return layer.num_groups, layer.num_channels
    if isinstance(layer, nn.Conv2d):
        names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
        return *(getattr(layer, name) for name in names), layer.bias is not None
    return (layer.weight.shape[0],)


def test_every_wide_layer_is_compared_with_its_own():
    assert set(WIDE) == {
        *(nn.Linear, nn.Conv2d, nn.Embedding),
        *(nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm),
    }


@pytest.mark.parametrize(
    "layer",
    [
        nn.PReLU(2),
        nn.BatchNorm1d(2, affine=False),
        nn.BatchNorm1d(2, momentum=None),
        nn.BatchNorm2d(2, affine=False),
        nn.GroupNorm(1, 2, affine=False),
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"),
        nn.LayerNorm((2, 2)),
        nn.LayerNorm(2, elementwise_affine=False),
        nn.Embedding(3, 2, padding_idx=0),
    ],
    ids=str,
)
def test_what_has_no_wide_form_is_not_made_wide(layer):
    assert widened([layer]) is None


class Strange(nn.Module):
    """A network with a layer that has no wide form."""

    def __init__(self, activation=nn.ReLU):
        super().__init__()
        self.linear, self.slope, self.activation = nn.Linear(3, 2), nn.PReLU(2), activation()

    def forward(self, batch):
        return self.activation(self.slope(self.linear(batch["numeric"])))


@pytest.mark.parametrize("family", FAMILIES)
def test_members_may_have_activations_of_their_own(family, batch):
    names = ["relu", "tanh", "relu"]
    alone, together = (
        [build(FAMILIES[family](activation=name), BLOCKS, 2, seed) for seed, name in enumerate(names)] for _ in range(2)
    )
    stack = _stack(together)
    for left, members in (([0, 1, 2], [0, 1, 2]), ([1, 2], [1, 2]), ([0], [1])):  # As two of them leave.
        stack.keep(left)
        outputs = stack.forward({name: rows[: len(members)] for name, rows in batch.items()})
        for row, member in enumerate(members):
            own = {name: rows[row] for name, rows in batch.items()}
            torch.testing.assert_close(outputs[row], alone[member](own), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "words"), [("pooling", ["max", "average"]), ("head", ["average", "max"])])
def test_members_may_have_pools_of_their_own(name, words, batch):
    words = [words[0], words[1], words[0]]
    alone, together = (
        [build(FAMILIES["cnn"](**{name: word}), BLOCKS, 2, seed) for seed, word in enumerate(words)] for _ in range(2)
    )
    outputs = _stack(together).forward(batch)
    for member, network in enumerate(alone):
        own = {block: rows[member] for block, rows in batch.items()}
        torch.testing.assert_close(outputs[member], network(own), rtol=1e-4, atol=1e-5)


def test_members_channels_lie_side_by_side_without_a_copy():
    wide = torch.randn(4, MEMBERS * 2, 3, 3)
    apart_again = apart(wide, MEMBERS)
    assert apart_again.shape == (MEMBERS, 4, 2, 3, 3)
    assert side_by_side(apart_again).data_ptr() == wide.data_ptr()
    assert torch.equal(side_by_side(apart_again), wide)


def test_activations_of_their_own_need_a_wide_form():
    with pytest.raises(ValueError, match="may differ in their functions only where they have a wide form"):
        _stack([Strange(nn.ReLU), Strange(nn.Tanh)])


def test_a_layer_without_a_wide_form_runs_under_vmap(batch):
    networks = [Strange() for _ in range(MEMBERS)]
    copies = [Strange() for _ in range(MEMBERS)]
    for network, other in zip(networks, copies):
        other.load_state_dict(network.state_dict())
    assert widened(networks) is None
    outputs = _stack(networks).forward({"numeric": batch["numeric"]})
    for member, network in enumerate(copies):
        torch.testing.assert_close(outputs[member], network({"numeric": batch["numeric"][member]}))


def test_what_is_left_of_a_wide_stack_runs_as_one_network(batch):
    stack = _stack(_networks("mlp", dropout=0.5))
    stack.train(True)
    stack.forward(batch, torch.tensor(0))
    stack.keep([1])
    own = {name: rows[1:2] for name, rows in batch.items()}
    left = stack.forward(own, torch.tensor(1))
    alone = Stack([_networks("mlp", dropout=0.5)[1]], [1], CPU)
    alone.train(True)
    torch.testing.assert_close(left, alone.forward(own, torch.tensor(1)))
