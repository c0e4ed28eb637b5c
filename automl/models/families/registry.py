"""The families by name. Adding one is adding its file and its line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from automl.models.families.mlp import MLP
from automl.models.families.resnet import ResNet

if TYPE_CHECKING:
    from torch import nn

    from automl.models.words import Initialisation


class Family(Protocol):
    """A family's arguments, and what they build; reading or checking them needs no torch.

    Its class also has `free`, the names of the arguments that change neither layers nor shapes, so that networks which
    differ in them alone train together; and `bounds`, the least and greatest values of its numbers. The trainer also
    takes networks together whose activations differ; a search does not ask for that, for it makes a step half as long
    again.
    """

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


FAMILIES: dict[str, type[MLP] | type[ResNet]] = {"mlp": MLP, "resnet": ResNet}
