"""The tabular residual network: blocks of two linear layers whose output is added to their input.

Source: Gorishniy et al., Revisiting Deep Learning Models for Tabular Data, NeurIPS 2021, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from automl.models.number_embeddings import NUMBER_BOUNDS, NumberEmbedder
from automl.models.words import Activation, Initialisation, Norm, Numbers

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally


@dataclass(frozen=True, kw_only=True)
class ResNet(NumberEmbedder):
    """Arguments of a tabular residual network.

    Args:
        blocks: Residual blocks, at least 1.
        width: Features between the blocks.
        hidden_factor: Features inside a block, as a multiple of the width.
        activation: Inside the blocks and before the head.
        norm: Before every block and before the head.
        dropout: Rate at the end of a block, before its output is added.
        hidden_dropout: Rate between the two linear layers of a block.
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

    free: ClassVar[frozenset[str]] = frozenset({"dropout", "hidden_dropout", "init", "sigma", "embedding_lr_factor"})
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "blocks": (1, 64),
        "width": (1, 16384),
        "hidden_factor": (0.01, 16),
        "dropout": (0, 0.95),
        "hidden_dropout": (0, 0.95),
        "embedding_size": (1, 1024),
        "embedding_lr_factor": (0.01, 100),
        **NUMBER_BOUNDS,
    }
    blocks: int = 2
    width: int = 128
    hidden_factor: float = 2.0
    activation: Activation = "relu"
    norm: Norm = "batch"
    dropout: float = 0.0
    hidden_dropout: float = 0.2
    init: Initialisation = "he"
    numbers: Numbers = "plain"
    numbers_size: int = 16
    bins: int = 48
    frequencies: int = 16
    sigma: float = 0.1
    embedding_size: int = 8
    embedding_lr_factor: float = 1.0

    @property
    def hidden(self) -> int:
        """The features inside a block."""
        return max(1, round(self.width * self.hidden_factor))

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the residual blocks for `n_features` inputs, and say how wide the output is."""
        from automl.models import blocks
        from automl.models.layers import activation, linear, norm

        residuals = [
            blocks.Residual(
                self.width,
                self.hidden,
                activation=self.activation,
                norm=self.norm,
                dropout=self.dropout,
                hidden_dropout=self.hidden_dropout,
            )
            for _ in range(self.blocks)
        ]
        tail = [norm(self.norm, self.width), activation(self.activation)]
        return blocks.Sequential(linear(n_features, self.width, before=self.norm), *residuals, *tail), self.width

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds."""
        tally.linear("0", self.width, before=self.norm)
        for place in range(1, self.blocks + 1):
            with tally.inside(str(place)):
                tally.norm("norm", self.norm)
                tally.linear("widen", self.hidden)
                tally.activation("activation", self.activation)
                tally.dropout("hidden_dropout", self.hidden_dropout)
                tally.linear("narrow", self.width, before=self.norm)
                tally.dropout("dropout", self.dropout)
        tally.norm(str(self.blocks + 1), self.norm)
        tally.activation(str(self.blocks + 2), self.activation)
