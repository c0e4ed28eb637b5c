"""Which epoch was the best so far, and whether to go on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.trial import Epoch


@dataclass
class BestEpoch:
    """Keeps the best epoch by validation score; ties go to the lower validation loss, then to the earlier epoch.

    Args:
        higher_is_better: The score's direction.
        patience: Epochs without a better one after which training should stop.
        best: The best epoch so far.
        last: The number of the last epoch seen.
    """

    higher_is_better: bool
    patience: int
    best: Epoch | None = None
    last: int = field(default=0)

    def sees(self, epoch: Epoch) -> bool:
        """Take an epoch in; tell whether it is the best so far. An epoch without a finite score never is."""
        self.last = epoch.epoch
        if not (math.isfinite(epoch.validation) and math.isfinite(epoch.validation_loss)):
            return False
        if self.best is not None and self._rank(epoch) >= self._rank(self.best):
            return False
        self.best = epoch
        return True

    def _rank(self, epoch: Epoch) -> tuple[float, float]:
        return (-epoch.validation if self.higher_is_better else epoch.validation, epoch.validation_loss)

    @property
    def is_out_of_patience(self) -> bool:
        """Whether `patience` epochs have passed since the best one."""
        return self.last - (self.best.epoch if self.best else 0) >= self.patience
