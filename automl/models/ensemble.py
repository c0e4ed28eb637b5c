"""Several networks as one module, whose outputs are the weighted mean of theirs; each reads blocks of its own.

Shape:
    batch {prefix + name: (N, ...)} -> (N, n_outputs): logarithms of the mean probabilities, or mean numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from automl.task import Link, Scale

_LEAST = torch.finfo(torch.float32).tiny
"""A probability that is nothing, so that its logarithm is a number."""


def _identity(values: torch.Tensor) -> torch.Tensor:
    return values


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    return torch.softmax(logits, dim=-1)


def _logarithm(probabilities: torch.Tensor) -> torch.Tensor:
    return probabilities.clamp(min=_LEAST).log()


def _logit(probabilities: torch.Tensor) -> torch.Tensor:
    return _logarithm(probabilities) - _logarithm(1.0 - probabilities)


_LINKS: dict[Link, tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[torch.Tensor], torch.Tensor]]] = {
    "softmax": (_softmax, _logarithm),
    "sigmoid": (torch.sigmoid, _logit),
    "identity": (_identity, _identity),
}
"""What makes predictions of outputs, and what makes outputs of predictions."""


def _of_all(scale: Scale | list[float]) -> float | torch.Tensor:
    return scale if isinstance(scale, int | float) else torch.tensor(scale)


class Ensemble(nn.Module):
    """Networks that answer together.

    Of classes the probabilities are averaged, as their logarithms are given: what makes probabilities of logits makes
    the averaged ones of these.

    Args:
        members: The networks.
        prefixes: What the names of each one's blocks begin with in a batch; several may read the same.
        terms: How much each counts, which adds up to 1; by what its numbers are multiplied, and what is added to them,
            so that all are on one scale: those of logits are 1 and 0.
        link: What makes predictions of the members' outputs; the mean is taken behind it.
    """

    def __init__(
        self,
        members: Sequence[nn.Module],
        prefixes: Sequence[str],
        terms: Sequence[tuple[float, Scale, Scale]],
        link: Link,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.prefixes = tuple(prefixes)
        self.terms = [(weight, _of_all(scale), _of_all(shift)) for weight, scale, shift in terms]
        self.link = link
        self.largest = max(getattr(member, "largest", 1) for member in members)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Let every member speak, and give the mean."""
        predicted, outputs = _LINKS[self.link]
        mean: torch.Tensor | float = 0.0
        for member, prefix, (weight, scale, shift) in zip(self.members, self.prefixes, self.terms):
            own = {name.removeprefix(prefix): block for name, block in batch.items() if name.startswith(prefix)}
            mean = mean + weight * predicted(scale * member(own) + shift)
        return outputs(cast("torch.Tensor", mean))
