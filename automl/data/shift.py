"""Parts whose rows are of another kind than the training rows: a classifier tells them apart (adversarial validation).

The classifier is naive Bayes: it sees what differs in some column, not what differs only in how columns go together.
Rows that were drawn at random differ by chance alone and are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl.data.one_column import MOST_CELLS, MOST_COLUMNS, Feature, Skill, halves, predict, read_features, skill
from automl.data.parts import WORDS, sample
from automl.data.thumbnails import thumbnails
from automl.task import Column, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from automl.data.split import Division

TOLD_APART = 0.6
"""Rows whose AUC is above this, by two standard errors, are of another kind."""
MOST_ROWS = 5_000
"""At most so many rows of each part are looked at."""

_STREAM = 3
"""What sets these draws apart from those that divided the rows by the same seed."""
_PRIOR, _IN_BIN = 5.0, 20
"""So many rows of no opinion are added wherever values are counted, and numbers are counted by twenties at least."""
_SIDE, _CERTAIN = 4, 1e-6


def shifts(division: Division, columns: Sequence[Column]) -> list[Finding]:
    """Find the parts, come from a file or a split column, whose rows can be told from the training rows.

    Args:
        division: The rows.
        columns: The columns that are learned from; the target is looked at too.
    """
    generator = np.random.default_rng([division.seed, _STREAM])
    looked_at = [columns[place] for place in sample(len(columns), MOST_COLUMNS, generator)]
    looked_at.append(Column(division.target, division.target_kind))
    most = min(MOST_ROWS, MOST_CELLS // len(looked_at))
    findings = []
    for part, rows in (("validation", division.validation), ("test", division.test)):
        if isinstance(division.how[part], float):
            continue
        pair = [each.iloc[sample(len(each), most, generator)] for each in (division.train, rows)]
        found, column = _told_apart(pair, looked_at, halves(sum(map(len, pair)), generator))
        if found.low(2) > TOLD_APART:
            findings.append(Finding("leak", column, _said(found, part, column)))
    return findings


def _said(found: Skill, part: str, column: str) -> str:
    said = f"the {WORDS[part]} rows can be told from the training rows ({found}, most by column {column!r})"
    does = {"validation": "chosen", "test": "judged"}[part]
    why = f"models are {does} by rows of another kind than they learn from"
    return f"{said}: {why}; where that is not meant, divide at random"


def _told_apart(pair: Sequence[pd.DataFrame], columns: Sequence[Column], half: NDArray[np.bool_]) -> tuple[Skill, str]:
    """Give how well the second rows are told from the first, and the column that does it best."""
    belongs = np.repeat([0.0, 1.0], [len(rows) for rows in pair])[:, None]
    evidence = np.zeros_like(belongs)
    best, name = -1.0, ""
    for feature in _features(pair, columns):
        share = predict(feature, belongs, half, prior=_PRIOR, in_bin=_IN_BIN).clip(_CERTAIN, 1 - _CERTAIN)
        alone = skill(share, belongs, half, are_classes=True).value
        if alone > best:
            best, name = alone, feature.name
        evidence += np.log(share / (1 - share))
    return skill(evidence, belongs, half, are_classes=True), name


def _features(pair: Sequence[pd.DataFrame], columns: Sequence[Column]) -> Iterator[Feature]:
    for column in columns:
        if column.kind == "image":
            small = np.concatenate(thumbnails([rows[column.name].array for rows in pair], _SIDE))
            yield from (Feature(column.name, pixel) for pixel in small.T.astype(np.float64))
        else:
            values = pd.concat([rows[column.name] for rows in pair], ignore_index=True)
            yield from read_features(values.to_frame(), [column])
