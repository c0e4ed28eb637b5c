"""Every error this project raises on purpose.

Exception
└── AutoMLError                a person can fix it: printed as one sentence, without a traceback, exit code 2
    ├── DataError              a file or table that cannot be read or used
    │   └── TargetError        the target column is absent, constant, non-finite or of the wrong type
    ├── SplitError             rows cannot be divided into training, validation and test
    ├── SpaceError             a search space file with mistakes (all of them, one a line)
    ├── PlanError              an option of the command that cannot be honoured
    ├── StudyError             a study that exists, does not exist, is busy or is damaged
    │   └── StorageError       the storage in which a study's trials are kept is away, or refuses
    ├── DiskError              the disk does not take what is to be kept: it is full, failing or read-only
    ├── SealError              the test rows would be opened a second time, or have changed
    ├── BundleError            an exported model that cannot be read, or rows it cannot predict
    └── SearchError            the search itself came to nothing (exit code 1)

What a programmer can fix is a `ValueError` or a `TypeError`. That somebody asked for the work to end is `Interrupted`.
"""

from __future__ import annotations

import difflib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AutoMLError(Exception):
    """A mistake a person can fix; its text is one sentence (or one a line)."""

    exit_code = 2


class DataError(AutoMLError):
    """A file or table that cannot be read or used."""


class TargetError(DataError):
    """The target column is absent, constant, non-finite or of the wrong type."""


class SplitError(AutoMLError):
    """The rows cannot be divided into training, validation and test."""


class SpaceError(AutoMLError):
    """A search space with mistakes; the text names file and path, one mistake a line."""


class PlanError(AutoMLError):
    """An option of the command that cannot be honoured."""


class StudyError(AutoMLError):
    """A study that exists already, does not exist, is busy or is damaged."""


class StorageError(StudyError):
    """The storage in which a study's trials are kept is away, or refuses."""


class DiskError(AutoMLError):
    """The disk does not take what is to be kept: it is full, failing or read-only."""


class SealError(AutoMLError):
    """The test rows would be opened a second time, or have changed since they were sealed."""


class BundleError(AutoMLError):
    """An exported model that cannot be read, or rows it cannot predict."""


class SearchError(AutoMLError):
    """The search came to nothing: every trial failed, or the same bug came up again and again."""

    exit_code = 1


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that ask for the end; SIGHUP comes when the terminal is closed."""


class Interrupted(KeyboardInterrupt):
    """Somebody asked for the work to end: by ctrl-C, by a signal, or by closing the terminal.

    Args:
        sentence: What the person is told; nothing if None.
        number: The signal that asked.
    """

    def __init__(self, sentence: str | None = None, *, number: int = signal.SIGINT) -> None:
        super().__init__(*([] if sentence is None else [sentence]))
        self.number = number


def asked_by(error: KeyboardInterrupt) -> int:
    """Give the signal by which the end was asked for."""
    return error.number if isinstance(error, Interrupted) else int(signal.SIGINT)


def unknown(what: str, name: object, known: Iterable[object]) -> str:
    """Say that `name` is not one of the `known` names, with the nearest of them.

    Examples:
        >>> unknown("metric", "acuracy", ["accuracy", "f1"])
        "unknown metric 'acuracy'; did you mean 'accuracy'? Known: accuracy, f1"
    """
    names = [str(item) for item in known]
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {str(name)!r};{hint} Known: {', '.join(names)}"
