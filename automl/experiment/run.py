"""`search`: a plan becomes a study, and the study is carried out.

What is heavy is imported after the plan is on the disk.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError, DiskError, Interrupted, asked_by
from automl.experiment.progress import Logged, Progress, Silent, note
from automl.experiment.sharing import reach, withdraw
from automl.experiment.space import sound_space
from automl.experiment.uncollected import uncollected
from automl.files import disk_fault
from automl.tracking.record import LEDGER, Record
from automl.trial import Completed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from automl.experiment.plan import Plan


def search(
    plan: Plan,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    started: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Carry out a new study, from the data to the judged and exported winner.

    Args:
        plan: What is asked for, checked.
        tables: Data, test or validation rows, by those words, that do not come from a file.
        started: The `time.monotonic()` from which the timeout counts; now if None.
        progress: Who watches.

    Returns:
        The study as the object that `report.json` holds.

    Raises:
        AutoMLError: Something a person can fix; a study that has no trial yet is then taken back.
    """
    if plan.space is not None:
        sound_space(plan.space)
    facts = {"study_id": uuid.uuid4().hex, "created": datetime.now(UTC).isoformat(timespec="seconds")}
    with resumable_search(Record(Path(plan.runs_dir) / plan.study)):
        record = Record.create(Path(plan.runs_dir), plan.study, plan.to_json() | facts)
        with record.lock():
            progress = Logged(progress or Silent(), record.log_path)
            try:
                reach(record, plan)
                with uncollected():
                    from automl.experiment.session import Session

                session = Session(record, plan, started=started, progress=progress, tables=tables)
            except AutoMLError:
                withdraw(record, plan, quietly=True)
                record.remove()
                raise
            return session.run()


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """Let an interruption say how to go on.

    Args:
        command: What goes on.

    Raises:
        Interrupted: The work was interrupted; its text is the sentence for the person.
    """
    try:
        yield
    except KeyboardInterrupt as interruption:
        sentence = f"interrupted; go on with: {command}"
        raise Interrupted(sentence, number=asked_by(interruption)) from None


@contextmanager
def resumable_search(record: Record) -> Iterator[None]:
    """Let the interruption of a search say how to go on, and how to judge what it has found, where that can be done.

    Args:
        record: The run folder.

    Raises:
        DiskError: The disk did not take what is to be kept; the text says how to go on.
        Interrupted: The work was interrupted; its text is the sentence for the person, which the study's log keeps too.
    """
    try:
        yield
    except Exception as error:
        if (fault := disk_fault(error)) is None or not record.plan_path.exists():
            raise
        again = f"once it does, go on with: automl resume {record.words}"
        raise DiskError(f"{fault}; nothing that was kept is lost; {again}") from error
    except KeyboardInterrupt as interruption:
        if not record.plan_path.exists():
            raise
        sentence = f"interrupted; {_how_to_go_on(record)}"
        with suppress(OSError):  # where the terminal is gone, nobody hears it now
            note(record.log_path, sentence)
        raise Interrupted(sentence, number=asked_by(interruption)) from None


def _how_to_go_on(record: Record) -> str:
    on = f"go on with: automl resume {record.words}"
    if record.has(LEDGER) or not any(isinstance(each, Completed) for each in record.outcomes().values()):
        return on
    return f"judge the best trial so far with: automl judge {record.words}\n{on}"
