"""A session on a study: set the data out, search, judge, deliver, report; the same whether it begins or goes on.

What only the end needs is imported there, so that the first trial begins soon.
"""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from automl.budget import Clock
from automl.errors import StorageError
from automl.experiment.assemble import assemble
from automl.experiment.checkpoints import forget_all
from automl.experiment.deaths import Onset
from automl.experiment.environment import environment
from automl.experiment.few_rows import settle_by_rows
from automl.experiment.first import settle_first
from automl.experiment.growing import Growing
from automl.experiment.interrupts import Interrupts, deferred
from automl.experiment.sharing import join_study
from automl.experiment.space import settle_space
from automl.experiment.stage import findings, set_out
from automl.experiment.start import start_of
from automl.experiment.strategy import settle_strategy
from automl.experiment.timetable import Timetable, until_judged
from automl.experiment.trials import require_winner, run_trials
from automl.experiment.winner import winner
from automl.experiment.workers import run_with_workers
from automl.files import disk_fault
from automl.report.summary import summarise
from automl.report.write import write_summary, write_webpage
from automl.tracking.record import CLOCK, ENSEMBLE, ENVIRONMENT, SEARCH
from automl.tracking.tracker import start_tracking
from automl.training.device import describe_device, pick_device

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from automl.experiment.objective import Objective
    from automl.experiment.plan import Plan
    from automl.experiment.progress import Progress
    from automl.tracking.record import Record
    from automl.tracking.unsent import EndState

_SEND_SECONDS = 60.0
_TERM_SECONDS = 8.0
"""How long it may take where the end was asked for by who may kill soon: a service manager, a shell that is gone."""
_HURRY_SECONDS = 2.0
"""How long it may take where somebody asked twice for the end."""
_SECONDS_BETWEEN_NOTES = 1.0
"""How often the time used is kept, at most: what a kill can make the clock forget."""


