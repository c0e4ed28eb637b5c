"""`update`: new rows come to a study that is judged; what is made of its model with them is promoted, or not.

A slice of the new rows is sealed before anything is trained, validation rows choose, and the slice judges once. What is
done is in `updates/N/update.json`, step by step: an update that was killed goes on after the last one.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.budget import Clock
from automl.data.seal import Seal
from automl.errors import SearchError, StudyError
from automl.experiment.interrupts import deferred
from automl.experiment.plan import Plan
from automl.experiment.progress import Logged, Progress, Silent
from automl.experiment.resume import is_finished
from automl.experiment.run import resumable
from automl.experiment.uncollected import uncollected
from automl.files import disk_fault, write_json
from automl.report.figures import counted, duration, figure
from automl.report.summary import summarise
from automl.report.updates import PARTS
from automl.report.write import renew, write_summary
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import PLAN
from automl.tracking.updates import CONTINUED, PRESENT, SCRATCH, UPDATE, update_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from automl.experiment.continuing import Continuing
    from automl.experiment.interrupts import Interrupts
    from automl.tracking.record import Record

_FOR_TRAINING = 0.85
"""The share of the time that is for training; the rest is for judging and exporting."""


def update_study(
    record: Record,
    rows: str | Path | pd.DataFrame,
    *,
    timeout: float | None = None,
    started: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a study's model on with new rows, and from scratch; promote what is chosen if it is not worse.

    Args:
        record: The study's run folder.
        rows: The new rows, or where they are.
        timeout: Seconds in all; None is without limit.
        started: The `time.monotonic()` from which they count; now if None.
        progress: Who watches.

    Returns:
        The update as the object that its `update.json` holds.

    Raises:
        StudyError: The study is being run, or is not judged.
        AutoMLError: The rows cannot be read or divided, or are too few.
    """
    from automl.experiment.sync import send_what_is_missing

    started = time.monotonic() if started is None else started
    progress = Logged(progress or Silent(), record.log_path)
    is_named = isinstance(rows, str | Path)
    again = f"automl update {record.words} {shlex.quote(str(rows))}" if is_named else "the same call"
    with record.lock(), resumable(again), deferred() as interrupts:
        _require_judged(record)
        with uncollected():
            from automl.experiment.arriving import set_out_update

        plan = Plan.from_json(record.read_json(PLAN))
        told = set_out_update(record, plan, rows)
        done = _Update(record, plan, told, interrupts, progress.say, timeout, started).run()
    send_what_is_missing(record, progress)
    return done


def _require_judged(record: Record) -> None:
    if not is_finished(record):
        raise StudyError(
            f"study {record.study!r} was interrupted; an update needs a judged model; go on with: "
            f"automl resume {record.words}"
        )
    if summarise(record)["test"] is None:
        raise StudyError(
            f"study {record.study!r} is not judged; judge its model first with: automl judge {record.words}"
        )


class _Update:
    """One update, step by step.

    Args:
        record: The study's run folder.
        plan: What was asked for.
        told: What is known of it so far.
        interrupts: Whether somebody asked for the work to end.
        say: Hears what is done.
        timeout: Seconds in all.
        started: From when they count.
    """

    def __init__(
        self,
        record: Record,
        plan: Plan,
        told: dict[str, Any],
        interrupts: Interrupts,
        say: Callable[[str], None],
        timeout: float | None,
        started: float,
    ) -> None:
        self._record, self._plan, self._told = record, plan, told
        self._interrupts, self._say = interrupts, say
        self._timeout, self._started = timeout, started

    def run(self) -> dict[str, Any]:
        """Do what is left to do."""
        rows = ", ".join(f"{self._told['rows'][part]:,} {word}" for part, word in PARTS.items())
        self._say(f"update {self._told['update']} of {self._record.study}: {rows}")
        for note in self._told["notes"]:
            self._say(note)
        if "chosen" not in self._told:
            self._train()
        if "promoted" not in self._told:
            self._judge()
        seal = Seal(self._record.run_dir, self._told["update"])
        if not seal.is_judged:
            seal.finish({name: self._told[name] for name in ("chosen", "promoted", "test")})
        self._say(self._told["sentence"])
        if self._told["promoted"]:
            self._deliver()
        self._tell(finished=True)
        write_summary(self._record)
        renew(self._record)
        return self._told

    def _tell(self, **facts: Any) -> None:
        """Keep what is known now, with the time used."""
        self._told |= facts
        write_json(update_dir(self._record, self._told["update"]) / UPDATE, self._told)

    def _train(self) -> None:
        """Make the candidates, and choose one by validation rows before any row of the slice is looked at."""
        from automl.experiment.arriving import rows_together
        from automl.experiment.continuing import Continuing
        from automl.experiment.versions import present

        number = self._told["update"]
        train, validation = rows_together(self._record, self._plan, number)
        model = present(self._record).model
        work = Continuing(self._record, self._plan, number, model, train, validation, self._interrupts)
        self._tell(
            learned={"train": len(train), "validation": len(validation)},
            **{PRESENT: self._told[PRESENT] | {"validation": work.began}},
        )
        for way, share in ((CONTINUED, 0.5), (SCRATCH, 1.0)):
            if way not in self._told:
                self._make(work, way, share)
        self._tell(chosen=_chosen(self._told))

    def _make(self, work: Continuing, way: str, share: float) -> None:
        """Make a candidate within its share of the time that is left."""
        elapsed = time.monotonic() - self._started
        until = None if self._timeout is None else elapsed + share * max(0.0, _FOR_TRAINING * self._timeout - elapsed)
        try:
            made = work.make(way, Clock(until, started=self._started))
        except SearchError as error:
            made = {"failure": str(error)}
            self._say(f"{way}: {error}")
        else:
            epochs = " and ".join(counted(each["epochs"], "epoch") for each in made["members"])
            reached = f"validation {self._told['metric']} {figure(made['validation'])}"
            self._say(f"{way}: {reached} after {epochs} in {duration(made['seconds'])}")
        self._tell(**{way: made})

    def _judge(self) -> None:
        from automl.experiment.arriving import rows_together
        from automl.experiment.promote import judge_update
        from automl.experiment.versions import made, present

        self._interrupts.check()
        self._say(f"judging on the {self._told['rows']['test']:,} sealed new rows")
        number, ways = self._told["update"], _sound(self._told)
        models = {PRESENT: present(self._record).model, **{way: made(self._record, number, way) for way in ways}}
        train, _ = rows_together(self._record, self._plan, number)
        self._tell(**judge_update(self._record, self._told, models, train))

    def _deliver(self) -> None:
        """Export the promoted model as the study's; a failure here costs nothing that was computed."""
        from automl.experiment.deliver import export

        self._say("exporting the model")
        try:
            export(self._record, self._record.bundle_dir)
        except Exception as error:
            if disk_fault(error) is not None:
                raise
            again = f"automl export {self._record.words} --output DIR"
            self._say(f"the model was not exported: {error}; try again with: {again}")


def _sound(told: dict[str, Any]) -> list[str]:
    """Name the candidates that came to something."""
    return [way for way in (CONTINUED, SCRATCH) if "failure" not in told[way]]


def _chosen(told: dict[str, Any]) -> str:
    """Choose by validation rows; of equals the one that was trained on."""
    sign = 1 if HIGHER_IS_BETTER[told["metric"]] else -1
    return max(_sound(told), key=lambda way: sign * told[way]["validation"])
