"""Whether studies can be kept in a folder: it can be written, its files can be locked, and its disk has room."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import Any

from automl.tracking.record import Record

LEAST_FREE = 100_000_000
"""Bytes below which a search is likely to end in a full disk."""


def examine_storage(runs_dir: Path) -> dict[str, Any]:
    """Look at the folder of all studies, or at where it would be made; nothing is left there.

    Returns:
        `runs_dir, studies, free_bytes, problem`; the problem is a sentence, or None where studies can be kept.
    """
    runs_dir = runs_dir.absolute()
    place = nearest_folder(runs_dir)
    free = shutil.disk_usage(place).free
    problem = _unusable(runs_dir, place)
    if problem is None and free < LEAST_FREE:
        problem = f"the disk of the runs folder {runs_dir} is full: {free / 1e6:.0f} MB are free"
    return {
        "runs_dir": str(runs_dir),
        "studies": 0 if problem else len(Record.all(runs_dir)),
        "free_bytes": free,
        "problem": problem,
    }


def nearest_folder(path: Path) -> Path:
    """Give the folder itself, or the nearest one above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def unwritable(folder: Path) -> str | None:
    """Say why no file can be written and locked in a folder; None where it was tried and can."""
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".automl.") as made,
            (Path(made) / "lock").open("w") as file,
        ):
            file.write("whether it can be written")
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _unusable(runs_dir: Path, place: Path) -> str | None:
    below = runs_dir
    while below.parent != place and below != place:
        below = below.parent
    if below != place and below.exists():
        return f"the runs folder {runs_dir} cannot be made: {below} is a file; --runs-dir names another folder"
    reason = unwritable(place)
    return f"the runs folder {runs_dir} cannot be written: {reason}; --runs-dir names another" if reason else None
