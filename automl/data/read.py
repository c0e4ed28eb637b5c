"""A source to a table: a file, a folder of images, a frame or a name becomes a frame of plain columns and images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from automl.data.builtin import FILE_ENDINGS, LOADERS, is_builtin, load_builtin
from automl.data.delimited import Reading
from automl.data.findings import findings_of, with_findings
from automl.data.image_archives import read_archive
from automl.data.image_folders import read_folder
from automl.data.image_paths import with_images
from automl.data.images import ImageDtype
from automl.data.text_files import Known, read_text
from automl.data.text_source import check_headers, is_text_file
from automl.data.values import as_microseconds, as_number, as_text
from automl.errors import DataError

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_PLAIN_OBJECTS = ("string", "boolean", "date", "empty")
_ORDINARY, _NOTHING_KNOWN = Reading(), Known()


def read_table(
    source: str | Path | pd.DataFrame,
    *,
    image_size: tuple[int, int] | None = None,
    reading: Reading = _ORDINARY,
    known: Known = _NOTHING_KNOWN,
) -> pd.DataFrame:
    """Read a table into a fresh frame with text headers and rows numbered from 0.

    Sets of images are tables too: a folder with one folder per class, such folders in `train` and `test`, or image
    files alone; an `.npz` file of arrays; and any table with a column of image files' names, which are relative to the
    table's folder or absolute. `source_defaults` tells their target and split column, `findings_of` what was found.

    How a text file is written is found from the file. Empty fields and marks such as `?` and `N/A` are missing in it;
    the usual words for nothing (`NA`, `NaN`, `nan`, `null`, `NULL`, `None`) are missing among numbers, and values
    among texts. Parquet, Feather and frames say themselves what is missing, so there such a word is a value.

    Args:
        source: A built-in name; a file ending in `.csv`, `.tsv` or `.txt` (or one of these with `.gz`, `.bz2`, `.xz` or
            `.zst`), `.parquet`, `.feather` or `.arrow`, or `.npz` for images; a folder of images; or a frame, whose
            index is ignored.
        image_size: Height and width to store the images of files at, so that they come as those of another table did;
            None to settle it from the files.
        reading: What a person says of text files.
        known: What an earlier table says of the columns of a text file.

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
    frame = read_text(path, reading, known) if is_text_file(path) else _read_columnar(path)
    table = _settled(frame, str(path))
    table.attrs = frame.attrs if is_text_file(path) else {}
    return with_images(table, path.parent, image_size)


def _check_file(path: Path) -> None:
    if not path.exists():
        hint = "" if path.suffix else f"; the built-in tables are {', '.join(LOADERS)}"
        raise DataError(f"no such file: {path}{hint}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")


def _read_columnar(path: Path) -> pd.DataFrame:
    if not path.name.lower().endswith((".parquet", ".feather", ".arrow")):
        raise DataError(
            f"{path}: a table's name must end in {', '.join(FILE_ENDINGS)}, text also with .gz, .bz2, .xz or .zst; "
            "images come in a folder or as .npz"
        )
    is_parquet = path.name.lower().endswith(".parquet")
    try:
        return pd.read_parquet(path) if is_parquet else pd.read_feather(path)
    except Exception as error:  # pyarrow raises errors of many families for a damaged file
        raise DataError(
            f"{path}: cannot be read as {'Parquet' if is_parquet else 'Feather'} ({_line(error)})"
        ) from error


def _settled(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Give a copy whose columns have text names and dtypes that a file can keep."""
    names = [str(name) for name in frame.columns]
    check_headers(where, names)
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
