"""A file of JSON lines that grows while several processes read it: each of them hears what is new to it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from automl import files

_TURN = "turn.lock"


class Lines:
    """One process's view of such a file.

    Args:
        path: The file, which may be absent, in the run folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._heard = 0

    def new(self) -> list[dict[str, Any]]:
        """Give the lines that came since the last call, this process's own included.

        Raises:
            StudyError: A whole line is damaged.
        """
        lines, self._heard = files.read_jsonl_from(self._path, self._heard)
        return lines

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep the study's other processes from their turn while the block runs; one process has one at a time.

        What is decided in turn is decided with all the others' decisions known.
        """
        with self._path.with_name(_TURN).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def append(self, line: dict[str, Any]) -> None:
        """Append a line, in turn; it is on the disk before the next outcome."""
        files.append_jsonl(self._path, line, lasting=False)
