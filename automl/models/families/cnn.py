"""The convolutional network: stages of convolutions at ever lower resolution, then a layer over what they found.

Source: LeNet-5 (LeCun et al. 1998), VGG (Simonyan & Zisserman, ICLR 2015), ResNet (He et al., CVPR 2016), separable
convolutions (MobileNet, Howard et al., arXiv 1704.04861), squeeze-and-excitation (Hu et al., CVPR 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from automl.models.stages import Convolution, Stage, Unit
from automl.models.words import Activation, ConvolutionBlock, ImageHead, ImageNorm, Initialisation, Kernel, Pooling

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally
    from automl.task import Block

_NARROWED, _SQUEEZED, _LEAST_SQUEEZED = 4, 16, 4


@dataclass(frozen=True, kw_only=True)
class CNN:
    """Arguments of a convolutional network.

    Args:
        stages: Parts at one resolution each, from 1 to 5; every next one has half the rows and columns.
        layers: Blocks a stage, from 1 to 4.
        width: Channels of the first stage.
        growth: Channels of a stage, as a multiple of those of the stage before it.
        kernel: Rows and columns that a convolution sees.
        block: `plain` is one convolution; `separable` one that looks at each channel alone, then one of 1 x 1 across
            channels; `residual` two, added to their input; `bottleneck` narrows to a quarter of the channels, looks
            around there, widens again, and is added to its input. All but `plain` come after one plain convolution.
        activation: After every norm.
        norm: After every convolution.
        pooling: What halves the resolution between stages: the largest or the mean of 2 x 2 pixels, or a stride of 2
            in a stage's first convolution; `none` keeps it.
        head: What comes of the last stage's pixels: all of them, or the mean or the largest value of every channel.
        squeeze: Whether every block weighs its channels by their means.
        mirror: Whether a prediction is made of the mean of what is found in an image and in its mirror image, which
            takes twice as long: for images that mean the same when mirrored. Training sees one of the two.
        channel_dropout: Rate at which whole channels are zeroed after a stage.
        hidden: Units of a layer between the features of all columns and the output; 0 is without.
        dropout: Rate before the output.
        init: How weights are drawn.
        embedding_size: Width of an embedded category, where there are other columns beside the image.
        embedding_lr_factor: Learning rate of the embeddings, as a multiple of the network's; without embedded
            categories it changes nothing.
    """

    reads: ClassVar[str] = "image"
    encodes: ClassVar[frozenset[str]] = frozenset({"image"})
    free: ClassVar[frozenset[str]] = frozenset({"dropout", "channel_dropout", "init", "embedding_lr_factor"})
    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "stages": (1, 5),
        "layers": (1, 4),
        "width": (1, 4096),
        "growth": (0.25, 8),
        "channel_dropout": (0, 0.95),
        "hidden": (0, 16384),
        "dropout": (0, 0.95),
        "embedding_size": (1, 1024),
        "embedding_lr_factor": (0.01, 100),
    }
    stages: int = 3
    layers: int = 1
    width: int = 32
    growth: float = 2.0
    kernel: Kernel = 3
    block: ConvolutionBlock = "plain"
    activation: Activation = "relu"
    norm: ImageNorm = "batch"
    pooling: Pooling = "max"
    head: ImageHead = "average"
    squeeze: bool = False
    mirror: bool = False
    channel_dropout: float = 0.0
    hidden: int = 0
    dropout: float = 0.1
    init: Initialisation = "he"
    embedding_size: int = 8
    embedding_lr_factor: float = 1.0

    @property
    def widths(self) -> list[int]:
        """The channels of every stage.

        Examples:
            >>> CNN(stages=3, width=24, growth=1.5).widths
            [24, 36, 54]
        """
        return [max(1, round(self.width * self.growth**depth)) for depth in range(self.stages)]

    @property
    def stem(self) -> Convolution | None:
        """The convolution before the first block; None where that is a plain one itself."""
        return None if self.block == "plain" else Convolution(self.width, self.kernel)

    def plan(self, channels: int) -> list[Stage]:
        """Lay out the stages for images of so many channels."""
        width = channels if self.stem is None else self.width
        stages = []
        for depth, wanted in enumerate(self.widths):
            pool = self.pooling if depth and (self.pooling == "max" or self.pooling == "average") else None
            first = 2 if depth and self.pooling == "stride" else 1
            sizes = [width] + [wanted] * (self.layers - 1)
            units = [self._unit(n_in, wanted, 1 if place else first) for place, n_in in enumerate(sizes)]
            stages.append(Stage(pool, tuple(units)))
            width = wanted
        return stages

    def _unit(self, n_in: int, n_out: int, stride: int) -> Unit:
        inner = max(1, n_out // _NARROWED)
        convolutions = {
            "plain": (Convolution(n_out, self.kernel, stride),),
            "separable": (Convolution(n_in, self.kernel, stride, groups=n_in), Convolution(n_out, 1)),
            "residual": (
                Convolution(n_out, self.kernel, stride),
                Convolution(n_out, self.kernel, is_activated=False),
            ),
            "bottleneck": (
                Convolution(inner, 1),
                Convolution(inner, self.kernel, stride),
                Convolution(n_out, 1, is_activated=False),
            ),
        }[self.block]
        adds_input = self.block in ("residual", "bottleneck")
        projects = adds_input and (stride != 1 or n_in != n_out)
        return Unit(
            convolutions,
            squeezed=max(_LEAST_SQUEEZED, n_out // _SQUEEZED) if self.squeeze else 0,
            adds_input=adds_input,
            shortcut=Convolution(n_out, 1, stride, is_activated=False) if projects else None,
        )

    def encoding(self, block: Block) -> tuple[nn.Module, int]:
        """Build what turns images (N, C, H, W) into features, and say how many it gives."""
        from automl.models import convolutions
        from automl.models.cost import Tally
        from automl.models.encoders import Normalise

        tally = Tally(block.shape, "")
        self.count_encoding(tally, block)
        channels = block.shape[0]
        parts: dict[str, nn.Module] = {"normalise": Normalise(block)}
        if self.mirror:
            parts["mirror"] = convolutions.AddMirrored()
        if self.stem is not None:
            parts["stem"] = convolutions.Convolved(channels, self.stem, activation=self.activation, norm=self.norm)
            channels = self.width
        for place, stage in enumerate(self.plan(block.shape[0]), start=1):
            parts[f"stage{place}"] = convolutions.stage(
                channels, stage, activation=self.activation, norm=self.norm, channel_dropout=self.channel_dropout
            )
            channels = stage.units[-1].width
        parts["head"] = convolutions.head(self.head)
        if self.mirror:
            parts["mean"] = convolutions.MeanOfBoth()
        return convolutions.named(parts), tally.size[0]

    def count_encoding(self, tally: Tally, _block: Block) -> None:
        """Walk through what `encoding` builds."""
        channels = tally.size[0]
        tally.layer("normalise")
        if self.mirror:
            tally.layer("mirror")
            tally.passes = 2
        if self.stem is not None:
            self._count_convolution(tally, "stem", self.stem)
        for place, stage in enumerate(self.plan(channels), start=1):
            with tally.inside(f"stage{place}"):
                self._count_stage(tally, stage)
        tally.layer("head", (tally.flat() if self.head == "flatten" else tally.size[0],))
        if self.mirror:
            tally.passes = 1
            tally.layer("mean")

    def _count_stage(self, tally: Tally, stage: Stage) -> None:
        if stage.pool is not None:
            tally.pool("pool", stage.pool)
        for place, unit in enumerate(stage.units, start=1):
            with tally.inside(f"unit{place}"):
                self._count_unit(tally, unit)
        size = tally.size
        tally.layer("drop.dropout", size[:1], kept=0.5 * prod(size[1:]) if self.channel_dropout else 0)
        tally.size = size

    def _count_unit(self, tally: Tally, unit: Unit) -> None:
        before = tally.size
        for place, each in enumerate(unit.convolutions):
            self._count_convolution(tally, f"layers.{place}", each)
        after = tally.size
        if unit.squeezed:
            tally.size = after[:1]
            tally.linear("squeeze.narrow", unit.squeezed)
            tally.activation("squeeze.activation", "relu")
            tally.linear("squeeze.widen", unit.width)
            tally.layer("squeeze.gate", kept=prod(after[1:]))
        if unit.shortcut is not None:
            tally.size = before
            self._count_convolution(tally, "shortcut", unit.shortcut)
        tally.size = after
        if unit.adds_input:
            tally.activation("activation", self.activation)

    def _count_convolution(self, tally: Tally, name: str, plan: Convolution) -> None:
        with tally.inside(name):
            tally.convolution(
                "convolution", plan.width, plan.kernel, stride=plan.stride, groups=plan.groups, before=self.norm
            )
            tally.norm("norm", self.norm)
            if plan.is_activated:
                tally.activation("activation", self.activation)

    def backbone(self, n_features: int) -> tuple[nn.Module, int]:
        """Build what stands between the features of all columns and the output, and say how wide it is."""
        from automl.models.blocks import Sequential
        from automl.models.layers import activation, dropout, linear

        hidden = [linear(n_features, self.hidden), activation(self.activation)] if self.hidden else []
        return Sequential(*hidden, dropout(self.dropout)), self.hidden or n_features

    def count(self, tally: Tally) -> None:
        """Walk through what `backbone` builds."""
        if self.hidden:
            tally.linear("0", self.hidden)
            tally.activation("1", self.activation)
        tally.dropout("2" if self.hidden else "0", self.dropout)
