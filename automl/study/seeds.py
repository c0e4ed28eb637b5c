"""Seeds that are derived from what they are for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def seed_of(*parts: object) -> int:
    """Derive a seed of 32 bits from any parts; the same on every machine.

    Examples:
        >>> seed_of(0, "trial", 7) == seed_of(0, "trial", 7) != seed_of(0, "trial", 8)
        True
    """
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


def seed_of_proposal(seed: int, trial: FrozenTrial, *parts: object) -> int:
    """Derive the seed of a draw for a trial that is being proposed; its first proposal's is that of the trial alone."""
    draw = trial.system_attrs.get("draw", 0)
    return seed_of(seed, trial.number, *parts, *([f"draw {draw}"] if draw else []))
