"""The parts of FT-Transformer behind its tokens: attention between them, a gated hidden layer, and what reads a row.

Shapes:
    B rows, T tokens a row, d numbers a token, h heads, Q tokens that ask: all of them, or the first alone
    with an axis of members in front, as many as there are

Source: Gorishniy, Rubachev, Khrulkov & Babenko, Revisiting Deep Learning Models for Tabular Data, NeurIPS 2021, section
3.3; attention of Vaswani et al., NeurIPS 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.elementwise import draw_evenly
from automl.models.layers import activation as make_activation
from automl.models.layers import dropout as make_dropout
from automl.models.layers import linear
from automl.models.layers import norm as make_norm

if TYPE_CHECKING:
    from torch import Tensor

    from automl.models.words import Activation, Norm


class _Product(nn.Module):
    """A product of all tokens that ask with all that answer, by heads.

    Args:
        heads: h.
        multiply_adds: Multiplications with an addition each, for one row.
    """

    def __init__(self, heads: int, multiply_adds: int) -> None:
        super().__init__()
        self.heads, self.multiply_adds = heads, multiply_adds

    def extra_repr(self) -> str:
        """Tell numbers of heads apart."""
        return str(self.heads)

    def by_head(self, x: Tensor) -> Tensor:
        """Give each head its numbers of every token: (B, T, d) -> (B, h, T, d / h)."""
        return x.view(*x.shape[:-1], self.heads, -1).transpose(-3, -2)


class Match(_Product):
    """How much each token that asks takes of each: softmax(q k / sqrt(d / h)), (B, Q, d), (B, T, d) -> (B, h, Q, T)."""

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Match."""
        asking, answering = self.by_head(queries), self.by_head(keys)
        scaled = asking * asking.shape[-1] ** -0.5
        return torch.softmax(scaled @ answering.transpose(-2, -1), dim=-1)


class Gather(_Product):
    """What each token that asks comes to: (B, h, Q, T), (B, T, d) -> (B, Q, d)."""

    def forward(self, shares: Tensor, values: Tensor) -> Tensor:
        """Gather."""
        return (shares @ self.by_head(values)).transpose(-3, -2).flatten(-2)


class Attention(nn.Module):
    """x + dropout(linear(what tokens take of one another, after a norm)).

    Keys have no bias: softmax would take it out again, and its gradient is rounding noise. Queries and keys are
    `aside`: while tokens are small and alike, as those of the first block at the start, they hardly matter, and no
    layer learns the less for it.

    Args:
        n_tokens: T.
        width: d, a multiple of the heads.
        heads: h.
        norm: Before the attention.
        attention_dropout: Rate of how much a token takes of another.
        dropout: Rate of what is added.
        first_alone: Whether the first token alone asks, and the others are left behind.

    Shape:
        (B, T, d) -> (B, T, d), or (B, d) of the first token alone
    """

    def __init__(
        self,
        n_tokens: int,
        width: int,
        heads: int,
        *,
        norm: Norm,
        attention_dropout: float,
        dropout: float,
        first_alone: bool,
    ) -> None:
        super().__init__()
        n_products = (1 if first_alone else n_tokens) * n_tokens * width
        self.norm = make_norm(norm, width)
        self.queries, self.keys = linear(width, width), linear(width, width, has_bias=False)
        self.values = linear(width, width)
        self.match, self.attention_dropout = Match(heads, n_products), make_dropout(attention_dropout)
        self.gather, self.out = Gather(heads, n_products), linear(width, width)
        self.dropout = make_dropout(dropout)
        self.aside = ("queries.weight", "keys.weight")
        self._first_alone = first_alone

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights uniformly between +-1 / sqrt(d), as torch draws those of a linear layer; biases begin as 0."""
        for layer in (self.queries, self.keys, self.values, self.out):
            draw_evenly(layer.in_features, generator, layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Attend."""
        normal = self.norm(x)
        asking = normal[..., :1, :] if self._first_alone else normal
        shares = self.match(self.queries(asking), self.keys(normal))
        found = self.gather(self.attention_dropout(shares), self.values(normal))
        if self._first_alone:
            x, found = x[..., 0, :], found.squeeze(-2)
        return cast("Tensor", x + self.dropout(self.out(found)))


class Gated(nn.Module):
    """x + dropout(linear(hidden_dropout(a * activation(b)))), where linear(norm(x)) gives a and b side by side.

    Args:
        width: d.
        hidden: Numbers of a, and of b.
        activation: With `relu` it is ReGLU.
        hidden_dropout: Rate between the two linear layers.
        dropout: Rate of what is added.

    Source: gated hidden layers of Shazeer, arXiv 2002.05202.

    Shape:
        (B, ..., d) -> (B, ..., d)
    """

    def __init__(
        self, width: int, hidden: int, *, activation: Activation, hidden_dropout: float, dropout: float
    ) -> None:
        super().__init__()
        self.norm = make_norm("layer", width)
        self.widen = linear(width, 2 * hidden)
        self.activation = make_activation(activation)
        self.hidden_dropout = make_dropout(hidden_dropout)
        self.narrow = linear(hidden, width)
        self.dropout = make_dropout(dropout)

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights and biases as torch draws those of a linear layer."""
        for layer in (self.widen, self.narrow):
            draw_evenly(layer.in_features, generator, layer.weight, layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer."""
        values, gates = self.widen(self.norm(x)).chunk(2, dim=-1)
        hidden = self.hidden_dropout(values * self.activation(gates))
        return cast("Tensor", x + self.dropout(self.narrow(hidden)))


class Reading(nn.Module):
    """Outputs of the token that stands for the row: linear(activation(norm(x))), (B, d) -> (B, n_outputs)."""

    def __init__(self, width: int, n_outputs: int, activation: Activation) -> None:
        super().__init__()
        self.norm, self.activation = make_norm("layer", width), make_activation(activation)
        self.linear = linear(width, n_outputs)

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights and biases as torch draws those of a linear layer."""
        draw_evenly(self.linear.in_features, generator, self.linear.weight, self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Read."""
        return cast("Tensor", self.linear(self.activation(self.norm(x))))
