"""A column of file names in a table to a column of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.data.decode import decode, unreadable_files
from automl.data.findings import with_findings
from automl.data.images import ImageArray
from automl.data.layouts import is_image
from automl.data.values import as_text, distinct_texts
from automl.task import Finding

IMAGE_SHARE = 0.95
"""Text names images when at least this share of its values ends as an image file's name does."""
GLANCE, FIRST = 1000, 10
"""So many values tell whether to look at all, and so many files whether the names lead anywhere."""


def with_images(table: pd.DataFrame, folder: Path, size: tuple[int, int] | None = None) -> pd.DataFrame:
    """Read the files that text columns name, where they do; other columns stay as they are.

    Each file is read once however many rows name it. A row whose file cannot be read has no image.

    Args:
        table: A table, changed in place.
        folder: What the names are relative to; they may also be absolute.
        size: Height and width to store the images at; None to settle it from their headers.

    Raises:
        DataError: More than a few of a column's files cannot be read.
    """
    findings: list[Finding] = []
    for name in table.columns:
        if not _may_name_files(table[name]):
            continue
        codes, texts = distinct_texts(table[name])
        ends = np.array([is_image(text) for text in texts])
        if ends[codes[texts[codes] != ""]].mean() < IMAGE_SHARE:
            continue
        places = np.flatnonzero(texts != "")
        names = texts[places].tolist()
        paths = [folder / text for text in names]
        if not any(path.is_file() for path in paths[:FIRST]):
            said = f"column {name!r} names image files, but {paths[0]} and the next ones do not exist: read as text"
            findings.append(Finding("images", name, said))
            continue
        decoded = decode(paths, size)
        findings += unreadable_files(decoded, names, f"column {name!r}", "their rows have no image")
        index = np.full(len(texts), -1, dtype=np.int64)
        index[places] = decoded.images.index
        table[name] = ImageArray(decoded.images.store, index[codes])
    return with_findings(table, findings)


def _may_name_files(values: pd.Series[Any]) -> bool:
    """Tell at a glance of most columns that they name no image."""
    if not isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype) and values.dtype != object:
        return False
    return any(map(is_image, as_text(values.dropna().head(GLANCE))))
