"""A cohort's outputs over validation rows, a portion of the rows at a time; smaller portions where memory is short."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from automl.training.device import mixed_precision
from automl.training.memory import is_out_of_memory, release

if TYPE_CHECKING:
    from torch import Tensor

    from automl.training.feed import Rows
    from automl.training.stack import Stack


def evaluate(stack: Stack, rows: Rows, *, is_mixed: bool, least: int) -> tuple[Tensor, Rows]:
    """Run every member on the rows, in evaluation; where memory runs out, once more on half as many at a time.

    Args:
        stack: The members.
        rows: The N rows.
        is_mixed: Whether they run in bfloat16.
        least: So many rows at a time are never made fewer: a step takes as many.

    Returns:
        The outputs (M, N, K), and the rows, which from now on are evaluated in the portions that fitted.
    """
    stack.train(False)
    while True:
        try:
            return _outputs(stack, rows, is_mixed), rows
        except Exception as error:
            if not is_out_of_memory(error) or rows.portion <= max(1, least):
                raise
        release()
        rows = replace(rows, at_once=max(1, least, rows.portion // 2))


@torch.no_grad()
def _outputs(stack: Stack, rows: Rows, is_mixed: bool) -> Tensor:
    parts = []
    for portion in rows.parts():
        with mixed_precision(rows.trained_on, is_mixed):
            parts.append(stack.forward_same(portion))
    return torch.cat(parts, dim=1)
