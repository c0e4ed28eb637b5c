"""Ctrl-C, a request to end and a closed terminal, heard at once and obeyed where nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automl.errors import ENDS, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupts:
    """Whether somebody asked for the work to end."""

    def __init__(self) -> None:
        self.asked = False
        self.insisted = False
        """Whether somebody asked twice."""
        self.heard: Callable[[], None] = lambda: None
        """Called when somebody asks for the first time, wherever the work is."""
        self.number: int = signal.SIGINT
        """The signal that asked first."""

    def ask(self, number: int = signal.SIGINT) -> None:
        """Ask for the end.

        Args:
            number: The signal that asks.
        """
        if not self.asked:
            self.asked, self.number = True, number
            self.heard()

    def check(self) -> None:
        """Obey, where this is a good place to.

        Raises:
            Interrupted: Somebody asked.
        """
        if self.asked:
            raise Interrupted(number=self.number)


@contextmanager
def deferred(interrupts: Interrupts | None = None) -> Iterator[Interrupts]:
    """Hear the signals that ask for the end: the first waits for the next `check`, the second is obeyed at once.

    A terminal that is closed asks once, however often it is said: shell and system both say it. A signal that is
    ignored, as `nohup` has it, stays so. An exception that a signal raises in the middle of a library's own work may
    come out as something else, or leave a module half imported. Outside the main thread, where no signal arrives,
    nothing is changed.

    Args:
        interrupts: Who is told; a new one if None.
    """
    interrupts = interrupts or Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return

    def hear(number: int, _frame: FrameType | None) -> None:
        if interrupts.asked and number != signal.SIGHUP:
            interrupts.insisted = True
            interrupts.check()
        interrupts.ask(number)

    heeded = [each for each in ENDS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, hear) for each in heeded}
    try:
        yield interrupts
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
