"""Rows to fingerprints that do not depend on their order, nor on how a file or pandas stores their values."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from automl.data.images import ImageArray
from automl.data.values import MISSING_TIME, as_microseconds, as_number, distinct_texts, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW = "__row__"
"""The column that says where a row stood in its source, from 0; it is no part of the row's values."""

_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it loses nothing


def row_hashes(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """Give each row a hash of its values, `__row__` left out; equal rows have equal hashes.

    Numbers are compared as float64, instants in UTC microseconds, images by size and pixels, everything else as text;
    the order of the columns does not count.

    Shape:
        (N, columns) -> (N,) uint64.
    """
    hashes = np.zeros(len(frame), dtype=np.uint64)
    for name in sorted(str(name) for name in frame.columns if name != ROW):
        hashes = hashes * _SPREAD + _value_hashes(frame[name])
    return hashes


def rows_digest(frame: pd.DataFrame) -> str:
    """Give the SHA-256 of the sorted row hashes and the column names, as 64 hexadecimal digits."""
    names = sorted(str(name) for name in frame.columns if name != ROW)
    digest = hashlib.sha256(json.dumps(names).encode())
    digest.update(np.sort(row_hashes(frame)).astype("<u8").tobytes())
    return digest.hexdigest()


def _value_hashes(values: pd.Series[Any]) -> NDArray[np.uint64]:
    if isinstance(values.array, ImageArray):
        return _missing_alike(values.array.hashes(), values.array.isna())
    values = plain(values)
    if types.is_datetime64_any_dtype(values.dtype):
        instants = as_microseconds(values)
        return _missing_alike(pd.util.hash_array(instants), instants == MISSING_TIME)
    is_number = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
    if is_number or types.is_timedelta64_dtype(values.dtype):
        numbers = as_number(values) + 0.0  # -0.0 becomes 0.0
        return _missing_alike(pd.util.hash_array(numbers), np.isnan(numbers))
    codes, texts = distinct_texts(values)  # each text is hashed once
    hashes = pd.util.hash_array(texts, categorize=False)
    return _missing_alike(hashes, np.asarray(texts == "", dtype=bool))[codes]


def _missing_alike(hashes: NDArray[np.uint64], missing: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Give missing values one hash, whatever the others of the column are."""
    return np.where(missing, np.uint64(1), hashes)
