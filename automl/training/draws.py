"""Random numbers as functions of a seed, a step and a place: nobody draws them in turn, so nobody can change another's.

A place of a member's draws has a key, made of the member's seed; a step's word is the key and the step's number, mixed.
On every kind of device the same bits come out, and a step that is replayed as a CUDA graph draws as any other does.

Source: the factors of splitmix64 (Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014,
figure 17). torch shifts a sign along, so that every shift is followed by one more multiplication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_STEP = 0x9E3779B97F4A7C15 - 2**64
_PLACE = 0xD1B54A32D192ED03 - 2**64
_FACTORS = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)


def _mixed(words: Tensor) -> Tensor:
    """Mix the bits of words, in place."""
    words.bitwise_xor_(words >> 32).mul_(_FACTORS[0])
    return words.bitwise_xor_(words >> 29).mul_(_FACTORS[1])


def keys(seed: int, count: int, device: torch.device) -> Tensor:
    """Give the keys of so many places, int64.

    Args:
        seed: Of 64 bits at most.
        count: How many.
        device: Where words will be drawn.
    """
    return keys_between(seed, 0, count, torch.device("cpu")).to(device)


def keys_between(seed: int, start: int, stop: int, device: torch.device) -> Tensor:
    """Give the keys of some places, made on the device.

    Examples:
        >>> cpu = torch.device("cpu")
        >>> torch.equal(keys_between(7, 2, 5, cpu), keys(7, 5, cpu)[2:])
        True
    """
    base = int(_mixed(torch.tensor([(seed & (2**63 - 1)) ^ _PLACE])))
    return _mixed(torch.arange(start + 1, stop + 1, device=device) * _PLACE + base)


def words(keys: Tensor, step: Tensor) -> Tensor:
    """Draw a word of 64 bits, int64, for every key.

    Args:
        keys: Of any shape.
        step: The step's number, int64 without axes, where the keys are.

    Examples:
        >>> three = keys(seed=7, count=3, device=torch.device("cpu"))
        >>> torch.equal(words(three, torch.tensor(5))[:2], words(three[:2], torch.tensor(5)))
        True
    """
    return _mixed(keys + step * _STEP)


def uniform(words: Tensor) -> Tensor:
    """Turn words into float32 from 0 to below 1, of 24 bits each."""
    return ((words >> 40) & (2**24 - 1)).float() * 2.0**-24
