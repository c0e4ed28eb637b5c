"""Columns that give the target away: one that alone predicts it, or one that only counts the rows and still does.

Training rows alone are looked at: predictions for each half of them are fitted on the other half.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.data.columns import identifiers
from automl.data.digest import ROW, row_hashes
from automl.data.labels import flags
from automl.data.one_column import (
    MOST_CELLS,
    MOST_COLUMNS,
    Feature,
    Skill,
    halves,
    predict,
    predict_by_order,
    predict_by_word,
    read_features,
    skill,
)
from automl.data.parts import sample
from automl.data.several_targets import unfold
from automl.data.values import as_number, is_missing
from automl.task import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from automl.data.split import Division
    from automl.task import Column

GIVES_AWAY = 0.995
"""A column whose AUC or R2 is above this, by a standard error, gives the target away."""
KNOWS_THE_ORDER = {"AUC": 0.75, "R2": 0.3}
"""A column that only counts rows should predict nothing; one that is above this by two standard errors does."""
FOLLOWS, MOST_TIED = 0.99, 50
"""A column counts rows where it has more than 50 values and its rank correlation with their order is above 0.99."""
MOST_ROWS = 10_000
"""At most so many rows are looked at."""
MOST_CLASSES = 10
"""Of more classes, the largest are looked at."""
MOST_NAMED = 5
"""More columns than this are counted instead of told one by one."""

_STREAM = 1
"""What sets these draws apart from those that divided the rows by the same seed."""
_NUMBERED = "new rows are numbered otherwise"
_BEYOND = "rows drawn at random lie among the others, those to come do not; --split COL divides by it"


def target_leaks(division: Division, columns: Sequence[Column]) -> list[Finding]:
    """Find the columns that give the target away.

    Args:
        division: The rows, of which those for training are looked at.
        columns: The columns that are learned from.
    """
    generator = np.random.default_rng([division.seed, _STREAM])
    looked_at = [columns[place] for place in sample(len(columns), MOST_COLUMNS, generator)]
    probe = _Probe.on(division, min(MOST_ROWS, MOST_CELLS // len(looked_at)), generator)
    found = [(column.name, said) for column in looked_at if (said := probe.look_at(column))]
    if not found and (said := probe.look_at_gaps(looked_at)):
        return [Finding("leak", None, said)]
    findings = [Finding("leak", name, said) for name, said in found[:MOST_NAMED]]
    others = [name for name, _ in found[MOST_NAMED:]]
    if others:
        named = f"{len(others)} more columns, such as {', '.join(map(repr, others[:MOST_NAMED]))}"
        said = f"{named}, give {division.target!r} away in the same way; --drop COL leaves each out"
        findings.append(Finding("leak", None, said))
    return findings


@dataclass(frozen=True, eq=False)
class _Probe:
    """Training rows (N), their target as it is to be predicted (N, K), and one half of them (N,)."""

    division: Division
    rows: pd.DataFrame
    target: NDArray[np.float64]
    half: NDArray[np.bool_]

    @classmethod
    def on(cls, division: Division, most: int, generator: np.random.Generator) -> _Probe:
        rows = division.train.iloc[sample(len(division.train), most, generator)]
        return cls(division, rows, _to_predict(rows[division.target], division), halves(len(rows), generator))

    def skill(self, feature: Feature) -> Skill:
        """Measure what a column says of the target, by its means or, of two classes, by its order."""
        found = self._skill_of(predict(feature, self.target, self.half))
        is_ordered = feature.values.dtype.kind == "f" and not np.isnan(feature.values).any()
        if self.target.shape[1] != 1 or not is_ordered:
            return found
        return max(found, self._skill_of(predict_by_order(feature, self.target, self.half)), key=Skill.low)

    def look_at(self, column: Column) -> str | None:
        """Say what a column gives away, if it does."""
        features = list(read_features(self.rows, [column]))
        if not features:
            return None
        found = max((self.skill(feature) for feature in features), key=Skill.low)
        name = repr(column.name)
        if found.low(2) > KNOWS_THE_ORDER[found.measure]:
            if identifiers(self.division.train[[column.name]]):
                return self._said(f"column {name} only names its row, yet", found, _NUMBERED, column)
            if self._runs_with_rows(features):
                return self._said(f"column {name} runs with the order of the rows and", found, _BEYOND, column)
        if found.low() > GIVES_AWAY:
            gaps = self.skill(Feature(column.name, is_missing(self.rows[column.name]).astype(np.int64)))
            who = f"whether column {name} has a value" if gaps.low() > GIVES_AWAY else f"column {name}"
            return self._said(who, found, self._too_late, column)
        return self._look_at_words(column) if column.kind == "category" else None

    def look_at_gaps(self, columns: Sequence[Column]) -> str | None:
        """Say so where the pattern of a row's missing values gives the target away."""
        missing = pd.DataFrame({column.name: is_missing(self.rows[column.name]) for column in columns})
        found = self.skill(Feature("", pd.factorize(row_hashes(missing))[0].astype(np.int64)))
        if found.low() <= GIVES_AWAY:
            return None
        return self._said("which columns of a row have no value", found, self._too_late, None)

    def _look_at_words(self, column: Column) -> str | None:
        """Say so where single words of a text give every class away."""
        if not self.division.classes:
            return None
        found = self._skill_of(predict_by_word(self.rows[column.name], self.target, self.half))
        if found.low() <= GIVES_AWAY:
            return None
        return self._said(f"a word in column {column.name!r}", found, self._too_late, column)

    def _skill_of(self, predicted: NDArray[np.float64]) -> Skill:
        return skill(predicted, self.target, self.half, are_classes=bool(self.division.classes))

    def _runs_with_rows(self, features: Sequence[Feature]) -> bool:
        """Tell whether a column counts rows that were drawn without regard to their order."""
        is_drawn = any(isinstance(how, float) for how in self.division.how.values())
        order = self.rows[ROW].to_numpy(np.float64)
        if not is_drawn or _runs_with(order, self.target[:, 0]):  # rows sorted by their target, which others copy
            return False
        return any(_runs_with(order, feature.values) for feature in features if feature.values.dtype.kind == "f")

    @property
    def _too_late(self) -> str:
        return f"if it is known only once {self.division.target!r} is, every score promises too much"

    def _said(self, who: str, found: Skill, why: str, column: Column | None) -> str:
        drop = "--drop COL leaves columns out" if column is None else f"--drop {shlex.quote(column.name)} leaves it out"
        return f"{who} alone predicts {self.division.target!r} ({found} on held-out training rows): {why}; {drop}"


