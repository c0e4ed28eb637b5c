"""Values in one form, whatever pandas calls them: text, numbers, instants and labels.

A converter gives the same answer for the same values, whether they came as text, numbers, categories or objects.
N is the number of rows.
"""

from __future__ import annotations

import math
import numbers as number_types
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from automl.data.images import ImageDtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automl.task import Label

MISSING_TIME = int(np.iinfo(np.int64).min)
"""What `as_microseconds` gives for a missing instant."""

_TIME_ZONE = r":.*[Zz+-]"
"""What a time of day with a zone is known by: without a time there is none."""

_BEYOND_NANOSECONDS = r"(?:0\d|1[0-6]|2[2-9]|[3-9]\d)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?Z?)?"
"""Instants in UTC, or without a zone, that nanoseconds since 1970 may not reach in 64 bits."""

AN_IMAGE = "an image"
"""What stands for an image where text is wanted."""

_TRUTH = ("true", "false")


def as_text(values: pd.Series[Any], numbers: bool = False) -> NDArray[np.object_]:
    """Give every value as text, '' where it is missing.

    Booleans and the words for them are `true` and `false`; a number without a fraction is written without one.

    Args:
        values: A column of any dtype.
        numbers: Text that is a number is written as that number is: `3.0` and `03` become `3`.

    Shape:
        (N,) -> (N,) of Python strings.

    Examples:
        >>> as_text(pd.Series([3.0, None, 2.5])).tolist()
        ['3', '', '2.5']
        >>> as_text(pd.Series(["3.0", "TRUE", "x"]), numbers=True).tolist()
        ['3', 'true', 'x']
    """
    codes, written = distinct_texts(values, numbers)
    return written[codes]


def distinct_texts(values: pd.Series[Any], numbers: bool = False) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Give what `as_text` gives as positions and the texts they point to, '' the last of them.

    Shape:
        (N,) -> (N,), and the texts; two of them are the same where different values are written alike.

    Examples:
        >>> codes, texts = distinct_texts(pd.Series(["b", "a", None, "b"]))
        >>> codes.tolist(), texts.tolist()
        ([0, 1, -1, 0], ['b', 'a', ''])
    """
    codes, distinct = _factorize(values)
    written = np.empty(len(distinct) + 1, dtype=object)
    written[:-1] = [_write(value, numbers) for value in distinct]
    written[-1] = ""
    return codes, written


def as_number(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Give every value as a number, NaN where it is missing or is none; durations in seconds, infinities kept.

    Shape:
        (N,) -> (N,) float64.

    Examples:
        >>> as_number(pd.Series(["1.5", " 2", "x", None])).tolist()
        [1.5, 2.0, nan, nan]
    """
    values = plain(values)
    if types.is_datetime64_any_dtype(values.dtype):
        instants = as_microseconds(values)
        return np.where(instants == MISSING_TIME, np.nan, instants / 1e6)
    if types.is_timedelta64_dtype(values.dtype):
        return np.asarray(values.dt.total_seconds().to_numpy(np.float64))
    if types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    codes, distinct = _factorize(values)  # refusing a text is slow, so each is read once
    numbers = pd.to_numeric(pd.Series([*distinct, None], dtype=object), errors="coerce").to_numpy(np.float64)
    return numbers[codes]


def as_microseconds(values: pd.Series[Any]) -> NDArray[np.int64]:
    """Give every value as microseconds since 1970 in UTC, `MISSING_TIME` where it is missing or is no instant.

    An instant without a time zone is taken as UTC, text as ISO 8601, a number as seconds since 1970.

    Shape:
        (N,) -> (N,) int64.

    Examples:
        >>> as_microseconds(pd.Series(["1970-01-02", "1970-01-01T01:00:00+01:00"])).tolist()
        [86400000000, 0]
    """
    values = plain(values)
    if types.is_numeric_dtype(values.dtype):
        microseconds = as_number(values) * 1e6
        known = np.abs(microseconds) < 2.0**63
        return np.where(known, np.where(known, microseconds, 0.0).astype(np.int64), MISSING_TIME)
    if types.infer_dtype(values, skipna=True) != "string":
        return _microseconds(pd.to_datetime(values, utc=True, errors="coerce"))
    found = np.full(len(values), MISSING_TIME)
    has_zone = values.str.contains(_TIME_ZONE, regex=True, na=False).to_numpy(bool)
    for part in (has_zone, ~has_zone):  # apart: pandas 2 takes one without a zone to be in that of the one before
        if part.any():
            found[part] = _microseconds(pd.to_datetime(values[part], format="ISO8601", utc=True, errors="coerce"))
    beyond = (found == MISSING_TIME) & values.str.fullmatch(_BEYOND_NANOSECONDS, na=False).to_numpy(bool)
    for place in np.flatnonzero(beyond):  # what pandas 2 has no room for: 9999-12-31, for one
        with suppress(ValueError):
            found[place] = np.datetime64(values.iloc[place].removesuffix("Z"), "us").astype(np.int64)
    return found


