"""How many candidates of a shape are worth training together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_ON_CPU = ((15e6, 16), (80e6, 8), (300e6, 4))
"""(work of one member's step, size): below that work, so many members share what a step costs beside arithmetic."""
_ON_CUDA = ((1e9, 64), (1e10, 16), (1e11, 4))


def cohort_size(n_operations: int, batch_size: int, device: torch.device) -> int:
    """Say how many candidates train together: many small ones, and one alone where arithmetic fills the machine.

    It depends on sizes and the kind of device alone, so that the same study forms the same cohorts. The steps come from
    `benchmarks/README.md`; convolutions on a CPU gain and cease to gain at the same work as dense layers do.

    Args:
        n_operations: Multiplications with an addition each that one row of one candidate takes forward; where every
            trainable number is used once a row, as in networks for tables, these numbers.
        batch_size: Rows of its step.
        device: Where it trains.
    """
    work = 6.0 * n_operations * batch_size
    steps = _ON_CUDA if device.type == "cuda" else _ON_CPU
    return next((size for most, size in steps if work < most), 1)
