"""Mish by rational forms is Mish, and so is its derivative."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import grad, vmap

from automl.models.mish import Mish

POINTS = torch.linspace(-40, 120, 20_001)


@pytest.mark.parametrize("is_training", [True, False])
def test_values_and_slopes_are_those_of_torch_in_double_precision(is_training):
    own, exact = POINTS.clone().requires_grad_(), POINTS.double().requires_grad_()
    found, expected = Mish().train(is_training)(own), nn.functional.mish(exact)
    torch.testing.assert_close(found, expected.float(), rtol=1e-5, atol=2e-6)
    slopes = [torch.autograd.grad(each.sum(), x)[0] for each, x in ((found, own), (expected, exact))]
    torch.testing.assert_close(slopes[0], slopes[1].float(), rtol=1e-5, atol=2e-6)


def test_it_runs_for_several_members_at_once():
    layer, x = Mish(), torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    slopes = vmap(grad(lambda row: layer(row).sum()))(x)
    alone = [grad(lambda row: layer(row).sum())(row) for row in x]
    torch.testing.assert_close(slopes, torch.stack(alone))
