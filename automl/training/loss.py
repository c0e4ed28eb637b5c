"""What is differentiated: cross-entropy for classes, squared error for one number; a mean a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor


class Partners(NamedTuple):
    """The rows with which those of a batch were mixed.

    Args:
        target: (M, B) their targets.
        share: (M, 1), or (M, B), how much of each row is its partner's; 0 where nothing was mixed.
    """

    target: Tensor
    share: Tensor


def losses(
    outputs: Tensor, target: Tensor, smoothing: Tensor | None = None, partners: Partners | None = None
) -> Tensor:
    """Give each member's mean loss over its rows.

    Args:
        outputs: (M, B, K) logits, or (M, B, 1) standardised numbers.
        target: (M, B) int64 class codes, or float32 standardised numbers.
        smoothing: (M, 1) label smoothing (Szegedy et al. 2016); None is without.
        partners: What the rows were mixed with: the loss is then mixed of those of both targets (Zhang et al. 2018);
            None where nothing was.

    Returns:
        (M,)
    """
    if target.is_floating_point():
        numbers = outputs.squeeze(-1)
        wrong = (numbers - target).square()
        if partners is not None:
            wrong = torch.lerp(wrong, (numbers - partners.target).square(), partners.share)
        return wrong.mean(dim=1)
    log_probabilities = torch.log_softmax(outputs, dim=-1)
    right = _surprise(log_probabilities, target)
    if partners is not None:
        right = torch.lerp(right, _surprise(log_probabilities, partners.target), partners.share)
    if smoothing is not None:
        right = (1 - smoothing) * right - smoothing * log_probabilities.mean(dim=-1)
    return right.mean(dim=1)


def _surprise(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Give minus the logarithm of what each row's class was given: (M, B, K), (M, B) -> (M, B)."""
    return -log_probabilities.gather(-1, target.unsqueeze(-1)).squeeze(-1)
