"""TabM is what its authors' package is: the same numbers from the same weights, as many parameters, a loss a member."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.models.build import build, count_parameters
from automl.models.families.tabm import TabM
from automl.models.settle import settle
from automl.task import Block
from automl.training.loss import losses
from automl.training.stack import Stack

NUMERIC = Block("numeric", (3,), "float32")
K, N, BINS, SIZE, WIDTH = 4, 200, 6, 5, 7


def _rows():
    return np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)


def _network(**arguments):
    family = TabM(**{"k": K, "width": WIDTH, "layers": 2, "bins": BINS, "numbers_size": SIZE, **arguments})
    network = build(family, (NUMERIC,), 2, seed=3)
    settle(network, {"numeric": _rows()}, lambda: np.zeros(N), seed=0)
    return network


def _theirs(arch_type, embeddings):
    """The authors' network of the same sizes."""
    tabm = pytest.importorskip("tabm")
    embedded = None
    if embeddings:
        rtdl = pytest.importorskip("rtdl_num_embeddings")
        bins = rtdl.compute_bins(torch.from_numpy(_rows()), n_bins=BINS)
        embedded = rtdl.PiecewiseLinearEmbeddings(bins, SIZE, activation=False, version="B")
    start = "normal" if embeddings else "random-signs"
    return tabm.TabM(
        n_num_features=3,
        d_out=2,
        num_embeddings=embedded,
        n_blocks=2,
        d_block=WIDTH,
        dropout=0.0,
        k=K,
        arch_type=arch_type,
        start_scaling_init=start,
    )


def _take(theirs, ours, is_mini, embeddings):
    """Give the authors' network the weights of ours."""
    own = {name: value.detach() for name, value in ours.named_parameters()}
    with torch.no_grad():
        for weight in own.values():  # What begins as 0 or 1 is also compared.
            weight.add_(0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(len(weight))))
        named = {"output.weight": "head.0.weight", "output.bias": "head.0.bias"}
        if embeddings:
            numeric = "encoders.numeric"
            named |= {"num_module.linear0.weight": f"{numeric}.line.weight"}
            named |= {"num_module.linear0.bias": f"{numeric}.start.bias"}
            named |= {"num_module.linear.weight": f"{numeric}.linear.weight"}
        if is_mini:
            named |= {"backbone.affine.weight": "backbone.1.scale.weight"}
        for place in range(2):
            block, mine = f"backbone.blocks.{place}.0", f"backbone.{place + 1 + is_mini}.layer"
            named |= {f"{block}.weight": f"{mine}.linear.weight"}
            if is_mini:
                named |= {f"{block}.bias": f"{mine}.linear.bias"}
            else:
                named |= {f"{block}.r": f"{mine}.before.scale.weight", f"{block}.s": f"{mine}.after.weight"}
                named |= {f"{block}.bias": f"{mine}.shift.bias"}
        parameters = dict(theirs.named_parameters())
        assert set(parameters) == set(named)
        assert set(own) == set(named.values())
        for name, parameter in parameters.items():
            parameter.copy_(own[named[name]])


