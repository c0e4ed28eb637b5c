"""FT-Transformer: every column becomes a token, tokens attend to one another, and one more stands for the whole row.

A number's token is a line, a category's an embedding of the network's width; a one-hot column counts as a number, and
an image is one token. Its work grows with the columns, and that of its attention with their square.

Source: Gorishniy, Rubachev, Khrulkov & Babenko, Revisiting Deep Learning Models for Tabular Data, NeurIPS 2021, section
3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from automl.models.words import Activation, Initialisation

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally
    from automl.task import Block


@dataclass(frozen=True, kw_only=True)
class FTTransformer:
    """Arguments of FT-Transformer; the defaults are those of its paper.

    Args:
        blocks: Blocks of attention and a gated hidden layer, at least 1.
        width: Numbers of every token; a multiple of the heads.
        heads: Heads of each attention.
        hidden_factor: Numbers of a gated hidden layer, as a multiple of the width.
        activation: Of the gates, with `relu` ReGLU, and before the outputs.
        attention_dropout: Rate of how much a token takes of another.
        hidden_dropout: Rate between the two linear layers of a gated hidden layer.
        dropout: Rate of what attention and hidden layers add.
        lr_factor: The learning rate of all weights, as a multiple of the optimizer's: with 0.1, 0.001 is the 0.0001 of
            the paper.
        embedding_lr_factor: Learning rate of the embedded categories, as a multiple of the network's; without embedded
            categories it changes nothing.
    """

    init: ClassVar[Initialisation] = "lecun"
    encodes: ClassVar[frozenset[str]] = frozenset({"numeric", "one_hot", "category", "image"})
    free: ClassVar[frozenset[str]] = frozenset(
        {"attention_dropout", "hidden_dropout", "dropout", "lr_factor", "embedding_lr_factor"}
    )
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "blocks": (1, 64),
        "width": (1, 16384),
        "heads": (1, 128),
        "hidden_factor": (0.01, 16),
        "attention_dropout": (0, 0.95),
        "hidden_dropout": (0, 0.95),
        "dropout": (0, 0.95),
        "lr_factor": (0.01, 1000),
        "embedding_lr_factor": (0.01, 100),
    }
    blocks: int = 3
    width: int = 192
    heads: int = 8
    hidden_factor: float = 4 / 3
    activation: Activation = "relu"
    attention_dropout: float = 0.2
    hidden_dropout: float = 0.1
    dropout: float = 0.0
    lr_factor: float = 1.0
    embedding_lr_factor: float = 1.0

    @property
    def embedding_size(self) -> int:
        """A category is a token."""
        return self.width

    @property
    def hidden(self) -> int:
        """The numbers of a gated hidden layer."""
        return max(1, round(self.width * self.hidden_factor))

    def encoding(self, block: Block) -> tuple[nn.Module, int]:
        """Build what makes tokens of a block, and say how many numbers they have together."""
        from automl.models import tokens

        if block.name == "image":
            return tokens.Picture(block, self.width), self.width
        (n,) = block.shape
        if block.name == "category":
            return tokens.Lookups(block, self.width, self.embedding_lr_factor), n * self.width
        return tokens.Lines(n, self.width), n * self.width

    def count_encoding(self, tally: Tally, block: Block) -> None:
        """Walk through what `encoding` builds."""
        if block.name == "image":
            tally.layer("normalise")
            tally.size = (tally.flat(),)
            tally.linear("linear", self.width)
            return
        (n,) = block.shape
        if block.name == "category":
            n_codes = sum(block.cardinalities)
            tally.layer("embeddings.table", (n, self.width), parameters=n_codes * self.width, kept=0)
        else:
            tally.layer("copies", (n, self.width), kept=0)
            tally.scale("line", kept=0)
        tally.scale("start", kept=0)
        tally.size = (tally.flat(),)

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the blocks for tokens of so many numbers together, and say how wide a token is."""
        from automl.models import attention, tokens
        from automl.models.blocks import Sequential

        parts: list[nn.Module] = [tokens.Lead(self.width)]
        for place in range(self.blocks):
            parts.append(
                attention.Attention(
                    1 + n_features // self.width,
                    self.width,
                    self.heads,
                    norm="layer" if place else "none",
                    attention_dropout=self.attention_dropout,
                    dropout=self.dropout,
                    first_alone=place == self.blocks - 1,
                )
            )
            parts.append(
                attention.Gated(
                    self.width,
                    self.hidden,
                    activation=self.activation,
                    hidden_dropout=self.hidden_dropout,
                    dropout=self.dropout,
                )
            )
        return Sequential(*parts), self.width

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds.

        Raises:
            ValueError: The width is no multiple of the heads.
        """
        if self.width % self.heads:
            raise ValueError(f"the width must be a multiple of the heads, got {self.width} and {self.heads}")
        n_features = tally.flat()
        tally.layer("0", (1 + n_features // self.width, self.width), parameters=self.width)
        for place in range(self.blocks):
            with tally.inside(str(1 + 2 * place)):
                self._count_attention(tally, place, n_features)
            with tally.inside(str(2 + 2 * place)):
                self._count_gated(tally, n_features)

    def _count_attention(self, tally: Tally, place: int, n_features: int) -> None:
        tally.norm("norm", "layer" if place else "none")
        all_tokens = tally.size
        asking = (1, self.width) if place == self.blocks - 1 else all_tokens
        n_products = asking[0] * prod(all_tokens)
        tally.held = n_features + (3 if place else 2) * prod(all_tokens) + prod(asking)  # input, norm, keys, queries
        tally.size = asking
        tally.linear("queries", self.width)
        tally.size = all_tokens
        tally.linear("keys", self.width, has_bias=False)
        tally.layer("match", (self.heads, asking[0], all_tokens[0]), multiply_adds=n_products)
        tally.dropout("attention_dropout", self.attention_dropout)
        tally.size = all_tokens
        tally.linear("values", self.width)
        tally.layer("gather", asking, multiply_adds=n_products)
        tally.size = (self.width,) if place == self.blocks - 1 else all_tokens
        tally.linear("out", self.width)
        tally.dropout("dropout", self.dropout)

    def _count_gated(self, tally: Tally, n_features: int) -> None:
        before = tally.size
        tally.held = n_features + prod(before)
        tally.norm("norm", "layer")
        tally.linear("widen", 2 * self.hidden)
        tally.layer("activation", (*before[:-1], self.hidden), kept=2)  # What it gives, and that times the values.
        tally.dropout("hidden_dropout", self.hidden_dropout)
        tally.linear("narrow", self.width)
        tally.dropout("dropout", self.dropout)

    def head(self, width: int, n_outputs: int) -> nn.Module:
        """Build what makes outputs of the token that stands for the row."""
        from automl.models import attention

        return attention.Reading(width, n_outputs, self.activation)

    def count_head(self, tally: Tally, n_outputs: int) -> None:
        """Walk through what `head` builds."""
        tally.norm("norm", "layer")
        tally.activation("activation", self.activation)
        tally.linear("linear", n_outputs)
