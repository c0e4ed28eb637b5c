"""Standard output and error of a command: what becomes of its words where nobody reads them any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import IO, Any


def settle_streams() -> None:
    """Let standard error lose its words rather than stop the work, and standard output say that its reader has gone."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to stop
    if sys.stderr is not None:
        sys.stderr = Spoken(sys.stderr)
    if sys.stdout is not None:
        sys.stdout = Printed(sys.stdout)


class _Stream:
    """A stream of text that is the given one but for what is written into it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._failed(error)
            return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        raise error

    def _into_nothing(self) -> None:
        """Let all that is still to come, and what is held back, go nowhere."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._stream.fileno())
        os.close(nothing)


class Spoken(_Stream):
    """Standard error: progress and warnings, without which the work is the same. The run folder has a log of its own.

    Its reader may go away, as a terminal or a pipe does, and its disk may be full.
    """

    def _failed(self, error: OSError) -> None:
        self._into_nothing()


class Printed(_Stream):
    """Standard output, which holds the result: that it cannot be written is told; a terminal that is gone is nobody.

    Raises:
        BrokenPipeError: Its reader has gone.
    """

    def _failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError) or error.errno == errno.EIO:
            self._into_nothing()
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
        raise error
