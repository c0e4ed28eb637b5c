"""`rm`: a study is removed; that its test rows were opened is not forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl import files
from automl.errors import StudyError
from automl.tracking.forget import forget
from automl.tracking.record import LEDGER, REMOVED

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


def remove(record: Record, *, mlflow: bool = False) -> int:
    """Remove a study's folder; the openings of its test rows are kept beside the other studies.

    Args:
        record: The run folder.
        mlflow: Whether its runs in MLflow are deleted first.

    Returns:
        How many runs were deleted.

    Raises:
        StudyError: The study is being run, or MLflow did not delete its runs; the folder is then left as it is.
    """
    with record.hold():
        n_runs = forget(record) if mlflow else 0
        openings = [event for event in record.read_jsonl(LEDGER) if event.get("event") == "opening"]
        if openings:
            kept = ({**event, "study": record.study} for event in openings)
            files.append_jsonl(record.runs_dir / REMOVED, *kept)
        record.delete()
    return n_runs
