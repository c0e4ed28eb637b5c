"""A source to a table: a file, a folder of images, a frame or a name becomes a frame of plain columns and images."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from automl.data.builtin import FILE_ENDINGS, LOADERS, is_builtin, load_builtin
from automl.data.findings import findings_of, with_findings
from automl.data.image_archives import read_archive
from automl.data.image_folders import read_folder
from automl.data.image_paths import with_images
from automl.data.images import ImageDtype
from automl.data.values import as_microseconds, as_number, as_text
from automl.errors import DataError

SEPARATORS = (",", ";", "\t")
SAMPLE_BYTES, SAMPLE_RECORDS = 1 << 20, 50
"""How much of a text file is looked at to find its separator, its header and how it writes decimals."""

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_PLAIN_OBJECTS = ("string", "boolean", "date", "empty")
_COMMA_DECIMAL, _POINT_DECIMAL = re.compile(r"[+-]?\d+,(?!\d{3}$)\d+"), re.compile(r"[+-]?\d+\.\d+")


def read_table(source: str | Path | pd.DataFrame, *, image_size: tuple[int, int] | None = None) -> pd.DataFrame:
    """Read a table into a fresh frame with text headers and rows numbered from 0.

    Sets of images are tables too: a folder with one folder per class, such folders in `train` and `test`, or image
    files alone; an `.npz` file of arrays; and any table with a column of image files' names, which are relative to the
    table's folder or absolute. `source_defaults` tells their target and split column, `findings_of` what was found.

    In text files, empty fields, `?` and the usual words for nothing (`NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`, `None`)
    are missing. Parquet, Feather and frames say themselves what is missing, so there such a word is a value.

    Args:
        source: A built-in name; a file ending in `.csv`, `.tsv` (or either with `.gz`), `.parquet`, `.feather` or
            `.arrow`, or `.npz` for images; a folder of images; or a frame, whose index is ignored.
        image_size: Height and width to store the images of files at, so that they come as those of another table did;
            None to settle it from the files.

    Raises:
        DataError: No such file, a folder without images, an ending nobody knows, contents that cannot be read, two
            columns of one name, or no rows.

    Examples:
        >>> read_table("iris").shape
        (150, 5)
        >>> read_table("iris.xlsx")
        Traceback (most recent call last):
        automl.errors.DataError: no such file: iris.xlsx
    """
    if isinstance(source, pd.DataFrame):
        table = with_findings(_settled(source, "the frame"), findings_of(source))
        return with_images(table, Path(), image_size)
    if is_builtin(source):
        return load_builtin(str(source))
    path = Path(source)
    if path.is_dir():
        return read_folder(path, image_size)
    _check_file(path)
    if path.suffix.lower() == ".npz":
        return read_archive(path)
    return with_images(_settled(_read_file(path), str(path)), path.parent, image_size)


def _read_file(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if name.removesuffix(".gz").endswith((".csv", ".tsv")):
        return _read_text(path)
    if name.endswith((".parquet", ".feather", ".arrow")):
        return _read_columnar(path)
    raise DataError(
        f"{path}: a table's name must end in {', '.join(FILE_ENDINGS)}, or .csv.gz or .tsv.gz; images come in a folder "
        "or as .npz"
    )


def _check_file(path: Path) -> None:
    if not path.exists():
        hint = "" if path.suffix else f"; the built-in tables are {', '.join(LOADERS)}"
        raise DataError(f"no such file: {path}{hint}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")


def _read_columnar(path: Path) -> pd.DataFrame:
    is_parquet = path.name.lower().endswith(".parquet")
    try:
        return pd.read_parquet(path) if is_parquet else pd.read_feather(path)
    except Exception as error:  # pyarrow raises errors of many families for a damaged file
        raise DataError(
            f"{path}: cannot be read as {'Parquet' if is_parquet else 'Feather'} ({_line(error)})"
        ) from error


def _read_text(path: Path) -> pd.DataFrame:
    sample, encoding = _sample(path)
    is_tsv = path.name.lower().removesuffix(".gz").endswith(".tsv")
    separator = "\t" if is_tsv else _separator(sample)
    records = _records(sample, separator)
    _check_records(path, records)
    try:
        return _parse(path, separator, _decimal(records, separator), encoding)
    except UnicodeDecodeError:
        return _parse(path, separator, _decimal(records, separator), "latin-1")
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as text in columns ({_line(error)})") from error


def _parse(path: Path, separator: str, decimal: str, encoding: str) -> pd.DataFrame:
    return pd.read_csv(
        path,
        sep=separator,
        decimal=decimal,
        encoding=encoding,
        compression="gzip" if path.name.lower().endswith(".gz") else None,
        na_values=["?"],
        skipinitialspace=True,
        index_col=False,
        low_memory=False,
    )


def _sample(path: Path) -> tuple[str, str]:
    """Give the beginning of a text file, cut at a line's end, and the encoding that reads it."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            start = file.read(SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({_line(error)})") from error
    if b"\0" in start:
        raise DataError(f"{path}: must be text in UTF-8, got bytes that are none")
    if len(start) == SAMPLE_BYTES:
        start = start[: start.rfind(b"\n") + 1] or start
    try:
        return start.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError:
        return start.decode("latin-1"), "latin-1"


