"""How a fact reaches the disk whole: a file is replaced in one step, a line is appended or was never there.

What is lasting is on the disk when the call returns. What is not is safe from a kill at once, and from a power cut only
when it was synced; until then a power cut may leave it empty or absent.

Numbers keep every digit, so that what is read back equals what was written bit for bit. JSON is strict: a number that
is not finite has no place in it and is written as null.
"""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from automl.errors import DiskError, StudyError

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE}
_OF_RIGHTS = {errno.EACCES, errno.EPERM}


def disk_fault(error: BaseException) -> DiskError | None:
    """Say what the disk refused where an error came of that, by whatever library it was passed on; None of others.

    What a person may not write, or may no longer, is refused too.

    Examples:
        >>> str(disk_fault(OSError(errno.ENOSPC, "No space left on device", "runs/iris-1/clock.json")))
        'the disk did not take runs/iris-1/clock.json: No space left on device'
        >>> disk_fault(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskError):
            return cause
        if isinstance(cause, OSError) and cause.errno in _OF_THE_DISK:
            # Writing by a descriptor, the system knows no name.
            return DiskError(f"the disk did not take {cause.filename or 'what is to be kept'}: {cause.strerror}")
        if isinstance(cause, OSError) and cause.errno in _OF_RIGHTS and cause.filename:
            return DiskError(f"{cause.filename} may not be read or written: {cause.strerror}")
        cause = cause.__cause__ or cause.__context__
    return None


def write_text(path: Path, text: str, *, lasting: bool = True) -> None:
    """Replace a file in one step: after a kill or a power cut it is the old one or the new one, never half of one.

    A temporary file that a killed process leaves beside it begins with a dot, and nothing reads it.

    Args:
        path: The file, whose folder exists.
        text: What it shall hold.
        lasting: Whether to wait until it is on the disk.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, 0o644)
            if lasting:
                os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if lasting:
        sync([path.parent])


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a large file in one step, and wait until it is on the disk; a kill leaves one temporary file at most."""
    staged = path.with_name(f".{path.name}.tmp")
    try:
        staged.write_bytes(content)
        put(staged, path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def is_empty(path: Path) -> bool:
    """Whether a file is absent or has nothing in it, as a power cut may leave one that was not waited for."""
    try:
        return path.stat().st_size == 0
    except (FileNotFoundError, NotADirectoryError):
        return True


def put(draft: Path, path: Path) -> None:
    """Put a finished file in the place of another, of the same folder, in one step and on the disk."""
    sync([draft])
    draft.replace(path)
    sync([path.parent])


def sync(paths: Iterable[Path]) -> None:
    """Wait until files, and the names in folders, are on the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, value: Any, *, lasting: bool = True) -> None:
    """Replace a file by the JSON of a value, as `write_text` does."""
    write_text(path, as_json(value), lasting=lasting)


def as_json(value: Any) -> str:
    """Give the text of a JSON file."""
    return json.dumps(strict(value), indent=2, allow_nan=False) + "\n"


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


def append_jsonl(path: Path, *records: Mapping[str, Any], lasting: bool = True) -> None:
    """Append lines of JSON, side by side whoever else appends; an unterminated last line is cut off first.

    Args:
        path: The file, which may be absent.
        records: What becomes of the lines, one each.
        lasting: Whether to wait until the lines are on the disk; a new file's name always is.
    """
    lines = "".join(json.dumps(strict(record), allow_nan=False) + "\n" for record in records)
    is_new = not path.exists()
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_torn_line(file)
        file.write(lines.encode())
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    if is_new:
        sync([path.parent])


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read lines of JSON; an unterminated last line was never written whole and is left out, an absent file is empty.

    Raises:
        StudyError: A terminated line is not JSON.
    """
    return read_jsonl_from(path, 0)[0]


def read_jsonl_from(path: Path, start: int) -> tuple[list[dict[str, Any]], int]:
    """Read the lines of JSON from a byte on, as `read_jsonl` does, and say at which byte the next ones begin."""
    if not path.exists():
        return [], start
    with path.open("rb") as file:
        file.seek(start)
        *lines, _ = file.read().split(b"\n")
    try:
        return [json.loads(line) for line in lines], start + sum(len(line) + 1 for line in lines)
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


def _cut_torn_line(file: IO[bytes]) -> None:
    """Cut off what a killed process left after the last newline."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
    if file.read() in (b"", b"\n"):
        return
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)
