"""Trees as a module, so that they answer together with networks and are exported as these are.

Shape:
    batch {name: (N, ...)} -> (N, n_outputs): logits a class, or one standardised number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DTYPES = {
    "goes_left": torch.bool,
    **dict.fromkeys(("feature", "table", "left", "right"), torch.int32),
    **dict.fromkeys(("roots", "depth"), torch.int64),
}
_PAIRS = 1 << 16
"""So many pairs of a row and a tree are on their way at once, so that they stay in the caches."""
LEAST = 1e-4
"""The smallest share of a class: what no tree voted for is unlikely, and not impossible."""


class Trees(nn.Module):
    """Trees whose arrays are `automl.baselines.grown.as_arrays`; they are its state, and 0 before it is loaded.

    Every row goes from the root of every tree to a leaf, many trees at once, a node a step.

    Args:
        names: The blocks it reads, in the order of their columns.
        shapes: Of each array, by its name.
        depth: After how many steps every row is at a leaf.
        are_shares: Whether raw outputs are shares of classes, as the trees of a forest vote; their logarithms are
            logits.
    """

    def __init__(
        self, names: Sequence[str], shapes: Mapping[str, Sequence[int]], depth: int, *, are_shares: bool = False
    ) -> None:
        super().__init__()
        self.names = tuple(names)
        self.steps = depth
        self.are_shares = are_shares
        self.n_outputs = shapes["offset"][0]
        self.is_rotated, self.has_grain = "axes" in shapes, "grain" in shapes
        self.largest = 2 * max(1, *shapes["value"][1:]) * shapes["roots"][0]
        dtypes = _DTYPES | ({"value": torch.float32} if are_shares else {})
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(tuple(shape), dtype=dtypes.get(name, torch.float64)))

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Send all rows through all trees, and add up the leaves where they end."""
        own: Any = self
        x = torch.cat([batch[name].double() for name in self.names], dim=1)
        if self.is_rotated:
            components = batch["numeric"].double().clamp(-own.farthest, own.farthest) @ own.axes + own.along
            if self.has_grain:  # trees of earlier versions have none
                components = (components / own.grain).round() * own.grain
            x = torch.cat([x, components.float().double()], dim=1)
        leaves = torch.cat([self._leaves(x, roots) for roots in own.roots.split(max(1, _PAIRS // max(1, len(x))))], 1)
        raw = own.value[leaves].double().flatten(1).unflatten(1, (-1, len(own.start))).sum(dim=1) + own.start
        if self.are_shares:
            raw = raw.clamp(min=LEAST).log()
        outputs: torch.Tensor = (raw @ own.spread + own.offset).float()
        return outputs

    def _leaves(self, x: torch.Tensor, roots: torch.Tensor) -> torch.Tensor:
        """Give where rows (N, C) end in some trees, (N, t); pairs of a row and a tree that are there go no further."""
        own: Any = self
        n_rows, n_columns = x.shape
        values, node = x.flatten(), roots.repeat(n_rows)
        first = torch.arange(0, n_rows * n_columns, n_columns, device=x.device).repeat_interleave(len(roots))
        going = torch.arange(len(node), device=x.device)
        for _ in range(self.steps):
            here = node[going]
            value = values[first[going] + own.feature[here]]
            is_left = value <= own.threshold[here]
            if len(own.goes_left):
                is_left = self._by_code(here, value, is_left)
            following = torch.where(is_left, own.left[here], own.right[here]).long()
            node[going] = following
            going = going[own.left[following] != following]
        return node.view(n_rows, -1)

    def _by_code(self, node: torch.Tensor, value: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
        """Say who goes left, by a table where a node has one."""
        own: Any = self
        n_codes, row = own.goes_left.shape[1], own.table[node].long()
        is_listed = own.goes_left.flatten()[row.clamp(min=0) * n_codes + value.clamp(0, n_codes - 1).long()]
        is_left: torch.Tensor = torch.where(row >= 0, is_listed, otherwise)
        return is_left
