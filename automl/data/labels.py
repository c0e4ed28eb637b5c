"""Rows that have any number of labels: a column of texts, or several of 0 and 1, written as one column of one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl.data.values import as_text
from automl.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

BETWEEN = "|"
"""What stands between the labels of a row."""
NONE = "|"
"""What a row without a label has."""
_MARKS = ("|", ";", ",")
"""What people put between labels."""
_RARE = "rare sets of labels"
_TRUTHS = {"0": False, "1": True, "false": False, "true": True}
_MOST_LABELS = 200


def are_flags(table: pd.DataFrame, columns: Sequence[str]) -> bool:
    """Tell whether columns hold nothing but 0 and 1, or truths."""
    return all(set(as_text(table[column], numbers=True).tolist()) <= {*_TRUTHS, ""} for column in columns)


def mark_of(values: pd.Series) -> str:
    """Find what stands between labels: the first of | ; and , that any value has.

    Examples:
        >>> mark_of(pd.Series(["red;round", "sweet, sour"]))
        ';'
    """
    texts = as_text(values).tolist()
    return next((mark for mark in _MARKS if any(mark in text for text in texts)), BETWEEN)


def fold_texts(table: pd.DataFrame, target: str, mark: str) -> pd.DataFrame:
    """Write every row's labels alike: each once, in order; a row without a text has none.

    Examples:
        >>> fold_texts(pd.DataFrame({"tags": ["b; a", None]}), "tags", ";")["tags"].tolist()
        ['a|b', '|']
    """
    texts = as_text(table[target]).tolist()
    rows = [sorted({word.strip() for word in text.split(mark)} - {""}) for text in texts]
    return table.assign(**{target: [BETWEEN.join(row) or NONE for row in rows]})


def fold_flags(table: pd.DataFrame, columns: Sequence[str], name: str) -> pd.DataFrame:
    """Put one column of labels in the place of several of 0 and 1; it says nothing of rows in which one is missing.

    Raises:
        TargetError: A column holds something else, or is called by a name that labels cannot have.

    Examples:
        >>> fold_flags(pd.DataFrame({"red": [1, 0], "round": [True, False]}), ["red", "round"], "t")["t"].tolist()
        ['red|round', '|']
    """
    if bad := [column for column in columns if BETWEEN in column]:
        raise TargetError(f"the name of a label must not hold {BETWEEN!r}, got {bad[0]!r}")
    texts = [as_text(table[column], numbers=True).tolist() for column in columns]
    for column, values in zip(columns, texts):
        if strange := set(values) - {*_TRUTHS, ""}:
            raise TargetError(f"columns of labels must hold 0 and 1 only, but {column!r} holds {min(strange)!r}")
    folded = [_folded(columns, row) for row in zip(*texts)]
    return table.drop(columns=list(columns)).assign(**{name: np.array(folded, dtype=object)})


def labels_of(parts: Iterable[pd.Series], target: str) -> tuple[str, ...]:
    """Give the labels that any row has, sorted.

    Raises:
        TargetError: There are fewer than two, or very many.
    """
    labels = sorted({label for part in parts for text in part.unique() for label in text.split(BETWEEN)} - {""})
    if not 2 <= len(labels) <= _MOST_LABELS:
        raise TargetError(
            f"a multilabel task has from 2 to {_MOST_LABELS} labels, but {target!r} has {len(labels):,}: is each row's "
            "text a list of labels, with |, ; or , between them?"
        )
    return tuple(labels)


def flags(target: pd.Series, labels: Sequence[str]) -> NDArray[np.bool_]:
    """Say which labels each row has (N, K).

    Raises:
        TargetError: A row has a label that is none of them.
    """
    codes, distinct = pd.factorize(target.astype(object).map(str))
    places = {label: place for place, label in enumerate(labels)}
    found = np.zeros((len(distinct), len(labels)), dtype=np.bool_)
    for row, text in enumerate(distinct):
        for label in filter(None, text.split(BETWEEN)):
            if label not in places:
                raise TargetError(f"the target must hold labels that are known, got {label!r}")
            found[row, places[label]] = True
    return found[codes]


def strata(target: pd.Series, least: int) -> pd.Series:
    """Give the sets of labels by which rows are divided alike: those that are rare are one (N,)."""
    counts = target.map(target.value_counts())
    return target.where(counts >= least, _RARE)


def _folded(columns: Sequence[str], row: Sequence[str]) -> str | None:
    if "" in row:
        return None
    return BETWEEN.join(column for column, text in zip(columns, row) if _TRUTHS[text]) or NONE
