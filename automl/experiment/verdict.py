"""`judge`: the winner of a study whose search is over, or was ended, is judged by a command of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.data.seal import Seal
from automl.errors import SealError, StudyError
from automl.experiment.plan import Plan
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.resume import is_finished
from automl.experiment.run import resumable
from automl.experiment.uncollected import uncollected
from automl.tracking.record import PLAN, SPLIT
from automl.trial import Completed

if TYPE_CHECKING:
    from automl.tracking.record import Record


def judge_study(
    record: Record, *, break_seal: str | None = None, started: float | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Judge a study's best trial on the sealed test rows, once, and export it; no trial is run any more.

    Args:
        record: The run folder.
        break_seal: Why the test rows may be opened though they were before.
        started: The `time.monotonic()` from which this session's time counts; now if None.
        progress: Who watches.

    Returns:
        The study as the object that `report.json` holds.

    Raises:
        SealError: The study is judged, and no reason to break the seal was given.
        StudyError: The study is being run, or no trial is completed.
    """
    with record.lock():
        n_trials = _require_something_to_judge(record)
        _require_a_closed_seal(record, break_seal)
        with uncollected():
            from automl.experiment.session import Session

        # The search has its budget, and the judgement none.
        plan = replace(Plan.from_json(record.read_json(PLAN)), trials=n_trials, timeout=None)
        watching = Logged(progress or Silent(), record.log_path)
        with resumable(f"automl judge {record.words}"):
            return Session(record, plan, started=started, progress=watching, searches=False).judge(break_seal)


def _require_something_to_judge(record: Record) -> int:
    """Give how many trials there are, one of which at least is completed."""
    outcomes = record.outcomes() if record.has(SPLIT) else {}
    if not any(isinstance(outcome, Completed) for outcome in outcomes.values()):
        raise StudyError(
            f"study {record.study!r} has no completed trial to judge; go on with: automl resume {record.words}"
        )
    return len(outcomes)


def _require_a_closed_seal(record: Record, break_seal: str | None) -> None:
    """Refuse a second judgement; one that was cut off before the winner was exported is not over."""
    openings = Seal(record.run_dir).openings()
    if not openings or openings[-1]["result"] is None or not is_finished(record) or break_seal:
        return
    last = openings[-1]
    raise SealError(
        f"study {record.study!r} is judged (trial {last['trial']}, on {last['time']}); to judge on its test rows once "
        f"more, give the reason, which every report shows: automl judge {record.words} --break-seal REASON"
    )
