"""Networks that answer together: the mean of what they say, each on blocks of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.evaluation.blend import blend
from automl.models.build import build
from automl.models.ensemble import Ensemble
from automl.models.families.registry import FAMILIES
from automl.task import Block

WIDE, NARROW = Block("numeric", (4,), "float32"), Block("numeric", (2,), "float32")


LINKS = {1: "identity", 2: "sigmoid", 3: "softmax"}


def networks(n_outputs):
    blocks = enumerate((WIDE, NARROW, WIDE))
    return [build(FAMILIES["mlp"](width=8), [block], n_outputs, seed=seed) for seed, block in blocks]


def equal(*weights):
    """Members on one scale."""
    return [(weight, 1.0, 0.0) for weight in weights]


def batch():
    draw = torch.Generator().manual_seed(0)
    return {"0/numeric": torch.randn(7, 4, generator=draw), "1/numeric": torch.randn(7, 2, generator=draw)}


@pytest.mark.parametrize("n_outputs", LINKS)
def test_it_gives_the_mean_of_its_members(n_outputs):
    members, weights = networks(n_outputs), [0.5, 0.3, 0.2]
    together = Ensemble(members, ["0/", "1/", "0/"], equal(*weights), link=LINKS[n_outputs]).eval()
    rows = batch()
    with torch.no_grad():
        alone = [member({"numeric": rows[name]}).numpy() for member, name in zip(members, [*rows, "0/numeric"])]
        found = together(rows).numpy()
    assert found == pytest.approx(blend(alone, weights, link=LINKS[n_outputs]), rel=1e-5, abs=1e-6)


def test_a_class_that_no_member_believes_in_has_a_finite_logarithm():
    class Sure(torch.nn.Module):
        def forward(self, rows):
            return torch.tensor([[1000.0, 0.0]])

    found = Ensemble([Sure(), Sure()], ["0/", "0/"], equal(0.5, 0.5), link="softmax")({})
    assert torch.isfinite(found).all() and torch.softmax(found, dim=1)[0].tolist() == [1.0, pytest.approx(0.0)]


def test_it_is_as_large_as_the_largest_of_its_members():
    members = networks(2)
    assert Ensemble(members, ["0/"] * 3, equal(0.4, 0.3, 0.3), link="softmax").largest == max(
        member.largest for member in members
    )


def test_its_weights_are_its_members():
    members = networks(2)
    state = Ensemble(members, ["0/"] * 3, equal(0.4, 0.3, 0.3), link="softmax").state_dict()
    for place, member in enumerate(members):
        for name, weight in member.state_dict().items():
            assert np.array_equal(state[f"members.{place}.{name}"], weight)


def test_numbers_are_brought_to_one_scale():
    class Says(torch.nn.Module):
        def __init__(self, number):
            super().__init__()
            self.number = number

        def forward(self, rows):
            return torch.tensor([[self.number]])

    terms = [(0.5, 10.0, 1.0), (0.5, 2.0, 0.0)]
    assert Ensemble([Says(1.0), Says(3.0)], ["0/", "0/"], terms, link="identity")({}).item() == 0.5 * 11.0 + 0.5 * 6.0
