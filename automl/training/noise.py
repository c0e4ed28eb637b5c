"""What layers draw at random in training: each member by its own seed, so that nobody changes its masks.

A layer that draws has a `rate`, takes `noise` (int16, of its input's shape), and says by `at` what thresholds and
scales rates come to. Where rates follow a schedule, it is handed those of the step as `now`.

Shapes:
    M members, L layers that draw, B rows a step, S steps of an epoch
    noise           L tensors (M, B, *shape)
    rates by step   L pairs of thresholds and scales, (S, M) each
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import torch

from automl.training.draws import keys, keys_between, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from automl.training.parts import Part

Rates = tuple["Tensor", "Tensor"]
"""Thresholds and scales."""

_NOISE = 0x5EED
"""What sets these draws apart from a member's others."""


class Drawing(Protocol):
    """A layer that draws at random."""

    rate: float
    noise: Tensor | None
    now: Rates | None

    def at(self, rates: Tensor) -> Rates:
        """Give the thresholds and scales of rates, of the same shape."""


class _Layout(NamedTuple):
    """How the noise of a step lies in one row of values: members one after the other, layers within them.

    sizes are the values of each layer, keys those of all members' words; starts say where a member's values for a layer
    begin, and are 0 where it drops nothing, whatever the values there. Without starts, all draw for every layer.
    """

    sizes: list[int]
    keys: Tensor
    starts: list[list[int]]

    @classmethod
    def of(cls, sizes: list[int], own: list[tuple[int, ...]], seeds: Sequence[int], device: torch.device) -> _Layout:
        """Lay out layers of these sizes for members who draw for `own` of them."""
        counts = [math.ceil(sum(sizes[layer] for layer in layers) / 4) for layers in own]
        known = torch.cat([keys(seed ^ _NOISE, count, device) for seed, count in zip(seeds, counts)])
        if len(set(own)) == 1:
            return cls(sizes, known, [])
        starts = []
        for first, layers in zip(itertools.accumulate(counts, initial=0), own):
            begin = dict(zip(layers, itertools.accumulate((sizes[layer] for layer in layers), initial=4 * first)))
            starts.append([begin.get(layer, 0) for layer in range(len(sizes))])
        return cls(sizes, known, starts)

    def by_layer(self, values: Tensor, n_members: int) -> Sequence[Tensor]:
        """Give each layer its values, (M, size)."""
        if not self.starts:
            rows = values.view(n_members, -1)
            return torch.split(rows[:, : sum(self.sizes)], self.sizes, dim=1)
        return [
            torch.stack([values[start[layer] : start[layer] + size] for start in self.starts])
            for layer, size in enumerate(self.sizes)
        ]


class Noise:
    """Draws for every layer that asks for it, and hands it over.

    Args:
        modules: The members' networks, of equal shape; the layers of the first one are those that run.
        seeds: The members' seeds.
        device: Where noise is drawn.
    """

    def __init__(self, modules: Sequence[nn.Module], seeds: Sequence[int], device: torch.device) -> None:
        self._module, self._seeds = modules[0], seeds
        together = [layers for layers in zip(*(each.modules() for each in modules)) if hasattr(layers[0], "noise")]
        drawing = [[cast("Drawing", layer) for layer in layers] for layers in together]
        used = [layers for layers in drawing if any(layer.rate for layer in layers)]
        rates = torch.tensor([[layer.rate for layer in layers] for layers in used], dtype=torch.float64)
        self._layers = [layers[0] for layers in used]
        self._rates = rates.view(len(used), len(modules)).to(device)
        self._shapes: dict[Drawing, torch.Size] = {}
        self._own = [tuple(place for place, rate in enumerate(own) if rate) for own in self._rates.T.tolist()]
        self._layouts: dict[int, _Layout] = {}
        self._base = [layer.at(own) for layer, own in zip(self._layers, self._rates)]

    def draw(self, batch: dict[str, Tensor], step: Tensor, part: Part | None = None) -> list[Tensor]:
        """Draw int16 noise for every layer, (M, B, *shape), as functions of the members' seeds and the step.

        A member draws for the layers in which it drops something, as it would alone. Four values come from one word of
        64 bits, which is where most of a dropout's time would go.

        Args:
            batch: The rows, {name: (M, B, ...)}.
            step: The number of the step in the training, int64 without axes, on the device.
            part: Which rows of the step's they are, for a member alone; all of them if None.
        """
        if not self._layers:
            return []
        self._shapes = self._shapes or self._probe(batch)
        shapes = [self._shapes[layer] for layer in self._layers]
        if part is not None:
            return self._of_part(shapes, step, part)
        n_members, n_rows = next(iter(batch.values())).shape[:2]
        if n_rows not in self._layouts:
            sizes = [n_rows * shape.numel() for shape in shapes]
            self._layouts[n_rows] = _Layout.of(sizes, self._own, self._seeds, self._rates.device)
        layout = self._layouts[n_rows]
        parts = layout.by_layer(words(layout.keys, step).view(torch.int16), n_members)
        return [part.view(n_members, n_rows, *shape) for part, shape in zip(parts, shapes)]

    def _of_part(self, shapes: Sequence[torch.Size], step: Tensor, part: Part) -> list[Tensor]:
        """Draw what the only member draws for some rows of a step; no more words than hold it."""
        (seed,) = self._seeds
        drawn, before = [], 0
        for shape in shapes:
            first, last = (before + row * shape.numel() for row in (part.start, part.stop))
            known = keys_between(seed ^ _NOISE, first // 4, math.ceil(last / 4), self._rates.device)
            values = words(known, step).view(torch.int16)[first % 4 : first % 4 + last - first]
            drawn.append(values.view(1, part.stop - part.start, *shape))
            before += part.whole * shape.numel()
        return drawn

    @torch.no_grad()
    def _probe(self, batch: dict[str, Tensor]) -> dict[Drawing, torch.Size]:
        """Find out the shape of one row where it enters each layer."""
        shapes: dict[Drawing, torch.Size] = {}
        handles = [
            cast("nn.Module", layer).register_forward_pre_hook(
                lambda each, inputs: shapes.update({each: inputs[0].shape[1:]})
            )
            for layer in self._layers
        ]
        self._module.eval()({name: block[0, :1] for name, block in batch.items()})
        self._module.train()
        for handle in handles:
            handle.remove()
        return shapes

    def rates_by_step(self, multipliers: Tensor) -> list[Rates]:
        """Give every layer's thresholds and scales, (S, M), at multiples (S, M) of the members' rates."""
        return [layer.at(multipliers * rates) for layer, rates in zip(self._layers, self._rates)]

    def along_rows(self, rates: Sequence[Rates]) -> list[Rates]:
        """Give every layer's thresholds and scales as they stand beside rows of all members, (M, 1, ...).

        Args:
            rates: Those of this step, (M,) each; none where they do not move.
        """
        known = rates or self._base
        axes = [(-1, 1, *(1 for _ in self._shapes[layer])) for layer in self._layers]
        return [(threshold.view(own), scale.view(own)) for (threshold, scale), own in zip(known, axes)]

    def hand(self, noise: Sequence[Tensor], rates: Sequence[Rates]) -> None:
        """Give each layer its noise, or none, and its threshold and scale, or none where its own hold."""
        for layer, own, now in itertools.zip_longest(self._layers, noise, rates):
            layer.noise, layer.now = own, now
