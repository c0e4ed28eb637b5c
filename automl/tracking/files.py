"""How a fact reaches the disk whole: a file is replaced in one step, a line is appended or was never there.

Numbers keep every digit, so that what is read back equals what was written bit for bit. JSON is strict: a number that
is not finite has no place in it and is written as null.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.errors import StudyError


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: after a kill or a power cut it is the old one or the new one, never half of one.

    A temporary file that a killed process leaves beside it begins with a dot, and nothing reads it.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as lasting as the files they name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Replace a file by the JSON of a value, as `write_text` does."""
    write_text(path, json.dumps(strict(value), indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        StudyError: The file is absent, cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path} is missing: the study is incomplete or was not written by this program") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"{path} is damaged: {error}") from None


def append_jsonl(path: Path, record: Mapping[str, Any]) -> None:
    """Append one line of JSON and wait until it is on the disk; an unterminated last line is cut off first."""
    line = json.dumps(strict(record), allow_nan=False) + "\n"
    is_new = not path.exists()
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_folder(path.parent)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read lines of JSON; an unterminated last line was never written whole and is left out, an absent file is empty.

    Raises:
        StudyError: A terminated line is not JSON.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise StudyError(f"{path} is damaged: {error}") from None


def strict(value: Any) -> Any:
    """Turn a value into one that strict JSON can hold: a number that is not finite becomes None.

    Examples:
        >>> strict({"score": float("nan"), "loss": (0.1, float("inf"))})
        {'score': None, 'loss': [0.1, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return value
