"""What a member draws for its dropout is a function of its seed alone, whoever trains beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.models.layers import Dropout
from automl.task import Block
from automl.training.arguments import AdamW, Constant, Member, Training
from automl.training.cohort import train
from automl.training.feed import Rows
from automl.training.noise import Noise
from tests.watching import Accuracy

CPU = torch.device("cpu")
BLOCKS = (Block("numeric", (3,), "float32"),)
RATES = {
    "all": (0.2, 0.5),
    "inner": (0.0, 0.3),
    "outer": (0.4, 0.0),
    "none": (0.0, 0.0),
}
"""Rates at the end of a residual block and inside it."""
COHORTS = [["all", "all"], ["all", "inner"], ["inner", "inner", "none"], ["none", "outer", "inner"], list(RATES)]


def _network(kind):
    dropout, hidden_dropout = RATES[kind]
    return build(FAMILIES["resnet"](width=5, dropout=dropout, hidden_dropout=hidden_dropout), BLOCKS, 2, seed=0)


STEP = torch.tensor(5)


def _seed(place):
    return 100 + place


def _dropouts(network):
    return [layer for layer in network.modules() if isinstance(layer, Dropout)]


class Drawn:
    """Members' networks, and what they draw in a step of seven rows; the first one's layers are handed it."""

    def __init__(self, kinds, places):
        self.networks = [_network(kind) for kind in kinds]
        self.noise = Noise(self.networks, [_seed(place) for place in places], CPU)

    def masks(self, step=STEP):
        """Give what each member keeps in every layer in which it drops something."""
        batch = {"numeric": torch.zeros(len(self.networks), 7, 3)}
        self.noise.hand(self.noise.draw(batch, step), [])
        drawn = [layer.noise for layer in _dropouts(self.networks[0])]
        return [
            [noise[row] >= own.threshold for noise, own in zip(drawn, _dropouts(network)) if own.rate]
            for row, network in enumerate(self.networks)
        ]


def _alone(kind, place):
    """Give the masks of a network that trains alone, with the seed of that place."""
    return Drawn([kind], [place]).masks()[0]


def _assert_equal(first, second):
    assert len(first) == len(second)
    assert all(torch.equal(mask, other) for mask, other in zip(first, second))


@pytest.mark.parametrize("kinds", COHORTS, ids=" ".join)
def test_a_members_masks_are_bit_for_bit_those_it_draws_alone(kinds):
    for place, masks in enumerate(Drawn(kinds, range(len(kinds))).masks()):
        _assert_equal(masks, _alone(kinds[place], place))


@pytest.mark.parametrize("staying", [[0], [3], [1, 3], [2, 0]])
def test_members_that_stay_go_on_with_their_own_masks(staying):
    kinds = list(RATES)
    left = Drawn([kinds[place] for place in staying], staying)
    for place, masks in zip(staying, left.masks()):
        _assert_equal(masks, _alone(kinds[place], place))


def test_every_step_has_masks_of_its_own():
    drawn = Drawn(["all"], [0])
    first, second = drawn.masks(torch.tensor(1)), drawn.masks(torch.tensor(2))
    assert not any(torch.equal(mask, other) for mask, other in zip(first[0], second[0]))


@pytest.mark.parametrize("kinds", COHORTS, ids=" ".join)
def test_as_many_values_are_dropped_as_the_rates_say(kinds):
    drawn = Drawn(kinds, range(len(kinds)))
    steps = [drawn.masks(torch.tensor(step)) for step in range(200)]
    for member, network in enumerate(drawn.networks):
        for layer, own in enumerate(each for each in _dropouts(network) if each.rate):
            kept = torch.cat([masks[member][layer].flatten() for masks in steps]).float().mean()
            assert kept == pytest.approx(1 - own.rate, abs=0.03)


def test_a_step_without_dropout_has_no_noise():
    noise = Noise([_network("none"), _network("none")], [0, 1], CPU)
    assert noise.draw({"numeric": torch.zeros(2, 7, 3)}, STEP) == []


def test_rates_of_a_step_are_multiples_of_the_members_own():
    noise = Noise([_network("all"), _network("inner")], [0, 1], CPU)
    by_step = noise.rates_by_step(torch.tensor([[1.0, 0.5], [0.0, 0.25]]))
    rates = torch.tensor([[[0.5, 0.15], [0.0, 0.075]], [[0.2, 0.0], [0.0, 0.0]]])
    for (threshold, scale), expected in zip(by_step, rates):
        torch.testing.assert_close((threshold + 32768.0) / 65536, expected, rtol=0, atol=1e-5)
        torch.testing.assert_close(scale, 1 / (1 - expected))


def _tumours():
    X, y = load_breast_cancer(return_X_y=True)
    X = torch.from_numpy((X - X.mean(0)) / X.std(0)).float()
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    parts = (order[:300], order[300:])
    return [Rows({"numeric": X[part]}, torch.from_numpy(y)[part]) for part in parts]


@pytest.mark.parametrize("course", ["constant", "flat_cosine"])
def test_scores_with_dropout_differ_by_less_than_seeds_do_in_and_out_of_a_cohort(course):
    training, validation = _tumours()
    arguments = Training(batch_size=64, epochs=4, dropout_schedule=course)
    members = [
        Member(seed=seed, optimizer=AdamW(lr=3e-3), schedule=Constant(), training=arguments) for seed in range(20)
    ]
    blocks = (Block("numeric", (30,), "float32"),)

    def fit(some):
        modules = [build(FAMILIES["mlp"](width=16, dropout=0.3), blocks, 2, seed=member.seed) for member in some]
        fitted = train(modules, some, training, validation, Accuracy(validation.target))
        return [(each.epochs[-1].validation, each.epochs[-1].validation_loss) for each in fitted]

    together = np.array(fit(members))
    alone = np.array([fit([member])[0] for member in members])
    spread = together.std(axis=0)
    assert (spread > 1e-3).all()
    assert (np.abs((together - alone).mean(axis=0)) < 0.05 * spread).all()
