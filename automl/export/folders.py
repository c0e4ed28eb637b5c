"""What is exported appears whole or not at all: it is written beside its place, and then put there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automl.errors import BundleError, PlanError, unknown

FORMATS = ("bundle", "onnx", "torch", "mlflow")
"""What an export may be: a bundle, one ONNX file, a folder that PyTorch loads, or a folder that MLflow serves."""


def check_format(form: str) -> None:
    """Refuse a format that there is not.

    Raises:
        PlanError: There is none of that name.
    """
    if form not in FORMATS:
        raise PlanError(unknown("format", form, FORMATS))


def check_output(output: Path, form: str) -> None:
    """Refuse a place where something is that the format does not replace; bundles and models of MLflow's look closer.

    Raises:
        BundleError: There is something.
    """
    if form == "onnx":
        check_absent(output)
    elif form == "torch":
        check_unused(output)


def check_absent(path: Path) -> None:
    """Refuse a place where anything is.

    Raises:
        BundleError: A file or a folder has that name.
    """
    if path.exists():
        what = "folder" if path.is_dir() else "file"
        raise BundleError(f"{path}: there is a {what} of that name already; name another place, or remove it")


def check_unused(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises:
        BundleError: It does, or is a file.
    """
    if not folder.is_dir():
        check_absent(folder)
    elif any(folder.iterdir()):
        held = min(path.name for path in folder.iterdir())
        raise BundleError(f"{folder}: the folder must be empty, but it holds {held}; name another place")


@contextmanager
def file_beside(path: Path) -> Iterator[Path]:
    """Give the place of a draft file next to the wanted one; whatever is left of it at the end goes.

    Raises:
        BundleError: The place cannot be written.
    """
    with _draft_of(path, "file") as draft:
        yield draft


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Give a draft folder next to the wanted one; whatever is left of it at the end goes.

    Raises:
        BundleError: The place cannot be written.
    """
    with _draft_of(folder, "bundle") as draft:
        draft.mkdir()
        yield draft


@contextmanager
def _draft_of(path: Path, what: str) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
    except OSError as error:
        raise BundleError(f"{path}: the {what} cannot be written: {error.strerror or error}") from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        elif draft.exists():
            draft.unlink()


def replace(folder: Path, draft: Path) -> None:
    """Put the draft in the folder's place."""
    earlier = draft.with_suffix(".earlier")
    if folder.exists():
        folder.rename(earlier)
    draft.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)
