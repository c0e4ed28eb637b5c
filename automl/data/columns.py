"""What columns hold, judged from training rows alone: their kinds, which say nothing, and the task a target poses."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from automl.data.images import ImageArray, ImageDtype
from automl.data.numerals import READABLE_SHARE, are_codes
from automl.data.values import (
    MISSING_TIME,
    as_labels,
    as_microseconds,
    as_number,
    as_text,
    is_missing,
    is_whole,
    plain,
)
from automl.errors import DataError, PlanError, TargetError, unknown
from automl.task import COLUMN_KINDS, KINDS, Column, ColumnKind, Finding, TaskKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

IDENTIFIER_SHARE = 0.95
"""Text is an identifier when more than this share of its values are different."""
IDENTIFIER_ROWS = 20
"""Fewer values than this say nothing about identifiers."""
DENSE_ROWS = 100
"""Integers in no order are row numbers only from this many on: twenty ages may all differ."""
FEW_CLASSES, MOST_CLASSES, CLASS_SHARE = 10, 20, 0.05
"""Whole numbers are classes when at most 10 are different, or at most 20 that are at most 5 % of the rows."""

_NUMBER_WORDS = ("integer", "floating", "mixed-integer-float", "decimal")
_DURATION_WORDS = ("timedelta64", "timedelta")
_DATE_WORDS = ("datetime64", "datetime", "date")
_INSTANT = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?")
_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ROW_NAMES = {"id", "ids", "uid", "uuid", "guid", "identifier", "index", "idx", "key", "rowid", "rownum", "unnamed"}


def infer_task(target: pd.Series[Any], *, kind: TaskKind | None) -> TaskKind:
    """Say which task a target poses, or whether it can pose the one asked for.

    Text, categories, booleans, codes such as `007` and few distinct whole numbers are classes; numbers with fractions
    or many values are regression.

    Args:
        target: The target column; missing values do not count.
        kind: What was asked for; None to infer it.

    Raises:
        TargetError: No value, one value only, an infinite value, dates, images, or a column that cannot be what was
            asked for.

    Examples:
        >>> infer_task(pd.Series(["no", "yes", "no"], name="ill"), kind=None)
        'binary'
        >>> infer_task(pd.Series(["no", "no"], name="ill"), kind=None)
        Traceback (most recent call last):
        automl.errors.TargetError: the target 'ill' must have two values or more, got only 'no'
    """
    name = str(target.name)
    if isinstance(target.dtype, ImageDtype):
        raise TargetError(f"the target {name!r} must be numbers or classes, got images")
    known = target[~is_missing(target)]
    if len(known) == 0:
        raise TargetError(f"the target {name!r} must have values, got {len(target)} rows without one")
    numbers = _target_numbers(known, name)
    n_classes = int(as_labels(known).nunique())
    if n_classes == 1:
        raise TargetError(f"the target {name!r} must have two values or more, got only {_example(known)}")
    is_number = kind is not None and KINDS[kind].has_numbers
    if is_number and numbers is None:
        raise TargetError(f"regression needs a numeric target, but {name!r} holds values such as {_example(known)}")
    if kind is not None and not (is_number or KINDS[kind].has_classes):
        return kind
    are_named = isinstance(target.dtype, pd.CategoricalDtype) or _are_codes(known, types.infer_dtype(plain(known)))
    if is_number or (kind is None and not are_named and _is_quantity(numbers, n_classes)):
        return kind or "regression"
    return _checked_classes(kind, n_classes, len(known), name)


def infer_columns(
    rows: pd.DataFrame, kinds: Mapping[str, ColumnKind], drop: Sequence[str]
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Choose the input columns and their kinds.

    Identifiers, constants and columns without a value are left out, each with a finding; a column whose kind is given
    is left out only when it has no value.

    Args:
        rows: The features of the training rows, and of no others.
        kinds: Kinds given by name.
        drop: Names of columns to leave out.

    Raises:
        DataError: A name that is no column, a kind its values cannot be, two columns of images, or no column left.
        PlanError: A kind that does not exist.
    """
    _check_names([str(name) for name in rows.columns], kinds, drop)
    columns: list[Column] = []
    findings: list[Finding] = []
    for name in rows.columns:
        if name in drop:
            findings.append(Finding("dropped", name, f"column {name!r} is left out as asked"))
            continue
        reading = _read(rows[name], kinds.get(name))
        finding = _forced(reading) if name in kinds else _useless(reading)
        if finding is None:
            columns.append(reading.column)
            finding = _unreadable(reading)
        findings.extend([finding] if finding else [])
    images = [column.name for column in columns if column.kind == "image"]
    if len(images) > 1:
        raise DataError(
            f"one column of images at most can be learned from, got {', '.join(images)}; --drop COL leaves one out"
        )
    if not columns:
        said = "; ".join(finding.sentence for finding in findings)
        raise DataError(f"no column is left to predict from: {said or 'the table has only its target'}")
    return tuple(columns), tuple(findings)


