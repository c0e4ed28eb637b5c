"""`rm`: a study is removed; that its test rows were opened is not forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl import files
from automl.errors import StorageError, StudyError
from automl.experiment.plan import Plan
from automl.experiment.sharing import withdraw
from automl.tracking.forget import forget
from automl.tracking.record import LEDGER, PLAN, REMOVED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automl.tracking.record import Record


def require_idle(records: Iterable[Record]) -> None:
    """Refuse studies that are being run.

    Raises:
        StudyError: One of them is; all that are, one a line.
    """
    running = [record.study for record in records if record.is_running]
    if running:
        raise StudyError("\n".join(f"study {study!r} is being run, and is not removed" for study in running))


def remove(record: Record, *, mlflow: bool = False, storage: bool = True) -> int:
    """Remove a study's folder; the openings of its test rows are kept beside the other studies.

    Args:
        record: The run folder.
        mlflow: Whether its runs in MLflow are deleted first.
        storage: Whether its trials are deleted where they are kept in a storage, and nobody else searches in it.

    Returns:
        How many runs were deleted.

    Raises:
        StudyError: The study is being run, or MLflow or the storage did not delete what is its own; the folder is then
            left as it is.
    """
    with record.hold():
        n_runs = forget(record) if mlflow else 0
        if storage:
            _leave_storage(record)
        openings = [event for event in record.read_jsonl(LEDGER) if event.get("event") == "opening"]
        if openings:
            kept = ({**event, "study": record.study} for event in openings)
            files.append_jsonl(record.runs_dir / REMOVED, *kept)
        record.delete()
    return n_runs


def _leave_storage(record: Record) -> None:
    try:
        told = record.read_json(PLAN)
    except StudyError:  # a plan that is damaged names no storage, and its folder can be removed all the same
        return
    if not told.get("storage"):
        return
    try:
        withdraw(record, Plan.from_json(told))
    except StorageError as error:
        raise StorageError(
            f"{error}; study {record.study!r} is left as it is; to remove its folder alone say --leave-storage"
        ) from error
