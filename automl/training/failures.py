"""What sort of failure an exception in a training was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.training.memory import is_out_of_memory

if TYPE_CHECKING:
    from automl.trial import FailureKind


class OutOfTimeError(Exception):
    """The clock ran out before the first step."""


def failure_kind(error: BaseException) -> FailureKind:
    """Tell lack of memory and lack of time from a bug.

    Examples:
        >>> failure_kind(MemoryError())
        'out_of_memory'
        >>> failure_kind(KeyError("width"))
        'bug'
    """
    if isinstance(error, OutOfTimeError):
        return "timeout"
    return "out_of_memory" if is_out_of_memory(error) else "bug"
