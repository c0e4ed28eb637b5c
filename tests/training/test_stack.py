"""Factors on learning rates are read off the networks, parameter by parameter."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.stack import Stack, lr_factors, signature

CPU = torch.device("cpu")
NUMERIC = Block("numeric", (3,), "float32")
IMAGE = Block("image", (1, 4, 4), "uint8", mean=(127.0,), std=(70.0,))
CATEGORY = Block("category", (2,), "int64", (5, 9))


class Scaled(nn.Module):
    """Two linear layers; the factors are those given, of the whole and of the second layer."""

    def __init__(self, factors, second=None):
        super().__init__()
        self.first, self.second = nn.Linear(2, 1), nn.Linear(1, 1, bias=False)
        self.lr_factors = factors
        if second is not None:
            self.second.lr_factors = second


@pytest.mark.parametrize("family", FAMILIES)
def test_a_factor_on_embeddings_is_that_of_nothing_else(family):
    networks = [
        build(FAMILIES[family](embedding_lr_factor=each), (NUMERIC, CATEGORY, IMAGE), 2, 0) for each in (0.5, 1, 7)
    ]
    named = [name for name, each in networks[0].named_parameters() for _ in range(each.numel())]
    factors = lr_factors(networks, CPU)
    expected = [[each if "encoders.category" in name else 1.0 for name in named] for each in (0.5, 1.0, 7.0)]
    assert (factors / factors[1]).tolist() == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_factors_do_not_keep_networks_from_training_together(family):
    networks = [build(FAMILIES[family](embedding_lr_factor=each), (CATEGORY, IMAGE), 2, 0) for each in (0.5, 7)]
    assert "embedding_lr_factor" in FAMILIES[family].free
    assert signature(networks[0]) == signature(networks[1])
    assert Stack(networks, [0, 1], CPU).size == 2


def test_without_categories_there_are_no_factors():
    assert lr_factors([build(FAMILIES["mlp"](embedding_lr_factor=7.0), (NUMERIC,), 2, 0)], CPU) is None


def test_factors_of_one_are_none():
    assert lr_factors([Scaled({"first.weight": 1.0}), Scaled({})], CPU) is None


def test_a_layer_overrules_what_the_whole_says_of_it():
    network = Scaled({"first.bias": 2.0, "second.weight": 3.0}, second={"weight": 4.0})
    assert lr_factors([network], CPU).tolist() == [[1.0, 1.0, 2.0, 4.0]]


def test_a_factor_of_what_is_no_parameter_is_refused():
    with pytest.raises(ValueError, match=r"lr_factors must name parameters, and 'first\.wieght' is none"):
        lr_factors([Scaled({"first.wieght": 2.0})], CPU)
