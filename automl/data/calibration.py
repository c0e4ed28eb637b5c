"""How sure a network is: what its logits are divided by, and how far from its numbers the truth may be.

Both are learned on validation rows, and neither changes what is predicted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automl.data.target import TargetCoder

LEVEL = 0.9
"""The share of rows whose truth an interval is to hold."""
ENDS = ("lower", "upper")
"""What the ends of an interval are called, beside the prediction."""


@dataclass(frozen=True)
class Calibration:
    """What was learned of a network's outputs.

    Args:
        temperature: For classes, what logits are divided by before they become probabilities; 1 leaves them.
        radius: For regression, half the width of an interval, in deviations of what is learned; None where too few rows
            tell it.
        level: The share of rows whose truth the interval is to hold.
        rows: On how many rows it was learned; 0 where it was not.
    """

    temperature: float = 1.0
    radius: float | None = None
    level: float = LEVEL
    rows: int = 0

    def of_logits(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Give the logits (N, K) that probabilities are made of; of regression, the outputs as they are."""
        return outputs if self.temperature == 1.0 else outputs / self.temperature

    def interval(self, coder: TargetCoder, outputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give the interval around each number (N,) by its ends' names, in the target's own units.

        Args:
            coder: The target's mean, scale and transform.
            outputs: What the network gives (N, 1).
        """
        if self.radius is None:
            return {}
        return {name: coder.decode(outputs[:, 0] + side * self.radius) for name, side in zip(ENDS, (-1.0, 1.0))}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Calibration:
        """Rebuild it from `to_json`."""
        return cls(**record)


UNCALIBRATED = Calibration()