def _records(sample: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample), delimiter=separator, skipinitialspace=True)
    try:
        return list(islice((record for record in reader if record), SAMPLE_RECORDS))
    except csv.Error:
        return []


def _separator(sample: str) -> str:
    """Choose the separator that gives every record the same number of fields, and the most of them."""
    best, most = SEPARATORS[0], (False, 1)
    for separator in SEPARATORS:
        widths = [len(record) for record in _records(sample, separator)]
        found = (len(set(widths)) == 1, widths[0]) if widths and widths[0] > 1 else (False, 1)
        if found > most:
            best, most = separator, found
    return best


def _decimal(records: list[list[str]], separator: str) -> str:
    """Choose the decimal mark: a comma beside semicolons, where no number has a point or three digits after it."""
    fields = [field for record in records[1:] for field in record]
    if separator != ";" or any(_POINT_DECIMAL.fullmatch(field) for field in fields):
        return "."
    return "," if any(_COMMA_DECIMAL.fullmatch(field) for field in fields) else "."


def _check_records(path: Path, records: list[list[str]]) -> None:
    if not records:
        raise DataError(f"{path}: the file is empty")
    _check_headers(str(path), [name for name in records[0] if name])
    if len(records) > 1 and len(records[1]) > len(records[0]):
        said = f"the first row has {len(records[1])} fields, the header {len(records[0])}"
        raise DataError(f"{path}: every row must have a header's number of fields, but {said}")


def _check_headers(where: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{where}: columns must have different names, got {', '.join(map(repr, twice))} more than once")


def _settled(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Give a copy whose columns have text names and dtypes that a file can keep."""
    names = [str(name) for name in frame.columns]
    _check_headers(where, names)
    if frame.empty:
        raise DataError(f"{where}: a table needs rows and columns, got {len(frame)} rows of {len(names)} columns")
    columns = {name: _settle(frame.iloc[:, place]) for place, name in enumerate(names)}
    return pd.DataFrame({name: column.array.copy() for name, column in columns.items()})


def _settle(values: pd.Series[Any]) -> pd.Series[Any]:
    """Turn what only pandas knows (intervals, periods, mixed objects) into text, and odd numbers into floats."""
    if isinstance(values.dtype, ImageDtype):
        return values
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.astype(values.dtype.subtype)
    if isinstance(values.dtype, pd.CategoricalDtype):
        is_plain = types.infer_dtype(values.cat.categories) in ("string", "boolean", "integer", "floating")
        return values if is_plain else _texts(values)
    values = values.infer_objects()
    if not types.is_object_dtype(values.dtype):
        return values if _is_plain(values.dtype) else _texts(values)
    word = types.infer_dtype(values, skipna=True)
    if word in _NUMBERS:
        return pd.Series(as_number(values))
    if word == "datetime":  # of several time zones
        return pd.Series(as_microseconds(values).view("datetime64[us]")).dt.tz_localize("UTC")
    return values if word in _PLAIN_OBJECTS else _texts(values)


def _is_plain(dtype: Any) -> bool:
    if types.is_complex_dtype(dtype) or isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        return False
    is_time = types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)
    return bool(types.is_numeric_dtype(dtype) or is_time or types.is_string_dtype(dtype))


def _texts(values: pd.Series[Any]) -> pd.Series[Any]:
    texts = as_text(values)
    texts[texts == ""] = None
    return pd.Series(texts)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
