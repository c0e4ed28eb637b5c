"""The families by name. Adding one is adding its file and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from automl.models.families.cnn import CNN
from automl.models.families.ft_transformer import FTTransformer
from automl.models.families.mlp import MLP
from automl.models.families.realmlp import RealMLP
from automl.models.families.resnet import ResNet
from automl.models.families.tabm import TabM

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally
    from automl.models.words import Initialisation
    from automl.task import Block


class Family(Protocol):
    """A family's arguments, and what they build; reading or checking them needs no torch.

    Its class also has `free`, the names of the arguments that change neither layers nor shapes, so that networks which
    differ in them alone train together; and `bounds`, the least and greatest values of its numbers. The trainer also
    takes networks together whose activations differ; a search does not ask for that, for it makes a step half as long
    again.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def init(self) -> Initialisation:
        """How its weights are drawn."""

    @property
    def embedding_size(self) -> int:
        """The width of an embedded category."""

    @property
    def embedding_lr_factor(self) -> float:
        """The learning rate of embedded categories, as a multiple of the network's."""

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build the module between encoders and head, and say how wide its output is."""

    def count(self, tally: Tally) -> None:
        """Walk through that module on paper."""


@runtime_checkable
class Encoder(Protocol):
    """A family that reads some kinds of blocks by encoders of its own; of no use without the one it `reads`, if any."""

    @property
    def encodes(self) -> frozenset[str]:
        """The names of those blocks."""

    def encoding(self, block: Block) -> tuple[nn.Module, int]:
        """Build the encoder of one of those blocks, and say how many features it gives."""

    def count_encoding(self, tally: Tally, block: Block) -> None:
        """Walk through it on paper, from the size of a row of the block to its features."""


@runtime_checkable
class WithHead(Protocol):
    """A family that makes outputs of its features in a way of its own, where others have a linear layer."""

    def head(self, width: int, n_outputs: int) -> nn.Module:
        """Build the module between the backbone's features and the outputs."""

    def count_head(self, tally: Tally, n_outputs: int) -> None:
        """Walk through that module on paper."""


FAMILIES: dict[str, type[MLP | ResNet | CNN | RealMLP | TabM | FTTransformer]] = {
    "mlp": MLP,
    "resnet": ResNet,
    "cnn": CNN,
    "realmlp": RealMLP,
    "tabm": TabM,
    "ft_transformer": FTTransformer,
}