def _to_predict(target: pd.Series[Any], division: Division) -> NDArray[np.float64]:
    """Give the target (N, K): which class it is, of the largest; or its numbers and their ranks, for heavy tails."""
    if division.targets:
        several = unfold(target, len(division.targets))
        return np.concatenate([several, pd.DataFrame(several).rank().to_numpy(np.float64)], axis=1)
    if division.task_kind == "multilabel":
        each = flags(target, [str(label) for label in division.classes]).astype(np.float64)
        return each[:, np.argsort(-each.sum(axis=0), kind="stable")[:MOST_CLASSES]]
    if not division.classes:
        numbers = as_number(target)
        return np.stack([numbers, target.rank().to_numpy(np.float64)], axis=1)
    largest = target.value_counts().index[: 1 if len(division.classes) == 2 else MOST_CLASSES]
    return np.stack([(target == label).to_numpy(np.float64) for label in largest], axis=1)


def _runs_with(order: NDArray[np.float64], values: NDArray[np.float64]) -> bool:
    """Tell whether many different values (N,) rise or fall with the order of the rows, but for a few."""
    pairs = pd.DataFrame({"order": order, "values": values}).dropna().rank()
    if pairs["values"].nunique() <= MOST_TIED:
        return False
    return bool(abs(np.corrcoef(pairs["order"], pairs["values"])[0, 1]) > FOLLOWS)
