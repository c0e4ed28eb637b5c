"""The multilayer perceptron: linear, norm, activation, dropout, as often as there are layers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from automl.models.number_embeddings import NUMBER_BOUNDS, NumberEmbedder
from automl.models.words import Activation, Initialisation, Norm, Numbers, Shape

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally

_NARROWEST = 8


@dataclass(frozen=True, kw_only=True)
class MLP(NumberEmbedder):
    """Arguments of a multilayer perceptron.

    Args:
        layers: Hidden layers, at least 1.
        width: Units of the first hidden layer.
        shape: `constant` keeps the width, `funnel` halves it from layer to layer, down to 8.
        activation: After every hidden layer.
        norm: Between linear and activation.
        dropout: Rate after every activation.
        skip: Whether a layer's input is added to its output where their widths agree.
        init: How weights are drawn.
        numbers: What is made of a number: `plain` leaves it as it is; `piecewise` embeds it by a line and lines over
            bins of its column; `periodic` by cosines and sines, a linear layer and ReLU (Gorishniy et al., On
            Embeddings for Numerical Features, NeurIPS 2022).
        numbers_size: Numbers that come of an embedded one.
        bins: With `piecewise`, the most bins of a column.
        frequencies: With `periodic`, cosines of a number, and as many sines.
        sigma: With `periodic`, the deviation of their frequencies as they are drawn.
        embedding_size: Width of an embedded category.
        embedding_lr_factor: Learning rate of the embeddings, as a multiple of the network's; without embedded
            categories it changes nothing.
    """

    free: ClassVar[frozenset[str]] = frozenset({"dropout", "init", "sigma", "embedding_lr_factor"})
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "layers": (1, 64),
        "width": (1, 16384),
        "dropout": (0, 0.95),
        "embedding_size": (1, 1024),
        "embedding_lr_factor": (0.01, 100),
        **NUMBER_BOUNDS,
    }
    layers: int = 3
    width: int = 128
    shape: Shape = "constant"
    activation: Activation = "relu"
    norm: Norm = "none"
    dropout: float = 0.1
    skip: bool = False
    init: Initialisation = "he"
    numbers: Numbers = "plain"
    numbers_size: int = 16
    bins: int = 48
    frequencies: int = 16
    sigma: float = 0.1
    embedding_size: int = 8
    embedding_lr_factor: float = 1.0

    @property
    def widths(self) -> list[int]:
        """The width of every hidden layer.

        Examples:
            >>> MLP(layers=4, width=24, shape="funnel").widths
            [24, 12, 8, 8]
        """
        if self.shape == "constant":
            return [self.width] * self.layers
        floor = min(_NARROWEST, self.width)
        return [max(self.width >> depth, floor) for depth in range(self.layers)]

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the hidden layers for `n_features` inputs, and say how wide the last one is."""
        from automl.models import blocks

        sizes = [n_features, *self.widths]
        layers = [
            blocks.Layer(n_in, n_out, activation=self.activation, norm=self.norm, dropout=self.dropout, skip=self.skip)
            for n_in, n_out in itertools.pairwise(sizes)
        ]
        return blocks.Sequential(*layers), sizes[-1]

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds."""
        for depth, width in enumerate(self.widths):
            with tally.inside(str(depth)):
                tally.linear("linear", width, before=self.norm)
                tally.norm("norm", self.norm)
                tally.activation("activation", self.activation)
                tally.dropout("dropout", self.dropout)
