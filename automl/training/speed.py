"""How long an epoch takes, before any has been trained: good enough to tell cheap candidates from expensive ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_ON_CPU = (1.5e-3, 3e10)
_ON_CUDA = (5e-4, 1e13)
"""(seconds a step takes beside arithmetic, operations a second): orders of magnitude, equal on every machine, so that
what is decided by them is decided again in the same way."""


def epoch_seconds(n_operations: int, n_rows: int, batch_size: int, device: torch.device, *, sharing: int = 1) -> float:
    """Predict the seconds of an epoch.

    Args:
        n_operations: Multiplications with an addition each, for one row forward.
        n_rows: Training rows.
        batch_size: Rows of a step.
        device: Where it trains.
        sharing: How many candidates share what a step takes beside arithmetic.

    Examples:
        >>> import torch
        >>> round(epoch_seconds(10_000, 1_000, 100, torch.device("cpu")), 3)
        0.017
    """
    beside, speed = _ON_CUDA if device.type == "cuda" else _ON_CPU
    return math.ceil(n_rows / batch_size) * beside / sharing + 6.0 * n_operations * n_rows / speed
