"""Several networks as one module, whose outputs are the weighted mean of theirs; each reads blocks of its own.

Shape:
    batch {prefix + name: (N, ...)} -> (N, n_outputs): logarithms of the mean probabilities, or mean numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEAST = torch.finfo(torch.float32).tiny
"""A probability that is nothing, so that its logarithm is a number."""


class Ensemble(nn.Module):
    """Networks that answer together.

    Of classes the probabilities are averaged, as their logarithms are given: what makes probabilities of logits makes
    the averaged ones of these.

    Args:
        members: The networks.
        prefixes: What the names of each one's blocks begin with in a batch; several may read the same.
        terms: How much each counts, which adds up to 1; by what its numbers are multiplied, and what is added to them,
            so that all are on one scale: those of logits are 1 and 0.
        are_classes: Whether the members give logits.
    """

    def __init__(
        self,
        members: Sequence[nn.Module],
        prefixes: Sequence[str],
        terms: Sequence[tuple[float, float, float]],
        *,
        are_classes: bool,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.prefixes = tuple(prefixes)
        self.terms = tuple(terms)
        self.are_classes = are_classes
        self.largest = max(getattr(member, "largest", 1) for member in members)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Let every member speak, and give the mean."""
        mean: torch.Tensor | float = 0.0
        for member, prefix, (weight, scale, shift) in zip(self.members, self.prefixes, self.terms):
            own = {name.removeprefix(prefix): block for name, block in batch.items() if name.startswith(prefix)}
            outputs = member(own)
            mean = mean + weight * (torch.softmax(outputs, dim=-1) if self.are_classes else scale * outputs + shift)
        given = cast("torch.Tensor", mean)
        return given.clamp(min=_LEAST).log() if self.are_classes else given