@pytest.mark.parametrize("is_mini", [False, True])
@pytest.mark.parametrize("embeddings", [False, True])
def test_it_gives_what_the_authors_network_gives(is_mini, embeddings):
    theirs = _theirs("tabm-mini" if is_mini else "tabm", embeddings)
    ours = _network(is_mini=is_mini, numbers="piecewise" if embeddings else "plain", dropout=0.0)
    _take(theirs, ours, is_mini, embeddings)
    rows = torch.from_numpy(3 * _rows())  # Beyond the training rows too.
    torch.testing.assert_close(ours.train()({"numeric": rows}), theirs.eval()(rows), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("is_mini", [False, True])
def test_its_defaults_have_as_many_parameters_as_the_authors(is_mini):
    tabm, rtdl = pytest.importorskip("tabm"), pytest.importorskip("rtdl_num_embeddings")
    bins = rtdl.compute_bins(torch.from_numpy(_rows()), n_bins=48)
    theirs = tabm.TabM.make(
        n_num_features=3,
        d_out=2,
        num_embeddings=rtdl.PiecewiseLinearEmbeddings(bins, 16, activation=False, version="B"),
        arch_type="tabm-mini" if is_mini else "tabm",
    )
    assert count_parameters(TabM(is_mini=is_mini), (NUMERIC,), 2) == sum(p.numel() for p in theirs.parameters())


def test_it_has_as_many_parameters_as_its_formula_says():
    n_in = 3 * SIZE
    embedding = 3 * SIZE * (2 + BINS)
    trunk = n_in * WIDTH + K * (n_in + 2 * WIDTH) + WIDTH**2 + K * 3 * WIDTH
    family = TabM(k=K, width=WIDTH, layers=2, bins=BINS, numbers_size=SIZE)
    assert count_parameters(family, (NUMERIC,), 2) == embedding + trunk + K * (WIDTH + 1) * 2


def test_its_prediction_is_the_mean_of_the_members_probabilities():
    network, batch = _network(), {"numeric": torch.from_numpy(_rows())}
    each = torch.softmax(network.train()(batch), dim=-1)
    assert each.shape == (N, K, 2)
    torch.testing.assert_close(torch.softmax(network.eval()(batch), dim=-1), each.mean(dim=1))


def test_its_predicted_number_is_the_mean_of_the_members():
    network = build(TabM(k=K, width=WIDTH), (NUMERIC,), 1, seed=0)
    batch = {"numeric": torch.from_numpy(_rows())}
    each = network.train()(batch)
    torch.testing.assert_close(network.eval()(batch), each.mean(dim=1))


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_its_loss_is_the_mean_of_the_members_losses(n_outputs):
    outputs = torch.randn(1, 9, K, n_outputs, generator=torch.Generator().manual_seed(0))
    target = torch.linspace(-1, 1, 9).unsqueeze(0) if n_outputs == 1 else (torch.arange(9) % 3).unsqueeze(0)
    smoothing = torch.tensor([[0.1]])
    name = "squared_error" if n_outputs == 1 else "cross_entropy"
    each = [losses(name, outputs[:, :, member], target, smoothing) for member in range(K)]
    torch.testing.assert_close(losses(name, outputs, target, smoothing), torch.stack(each).mean(dim=0))


def test_members_begin_apart_by_one_number_for_all_features_of_a_column():
    network = build(TabM(k=K, width=WIDTH, numbers_size=SIZE), (NUMERIC, Block("one_hot", (2,), "float32")), 2, seed=0)
    first = network.backbone[1].layer.before.scale.weight.detach()
    assert first.shape == (K, 3 * SIZE + 2)
    columns = [*first[:, : 3 * SIZE].split(SIZE, dim=1), first[:, -2:-1], first[:, -1:]]
    assert all(torch.equal(each, each[:, :1].expand_as(each)) for each in columns)
    assert len(first.unique()) == K * 5


def test_plain_numbers_begin_with_random_signs_and_later_adapters_with_1():
    network = build(TabM(k=K, width=WIDTH, numbers="plain"), (NUMERIC,), 2, seed=0)
    assert network.backbone[1].layer.before.scale.weight.unique().tolist() == [-1.0, 1.0]
    assert network.backbone[2].layer.before.scale.weight.unique().tolist() == [1.0]
    biases = network.backbone[1].layer.shift.bias
    assert torch.equal(biases, biases[:1].expand_as(biases))


def test_biases_do_not_decay_and_all_else_does():
    network = build(TabM(k=K, width=WIDTH), (NUMERIC,), 2, seed=0)
    own = Stack([network], [0], torch.device("cpu")).decayed.split([each.numel() for each in network.parameters()])
    spared = {name for (name, _), each in zip(network.named_parameters(), own) if not each.any()}
    assert spared == {name for name, _ in network.named_parameters() if name.endswith("bias")}
