"""`search`: a plan becomes a study, and the study is carried out.

What is heavy is imported after the plan is on the disk.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.space import sound_space
from automl.experiment.uncollected import uncollected
from automl.tracking.record import Record

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
    record = Record.create(Path(plan.runs_dir), plan.study, plan.to_json() | facts)
    with record.lock():
        progress = Logged(progress or Silent(), record.log_path)
        with resumable(f"automl resume {record.words}"):
            try:
                with uncollected():
                    from automl.experiment.session import Session

                session = Session(record, plan, started=started, progress=progress, tables=tables)
            except AutoMLError:
                record.remove()
                raise
            return session.run()


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """Let an interruption say how to go on.

    Args:
        command: What goes on.

    Raises:
        KeyboardInterrupt: The work was interrupted; its text is the sentence for the person.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; go on with: {command}") from None
