"""Numbers drawn by seed, step and place look drawn at random, and each depends on these three alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.training.draws import keys, uniform, words

CPU = torch.device("cpu")
N = 2**16


def _words(seed, step, count=N):
    return words(keys(seed, count, CPU), torch.tensor(step))


def _bits(drawn):
    """Give the bits of words (n,), as (n, 64) zeros and ones."""
    return np.unpackbits(drawn.numpy().view(np.uint8).reshape(-1, 8), axis=1)


def test_a_word_depends_on_seed_step_and_place_alone():
    assert torch.equal(_words(3, 10, 100)[:7], _words(3, 10, 7))
    several = torch.stack([keys(seed, 9, CPU) for seed in (1, 2)])
    assert torch.equal(words(several, torch.tensor(4))[1], _words(2, 4, 9))


def test_keys_are_left_as_they_were():
    own = keys(1, 5, CPU)
    before = own.clone()
    words(own, torch.tensor(3))
    assert torch.equal(own, before)


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**62 + 5, 2**64 - 1])
@pytest.mark.parametrize("step", [0, 1, 2**20])
def test_every_bit_is_one_half_of_the_time(seed, step):
    share = _bits(_words(seed, step)).mean(axis=0)
    assert np.abs(share - 0.5).max() < 5 * 0.5 / N**0.5


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_parts_of_16_bits_are_uniform(seed):
    drawn = torch.cat([_words(seed, step) for step in range(4)])
    for part in drawn.view(torch.int16).view(-1, 4).numpy().T:
        counts = np.bincount((part.astype(np.int64) + 32768) >> 8, minlength=256)
        expected = len(part) / 256
        assert ((counts - expected) ** 2 / expected).sum() < 255 + 5 * (2 * 255) ** 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [((0, 0), (0, 1)), ((5, 1), (5, 2)), ((5, 7), (5, 8)), ((0, 3), (1, 3)), ((8, 0), (9, 0)), ((1, 2), (2, 1))],
    ids=str,
)
def test_steps_and_seeds_beside_one_another_have_nothing_in_common(first, second):
    one, other = _bits(_words(*first)), _bits(_words(*second))
    agree = one == other
    assert np.abs(agree.mean(axis=0) - 0.5).max() < 5 * 0.5 / N**0.5
    bits = 2.0 * one - 1, 2.0 * other - 1
    assert np.abs(bits[0].T @ bits[1] / N).max() < 6 / N**0.5


def test_places_beside_one_another_have_nothing_in_common():
    bits = 2.0 * _bits(_words(3, 4)) - 1
    for lag in (1, 2, 3, 64):
        assert np.abs(bits[:-lag].T @ bits[lag:] / N).max() < 6 / N**0.5


def test_one_place_over_many_steps_is_uniform():
    own = keys(11, 1, CPU)
    drawn = torch.cat([words(own, torch.tensor(step)) for step in range(4000)])
    share = _bits(drawn).mean(axis=0)
    assert np.abs(share - 0.5).max() < 5 * 0.5 / 4000**0.5


def test_uniform_numbers_fill_the_range_from_0_to_below_1():
    drawn = uniform(torch.cat([_words(2, step) for step in range(8)])).double()
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.histogram(drawn.numpy(), bins=64, range=(0, 1))[0]
    expected = len(drawn) / 64
    assert ((counts - expected) ** 2 / expected).sum() < 63 + 5 * (2 * 63) ** 0.5


def test_uniform_numbers_of_the_smallest_and_greatest_words():
    assert uniform(torch.tensor([0, -1, 2**63 - 1])).tolist() == pytest.approx([0.0, 1.0, 0.5], abs=1e-6)
