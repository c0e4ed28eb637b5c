"""How a family embeds numbers, as plain values: what `automl/models/numbers.py` then builds, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.models.words import Numbers

if TYPE_CHECKING:
    from torch import nn

    from automl.models.cost import Tally


@dataclass(frozen=True, kw_only=True)
class NumberEmbedding:
    """What is made of every number of the block `numeric`.

    Args:
        kind: `plain`, `piecewise` or `periodic`.
        size: Numbers that come of one, unless it stays as it is.
        bins: With `piecewise`, the most bins of a column.
        frequencies: With `periodic`, cosines of a number, and as many sines.
        sigma: With `periodic`, the deviation of their frequencies as they are drawn.
    """

    kind: Numbers
    size: int
    bins: int
    frequencies: int
    sigma: float

    def encoder(self, n: int) -> tuple[nn.Module, int]:
        """Build the encoder of n columns, and say how many features it gives."""
        from automl.models import numbers

        if self.kind == "plain":
            return numbers.AsTheyAre(), n
        if self.kind == "piecewise":
            return numbers.PiecewiseLinear(n, self.bins, self.size), n * self.size
        return numbers.Periodic(n, self.frequencies, self.size, sigma=self.sigma), n * self.size

    def count(self, tally: Tally) -> None:
        """Walk through it on paper, from the size of a row of the block to its features."""
        (n,) = tally.size
        if self.kind == "plain":
            tally.layer()
        elif self.kind == "piecewise":
            tally.layer("copies", (n, self.size), kept=0)
            tally.scale("line")
            tally.scale("start", kept=0)
            tally.layer("bins", (n, self.bins), kept=3)
            tally.separate("linear", self.size, has_bias=False)
        else:
            tally.layer("waves", (n, 2 * self.frequencies), parameters=n * self.frequencies, kept=2)
            tally.separate("linear", self.size)
            tally.activation("activation", "relu")
        tally.size = (tally.flat(),)
