"""What a person sees on stderr while a search runs: a panel on a terminal, few plain lines elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from automl.cli import standing as words
from automl.experiment.progress import Progress, Silent
from automl.experiment.standing import Standing, Start
from automl.report.figures import sparkline
from automl.trial import Epoch, Failed, Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Clock = Callable[[], float]

_SHORTEST_PAUSE, _LONGEST_PAUSE, _PAUSES_GROW = 5.0, 60.0, 0.1
"""Seconds between two lines of a log: a tenth of the time so far, within these bounds."""
_LONGEST_SPARKLINE, _SHORTEST_SPARKLINE = 40, 4


@contextlib.contextmanager
def reporter(
    started: float | None = None, *, quiet: bool = False, live: bool = True, stream: IO[str] | None = None
) -> Iterator[Progress]:
    """Show progress while the block runs; what the block prints on stdout goes to the same place.

    Args:
        started: The `time.monotonic()` at which the command began; now if None.
        quiet: Whether to show nothing.
        live: Whether a terminal gets the panel; plain lines if not.
        stream: Where to show it; stderr if None.
    """
    stream = stream or sys.stderr
    is_live = live and not quiet and stream.isatty() and os.environ.get("TERM") != "dumb"
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a library's own lines must not get into the result
            if is_live:
                from rich.console import Console

                with Panel(Console(file=stream, highlight=False), started) as panel:
                    yield panel
            elif quiet:
                yield Silent()
            else:
                with Lines(stream) as lines:
                    yield lines
    except KeyboardInterrupt as interruption:
        stream.write("".join(f"{sentence}\n" for sentence in interruption.args))  # how to go on, also when quiet
        raise


class Lines:
    """Plain lines, few enough for a log file: every sentence, and now and then how the search stands.

    Args:
        stream: Where they go.
        clock: Tells the time, in seconds.
    """

    def __init__(self, stream: IO[str], clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._standing: Standing | None = None
        self._next = 0.0
        self._is_unsaid = False
        self._failures: set[str] = set()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._say_how_it_stands()

    def say(self, sentence: str) -> None:
        """Write the sentence, after what came of trials that is not written yet."""
        self._say_how_it_stands()
        self._write(sentence)

    def search_started(self, start: Start) -> None:
        """Write where an earlier session left off, if there was one."""
        now = self._clock()
        self._standing = Standing(start, now)
        self._next = now + _SHORTEST_PAUSE
        self._is_unsaid = bool(start.outcomes)
        self._say_how_it_stands()

    def trial_started(self, number: int, family: str) -> None:
        """Write nothing: its end is worth a line, its start is not."""
        _known(self._standing).trial_started(number, family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Write how far a long training is, if nothing was written for a while."""
        standing = _known(self._standing)
        standing.epoch(number, epoch)
        if self._clock() >= self._next and not self._is_unsaid:
            self._write(f"running: {words.running(standing)}; {words.time_used(standing, self._clock())}")
            self._pause()
        self._after_a_pause()

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Write a failure of a new kind, and how the search stands if nothing was written for a while."""
        _known(self._standing).trial_ended(number, outcome)
        self._is_unsaid = True
        if isinstance(outcome, Failed) and outcome.kind not in self._failures:
            self._failures.add(outcome.kind)
            self._write(words.failure(number, outcome))
        self._after_a_pause()

    def _after_a_pause(self) -> None:
        if self._clock() >= self._next:
            self._say_how_it_stands()

    def _say_how_it_stands(self) -> None:
        if self._is_unsaid:
            self._write(words.status(_known(self._standing), self._clock()))
            self._is_unsaid = False
            self._pause()

    def _pause(self) -> None:
        now = self._clock()
        grown = _PAUSES_GROW * _known(self._standing).elapsed(now)
        self._next = now + min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, grown))

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class Panel:
    """Some lines at the bottom of a terminal, redrawn as epochs pass; sentences and new bests scroll by above them.

    Args:
        console: The terminal.
        started: The time at which the command began; now if None.
        clock: Tells the time, in seconds.
    """

    def __init__(self, console: Console, started: float | None = None, clock: Clock = time.monotonic) -> None:
        from rich.live import Live

        self._console = console
        self._clock = clock
        self._started = clock() if started is None else started
        self._standing: Standing | None = None
        self._said = ""
        self._failures: set[str] = set()
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=4, transient=True, redirect_stdout=False
        )

    def __enter__(self) -> Panel:
        self._live.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._live.stop()
        if kind is not None and self._standing is not None:
            self._print(words.status(self._standing, self._clock()))

    def say(self, sentence: str) -> None:
        """Print the sentence above the panel."""
        self._said = sentence
        self._print(sentence)

    def search_started(self, start: Start) -> None:
        """Begin to show how the search stands."""
        self._standing = Standing(start, self._clock())

    def trial_started(self, number: int, family: str) -> None:
        """Show that it runs."""
        self._said = ""
        _known(self._standing).trial_started(number, family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Show how far it is."""
        _known(self._standing).epoch(number, epoch)

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Print the trial if it is the best so far, or the first to fail in its way."""
        standing = _known(self._standing)
        if standing.trial_ended(number, outcome):
            self._print(words.new_best(number, outcome, standing.start.metric))
        elif isinstance(outcome, Failed) and outcome.kind not in self._failures:
            self._failures.add(outcome.kind)
            self._print(words.failure(number, outcome))

    def render(self) -> Text:
        """Give the panel as it stands now."""
        from rich.text import Text

        lines = self._lines()
        width = max(map(len, lines)) + 2
        text = Text(no_wrap=True, overflow="ellipsis")
        for place, (label, content) in enumerate(lines.items()):
            text.append(("\n" if place else "") + label.ljust(width), style="dim")
            text.append(content)
            if label == "best":
                text.append(self._drawn(width + len(content)), style="cyan")
        return text

    def _lines(self) -> dict[str, str]:
        now, standing = self._clock(), self._standing
        if standing is None:
            return {"time": words.whole(now - self._started), "now": "preparing"}
        return {
            "trials": words.counts(standing),
            "best": words.best(standing),
            "time": words.time_used(standing, now),
            "now": words.running(standing) or self._said,
        }

    def _drawn(self, taken: int) -> str:
        """Draw the best score so far, trial by trial, in what is left of the line."""
        assert self._standing is not None
        width = min(_LONGEST_SPARKLINE, self._console.width - taken - 2)
        if width < _SHORTEST_SPARKLINE or self._console.options.ascii_only:
            return ""
        return f"  {sparkline(self._standing.bests, width)}"

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)


def _known(standing: Standing | None) -> Standing:
    """Give how the search stands; nothing is heard of trials before it is known."""
    assert standing is not None
    return standing