class Session:
    """One process's work on a study, which it holds alone.

    Args:
        record: The run folder, with its plan and its space.
        plan: What was asked for.
        started: The `time.monotonic()` at which the command began; now if None.
        progress: Who watches.
        tables: Data, test or validation rows, by those words, that did not come from a file.
        searches: Whether it searches; where it only judges, a storage that others share is not needed.

    Raises:
        AutoMLError: The data, the device, the storage or the address of MLflow is at fault.
    """

    def __init__(
        self,
        record: Record,
        plan: Plan,
        *,
        started: float | None,
        progress: Progress,
        tables: Mapping[str, pd.DataFrame] | None = None,
        searches: bool = True,
    ) -> None:
        self._record, self._progress = record, progress
        used = record.read_json(CLOCK)["seconds"] if record.has(CLOCK) else 0.0
        self._started = time.monotonic() if started is None else started
        self._device = pick_device(plan.device)
        is_new = not record.has(ENVIRONMENT)
        self._stage = set_out(record, plan, tables)
        if is_new:
            plan, self._stage = settle_by_rows(record, plan, self._stage)
        plan, of_space = settle_space(record, plan, self._stage)
        self._plan, of_first = settle_first(record, plan)
        if searches:
            self._plan, of_sharing = join_study(record, self._plan)
            of_first = [*of_first, *of_sharing]
        seconds_to_start = time.monotonic() - self._started
        self._timetable = Timetable(plan, Clock(until_judged(plan, seconds_to_start), used, self._started))
        self._clock = self._timetable.search
        self._kept = 0.0
        self._growing: Growing | None = None
        if is_new:
            progress.say(f"study {record.study} in {record.run_dir}")
            record.write_json(ENVIRONMENT, environment(describe_device(self._device)))
            for finding in findings(record):
                progress.say(finding.sentence)
            for sentence in (*of_space, *of_first, *settle_strategy(record, self._plan, self._stage)):
                progress.say(sentence)
        self._tracker = start_tracking(record, plan.tracking_uri)

    def run(self, break_seal: str | None = None) -> dict[str, Any]:
        """Search to the end of the budget, judge the winner, write it all down.

        Args:
            break_seal: Why the test rows may be opened though they were before.

        Returns:
            The study as the object that `report.json` holds.

        Raises:
            AutoMLError: The search came to nothing, or the test rows may not be opened.
        """
        with self._closed_at_last() as interrupts:
            objective = self._search(interrupts)
            interrupts.check()
            best = require_winner(objective)
            if (self._plan.judge and not self._plan.is_guest) or break_seal is not None:
                self._judge(interrupts, break_seal)
            else:
                self._progress.say(f"trial {best} is the best; it is not judged yet, and not exported")
            return self._finish()

    def judge(self, break_seal: str | None = None) -> dict[str, Any]:
        """Judge and export the best trial that there is; the search is over by that.

        Args:
            break_seal: Why the test rows may be opened though they were before.

        Returns:
            The study as the object that `report.json` holds.

        Raises:
            AutoMLError: No trial is completed, or the test rows may not be opened.
        """
        with self._closed_at_last() as interrupts:
            self._keep_time()  # the study is not finished any more: who is cut off here may judge again
            winner(self._record)  # there must be one
            self._judge(interrupts, break_seal)
            return self._finish()

    @contextmanager
    def _closed_at_last(self) -> Iterator[Interrupts]:
        """Leave a report and an end of MLflow's run behind also where the work does not come to its end."""
        with deferred() as interrupts:
            try:
                yield interrupts
            except KeyboardInterrupt:
                self._leave("KILLED", interrupts)
                raise
            except StorageError as error:
                self._leave("KILLED", interrupts)
                words = f"what is done is recorded; when it is back, go on with: automl resume {self._record.words}"
                raise StorageError(f"{error}; {words}") from error
            except BaseException:
                self._leave("FAILED", interrupts)
                raise

    def _search(self, interrupts: Interrupts) -> Objective:
        record, plan = self._record, self._plan
        bench = assemble(record, plan, self._stage, clock=self._clock, progress=self._progress, interrupts=interrupts)
        if bench.objective.checkpoints is not None:
            bench.objective.checkpoints.kept = self._keep_time
        if bench.study.mended_bytes:
            self._progress.say(
                f"cut {bench.study.mended_bytes} bytes of an unfinished last line off {record.journal_path}"
            )
        if dead := Onset(record).dead():
            self._progress.say(dead)
        self._progress.search_started(start_of(plan, self._stage, bench.objective.outcomes, self._clock.elapsed))
        ended = partial(self._trial_ended, bench.objective)
        with self._trees_growing(interrupts):
            if plan.jobs == 1:
                run_trials(bench.study, bench.objective, plan.budget, bench.cohorts, ended)
            else:
                run_with_workers(bench, plan, self._timetable, ended)
        if bench.study.left() == 0:
            self._progress.say("every config of the grid is tried")
        record.write_json(SEARCH, bench.study.insights())
        return bench.objective

    @contextmanager
    def _trees_growing(self, interrupts: Interrupts) -> Iterator[None]:
        """Have the trees grown that may answer together with networks, while the block runs and until they are."""
        plan = self._plan
        if not plan.include_trees or plan.is_guest or self._stage.task.has_images or self._record.has(ENSEMBLE):
            yield
            return
        self._growing = Growing(self._record, self._timetable.refit, self._progress.say)
        try:
            yield
            self._growing.finish(self._clock, interrupts)
        finally:
            self._growing.stop()

    def _trial_ended(self, objective: Objective) -> None:
        if self._growing is not None:
            self._growing.relay()
        self._timetable.expect_refit(objective)
        if self._clock.elapsed - self._kept >= _SECONDS_BETWEEN_NOTES:
            self._keep_time()
        self._tracker.nudge()

    def _judge(self, interrupts: Interrupts, break_seal: str | None) -> None:
        from automl.experiment.choosing import choose
        from automl.experiment.finals import hold_finals
        from automl.experiment.judge import judge
        from automl.experiment.model import forget_the_rest, model_of, searched_model
        from automl.experiment.refit import Refit, refit_folds

        record, plan, stage, say = self._record, self._plan, self._stage, self._progress.say
        hold_finals(record, plan, stage, clock=self._timetable.finals, interrupts=interrupts, say=say)
        choice = choose(record, plan, stage, say=say)
        if choice is None or choice.ensemble is None:
            refit_folds(record, plan, stage, winner(record), say=say, interrupts=interrupts)
        searched = searched_model(record)
        if plan.is_ensembled or plan.repeats:
            forget_the_rest(searched, plan)
        if plan.refit:
            Refit(searched, plan, stage, self._timetable.refit, interrupts, say).run()
        model = model_of(record)
        say(f"judging {'the ensemble' if model.ensemble else f'trial {model.trial}'} on the sealed test rows")
        continued = judge(record, stage, model, break_seal, say=say)
        if continued:
            self._progress.say(continued)
        interrupts.check()
        self._deliver()

    def _finish(self) -> dict[str, Any]:
        forget_all(self._record)
        result = self._close("FINISHED", self._patience())
        self._record.write_json(CLOCK, {"seconds": result["seconds"], "finished": True})
        return result

    def _deliver(self) -> None:
        """Export the winner; a failure here costs the study nothing that was computed.

        Raises:
            OSError: The disk did not take it; who goes on with the study exports it then.
        """
        self._progress.say("exporting the winner")
        from automl.experiment.deliver import export

        try:
            export(self._record, self._record.bundle_dir)
        except Exception as error:
            if disk_fault(error) is not None:
                raise
            self._progress.say(
                f"the winner was not exported: {error}; try again with: automl export {self._record.words} --output DIR"
            )

    def _close(self, state: EndState, patience: float) -> dict[str, Any]:
        """Write the reports, and have everything sent to MLflow, which may take so many seconds."""
        self._keep_time()
        result = write_summary(self._record)
        self._draw()
        if state == "FINISHED":
            self._progress.say("telling MLflow")
        for sentence in self._tracker.finish(state, timeout=patience):
            self._progress.say(sentence)
        final = summarise(self._record)
        if final["mlflow"] != result["mlflow"]:
            result = write_summary(self._record)
        return result

    def _leave(self, state: EndState, interrupts: Interrupts) -> None:
        """Close as far as the disk lets it, and at once where somebody asked twice, before or meanwhile.

        Why the work does not come to its end is said in any case.
        """
        try:
            if not interrupts.insisted:
                with suppress(KeyboardInterrupt):
                    self._close(state, self._patience_for(interrupts))
                    return
            self._keep_time()
            for sentence in self._tracker.finish(state, timeout=_HURRY_SECONDS):
                self._progress.say(sentence)
        except Exception as error:
            if disk_fault(error) is None:
                raise

    def _draw(self) -> None:
        """Write the page with plots; a failure here costs the study nothing that was computed."""
        try:
            write_webpage(self._record)
        except Exception as error:
            self._progress.say(f"the page was not written: {error}; try again with: automl report {self._record.words}")

    def _keep_time(self) -> None:
        self._kept = self._clock.elapsed
        self._record.write_json(CLOCK, {"seconds": self._kept, "finished": False})

    def _patience_for(self, interrupts: Interrupts) -> float:
        """Say how many seconds MLflow may take where the work does not come to its end."""
        is_urgent = interrupts.asked and interrupts.number != signal.SIGINT
        return min(self._patience(), _TERM_SECONDS) if is_urgent else self._patience()

    def _patience(self) -> float:
        """Say how many seconds MLflow may take at the end."""
        seconds = self._plan.budget.seconds
        if seconds is None:
            return _SEND_SECONDS
        return max(5.0, min(_SEND_SECONDS, 1.1 * seconds + 12.0 - self._clock.elapsed))
