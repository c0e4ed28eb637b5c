"""Ctrl-C and a request to end, heard at once and obeyed where nothing is half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupts:
    """Whether somebody asked for the work to end."""

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Obey, where this is a good place to.

        Raises:
            KeyboardInterrupt: Somebody asked.
        """
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def deferred() -> Iterator[Interrupts]:
    """Hear SIGINT and SIGTERM while the block runs: the first waits for the next `check`, the second is obeyed at once.

    An exception that a signal raises in the middle of a library's own work may come out as something else, or leave a
    module half imported. Outside the main thread, where no signal arrives, nothing is changed.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return

    def hear(_signal: int, _frame: FrameType | None) -> None:
        if interrupts.asked:
            raise KeyboardInterrupt
        interrupts.asked = True

    before = {each: signal.signal(each, hear) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
