"""Exported folders appear whole or not at all: they are written beside their place, and then put there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automl.errors import BundleError, PlanError, unknown

FORMATS = ("bundle", "mlflow")
"""What an exported folder may be: a bundle, or a model that MLflow serves."""


def check_format(form: str) -> None:
    """Refuse a format that there is not.

    Raises:
        PlanError: There is none of that name.
    """
    if form not in FORMATS:
        raise PlanError(unknown("format", form, FORMATS))


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Give a draft folder next to the wanted one; whatever is left of it at the end goes.

    Raises:
        BundleError: The place cannot be written.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.draft")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        yield draft
    except OSError as error:
        raise BundleError(f"{folder}: the bundle cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def replace(folder: Path, draft: Path) -> None:
    """Put the draft in the folder's place."""
    earlier = draft.with_suffix(".earlier")
    if folder.exists():
        folder.rename(earlier)
    draft.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)
