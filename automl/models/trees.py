"""Boosted trees as a module, so that they answer together with networks and are exported as these are.

Shape:
    batch {name: (N, ...)} -> (N, n_outputs): logits a class, or one standardised number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DTYPES = {"goes_left": torch.bool} | dict.fromkeys(
    ("feature", "table", "left", "right", "roots", "depth"), torch.int64
)


class Trees(nn.Module):
    """Trees whose arrays are `automl.baselines.grown.as_arrays`; they are its state, and 0 before it is loaded.

    Every row goes from the root of every tree to a leaf, all trees at once, a node a step.

    Args:
        names: The blocks it reads, in the order of their columns.
        shapes: Of each array, by its name.
        depth: After how many steps every row is at a leaf.
    """

    def __init__(self, names: Sequence[str], shapes: Mapping[str, Sequence[int]], depth: int) -> None:
        super().__init__()
        self.names = tuple(names)
        self.steps = depth
        self.largest = 8 * shapes["roots"][0]
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(tuple(shape), dtype=_DTYPES.get(name, torch.float64)))

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Send all rows through all trees, and add up the leaves where they end."""
        own: Any = self
        x = torch.cat([batch[name].double() for name in self.names], dim=1)
        node = own.roots.unsqueeze(0).expand(x.shape[0], -1)
        n_codes = own.goes_left.shape[1]
        listed = own.goes_left.flatten()
        for _ in range(self.steps):
            value = x.gather(1, own.feature[node])
            row = own.table[node]
            is_listed = listed[row.clamp(min=0) * n_codes + value.clamp(0, n_codes - 1).long()]
            is_left = ((row >= 0) & is_listed) | ((row < 0) & (value <= own.threshold[node]))
            node = torch.where(is_left, own.left[node], own.right[node])
        raw = own.value[node].unflatten(1, (-1, own.start.shape[0])).sum(dim=1) + own.start
        outputs: torch.Tensor = (raw @ own.spread + own.offset).float()
        return outputs
