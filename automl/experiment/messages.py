"""What a worker process tells the search's own process, as lines of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from automl.files import strict
from automl.trial import Epoch, Outcome, outcome_from_json, outcome_to_json

if TYPE_CHECKING:
    from automl.experiment.progress import Progress
    from automl.experiment.standing import Start


class Sender:
    """A `Progress` that writes down what it hears.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def _send(self, **message: Any) -> None:
        self._stream.write(json.dumps(strict(message)) + "\n")
        self._stream.flush()

    def say(self, sentence: str) -> None:
        """Send the sentence."""
        self._send(say=sentence)

    def search_started(self, start: Start) -> None:
        """Send nothing: the search's own process knows."""

    def trial_started(self, number: int, family: str) -> None:
        """Send the trial's number and family."""
        self._send(started=number, family=family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Send the epoch."""
        self._send(trial=number, epoch=asdict(epoch))

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Send the outcome."""
        self._send(ended=number, outcome=outcome_to_json(outcome))


def deliver(line: str, progress: Progress) -> bool:
    """Pass on what a line says, and tell whether a trial has ended by it; a torn line says nothing."""
    try:
        message = json.loads(line)
    except ValueError:
        return False
    if "say" in message:
        progress.say(message["say"])
    elif "started" in message:
        progress.trial_started(message["started"], message["family"])
    elif "epoch" in message:
        numbers: dict[str, Any] = {
            name: float("nan") if value is None else value for name, value in message["epoch"].items()
        }
        progress.epoch(message["trial"], Epoch(**numbers))
    else:
        progress.trial_ended(message["ended"], outcome_from_json(message["outcome"]))
    return "ended" in message