def _microseconds(instants: pd.Series[Any]) -> NDArray[np.int64]:
    naive = instants.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(naive), MISSING_TIME, naive.astype(np.int64))


def as_labels(target: pd.Series[Any]) -> pd.Series[Any]:
    """Give a target without missing values in the plainest type it has: booleans, whole numbers, numbers or text.

    Shape:
        (N,) -> (N,) of dtype bool, int64, float64 or text.
    """
    values = plain(target)
    word = types.infer_dtype(values, skipna=True)
    if word == "boolean":
        return values.astype(bool)
    if word in ("integer", "floating", "mixed-integer-float", "decimal"):
        numbers = as_number(values)
        whole = numbers.astype(np.int64) if is_whole(numbers) else numbers
        return pd.Series(whole, index=target.index, name=target.name)
    return pd.Series(values.map(str).to_numpy(object), index=target.index, name=target.name, dtype="str")


def classes_of(target: pd.Series[Any]) -> tuple[Label, ...]:
    """Give the sorted labels of a target without missing values, in their own type."""
    return tuple(sorted(as_labels(target).unique().tolist()))


def is_missing(values: pd.Series[Any]) -> NDArray[np.bool_]:
    """Tell which values are missing: absent, or empty text."""
    if types.is_numeric_dtype(values.dtype) or types.is_datetime64_any_dtype(values.dtype):
        return np.asarray(values.isna().to_numpy(bool))
    codes, distinct = _factorize(values)
    return np.array([value == "" for value in distinct] + [True], dtype=bool)[codes]


def plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """Give the values in the plainest dtype that holds them: categories and objects become what they stand for."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    return values.infer_objects()


def is_whole(numbers: NDArray[np.float64]) -> bool:
    """Tell whether all are finite, without a fraction and small enough to be exact."""
    return bool(np.all(np.isfinite(numbers)) and np.all(numbers == np.floor(numbers)) and np.all(abs(numbers) < 2**53))


def _factorize(values: pd.Series[Any]) -> tuple[NDArray[np.intp], list[object]]:
    """Give each value's position among the distinct ones, -1 (the last, so room for one more) where it is missing.

    Images count as one value that is no text, no number and no instant: nothing here looks into them.
    """
    if isinstance(values.dtype, ImageDtype):
        return np.where(values.isna(), -1, 0), [AN_IMAGE]
    try:
        is_text = isinstance(values.dtype, pd.StringDtype)
        codes, distinct = pd.factorize(values.array if is_text else values.astype(object))
    except TypeError:  # lists and other values without a hash
        codes, distinct = pd.factorize(values.map(str, na_action="ignore"))
    return codes, distinct.tolist()


def _write(value: object, numbers: bool) -> str:
    if isinstance(value, str):
        if value.lower() in _TRUTH:
            return value.lower()
        return _write_number(value) if numbers else value
    if isinstance(value, bool | np.bool_):
        return _TRUTH[0] if value else _TRUTH[1]
    if isinstance(value, number_types.Real | Decimal):
        return _write_number(value)
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _write_number(value: str | number_types.Real | Decimal) -> str:
    if isinstance(value, number_types.Integral):
        return str(int(value))
    try:
        number = float(value)
    except ValueError:
        return str(value)
    if not math.isfinite(number):
        return str(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2.0**53 else repr(number)
