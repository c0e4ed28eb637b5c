"""How a search stands: what is over, what runs, what is best and beside what, and how much time is left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from automl.budget import Budget
from automl.task import HIGHER_IS_BETTER
from automl.trial import Completed, Epoch, Outcome, best_of

DEFAULT = 0
"""The trial whose config is the space's default."""


@dataclass(frozen=True)
class Start:
    """What is known when a search begins or goes on.

    Args:
        metric: What its scores are.
        budget: What it may spend in all.
        elapsed: Seconds that the study has used, earlier sessions' included.
        outcomes: What came of the trials of earlier sessions, by number.
        constants: Validation scores of answers that read no column, by the baseline's name.
        costs: What is to be small beside a good score.
    """

    metric: str
    budget: Budget = field(default_factory=Budget)
    elapsed: float = 0.0
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    costs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Running:
    """A trial that runs: its family, and its latest epoch if it has had one."""

    family: str
    epoch: Epoch | None = None


class Standing:
    """Counts what a search tells.

    Args:
        start: What was known when it began.
        now: The `time.monotonic()` at which that was.
    """

    def __init__(self, start: Start, now: float) -> None:
        self.start = start
        self.best: int | None = None
        self.default: Outcome | None = None
        self.bests: list[float] = []
        self.running: dict[int, Running] = {}
        self._states: dict[int, str] = {}
        self._leader: Outcome | None = None
        self._began = now
        self._started = now - start.elapsed
        for number in sorted(start.outcomes):
            self.trial_ended(number, start.outcomes[number])
        self._over_before = self.over

    @property
    def over(self) -> int:
        """How many trials are over, earlier sessions' included."""
        return len(self._states)

    @property
    def counts(self) -> dict[str, int]:
        """How many trials are over, by state."""
        states = list(self._states.values())
        return {state: states.count(state) for state in ("completed", "pruned", "failed")}

    @property
    def best_score(self) -> float | None:
        """The best validation score of a completed trial."""
        return self.bests[-1] if self.bests else None

    @property
    def higher_is_better(self) -> bool:
        """The direction of the scores."""
        return HIGHER_IS_BETTER[self.start.metric]

    def trial_started(self, number: int, family: str) -> None:
        """Take in that a trial begins."""
        self.running[number] = Running(family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Take in what an epoch came to."""
        if number in self.running:
            self.running[number] = Running(self.running[number].family, epoch)

    def trial_ended(self, number: int, outcome: Outcome) -> bool:
        """Take in what a trial came to, and tell whether its score is better than all before."""
        self.running.pop(number, None)
        self._states[number] = outcome.state
        if number == DEFAULT:
            self.default = outcome
        before = self.best_score
        self._take_the_lead(number, outcome)
        if self._leader is not None:
            assert isinstance(self._leader, Completed)
            self.bests.append(self._leader.score)
        return self.best == number and self.best_score != before

    def _take_the_lead(self, number: int, outcome: Outcome) -> None:
        rivals = [(number, outcome)]
        if self.best is not None and self._leader is not None:
            rivals.append((self.best, self._leader))
        if best_of(rivals, self.higher_is_better, self.start.costs) == number:
            self.best, self._leader = number, outcome

    def elapsed(self, now: float) -> float:
        """Seconds that the study has used, earlier sessions' included."""
        return now - self._started

    def seconds_left(self, now: float) -> tuple[float | None, bool]:
        """Say how many seconds are left, and whether that is an estimate from the pace of the trials so far.

        Both limits of the budget count, whichever is reached first; None where neither says anything yet, and once the
        last trial is over.
        """
        seconds, trials = self.start.budget.seconds, self.start.budget.trials
        if trials is not None and self.over >= trials:
            return None, False
        limit = math.inf if seconds is None else max(0.0, seconds - self.elapsed(now))
        paced = self._at_this_pace(now)
        left = min(limit, paced)
        return (left, paced < limit) if math.isfinite(left) else (None, False)

    def _at_this_pace(self, now: float) -> float:
        over, trials = self.over - self._over_before, self.start.budget.trials
        if not over or trials is None:
            return math.inf
        return (now - self._began) / over * (trials - self.over)
