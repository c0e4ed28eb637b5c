"""What families that embed numbers have in common: the arguments' bounds, the encoder, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.models.words import Numbers

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally
    from automl.task import Block

NUMBERS = "numeric"
NUMBER_BOUNDS: dict[str, tuple[float, float]] = {
    "numbers_size": (1, 256),
    "bins": (2, 1024),
    "frequencies": (1, 1024),
    "sigma": (1e-4, 1e3),
}


class NumberEmbedder:
    """Reads the block `numeric` as its arguments say; without columns of numbers they change nothing.

    A family that is one has these as fields:

    Args:
        numbers: `plain`, `piecewise` or `periodic`.
        numbers_size: Numbers that come of an embedded one.
        bins: With `piecewise`, the most bins of a column.
        frequencies: With `periodic`, cosines of a number, and as many sines.
        sigma: With `periodic`, the deviation of their frequencies as they are drawn.
    """

    numbers: Numbers
    numbers_size: int
    bins: int
    frequencies: int
    sigma: float

    @property
    def encodes(self) -> frozenset[str]:
        """The block of numbers, unless they stay as they are."""
        return frozenset() if self.numbers == "plain" else frozenset({NUMBERS})

    def encoding(self, block: Block) -> tuple[nn.Module, int]:
        """Build what encodes numbers, and say how many features it gives."""
        from automl.models import numbers

        (n,) = block.shape
        if self.numbers == "piecewise":
            return numbers.PiecewiseLinear(n, self.bins, self.numbers_size), n * self.numbers_size
        periodic = numbers.Periodic(n, self.frequencies, self.numbers_size, sigma=self.sigma)
        return periodic, n * self.numbers_size

    def count_encoding(self, tally: Tally, _block: Block) -> None:
        """Walk through what `encoding` builds."""
        (n,) = tally.size
        if self.numbers == "piecewise":
            tally.layer("copies", (n, self.numbers_size), kept=0)
            tally.scale("line")
            tally.scale("start", kept=0)
            tally.layer("bins", (n, self.bins), kept=3)
            tally.separate("linear", self.numbers_size, has_bias=False)
        else:
            tally.layer("waves", (n, 2 * self.frequencies), parameters=n * self.frequencies, kept=2)
            tally.separate("linear", self.numbers_size)
            tally.activation("activation", "relu")
        tally.size = (tally.flat(),)
