"""TabM: many multilayer perceptrons that share most weights, trained at once, whose predictions are averaged.

Each member has a loss of its own, and the best epoch is that of their mean prediction. `is_mini` has one adapter a
member, in front; otherwise every layer has two and a bias.

Source: Gorishniy, Kotelnikov & Babenko, TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling, ICLR
2025.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from automl.models.number_embeddings import NUMBER_BOUNDS, NumberEmbedder
from automl.models.words import Activation, Initialisation, Numbers

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally


@dataclass(frozen=True, kw_only=True)
class TabM(NumberEmbedder):
    """Arguments of TabM; the defaults are those of its authors' package.

    Args:
        k: Perceptrons, at least 2.
        layers: Hidden layers of each, at least 1.
        width: Units of every hidden layer.
        is_mini: Whether members differ in one adapter in front and in their outputs alone.
        activation: After every hidden layer.
        dropout: Rate after every activation.
        numbers: What is made of a number: `piecewise` embeds it by a line and lines over bins of its column,
            `periodic` by cosines and sines, a linear layer and ReLU; `plain` leaves it as it is. Where a number is
            embedded, adapters in front begin as normal numbers, and otherwise as 1 or -1.
        numbers_size: Numbers that come of an embedded one.
        bins: With `piecewise`, the most bins of a column.
        frequencies: With `periodic`, cosines of a number, and as many sines.
        sigma: With `periodic`, the deviation of their frequencies as they are drawn.
        embedding_size: Width of an embedded category.
        embedding_lr_factor: Learning rate of the embeddings, as a multiple of the network's; without embedded
            categories it changes nothing.
    """

    init: ClassVar[Initialisation] = "lecun"
    free: ClassVar[frozenset[str]] = frozenset({"dropout", "sigma", "embedding_lr_factor"})
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "k": (2, 256),
        "layers": (1, 64),
        "width": (1, 16384),
        "dropout": (0, 0.95),
        "embedding_size": (1, 1024),
        "embedding_lr_factor": (0.01, 100),
        **NUMBER_BOUNDS,
    }
    k: int = 32
    layers: int = 2
    width: int = 512
    is_mini: bool = False
    activation: Activation = "relu"
    dropout: float = 0.1
    numbers: Numbers = "piecewise"
    numbers_size: int = 16
    bins: int = 48
    frequencies: int = 16
    sigma: float = 0.1
    embedding_size: int = 8
    embedding_lr_factor: float = 1.0

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the members' hidden layers, and say how wide the last one is."""
        from automl.models import shared_trunk
        from automl.models.blocks import Sequential

        first: shared_trunk.Draw = "signs" if self.numbers == "plain" else "normal"
        parts: list[nn.Module] = [shared_trunk.Copies(self.k)]
        if self.is_mini:
            parts.append(shared_trunk.Adapter(self.k, n_features, first))
        sizes = [n_features] + [self.width] * self.layers
        for place, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
            layer = (
                shared_trunk.Same(n_in, n_out)
                if self.is_mini
                else shared_trunk.Shared(n_in, n_out, self.k, "ones" if place else first)
            )
            parts.append(shared_trunk.Block(layer, self.activation, self.dropout))
        return Sequential(*parts), self.width

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds."""
        tally.layer("0", (self.k, *tally.size), kept=0)
        if self.is_mini:
            tally.scale("1.scale")
        for place in range(self.layers):
            with tally.inside(str(1 + self.is_mini + place)):
                self._count_layer(tally)
                tally.activation("activation", self.activation)
                tally.dropout("dropout", self.dropout)

    def _count_layer(self, tally: Tally) -> None:
        if self.is_mini:
            tally.linear("layer.linear", self.width)
            return
        tally.scale("layer.before.scale")
        tally.linear("layer.linear", self.width, has_bias=False)
        tally.scale("layer.after")
        tally.scale("layer.shift", kept=0)

    def head(self, width: int, n_outputs: int) -> nn.Module:
        """Build the members' outputs, and what makes one prediction of them."""
        from automl.models.blocks import Sequential
        from automl.models.elementwise import Separate
        from automl.models.shared_trunk import Mean

        return Sequential(Separate(self.k, width, n_outputs), Mean())

    def count_head(self, tally: Tally, n_outputs: int) -> None:
        """Walk through what `head` builds."""
        tally.separate("0", n_outputs)
        tally.layer("1", (n_outputs,), kept=0)
