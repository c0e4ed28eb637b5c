"""Where images and their labels lie in a folder or an archive, told from names alone: no image is opened here."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from automl.data.builtin import builtin_target
from automl.errors import DataError

IMAGE, LABEL, SPLIT, FILE = "image", "label", "split", "file"
"""The columns of a table of images: `split` only where the source names each row's part, `file` without labels."""

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
"""How an image file's name may end, in any case of letters."""

PART_WORDS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""What a split column may say, or a folder be called, in any case of letters, and the part it means."""

_ARRAY = re.compile(r"(x|y)(?:_(train|training|validation|valid|val|dev|test))?", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How a folder holds images.

    Args:
        kind: `classes`: one folder per class; `parts`: such folders in `train` and `test`; `files`: image files alone.
        folders: The folders that hold the classes or the files, by part; the only one's name is empty.
    """

    kind: Literal["classes", "parts", "files"]
    folders: dict[str, Path]


@dataclass(frozen=True)
class Defaults:
    """What a source itself says where the user says nothing.

    Args:
        target: The column that is to be predicted, or None.
        split: The column that names each row's part, or None.
    """

    target: str | None = None
    split: str | None = None


def source_defaults(source: object) -> Defaults:
    """Tell the target and the split column that a source has of its own: built-in tables and sets of images do.

    A source that cannot be read has none; reading it says why.

    Args:
        source: What `read_table` takes.

    Examples:
        >>> source_defaults("iris")
        Defaults(target='target', split=None)
        >>> source_defaults("rows.csv")
        Defaults(target=None, split=None)
    """
    if not isinstance(source, str | Path) or builtin_target(source):
        return Defaults(builtin_target(source))
    path = Path(source)
    try:
        if path.is_dir():
            kind = folder_layout(path).kind
            return Defaults(None if kind == "files" else LABEL, SPLIT if kind == "parts" else None)
        if path.suffix.lower() == ".npz":
            parts = archive_parts(_names_in(path))
            return Defaults(LABEL if _is_labelled(parts) else None, SPLIT if "test" in parts else None)
    except (DataError, OSError, zipfile.BadZipFile):
        pass
    return Defaults()


def folder_layout(folder: Path) -> Layout:
    """Tell how a folder holds images.

    Raises:
        DataError: It holds none, or only one of `train` and `test` holds classes.
    """
    inner = [path for path in visible(folder) if path.is_dir() and next(image_files(path), None) is not None]
    parts: dict[str, list[Path]] = {}
    for path in inner:
        part = PART_WORDS.get(path.name.lower())
        if part is not None and has_classes(path):
            parts.setdefault(part, []).append(path)
    if {"train", "test"} <= parts.keys():
        return Layout("parts", _one_each(folder, parts))
    if parts and all(path.name.lower() in PART_WORDS for path in inner):
        only = next(iter(parts.values()))[0]
        said = f"{folder}: train/ and test/ must both hold one folder per class"
        raise DataError(f"{said}; to divide the images of one of them, give {only}")
    if inner:
        return Layout("classes", {"": folder})
    if any(is_image(path.name) for path in visible(folder)):
        return Layout("files", {"": folder})
    raise DataError(f"{folder}: a folder must hold images ({', '.join(IMAGE_ENDINGS)}) in one folder per class")


def archive_parts(names: list[str]) -> dict[str, dict[str, str]]:
    """Give an archive's arrays by part and letter, `{"train": {"x": name, "y": name}}`; without parts, under ``.

    Where the archive has training arrays, those without a part are ignored, as is every other array.

    Examples:
        >>> archive_parts(["X", "y", "names"])
        {'': {'x': 'X', 'y': 'y'}}
    """
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        found = _ARRAY.fullmatch(name)
        if found:
            part = PART_WORDS[found[2].lower()] if found[2] else ""
            parts.setdefault(part, {})[found[1].lower()] = name
    if "x" not in parts.get("train", {}):
        return {"": parts[""]} if "x" in parts.get("", {}) else {}
    order = ("train", "validation", "test")
    return {part: parts[part] for part in order if part in parts}


def is_image(name: str) -> bool:
    """Tell whether a file's name ends as an image's does."""
    return name.lower().endswith(IMAGE_ENDINGS)


def visible(folder: Path) -> list[Path]:
    """Give what lies in a folder in the order of names, without what systems hide there."""
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__MACOSX"))]


def image_files(folder: Path) -> Iterator[Path]:
    """Give the image files in a folder and below it, in the order of names."""
    for where, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        yield from (Path(where, name) for name in sorted(names) if is_image(name) and not name.startswith("."))


def has_classes(folder: Path) -> bool:
    """Tell whether a folder holds folders with images."""
    return any(path.is_dir() and next(image_files(path), None) is not None for path in visible(folder))


def _one_each(folder: Path, parts: dict[str, list[Path]]) -> dict[str, Path]:
    twice = [path.name for found in parts.values() if len(found) > 1 for path in found]
    if twice:
        raise DataError(f"{folder}: each part must be in one folder, got {', '.join(twice)}")
    return {part: parts[part][0] for part in ("train", "validation", "test") if part in parts}


def _names_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as file:
        return [name.removesuffix(".npy") for name in file.namelist()]


def _is_labelled(parts: dict[str, dict[str, str]]) -> bool:
    return bool(parts) and all("y" in arrays for arrays in parts.values())
