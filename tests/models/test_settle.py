"""What networks take from training rows: the same of the same rows and seed, and nothing where nothing asks for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.models.settle import settle
from automl.task import Block

BLOCKS = (Block("numeric", (3,), "float32"), Block("one_hot", (2,), "float32"))
FOR_TABLES = [name for name, kind in FAMILIES.items() if not hasattr(kind, "reads")]


def _arrays(n_rows, seed=0):
    draw = np.random.default_rng(seed)
    one_hot = (draw.random((n_rows, 2)) < 0.3).astype(np.float32)
    return {"numeric": draw.normal(size=(n_rows, 3)).astype(np.float32), "one_hot": one_hot}


def _settled(family, n_rows=50, seed=1, rows_seed=0):
    network = build(FAMILIES[family](), BLOCKS, 1, seed=0)
    settle(network, _arrays(n_rows, rows_seed), lambda: np.linspace(-1, 1, n_rows, dtype=np.float32), seed)
    return network


@pytest.mark.parametrize("family", FOR_TABLES)
def test_the_same_rows_and_seed_settle_a_network_alike(family):
    one, again = _settled(family).state_dict(), _settled(family).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in one.items())


@pytest.mark.parametrize("family", FOR_TABLES)
@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_a_few_rows_are_enough(family, n_rows):
    network = _settled(family, n_rows).eval()
    batch = {name: torch.from_numpy(array) for name, array in _arrays(9, seed=5).items()}
    assert all(value.isfinite().all() for value in network.state_dict().values())
    assert network(batch).isfinite().all()


@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_what_takes_nothing_stays_as_it_was_built(family):
    built = build(FAMILIES[family](), BLOCKS, 1, seed=0).state_dict()
    assert all(torch.equal(value, built[name]) for name, value in _settled(family).state_dict().items())


def test_another_seed_draws_other_biases_and_takes_the_same_scales():
    one, other = _settled("realmlp", seed=1).state_dict(), _settled("realmlp", seed=2).state_dict()
    name = "backbone.1.tangent.linear"
    assert torch.equal(one[f"{name}.weight"], other[f"{name}.weight"])
    assert not torch.equal(one[f"{name}.bias"], other[f"{name}.bias"])


def test_settling_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    _settled("realmlp")
    assert torch.equal(before, torch.random.get_rng_state())


def test_settling_leaves_a_network_in_training():
    assert _settled("realmlp").training


def test_of_many_rows_some_that_are_evenly_spaced_are_taken():
    n_rows = 150_000
    arrays = _arrays(n_rows)
    arrays["numeric"][:, 0] = np.linspace(0, 1, n_rows)
    arrays["one_hot"][:, 0] = np.arange(n_rows) > 0.6 * n_rows
    network = build(FAMILIES["realmlp"](layers=1, width=4), BLOCKS, 2, seed=0)
    settle(network, arrays, lambda: np.zeros(n_rows, np.int64), seed=0)
    assert network.encoders["one_hot"].factor[0] == 1.0  # its quartiles are 0 and 1


@pytest.mark.parametrize("family", FOR_TABLES)
def test_encoders_like_those_of_a_settled_network_come_to_the_same(family):
    first, alone = _settled(family), _settled(family, seed=2)
    beside = build(FAMILIES[family](), BLOCKS, 1, seed=0)
    settle(beside, _arrays(50), lambda: np.linspace(-1, 1, 50, dtype=np.float32), 2, first)
    assert all(torch.equal(value, alone.state_dict()[name]) for name, value in beside.state_dict().items())
