"""What the hall tells whoever watches: sentences, and how trials go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from automl.experiment.standing import Start
    from automl.trial import Epoch, Outcome


class Progress(Protocol):
    """Hears what happens while a search runs; it has no say in it."""

    def say(self, sentence: str) -> None:
        """Hear a sentence meant for a person."""

    def search_started(self, start: Start) -> None:
        """Hear what is known before this session's first trial."""

    def trial_started(self, number: int, family: str) -> None:
        """Hear that a trial begins."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Hear what an epoch of a trial came to."""

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Hear what a trial came to."""


class Silent:
    """Hears and says nothing."""

    def say(self, sentence: str) -> None:
        """Drop the sentence."""

    def search_started(self, start: Start) -> None:
        """Drop it."""

    def trial_started(self, number: int, family: str) -> None:
        """Drop it."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Drop it."""

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Drop it."""


class Logged:
    """Passes everything on, and keeps sentences and outcomes in the study's log.

    Args:
        inner: Who hears it all.
        log: The file, appended to.
    """

    def __init__(self, inner: Progress, log: Path) -> None:
        self._inner = inner
        self._log = log

    def say(self, sentence: str) -> None:
        """Log the sentence and pass it on."""
        note(self._log, sentence)
        self._inner.say(sentence)

    def search_started(self, start: Start) -> None:
        """Pass it on."""
        self._inner.search_started(start)

    def trial_started(self, number: int, family: str) -> None:
        """Pass it on."""
        self._inner.trial_started(number, family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Pass it on."""
        self._inner.epoch(number, epoch)

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Log the outcome and pass it on."""
        note(self._log, f"trial {number} {outcome.state}")
        self._inner.trial_ended(number, outcome)


def note(log: Path, line: str) -> None:
    """Keep a line in a study's log, with the time."""
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
