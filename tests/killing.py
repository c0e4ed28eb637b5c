"""A process that is killed between two epochs, or asked to end there, and checkpoints that are due after every one."""

from __future__ import annotations


class Killed(BaseException):
    """What ends the process here."""


class Always:
    """Has a file written after every epoch."""

    def is_due(self, n_weights):
        return True

    def timed(self, write, n_weights):
        write()


class AfterEpochs:
    """Somebody who asks for the end at the end of an epoch.

    Args:
        number: Of which.
    """

    def __init__(self, number):
        self._left = number

    @property
    def asked(self):
        self._left -= 1
        return self._left == 0

    def check(self):
        if self._left == 0:
            raise KeyboardInterrupt
