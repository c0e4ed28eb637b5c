"""`resume`: a study goes on where it was, or with a larger budget; a finished one just tells what it came to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.errors import PlanError, SealError, StudyError
from automl.experiment.plan import IN_MEMORY, Plan
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.run import resumable_search
from automl.experiment.sharing import moved, reach
from automl.experiment.uncollected import uncollected
from automl.report.summary import whereabouts
from automl.tracking.record import CLOCK, LEDGER, PLAN, REPORT, SPLIT

if TYPE_CHECKING:
    from automl.tracking.record import Record


def resume(
    record: Record,
    *,
    trials: int | None = None,
    timeout: float | None = None,
    break_seal: str | None = None,
    storage: str | None = None,
    started: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Go on with a study until its budget is spent, and judge it, unless it is to be judged by a command of its own.

    Args:
        record: The run folder.
        trials: The new total of trials; None leaves the budget as it is.
        timeout: The new total of seconds; None leaves the budget as it is.
        break_seal: Why the test rows may be opened though they were before.
        storage: Where the study's storage is from now on, with its password; None leaves that as it was.
        started: The `time.monotonic()` from which this session's time counts; now if None.
        progress: Who watches.

    Returns:
        The study as the object that `report.json` holds.

    Raises:
        PlanError: The new total is less than was spent already, or a storage is named for a study that has none.
        SealError: The study is judged, and no reason to break the seal was given.
        StudyError: The study is busy, or was killed before a table that came from memory was on the disk.
    """
    told = record.read_json(PLAN)
    is_raised = trials is not None or timeout is not None
    if is_finished(record) and not break_seal:
        if not (is_raised and _raises(record, told, trials, timeout)):
            from automl.experiment.sync import send_what_is_missing

            send_what_is_missing(record, progress or Silent())
            report: dict[str, Any] = record.read_json(REPORT)
            return report | whereabouts(record)
        if record.read_jsonl(LEDGER):
            raise SealError(
                f"study {record.study!r} is judged; to search on and judge its test rows once more, give the reason: "
                f"automl resume {record.words} --break-seal REASON"
            )
    with record.lock():
        plan = moved(_raised(record, Plan.from_json(told), trials, timeout), storage)
        reach(record, plan)
        if is_raised or storage is not None:
            record.write_json(PLAN, told | plan.to_json())
        return _go_on(record, plan, break_seal, started, Logged(progress or Silent(), record.log_path))


def _go_on(
    record: Record, plan: Plan, break_seal: str | None, started: float | None, progress: Progress
) -> dict[str, Any]:
    with uncollected():
        from automl.experiment.session import Session

    if IN_MEMORY in (plan.data, plan.test, plan.validation) and not record.has(SPLIT):
        raise StudyError(f"study {record.study!r} was killed before its table was kept; search again with the table")
    progress.say(f"study {record.study} goes on")
    with resumable_search(record):
        return Session(record, plan, started=started, progress=progress).run(break_seal)


def is_finished(record: Record) -> bool:
    """Whether a study's search is over, by its budget or because its winner was judged."""
    return record.has(CLOCK) and bool(record.read_json(CLOCK)["finished"])


def _raises(record: Record, told: dict[str, Any], trials: int | None, timeout: float | None) -> bool:
    """Tell whether a new total asks for more than a finished study had."""
    more_trials = trials is not None and trials > len(record.outcomes())
    return more_trials or (timeout is not None and timeout > (told["timeout"] or 0.0))


def _raised(record: Record, plan: Plan, trials: int | None, timeout: float | None) -> Plan:
    """Give the plan with its new totals; a limit that is not named stays as it was."""
    done = len(record.outcomes())
    if trials is not None and trials < done:
        raise PlanError(f"--trials is the total, and study {record.study!r} has {done} trials already, got {trials}")
    budget = plan.budget
    if trials is None and timeout is None:
        return plan
    return replace(
        plan,
        trials=budget.trials if trials is None else trials,
        timeout=budget.seconds if timeout is None else timeout,
    )
