"""Cohorts trained so that a fault stays with one of them, and in the memory that there is.

What memory does not hold together trains in halves, one after the other; what it does not hold alone trains with its
batches in parts, where no batch norm looks at a batch as a whole; then it has failed. Each begins anew, so that no step
is half done. A member comes to the same in a smaller cohort, to rounding, for all that it draws follows from its seed.
"""

from __future__ import annotations

import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from automl.files import disk_fault
from automl.training.failures import failure_kind
from automl.training.memory import release
from automl.trial import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from automl.trial import FailureKind, Outcome

T = TypeVar("T")


@dataclass(frozen=True)
class Portions:
    """In what portions rows go through a training.

    Args:
        accumulation: In so many parts a batch does, whose gradients are added up.
        at_once: So many validation rows do at a time, at most; None for as many as usual.
    """

    accumulation: int = 1
    at_once: int | None = None


class Log(Protocol):
    """Where decisions are kept: `trials` with their `halves`, `accumulation` or `at_once`, a line each."""

    def new(self) -> Iterable[Mapping[str, Any]]:
        """Give the lines that were added since the last call, by whomever."""

    def append(self, line: dict[str, Any]) -> None:
        """Add a line."""

    def turn(self) -> AbstractContextManager[None]:
        """Keep others from adding any while the block runs."""


