"""RealMLP is what its paper says: sizes, parameters, formulas, learning rates, decay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.models.build import build, count_parameters
from automl.models.families.realmlp import RealMLP
from automl.models.settle import settle
from automl.task import Block
from automl.training.stack import Stack, lr_factors

NUMERIC, ONE_HOT = Block("numeric", (3,), "float32"), Block("one_hot", (4,), "float32")
CATEGORY = Block("category", (2,), "int64", (12, 20))
BLOCKS = (NUMERIC, ONE_HOT, CATEGORY)
N = 400


def _rows():
    draw = np.random.default_rng(0)
    codes = np.stack([draw.integers(0, 12, N), draw.integers(0, 20, N)], axis=1)
    one_hot = (draw.random((N, 4)) < [0.1, 0.4, 0.6, 1.0]).astype(np.float32)
    return {"numeric": draw.normal(size=(N, 3)).astype(np.float32), "one_hot": one_hot, "category": codes}


def _settled(n_outputs=1, target=None, **arguments):
    network = build(RealMLP(**arguments), BLOCKS, n_outputs, seed=0)
    settle(network, _rows(), lambda: np.zeros(N, np.float32) if target is None else target, seed=1)
    return network.eval()


def test_its_defaults_are_those_of_the_paper_for_classes():
    family = RealMLP()
    assert (family.layers, family.width, family.activation, family.dropout) == (3, 256, "selu", 0.15)
    assert (family.numbers, family.frequencies, family.numbers_size, family.sigma) == ("pbld", 16, 4, 0.1)
    assert (family.front_lr_factor, family.bias_lr_factor) == (6.0, 0.1)
    assert (family.activation_lr_factor, family.numbers_lr_factor, family.embedding_size) == (0.1, 0.1, 8)


def test_it_has_as_many_parameters_as_the_paper_says():
    n_embedded = 3 * (2 * 16 + (16 + 1) * 3)  # of n columns: frequencies and phases, then a linear layer to 3 numbers
    n_features = 3 * 4 + 4 + 2 * 8
    n_hidden = (n_features + 1) * 256 + 256 + 2 * ((256 + 1) * 256 + 256)
    expected = n_embedded + (12 + 20) * 8 + n_features + n_hidden + (256 + 1) * 7
    assert count_parameters(RealMLP(), BLOCKS, 7) == expected


def test_it_computes_what_the_formulas_of_the_paper_say():
    network, rows = _settled(layers=1, width=5, activation="mish"), _rows()
    own = {name: value.numpy().astype(np.float64) for name, value in network.state_dict().items()}
    numeric = rows["numeric"].astype(np.float64)
    waves = np.cos(
        2 * np.pi * own["encoders.numeric.waves.weight"] * numeric[:, :, None] + own["encoders.numeric.waves.bias"]
    )
    linear = np.einsum("bnf,nfd->bnd", waves, own["encoders.numeric.linear.weight"])
    linear = linear + own["encoders.numeric.linear.bias"]
    numbers = np.concatenate([linear, numeric[:, :, None]], axis=2).reshape(N, -1)
    z = (rows["one_hot"] - own["encoders.one_hot.middle"]) * own["encoders.one_hot.factor"]
    one_hot = z / np.sqrt(1 + (z / 3) ** 2)
    codes = rows["category"]
    vectors = own["encoders.category.table.weight"][codes + np.array([0, 12])] * (codes > 0)[:, :, None]
    x = np.concatenate([numbers, one_hot, vectors.reshape(N, -1)], axis=1) * own["backbone.0.scale.weight"]
    hidden = x @ own["backbone.1.tangent.linear.weight"].T / np.sqrt(x.shape[1]) + own["backbone.1.tangent.linear.bias"]
    mish = hidden * np.tanh(np.log1p(np.exp(hidden)))
    active = hidden + own["backbone.1.activation.mix.weight"] * (mish - hidden)
    expected = active @ own["head.0.linear.weight"].T / np.sqrt(5) + own["head.0.linear.bias"]
    with torch.no_grad():
        found = network.train()({name: torch.from_numpy(block) for name, block in rows.items()})
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_every_unit_begins_with_unit_variance_over_the_training_rows():
    network = _settled()
    seen = {}
    for place in (1, 2, 3):
        layer = network.backbone[place].tangent
        layer.register_forward_hook(lambda _, __, out, place=place: seen.update({place: out}))
    with torch.no_grad():
        network({name: torch.from_numpy(block) for name, block in _rows().items()})
    for out in seen.values():
        torch.testing.assert_close(out.std(dim=0, correction=0), torch.ones(256), rtol=1e-4, atol=1e-4)


def test_every_unit_has_its_kink_among_the_training_rows():
    network = _settled()
    seen = []
    network.backbone[1].tangent.register_forward_hook(lambda _, __, out: seen.append(out))
    network({name: torch.from_numpy(block) for name, block in _rows().items()})
    assert ((seen[0] > 0).any(dim=0) & (seen[0] < 0).any(dim=0)).all()


def test_learning_rates_are_multiples_of_the_network_s():
    network = build(RealMLP(embedding_lr_factor=2.0), BLOCKS, 2, seed=0)
    own = lr_factors([network], torch.device("cpu"))[0].split([each.numel() for each in network.parameters()])
    factors = {name: each.unique().tolist() for (name, _), each in zip(network.named_parameters(), own)}
    for name, (factor,) in factors.items():
        if name.startswith("encoders.numeric"):
            assert factor == pytest.approx(0.1)
        elif name == "backbone.0.scale.weight":
            assert factor == 6.0
        elif name.endswith(("linear.bias", "mix.weight")):
            assert factor == pytest.approx(0.1)
        else:
            assert factor == (2.0 if "category" in name else 1.0)


def test_a_factor_of_the_whole_multiplies_all_others():
    once, twelvefold = (build(RealMLP(lr_factor=each), BLOCKS, 2, seed=0) for each in (1.0, 12.0))
    factors = lr_factors([once, twelvefold], torch.device("cpu"))
    torch.testing.assert_close(factors[1], 12 * factors[0])


def test_all_decays_but_the_biases_of_linear_layers():
    network = build(RealMLP(), BLOCKS, 2, seed=0)
    own = Stack([network], [0], torch.device("cpu")).decayed.split([each.numel() for each in network.parameters()])
    spared = [name for (name, _), each in zip(network.named_parameters(), own) if not each.any()]
    assert spared == [f"backbone.{place}.tangent.linear.bias" for place in (1, 2, 3)] + ["head.0.linear.bias"]


def test_a_number_is_kept_within_those_of_the_training_rows_once_training_is_over():
    target = np.linspace(-0.2, 0.3, N, dtype=np.float32)
    network = _settled(target=target)
    batch = {name: torch.from_numpy(block) for name, block in _rows().items()}
    with torch.no_grad():
        predicted, free = network(batch), network.train()(batch)
    assert predicted.min() == target.min() and predicted.max() == target.max()
    assert free.min() < target.min() and free.max() > target.max()


def test_classes_have_no_limits():
    assert not [name for name in _settled(n_outputs=2).state_dict() if name.startswith("head.1")]


def test_one_hot_columns_are_scaled_as_robust_scaling_scales_numbers():
    network, rows = _settled(), _rows()["one_hot"]
    low, middle, high = np.quantile(rows, (0.25, 0.5, 0.75), axis=0)
    half = np.ptp(rows, axis=0) / 2
    spread = np.where(high > low, high - low, half)
    z = (rows - middle) / np.where(spread > 0, spread, np.inf)
    encoded = network.encoders["one_hot"](torch.from_numpy(rows))
    np.testing.assert_allclose(encoded.numpy(), z / np.sqrt(1 + (z / 3) ** 2), atol=1e-6)


def test_embeddings_begin_with_unit_variance():
    table = build(RealMLP(), (Block("category", (1,), "int64", (900,)),), 2, seed=0).encoders["category"].table.weight
    assert table.std().item() == pytest.approx(1.0, rel=0.05)
