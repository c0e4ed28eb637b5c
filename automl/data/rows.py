"""Rows as files: raw ones that keep their types and are written in one step, and tables for others to read.

Raw rows are a Parquet file. A column of images is in it as each row's picture, by position, and its pixels are beside
it, `train.parquet` with `train.image.npy`: (K, channels, height, width) uint8, mapped into memory when read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from automl.data.digest import ROW
from automl.data.images import ImageArray, Positions, Store, pictures
from automl.errors import DataError
from automl.files import put

_IMAGES = "images"
"""The entry of the Parquet file's notes that names the columns of images and what their files are called after."""


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write rows as Parquet, pixels beside it, on the disk when this returns; their index is not kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = rows.copy(deep=False)
    files: dict[str, str] = {}
    for name in rows.columns:
        images = rows[name].array
        if isinstance(images, ImageArray):
            files[name] = _file_word(str(name), set(files.values()))
            plain[name] = _write_pixels(_pixels_path(path, files[name]), images)
    plain.attrs = {_IMAGES: files} if files else {}
    staged = path.with_name(f".{path.name}.tmp")
    plain.to_parquet(staged, index=False)
    put(staged, path)


def read_rows(path: Path) -> pd.DataFrame:
    """Read rows that `write_rows` wrote; no pixel is read before it is looked at."""
    rows = pd.read_parquet(path)
    for name, word in rows.attrs.pop(_IMAGES, {}).items():
        # Copy on write: nothing reaches the file, and torch takes the array without a warning.
        pixels = np.load(_pixels_path(path, word), mmap_mode="c", allow_pickle=False)
        rows[name] = ImageArray(Store(pixels), rows[name].to_numpy(np.int64))
    return rows


def stacked(*parts: pd.DataFrame) -> pd.DataFrame:
    """Put parts of one table one after the other."""
    return pd.concat(parts, ignore_index=True)


def joined(*parts: pd.DataFrame) -> pd.DataFrame:
    """Put parts of one table together, their rows in the order of the table."""
    return stacked(*parts).sort_values(ROW, kind="stable", ignore_index=True)


def move_rows(source: Path, target: Path) -> None:
    """Put rows that `write_rows` wrote in the place of others of the same folder, the Parquet file last."""
    for word in _file_words(source):
        put(_pixels_path(source, word), _pixels_path(target, word))
    put(source, target)


def remove_rows(path: Path) -> None:
    """Remove rows that `write_rows` wrote."""
    words = _file_words(path)
    path.unlink()
    for word in words:
        _pixels_path(path, word).unlink()


def write_table(target: Path | IO[str], table: pd.DataFrame) -> None:
    """Write a table for a person or another program: Parquet or Feather by the path's ending, else CSV.

    Raises:
        DataError: The file cannot be written, or a column holds images.
    """
    images = [str(name) for name in table.columns if isinstance(table[name].array, ImageArray)]
    if images:
        raise DataError(f"column {images[0]!r} holds images, which a table for others cannot; leave it out")
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


def _write_pixels(path: Path, images: ImageArray) -> Positions:
    """Write the pictures that rows point to, in their order; give each row's position among them."""
    kept, index = images.compact()
    staged = path.with_name(f".{path.name}.tmp")
    with staged.open("wb") as file:
        shape = (len(kept), *images.shape_of_one)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for part in pictures(images.store, kept):
            file.write(part.data)
    put(staged, path)
    return index


def _pixels_path(path: Path, word: str) -> Path:
    return path.with_name(f"{path.stem}.{word}.npy")


def _file_word(name: str, taken: set[str]) -> str:
    """Give a column a word that a file can be called after, and that no other column has."""
    word = re.sub(r"\W+", "_", name)[:80] or "_"
    return word if word not in taken else f"{word}_{len(taken)}"


def _file_words(path: Path) -> list[str]:
    return list(pd.read_parquet(path, columns=[]).attrs.get(_IMAGES, {}).values())
