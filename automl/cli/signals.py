"""Signals by which a command is asked to end: it ends as after ctrl-C, and its exit code says which it was."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from automl.errors import ENDS, Interrupted

if TYPE_CHECKING:
    from types import FrameType


def heed_signals() -> None:
    """Let a request to end and a closed terminal interrupt the command; what is ignored, as by `nohup`, stays so."""
    for number in ENDS:
        if number != signal.SIGINT and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _obey)


def _obey(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number=number)