def identifiers(rows: pd.DataFrame) -> tuple[str, ...]:
    """Give the names of the columns whose values only name their row."""
    worth_reading = (name for name in rows.columns if not _names_no_row(rows[name]))
    return tuple(str(name) for name in worth_reading if _names_rows(_read(rows[name], None)))


@dataclass(frozen=True, eq=False)
class _Reading:
    """A column as its kind reads it: `raw` are the known values, `forms` (N,) numbers, microseconds, hashes or text."""

    column: Column
    raw: pd.Series[Any]
    forms: NDArray[Any]
    missing: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[Any]:
        return self.forms[~self.missing]

    @property
    def n_different(self) -> int:
        return int(pd.unique(self.known).size)


def _read(values: pd.Series[Any], kind: ColumnKind | None) -> _Reading:
    if isinstance(values.array, ImageArray) or kind == "image":
        return _read_images(values, kind)
    raw = values[~is_missing(values)]
    column = _column(raw, kind)
    if column.kind == "numeric":
        numbers = as_number(values)
        return _Reading(column, raw, numbers, ~np.isfinite(numbers))
    if column.kind == "datetime":
        instants = as_microseconds(values)
        return _Reading(column, raw, instants, instants == MISSING_TIME)
    text = as_text(values, column.numbers)
    return _Reading(column, raw, text, np.asarray(text == "", dtype=bool))


def _read_images(values: pd.Series[Any], kind: ColumnKind | None) -> _Reading:
    name, missing = str(values.name), is_missing(values)
    raw = values[~missing]
    if not isinstance(values.array, ImageArray):
        said = "names of image files are read as images where most of a column's values are such and the files exist"
        raise DataError(f"column {name!r} cannot be image: it holds {_examples(raw)}; {said}")
    if kind not in (None, "image"):
        raise DataError(f"column {name!r} cannot be {kind}: it holds images")
    return _Reading(Column(name, "image"), raw, values.array.hashes(), missing)


def _column(raw: pd.Series[Any], kind: ColumnKind | None) -> Column:
    word = types.infer_dtype(plain(raw), skipna=True)
    found = kind or _infer_kind(raw, word)
    if found in ("numeric", "datetime"):
        return Column(str(raw.name), found)
    are_numbers = (
        word in ("string", *_NUMBER_WORDS) and not np.isnan(as_number(raw)).any() and not _are_codes(raw, word)
    )
    return Column(str(raw.name), found, numbers=bool(are_numbers))


def _infer_kind(raw: pd.Series[Any], word: str) -> ColumnKind:
    if word == "boolean":
        return "boolean"
    if isinstance(raw.dtype, pd.CategoricalDtype):
        return "category"
    if word in (*_NUMBER_WORDS, *_DURATION_WORDS, "empty"):
        return "numeric"
    if word in _DATE_WORDS:
        return "datetime"
    return _infer_text_kind(raw) if word == "string" else "category"


def _infer_text_kind(raw: pd.Series[Any]) -> ColumnKind:
    codes, names = pd.factorize(raw.astype(object))
    distinct = pd.Series(names, dtype=object)
    counts = np.bincount(codes, minlength=len(names))
    shares = counts / max(len(codes), 1)
    if are_codes(dict(zip(names, counts.tolist()))):
        return "category"
    if {name.lower() for name in names} <= {"true", "false"}:
        return "boolean"
    if shares[~np.isnan(as_number(distinct))].sum() >= READABLE_SHARE:
        return "numeric"
    dated = np.array([_INSTANT.fullmatch(name) is not None for name in names])
    if shares[dated].sum() < READABLE_SHARE:
        return "category"
    dated &= as_microseconds(distinct) != MISSING_TIME
    return "datetime" if shares[dated].sum() >= READABLE_SHARE else "category"


def _are_codes(raw: pd.Series[Any], word: str) -> bool:
    """Tell whether text is digits that are codes: `00123` and `123` are then two values."""
    return word == "string" and not isinstance(raw.dtype, pd.CategoricalDtype) and are_codes(Counter(raw))


def _forced(reading: _Reading) -> Finding | None:
    """Say that a column whose kind is given has no value; refuse a kind that its values cannot be."""
    name, kind = reading.column.name, reading.column.kind
    if len(reading.raw) and reading.known.size == 0:
        raise DataError(f"column {name!r} cannot be {kind}: it holds values such as {_example(reading.raw)}")
    if kind == "boolean" and reading.n_different > 2:
        raise DataError(f"column {name!r} cannot be boolean: it has {reading.n_different} different values")
    return _empty(reading)


def _empty(reading: _Reading) -> Finding | None:
    name = reading.column.name
    if reading.known.size:
        return None
    return Finding("missing", name, f"column {name!r} has no value in the training rows and is left out")