class Unkept:
    """Keeps decisions for as long as it lives.

    Args:
        lines: Those that were taken before.
    """

    def __init__(self, lines: Iterable[Mapping[str, Any]] = ()) -> None:
        self._lines = [*lines]

    def new(self) -> list[Mapping[str, Any]]:
        """Give the lines that were added since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def append(self, line: dict[str, Any]) -> None:
        """Add a line."""
        self._lines.append(line)

    def turn(self) -> AbstractContextManager[None]:
        """Let the block run: nobody else adds any."""
        return nullcontext()


class Shortage:
    """What memory did not hold, and how it trains instead; kept before it is acted on, so that it does so again.

    Args:
        log: Where that is kept; only here if None.
        say: Hears what is decided.
        begin_anew: Called with the trials whose training begins anew, before that is kept.
    """

    def __init__(
        self,
        log: Log | None = None,
        say: Callable[[str], None] = lambda sentence: None,
        begin_anew: Callable[[Iterable[int]], None] = lambda numbers: None,
    ) -> None:
        self._log = log or Unkept()
        self._say, self._begin_anew = say, begin_anew
        self._known: dict[tuple[int, ...], dict[str, Any]] = {}

    def _of(self, numbers: Iterable[int]) -> dict[str, Any]:
        for line in self._log.new():
            self._known.setdefault(tuple(line["trials"]), {}).update(line)
        return self._known.get(tuple(numbers), {})

    def halves(self, numbers: Iterable[int]) -> list[list[int]]:
        """Give the groups in which a cohort trains, one after the other; none where it trains as a whole."""
        found: list[list[int]] = self._of(numbers).get("halves", [])
        return found

    def group(self, cohort: Sequence[int], number: int) -> list[int]:
        """Give those of a cohort with whom one of them trained in the end."""
        group = list(cohort)
        while halves := self.halves(group):
            group = next(half for half in halves if number in half)
        return group

    def portions(self, numbers: Iterable[int]) -> Portions:
        """Say in what portions rows go through the training of a cohort."""
        known = self._of(numbers)
        return Portions(known.get("accumulation", 1), known.get("at_once"))

    def relieve(self, numbers: Sequence[int], most_parts: int) -> bool:
        """Decide how a cohort trains that memory did not hold; False where it cannot.

        Args:
            numbers: Its trials.
            most_parts: In how many parts its batches may go through.
        """
        if len(numbers) > 1:
            middle = (len(numbers) + 1) // 2
            halves = [list(numbers[:middle]), list(numbers[middle:])]
            first, second = (", ".join(map(str, half)) for half in halves)
            self._say(f"memory does not hold trials {first}, {second} together: first {first}, then {second}")
            self._decide(numbers, halves=halves)
            return True
        parts = 2 * self.portions(numbers).accumulation
        if parts > most_parts:
            return False
        self._say(f"memory does not hold trial {numbers[0]}: its batches go through in {parts} parts, added up")
        self._decide(numbers, accumulation=parts)
        return True

    def note(self, numbers: Sequence[int], at_once: int | None) -> None:
        """Keep as how many rows at a time a cohort was evaluated, where memory did not hold as many as usual."""
        if at_once is not None and at_once != self.portions(numbers).at_once:
            self._keep({"trials": list(numbers), "at_once": at_once})

    def _decide(self, numbers: Sequence[int], **decision: Any) -> None:
        self._begin_anew(numbers)
        self._keep({"trials": list(numbers), **decision})

    def _keep(self, line: dict[str, Any]) -> None:
        with self._log.turn():
            self._log.append(line)


@dataclass(frozen=True)
class _Fault:
    """What was raised, in words: nothing of it holds on to what it was raised in."""

    kind: FailureKind
    message: str
    traceback: str


def contained(
    work: Callable[[Mapping[int, T], Portions], dict[int, Outcome]],
    cohort: Mapping[int, T],
    shortage: Shortage | None = None,
    most_parts: Callable[[T], int] = lambda each: 1,
) -> dict[int, Outcome]:
    """Train a cohort, less of it at once where memory does not hold it; any other fault stays with the one that has it.

    Args:
        work: Trains those it is given together, their rows in such portions, and says what came of each.
        cohort: What is to be trained, by number.
        shortage: What memory did not hold before, and does not hold now; nothing is known or kept if None.
        most_parts: Says in how many parts the batches of one may go through.

    Raises:
        DiskError: The disk does not take what is to be kept, which is no trial's fault.
    """
    shortage, numbers, started = shortage or Shortage(), list(cohort), time.perf_counter()
    while not (groups := shortage.halves(numbers)):
        ended = _attempted(work, cohort, shortage.portions(numbers))
        if isinstance(ended, dict):
            return ended
        if ended.kind == "out_of_memory":
            release()
            if shortage.relieve(numbers, _parts(most_parts, cohort[numbers[0]]) if len(numbers) == 1 else 1):
                continue
        if len(numbers) == 1:
            message = _message(ended, shortage.portions(numbers))
            return {numbers[0]: Failed(ended.kind, message, ended.traceback, time.perf_counter() - started)}
        groups = [[number] for number in numbers]
        break
    parts = [{number: cohort[number] for number in group} for group in groups]
    outcomes = [contained(work, part, shortage, most_parts) for part in parts]
    return {number: outcome for part in outcomes for number, outcome in part.items()}


def _attempted(
    work: Callable[[Mapping[int, T], Portions], dict[int, Outcome]], cohort: Mapping[int, T], portions: Portions
) -> dict[int, Outcome] | _Fault:
    """Train a cohort; give what was raised in words, and free what it was raised in."""
    try:
        return work(cohort, portions)
    except Exception as error:
        if fault := disk_fault(error):
            raise fault from error
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        told = _Fault(failure_kind(error), message, traceback.format_exc())
        traceback.clear_frames(error.__traceback__)
        return told


def _parts(most_parts: Callable[[T], int], each: T) -> int:
    """Say in how many parts the batches of one may go through; in one where not even finding that out fits."""
    try:
        return most_parts(each)
    except Exception as error:
        if failure_kind(error) != "out_of_memory":
            raise
    return 1


def _message(fault: _Fault, portions: Portions) -> str:
    if fault.kind != "out_of_memory":
        return fault.message
    parts = portions.accumulation
    batches = "with whole batches" if parts == 1 else f"with its batches in {parts} parts"
    return f"memory does not hold it, alone and {batches}: {fault.message}"
