"""Dropout drops what its rate says, of the noise it is handed."""

from __future__ import annotations

import pytest
import torch

from automl.models.layers import Dropout

N = 40_000


def _noise(seed: int = 0) -> torch.Tensor:
    return torch.randint(-(2**15), 2**15, (N,), dtype=torch.int16, generator=torch.Generator().manual_seed(seed))


def _handed(rate: float) -> Dropout:
    layer = Dropout(rate)
    layer.noise = _noise()
    return layer


@pytest.mark.parametrize("rate", [0, 0.0, 0.1, 0.5, 0.95])
def test_dropout_zeroes_its_share_and_scales_the_rest(rate):
    kept = _handed(rate)(torch.ones(N))
    assert (kept == 0).float().mean().item() == pytest.approx(rate, abs=0.01)
    torch.testing.assert_close(kept[kept != 0], torch.full((int((kept != 0).sum()),), 1 / (1 - rate)))


def test_values_pass_without_noise_and_in_evaluation():
    values = torch.arange(5.0)
    assert torch.equal(Dropout(0.5)(values), values)
    assert torch.equal(_handed(0.5).eval()(torch.ones(N)), torch.ones(N))


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.3, 0.95])
def test_a_layer_at_another_rate_is_a_layer_of_that_rate(rate):
    layer = _handed(0.5)
    layer.now = layer.at(torch.tensor(rate, dtype=torch.float64))
    assert torch.equal(layer(torch.ones(N)), _handed(rate)(torch.ones(N)))


def test_another_rate_does_not_outlive_training():
    layer = _handed(0.5)
    before = layer.threshold.clone(), layer.scale.clone()
    layer.now = layer.at(torch.tensor(0.9, dtype=torch.float64))
    layer(torch.ones(N))
    assert (layer.threshold, layer.scale) == before
    assert layer.state_dict() == {}
    assert torch.equal(layer.eval()(torch.ones(N)), torch.ones(N))
