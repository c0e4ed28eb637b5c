"""What a person sees on stderr while a search runs: a live line on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import IO, TYPE_CHECKING

from automl.budget import Budget
from automl.experiment.progress import Progress, Silent
from automl.report.figures import duration, figure
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.text import Text


@contextlib.contextmanager
def reporter(
    budget: Budget,
    started: float | None = None,
    *,
    quiet: bool = False,
    live: bool = True,
    stream: IO[str] | None = None,
) -> Iterator[Progress]:
    """Show progress while the block runs; what the block prints on stdout goes to the same place.

    Args:
        budget: What the search may spend.
        started: The `time.monotonic()` at which the command began; now if None.
        quiet: Whether to show nothing.
        live: Whether a terminal gets a line that is redrawn as trials pass.
        stream: Where to show it; stderr if None.
    """
    stream = stream or sys.stderr
    is_live = live and not quiet and stream.isatty() and os.environ.get("TERM") != "dumb"
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a library's own lines must not get into the result
            if is_live:
                from rich.console import Console

                with LiveLine(Console(file=stream, highlight=False), budget, started) as line:
                    yield line
            else:
                yield Silent() if quiet else Lines(stream)
    except KeyboardInterrupt as interruption:
        stream.write("".join(f"{sentence}\n" for sentence in interruption.args))  # how to go on, also when quiet
        raise


class Lines:
    """One plain line for each sentence and each finished trial."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, sentence: str) -> None:
        """Write the sentence."""
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def trial_started(self, number: int, family: str) -> None:
        """Write nothing: its end is worth a line, its start is not."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Write nothing."""

    def trial_ended(self, number: int, outcome: Outcome, best: float | None) -> None:
        """Write what the trial came to."""
        self.say(trial_line(number, outcome, best))


class LiveLine:
    """One line at the bottom of a terminal, redrawn as epochs pass; sentences and new bests scroll by above it."""

    def __init__(self, console: Console, budget: Budget, started: float | None = None) -> None:
        from rich.live import Live

        self._console = console
        self._budget = budget
        self._started = time.monotonic() if started is None else started
        self._trial = ""
        self._epoch = ""
        self._best: float | None = None
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=4, transient=True, redirect_stdout=False
        )

    def __enter__(self) -> LiveLine:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, sentence: str) -> None:
        """Print the sentence above the line."""
        from rich.text import Text

        self._console.print(Text(sentence), soft_wrap=True)

    def trial_started(self, number: int, family: str) -> None:
        """Show which trial runs."""
        self._trial = f"trial {number} ({family})  {self._done(number)}"
        self._epoch = ""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Show how far it is."""
        self._epoch = f"epoch {epoch.epoch}: {figure(epoch.validation)}"

    def trial_ended(self, number: int, outcome: Outcome, best: float | None) -> None:
        """Print the trial if it is the best so far, or failed."""
        self._best = best
        self._trial = self._done(number + 1)
        self._epoch = ""
        is_best = isinstance(outcome, Completed) and best == outcome.score
        if is_best or isinstance(outcome, Failed):
            self.say(trial_line(number, outcome, best))

    def _done(self, trials: int) -> str:
        return f"{trials} of {self._budget.trials} done" if self._budget.trials else f"{trials} done"

    def render(self) -> Text:
        """Give the line as it stands now."""
        from rich.text import Text

        elapsed = time.monotonic() - self._started
        parts = [self._trial or "preparing", self._epoch, f"best {figure(self._best)}", duration(elapsed)]
        if self._budget.seconds is not None:
            parts.append(f"{duration(max(0.0, self._budget.seconds - elapsed))} left")
        return Text("  ".join(part for part in parts if part), style="cyan", no_wrap=True, overflow="ellipsis")


def trial_line(number: int, outcome: Outcome, best: float | None) -> str:
    """Say in one line what a trial came to.

    Args:
        number: The trial's number, from 0.
        outcome: What it came to.
        best: The best validation score so far, this trial included.
    """
    if isinstance(outcome, Failed):
        return f"trial {number} failed ({outcome.kind.replace('_', ' ')}): {outcome.message}"
    end = {Completed: "completed", Pruned: "pruned"}[type(outcome)]
    return (
        f"trial {number} {end}: validation {figure(outcome.score)} at epoch {outcome.best_epoch} of {outcome.epochs}, "
        f"{duration(outcome.seconds)}; best so far {figure(best)}"
    )
