"""Which trial has won so far, read from the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import StudyError
from automl.report.summary import winner_of
from automl.task import Task
from automl.tracking.record import PLAN, TASK

if TYPE_CHECKING:
    from automl.tracking.record import Record


def winner(record: Record) -> int:
    """Give the best trial's number.

    Raises:
        StudyError: No trial is completed.
    """
    task = Task.from_json(record.read_json(TASK))
    costs = tuple(record.read_json(PLAN).get("objective", ()))
    best = winner_of(record, record.outcomes(), task.metric, costs)
    if best is None:
        raise StudyError(f"study {record.study!r} has no completed trial yet")
    return best