def _useless(reading: _Reading) -> Finding | None:
    name, n_rows = reading.column.name, len(reading.forms)
    if reading.n_different == 1 and not reading.missing.any():
        same = "the same image" if reading.column.kind == "image" else _example(reading.raw)
        said = f"column {name!r} is {same} in every training row and is left out"
        return Finding("constant", name, said)
    if _names_rows(reading):
        said = f"column {name!r} only names its row ({reading.n_different} different values in {n_rows} rows)"
        return Finding("identifier", name, f"{said} and is left out; --kind {name}={reading.column.kind} keeps it")
    return _empty(reading)


def _unreadable(reading: _Reading) -> Finding | None:
    name, kind = reading.column.name, reading.column.kind
    if kind not in ("numeric", "datetime"):
        return None
    words = reading.raw[
        np.isnan(as_number(reading.raw)) if kind == "numeric" else as_microseconds(reading.raw) == MISSING_TIME
    ]
    if len(words) == 0:
        return None
    n_words = f"{len(words)} values that are" if len(words) > 1 else "a value that is"
    said = f"column {name!r} has {n_words} no {'number' if kind == 'numeric' else 'date'}, such as {_example(words)}"
    return Finding("unreadable", name, f"{said}: to be treated as missing")


def _names_no_row(values: pd.Series[Any]) -> bool:
    """Tell at a glance of most columns that `_names_rows` will say no: numbers with fractions, images, or few texts."""
    if isinstance(values.dtype, ImageDtype):
        return True
    if isinstance(values.dtype, pd.StringDtype):
        return values.nunique() <= IDENTIFIER_SHARE * IDENTIFIER_ROWS
    return types.is_float_dtype(values.dtype)


def _names_rows(reading: _Reading) -> bool:
    column, known = reading.column, reading.known
    if len(known) < IDENTIFIER_ROWS:
        return False
    if column.kind == "category":
        return reading.n_different > IDENTIFIER_SHARE * len(known)
    if column.kind != "numeric" or types.is_float_dtype(reading.raw.dtype) or not is_whole(known):
        return False
    return reading.n_different == len(known) and _counts_rows(column.name, known)


def _counts_rows(name: str, known: NDArray[np.float64]) -> bool:
    """Tell whether integers that all differ are row numbers: by their name, or by running on with few gaps."""
    span = float(known.max() - known.min())
    runs_on = bool(np.all(np.diff(known) > 0)) and span <= 10 * len(known)
    is_dense = len(known) >= DENSE_ROWS and span <= 2 * len(known)
    return runs_on or is_dense or any(part.lower() in _ROW_NAMES for part in _NAME_PARTS.findall(name))


def _target_numbers(known: pd.Series[Any], name: str) -> NDArray[np.float64] | None:
    """Give the target as numbers, or None where its values are words or truths."""
    word = types.infer_dtype(plain(known), skipna=True)
    if word in (*_DATE_WORDS, *_DURATION_WORDS):
        raise TargetError(f"the target {name!r} must be numbers or classes, got dates or durations")
    numbers = as_number(known)
    if word == "boolean" or np.isnan(numbers).any():
        return None
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise TargetError(f"the target {name!r} must be finite, got {n_infinite} infinite values")
    return numbers


def _is_quantity(numbers: NDArray[np.float64] | None, n_values: int) -> bool:
    if numbers is None:
        return False
    are_few = n_values <= FEW_CLASSES or (n_values <= MOST_CLASSES and n_values <= CLASS_SHARE * len(numbers))
    return not (are_few and is_whole(numbers))


def _checked_classes(kind: TaskKind | None, n_classes: int, n_rows: int, name: str) -> TaskKind:
    if kind == "binary" and n_classes != 2:
        raise TargetError(f"a binary task needs a target of two classes, but {name!r} has {n_classes}")
    if n_classes == n_rows and n_classes > 2:
        raise TargetError(f"the target {name!r} has as many classes as rows ({n_rows}): no class can be learned")
    return kind or ("binary" if n_classes == 2 else "multiclass")


def _check_names(names: Sequence[str], kinds: Mapping[str, ColumnKind], drop: Sequence[str]) -> None:
    absent = [unknown("column", name, names) for name in (*kinds, *drop) if name not in names]
    if absent:
        raise DataError("\n".join(absent))
    wrong = [
        f"{name}: {unknown('kind', kind, COLUMN_KINDS)}" for name, kind in kinds.items() if kind not in COLUMN_KINDS
    ]
    if wrong:
        raise PlanError("\n".join(wrong))


def _example(values: pd.Series[Any]) -> str:
    return repr(as_text(values.iloc[:1])[0])


def _examples(values: pd.Series[Any]) -> str:
    return f"values such as {_example(values)}" if len(values) else "no value"
