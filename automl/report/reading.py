"""A run folder, each part of it read once, for all that is written of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from automl.report.leaderboard import trials
from automl.report.summary import judgement_of, read_or, summarise
from automl.tracking.record import LEDGER, PLAN, RUNGS, SPLIT, TASK, Record


class Reading:
    """What a run folder says, finished or not.

    Args:
        record: The run folder.

    Raises:
        StudyError: From any part, where a file of it is damaged.
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The study as one object."""
        return summarise(self.record)

    @cached_property
    def judged(self) -> dict[str, Any] | None:
        """The judgement of the best trial, or None."""
        return judgement_of(self.record, self.summary["best"])

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each trial, best first, as `automl.report.leaderboard.trials` gives them."""
        return trials(self.record)

    @cached_property
    def by_number(self) -> list[dict[str, Any]]:
        """The same rows in the order of the trials."""
        return sorted(self.rows, key=lambda row: int(row["trial"]))

    @cached_property
    def plan(self) -> dict[str, Any]:
        """What was asked for."""
        return dict(read_or(self.record, PLAN, {}))

    @cached_property
    def task(self) -> dict[str, Any]:
        """What is predicted from what; empty before the data is divided."""
        return dict(read_or(self.record, TASK, {}))

    @cached_property
    def split(self) -> dict[str, Any]:
        """How the rows were divided; empty before."""
        return dict(read_or(self.record, SPLIT, {}))

    @cached_property
    def rungs(self) -> list[dict[str, Any]]:
        """What was decided at each rung."""
        return self.record.read_jsonl(RUNGS)

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        """Every opening of the test rows."""
        return self.record.read_jsonl(LEDGER)

    @property
    def default_score(self) -> float | None:
        """The validation score of trial 0, which is the space's default; None where it has none."""
        outcome = self.record.trial(0).read_outcome()
        return getattr(outcome, "score", None)
