"""Rows that stand in two parts: the very same values, columns that only name rows left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.data.columns import identifiers
from automl.data.digest import ROW, row_hashes
from automl.data.parts import WORDS
from automl.task import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

PAIRS = (("test", "train"), ("test", "validation"), ("validation", "train"))
"""The parts that should have no row in common; the second should know nothing of the first."""


def duplicates(parts: Mapping[str, pd.DataFrame], target: str) -> list[Finding]:
    """Count the rows of a part that stand in another part too."""
    hashes = values_hashed(parts, target)
    findings = []
    for part, other in PAIRS:
        n_same = int(np.isin(hashes[part], hashes[other]).sum())
        if n_same:
            said = f"{n_same} of {len(hashes[part])} {WORDS[part]} rows also stand in the {WORDS[other]} rows"
            findings.append(Finding("duplicate", None, said))
    return findings


def values_hashed(parts: Mapping[str, pd.DataFrame], target: str) -> dict[str, NDArray[np.uint64]]:
    """Give each part's rows a hash of their values, the target's too, without columns that only name rows."""
    features = [name for name in parts["train"].columns if name not in (target, ROW)]
    unique = identifiers(parts["train"][features])
    return {part: row_hashes(rows.drop(columns=list(unique))) for part, rows in parts.items()}
