"""Further processes of a command: each ends when its standard input does, and so with the command itself."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def launch(
    module: str, words: Sequence[str], *, log: Path, environment: Mapping[str, str], told: str
) -> subprocess.Popen[str]:
    """Start a module of this project in a process of its own, which no signal of the terminal reaches.

    Args:
        module: Its name.
        words: Its arguments.
        log: The file to which what it says beside its messages is added.
        environment: What its environment has beside this one's.
        told: The first line that it reads.

    Returns:
        The process, with `stdin` and `stdout`.
    """
    with log.open("a", encoding="utf-8") as end:
        # -P: what lies in the current folder is data, not modules.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=end,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
    assert process.stdin is not None
    process.stdin.write(told + "\n")
    process.stdin.flush()
    return process
