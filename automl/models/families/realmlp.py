"""RealMLP: a multilayer perceptron whose parts, together, are better by default.

Features are weighed in front; numbers become a few periodic numbers each; linear layers stand in the neural tangent
parametrisation, and begin as training rows make them; activations have weights. Its learning rates are those of this
parametrisation: 0.04 for classes and 0.2 for numbers. `lr_factor` brings them to where those of other families are.

Source: RealMLP-TD of Holzmueller, Grinsztajn & Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on
Tabular Data, NeurIPS 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from automl.models.words import Activation, Initialisation

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally
    from automl.task import Block


@dataclass(frozen=True, kw_only=True)
class RealMLP:
    """Arguments of RealMLP; the defaults are those of RealMLP-TD for classes.

    Args:
        layers: Hidden layers, at least 1.
        width: Units of every hidden layer.
        activation: After every hidden layer; for numbers RealMLP-TD has `mish`.
        is_parametric: Whether each unit mixes its activation with the identity, by a weight.
        front: Whether features are weighed before the first layer.
        dropout: Rate after every activation.
        numbers: What is made of a number: `pbld` is a few numbers, periodic ones and itself; `plain` itself alone.
        numbers_size: With `pbld`, numbers that come of one number, itself among them.
        frequencies: With `pbld`, cosines a number.
        sigma: With `pbld`, the deviation of their frequencies as they are drawn.
        lr_factor: The learning rate of all weights, as a multiple of the optimizer's: with 16, 0.0025 is the 0.04 of
            RealMLP-TD for classes, and 0.0125 its 0.2 for numbers. The other factors multiply it.
        numbers_lr_factor: With `pbld`, the learning rate of their weights, as a multiple of the network's.
        front_lr_factor: The learning rate of the weights in front, likewise.
        activation_lr_factor: That of the activations' weights, likewise.
        bias_lr_factor: That of biases, likewise.
        embedding_size: Width of an embedded category.
        embedding_lr_factor: Learning rate of the embeddings, as a multiple of the network's; without embedded
            categories it changes nothing.
    """

    init: ClassVar[Initialisation] = "lecun"
    embedding_deviation: ClassVar[float] = 1.0
    free: ClassVar[frozenset[str]] = frozenset(
        {
            "dropout",
            "sigma",
            "lr_factor",
            "numbers_lr_factor",
            "front_lr_factor",
            "activation_lr_factor",
            "bias_lr_factor",
            "embedding_lr_factor",
        }
    )
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "layers": (1, 64),
        "width": (1, 16384),
        "dropout": (0, 0.95),
        "numbers_size": (2, 256),
        "frequencies": (1, 1024),
        "sigma": (1e-4, 1e3),
        "lr_factor": (0.01, 1000),
        "numbers_lr_factor": (0.01, 100),
        "front_lr_factor": (0.01, 100),
        "activation_lr_factor": (0.01, 100),
        "bias_lr_factor": (0.01, 100),
        "embedding_size": (1, 1024),
        "embedding_lr_factor": (0.01, 100),
    }
    layers: int = 3
    width: int = 256
    activation: Activation = "selu"
    is_parametric: bool = True
    front: bool = True
    dropout: float = 0.15
    numbers: Literal["pbld", "plain"] = "pbld"
    numbers_size: int = 4
    frequencies: int = 16
    sigma: float = 0.1
    lr_factor: float = 1.0
    numbers_lr_factor: float = 0.1
    front_lr_factor: float = 6.0
    activation_lr_factor: float = 0.1
    bias_lr_factor: float = 0.1
    embedding_size: int = 8
    embedding_lr_factor: float = 1.0

    @property
    def encodes(self) -> frozenset[str]:
        """One-hot columns, and numbers unless they stay as they are."""
        return frozenset({"one_hot"} if self.numbers == "plain" else {"one_hot", "numeric"})

    def encoding(self, block: Block) -> tuple[nn.Module, int]:
        """Build what encodes numbers, or one-hot columns, and say how many features it gives."""
        from automl.models import numbers

        n = block.shape[0]
        if block.name == "one_hot":
            return numbers.Centred(n), n
        embedded = numbers.PBLD(
            n, self.frequencies, self.numbers_size, sigma=self.sigma, lr_factor=self.numbers_lr_factor
        )
        return embedded, n * self.numbers_size

    def count_encoding(self, tally: Tally, block: Block) -> None:
        """Walk through what `encoding` builds."""
        n = block.shape[0]
        if block.name == "one_hot":
            tally.layer()
            return
        tally.layer("waves", (n, self.frequencies), parameters=2 * n * self.frequencies, kept=2)
        tally.separate("linear", self.numbers_size - 1)
        tally.size = (n * self.numbers_size,)

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the weights in front and the hidden layers, and say how wide the last one is."""
        from automl.models import neural_tangent
        from automl.models.blocks import Sequential
        from automl.models.layers import activation

        sizes = [n_features] + [self.width] * self.layers
        parts: list[nn.Module] = [neural_tangent.Front(n_features, self.front_lr_factor)] if self.front else []
        for n_in in sizes[:-1]:
            act = (
                neural_tangent.Parametric(self.width, self.activation, self.activation_lr_factor)
                if self.is_parametric
                else activation(self.activation)
            )
            tangent = neural_tangent.Tangent(n_in, self.width, self.bias_lr_factor)
            parts.append(neural_tangent.Hidden(tangent, act, self.dropout))
        return Sequential(*parts), self.width

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds."""
        if self.front:
            tally.scale("0.scale")
        for place in range(self.layers):
            with tally.inside(str(place + self.front)):
                tally.linear("tangent.linear", self.width)
                self._count_activation(tally)
                tally.dropout("dropout", self.dropout)

    def _count_activation(self, tally: Tally) -> None:
        if not self.is_parametric:
            tally.activation("activation", self.activation)
            return
        tally.activation("activation.activation", self.activation)
        tally.scale("activation.mix")

    def head(self, width: int, n_outputs: int) -> nn.Module:
        """Build what makes outputs of features; a single number is kept within those of the training rows."""
        from automl.models import neural_tangent
        from automl.models.blocks import Sequential

        tangent = neural_tangent.Tangent(width, n_outputs, self.bias_lr_factor)
        return Sequential(tangent, *([neural_tangent.Within()] if n_outputs == 1 else []))

    def count_head(self, tally: Tally, n_outputs: int) -> None:
        """Walk through what `head` builds."""
        tally.linear("0.linear", n_outputs)
        if n_outputs == 1:
            tally.layer("1", kept=0)
