"""Rows as files: raw ones that keep their types and are written in one step, and tables for others to read."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import pandas as pd

from automl.errors import DataError
from automl.files import put


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write rows as Parquet, on the disk when this returns; their index is not kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.tmp")
    rows.to_parquet(staged, index=False)
    put(staged, path)


def read_rows(path: Path) -> pd.DataFrame:
    """Read rows that `write_rows` wrote."""
    return pd.read_parquet(path)


def write_table(target: Path | IO[str], table: pd.DataFrame) -> None:
    """Write a table for a person or another program: Parquet or Feather by the path's ending, else CSV.

    Raises:
        DataError: The file cannot be written.
    """
    if not isinstance(target, Path):
        table.to_csv(target, index=False)
        return
    try:
        if target.suffix == ".parquet":
            table.to_parquet(target, index=False)
        elif target.suffix == ".feather":
            table.to_feather(target)
        else:
            table.to_csv(target, index=False)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror}") from error
