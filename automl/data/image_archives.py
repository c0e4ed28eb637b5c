"""An archive of arrays to a table: `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`, in an `.npz` file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from automl.data.images import ImageArray
from automl.data.layouts import IMAGE, LABEL, SPLIT, archive_parts
from automl.data.pixels import CHUNK, IN_MEMORY, Pixels, allocate, chunks
from automl.errors import DataError

_LABEL_KINDS = "iubfUS"
_HEADERS = {(1, 0): read_array_header_1_0, (2, 0): read_array_header_2_0}


def read_archive(path: Path) -> pd.DataFrame:
    """Read images, and labels where there are some, from an `.npz` file, in any case of letters.

    Images are (N, height, width) or (N, height, width, channels) with 1, 3 or, with transparency, 4 channels: whole
    numbers of 8 or 16 bits, or numbers from 0 to 1 or from 0 to 255. Other arrays are ignored.

    Returns:
        Columns `image`; `label`, categorical unless it has fractions: whole numbers are classes; and `split` where
        the arrays are of several parts.

    Raises:
        DataError: No archive, no such arrays, or arrays that are no images, no labels or not as many.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            parts = archive_parts(list(archive.files))
            arrays = {part: {key: member(archive, name) for key, name in keys.items()} for part, keys in parts.items()}
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as an archive of arrays ({_line(error)})") from error
    if not arrays:
        raise DataError(f"{path}: the archive must hold arrays x and y, or x_train, y_train, x_test and y_test")
    for part, found in arrays.items():
        _check(path, part, found, len(arrays) > 1)
    images = [found["x"] for found in arrays.values()]
    sizes = [len(each) for each in images]
    columns: dict[str, Any] = {IMAGE: ImageArray(_as_store(str(path), images))}
    if all("y" in found for found in arrays.values()):
        columns[LABEL] = _labels(str(path), [found["y"] for found in arrays.values()])
    if "test" in arrays:
        columns[SPLIT] = np.repeat(list(arrays), sizes)
    return pd.DataFrame(columns)


def member(archive: NpzFile, name: str, in_memory: int = IN_MEMORY) -> NDArray[Any]:
    """Read an array of an archive; one of more bytes than `in_memory` is unpacked into a nameless file, and mapped.

    Raises:
        ValueError: It holds objects.
        OSError: The disk has not that much room.
    """
    if archive.zip is None or archive.zip.getinfo(f"{name}.npy").file_size <= in_memory:
        array: NDArray[Any] = archive[name]
        return array
    with tempfile.TemporaryFile(prefix="automl-array-") as file:
        with archive.zip.open(f"{name}.npy") as packed:
            shutil.copyfileobj(packed, file, CHUNK)
        file.seek(0)
        read_header = _HEADERS[read_magic(file)]
        shape, is_fortran, dtype = read_header(file)
        if dtype.hasobject:
            raise ValueError("it holds objects")
        return np.memmap(file, dtype, "r", file.tell(), shape, "F" if is_fortran else "C")


def _check(path: Path, part: str, found: dict[str, NDArray[Any]], are_parts: bool) -> None:
    name = f"_{part}" if part else ""
    if "x" not in found or (are_parts and "y" not in found):
        raise DataError(f"{path}: x{name} and y{name} must both be there, got only {next(iter(found))}{name}")
    if "y" not in found:
        return
    n_images, labels = len(found["x"]), found["y"]
    if labels.shape not in ((n_images,), (n_images, 1)):
        raise DataError(f"{path}: y{name} must hold one label for each of {n_images} images, got {labels.shape}")


def _as_store(where: str, images: list[NDArray[Any]]) -> Pixels:
    """Write images, perhaps of several arrays, as pixels; a single array of grey bytes is taken as it is."""
    shaped = [_with_channels(where, each) for each in images]
    if len({each.shape[1:] for each in shaped}) > 1:
        raise DataError(
            f"{where}: all images must have one shape, got {' and '.join(str(x.shape[1:]) for x in shaped)}"
        )
    height, width, channels = shaped[0].shape[1:]
    scale = _scale(where, shaped)
    if len(shaped) == 1 and shaped[0].dtype == np.uint8 and channels == 1:
        return shaped[0].transpose(0, 3, 1, 2)
    out = allocate((sum(map(len, shaped)), 1 if channels == 1 else 3, height, width))
    start = 0
    for each in shaped:
        for run in chunks(len(each), (channels, height, width)):
            out[start + run.start : start + run.stop] = _bytes(each[run], scale).transpose(0, 3, 1, 2)
        start += len(each)
    return out


def _with_channels(where: str, images: NDArray[Any]) -> NDArray[Any]:
    shaped = images[..., None] if images.ndim == 3 else images
    if shaped.ndim != 4 or shaped.shape[3] not in (1, 3, 4) or shaped.dtype.kind not in "iubf" or 0 in shaped.shape:
        said = "(N, height, width) or (N, height, width, channels) of 1, 3 or 4 channels"
        raise DataError(f"{where}: images must be numbers {said}, got {images.shape} {images.dtype}")
    return shaped


def _scale(where: str, images: list[NDArray[Any]]) -> float:
    """Give what brings the values to 0..255, told from the largest of all arrays."""
    low, high = min(each.min() for each in images), max(each.max() for each in images)
    dtype = np.result_type(*images)
    if dtype.kind == "b" or (dtype.kind == "f" and low >= 0 and high <= 1):
        return 255.0
    if low >= 0 and high <= 255:
        return 1.0
    if dtype.kind in "iu" and low >= 0 and high <= 65535:
        return 1 / 257
    raise DataError(f"{where}: images must hold numbers from 0 to 1 or from 0 to 255, got {low} to {high}")


def _bytes(values: NDArray[Any], scale: float) -> Pixels:
    """Bring values (n, h, w, c) to bytes; a fourth channel is how much of the picture covers a white ground."""
    if values.dtype == np.uint8 and values.shape[3] < 4:
        return values
    numbers = values.astype(np.float64) * scale
    if values.shape[3] == 4:
        cover = numbers[..., 3:] / 255.0
        numbers = numbers[..., :3] * cover + 255.0 * (1.0 - cover)
    return np.rint(numbers).astype(np.uint8)


def _labels(where: str, labels: list[NDArray[Any]]) -> Any:
    whole = np.concatenate([each.reshape(-1) for each in labels])
    if whole.dtype.kind not in _LABEL_KINDS:
        raise DataError(f"{where}: labels must be whole numbers or text, got {whole.dtype}")
    if whole.dtype.kind == "f":
        return whole
    return pd.Categorical(np.char.decode(whole, "utf-8") if whole.dtype.kind == "S" else whole)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
