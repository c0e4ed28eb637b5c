"""What is differentiated: cross-entropy for classes, squared error for one number; a mean a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def losses(outputs: Tensor, target: Tensor, smoothing: Tensor | None = None) -> Tensor:
    """Give each member's mean loss over its rows.

    Args:
        outputs: (M, B, K) logits, or (M, B, 1) standardised numbers.
        target: (M, B) int64 class codes, or float32 standardised numbers.
        smoothing: (M, 1) label smoothing (Szegedy et al. 2016); None is without.

    Returns:
        (M,)
    """
    if target.is_floating_point():
        return (outputs.squeeze(-1) - target).square().mean(dim=1)
    log_probabilities = torch.log_softmax(outputs, dim=-1)
    right = -log_probabilities.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    if smoothing is not None:
        right = (1 - smoothing) * right - smoothing * log_probabilities.mean(dim=-1)
    return right.mean(dim=1)
