"""What a bundle says about itself: its format, what wrote it, and the SHA-256 of each of its files."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from automl.data.delimited import MARKS, WORDS
from automl.errors import BundleError

MANIFEST = "manifest.json"
FORMAT = 1
MISSING_WORDS = ("", *MARKS, *WORDS)
"""What counts as missing in text files, for `predict.py`, where it is no value of a column of texts."""


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Write the manifest of a folder whose other files are complete.

    Args:
        folder: The bundle.
        facts: What else to tell, as plain JSON values: versions, parity, provenance.
    """
    files = {path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    write_json(folder / MANIFEST, {"format": FORMAT, **facts, "files": files})


def check_manifest(folder: Path) -> dict[str, Any]:
    """Read a bundle's manifest and check every file against it.

    Raises:
        BundleError: There is no manifest, it is damaged or too new, or a file is absent or was changed.
    """
    manifest = read_manifest(folder)
    if manifest["format"] > FORMAT:
        raise BundleError(f"{folder}: a bundle's format must be at most {FORMAT} here, got {manifest['format']}")
    for name, wanted in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{folder}: the bundle is damaged: {name} is missing")
        if file_sha256(path) != wanted:
            raise BundleError(f"{folder}: the bundle is damaged: {name} is not the file that was exported")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a bundle's manifest without checking the files.

    Raises:
        BundleError: There is no manifest, or it is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(f"{folder} is not a bundle: it has no manifest.json")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest["format"] + 0, manifest["files"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{folder}: the bundle is damaged: manifest.json cannot be read") from error
    return manifest


def file_sha256(path: Path) -> str:
    """Give a file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write plain JSON values for people and programs to read; what JSON has no word for is refused."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """Give the versions of Python and of some packages."""
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # run from a folder that was never installed
            versions[package] = "not installed"
    return versions
