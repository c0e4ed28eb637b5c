"""A folder of image files to a table: folders named as classes give `image` and `label`, files `image` and `file`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from automl.data.decode import decode, unreadable_files
from automl.data.findings import with_findings
from automl.data.layouts import FILE, IMAGE, LABEL, SPLIT, folder_layout, image_files, is_image, visible
from automl.task import Finding


def read_folder(folder: Path, size: tuple[int, int] | None = None) -> pd.DataFrame:
    """Read a folder of images; files that cannot be read are left out, and a finding names them.

    Args:
        folder: One folder per class; or `train`, `test` and perhaps `validation` with such folders; or files alone.
        size: Height and width to store the images at; None to settle it from their headers.

    Returns:
        Columns `image` and `label`, which is categorical: a folder named `3` is a class and no number; between parts
        `split` too. For files alone, `image` and `file`.

    Raises:
        DataError: The folder holds no images, or too many of them cannot be read.
    """
    layout = folder_layout(folder)
    if layout.kind == "files":
        paths = [path for path in visible(folder) if path.is_file() and is_image(path.name)]
        columns = {FILE: [path.name for path in paths]}
    else:
        found = [
            (part, inner.name, path)
            for part, classes in layout.folders.items()
            for inner in visible(classes)
            if inner.is_dir()
            for path in image_files(inner)
        ]
        paths = [path for _, _, path in found]
        columns = {LABEL: [name for _, name, _ in found], SPLIT: [part for part, _, _ in found]}
        if layout.kind == "classes":
            del columns[SPLIT]
    return _table(folder, paths, columns, size)


def _table(
    folder: Path, paths: list[Path], columns: dict[str, list[str]], size: tuple[int, int] | None
) -> pd.DataFrame:
    decoded = decode(paths, size)
    names = [str(path.relative_to(folder)) for path in paths]
    findings = unreadable_files(decoded, names, str(folder), "they are left out")
    table = pd.DataFrame({IMAGE: decoded.images, **columns})
    if decoded.unreadable:
        table = table[~decoded.images.isna()].reset_index(drop=True)
    if LABEL in columns:
        table[LABEL] = table[LABEL].astype("category")
    return with_findings(table, [*findings, *_strangers(folder, paths)])


def _strangers(folder: Path, paths: list[Path]) -> list[Finding]:
    """Tell of files that do not lie where images are looked for, or whose name does not end as an image's does."""
    known = set(paths)
    others = [
        path for path in sorted(folder.rglob("*")) if path not in known and path.is_file() and path.name[0] not in "._"
    ]
    if not others:
        return []
    said = f"{len(others)} other {'file' if len(others) == 1 else 'files'} in {folder} ignored, such as "
    return [Finding("ignored", None, said + str(others[0].relative_to(folder)))]
