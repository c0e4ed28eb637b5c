"""The other processes of a search on one machine: started, heard, and gone before the search judges."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from automl.experiment.messages import deliver
from automl.experiment.sharing import environment_of
from automl.experiment.trials import run_again, run_new, run_trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.budget import Clock
    from automl.experiment.assemble import Bench
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.plan import Plan
    from automl.experiment.progress import Progress
    from automl.experiment.standing import Start
    from automl.tracking.record import Record
    from automl.trial import Epoch, Outcome

LOG = "workers.log"
_POLL_SECONDS = 0.1


class Workers:
    """Worker processes, and what they tell.

    Whatever becomes of a worker, nothing is lost: its trials are in the journal, and are run again by this process.

    Args:
        record: The run folder, which this process holds.
        plan: What was asked for: this process and `jobs - 1` workers.
        clock: The search's, which counts for them too.
        progress: Who hears of their trials.
        trial_ended: Called when one of their trials is over and on the disk.
    """

    def __init__(
        self,
        record: Record,
        plan: Plan,
        clock: Clock,
        progress: Progress,
        trial_ended: Callable[[], None],
    ) -> None:
        self._record = record
        self._environ = {**os.environ, "PYTHONUNBUFFERED": "1", **environment_of(plan)}
        self._progress = progress
        self._trial_ended = trial_ended
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._processes = [self._launch(place, clock) for place in range(1, plan.jobs)]

    def _launch(self, place: int, clock: Clock) -> subprocess.Popen[str]:
        with (self._record.run_dir / LOG).open("a", encoding="utf-8") as log:
            # -P: what lies in the current folder is data, not modules.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "automl.experiment.worker", str(self._record.run_dir), str(place)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env=self._environ,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(clock.to_json()) + "\n")
        process.stdin.flush()
        threading.Thread(target=self._hear, args=(process.stdout,), daemon=True).start()
        return process

    def _hear(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)

    def relay(self) -> None:
        """Pass on what was heard since the last time; it is done where the caller is, in no other thread."""
        while not self._lines.empty():
            if deliver(self._lines.get(), self._progress):
                self._trial_ended()

    def wait(self, interrupts: Interrupts) -> None:
        """Wait until all have come to the end of the budget, and say of those that ended otherwise.

        Raises:
            KeyboardInterrupt: Somebody asked for the work to end.
        """
        for process in self._processes:
            while process.poll() is None:
                interrupts.check()
                self.relay()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_SECONDS)
        self.relay()
        ended = [process.returncode for process in self._processes if process.returncode]
        if ended:
            self._progress.say(
                f"{len(ended)} of {len(self._processes)} workers ended early (exit code {ended[0]}, see "
                f"{self._record.run_dir / LOG}); their trials are run again"
            )

    def stop(self) -> None:
        """End those that still work, at once; what they were at is run again by whoever resumes."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def run_with_workers(bench: Bench, plan: Plan, trial_ended: Callable[[], None]) -> None:
    """Run trials as `run_trials` does, with the plan's other jobs in processes of their own.

    What a worker leaves behind that ends too early, this process runs again.

    Args:
        bench: What this process works with.
        plan: What was asked for.
        trial_ended: Called when trials are over and on the disk, whoever ran them.

    Raises:
        SearchError: The first trials all failed by the same bug.
    """
    study, objective, cohorts = bench.study, bench.objective, bench.cohorts
    left = cohorts.unfinished(study)
    workers = Workers(objective.record, plan, objective.clock, objective.progress, trial_ended)
    try:
        objective.progress = Relaying(objective.progress, workers)
        run_again(study, objective, left, trial_ended)
        run_new(study, objective, plan.budget, cohorts, trial_ended)
        workers.wait(objective.interrupts)
    finally:
        workers.stop()
    run_trials(study, objective, plan.budget, cohorts, trial_ended)
    objective.catch_up(study.finished)


class Relaying:
    """A `Progress` that passes on what the workers told before it passes on what it is told.

    Args:
        inner: Who hears it all.
        workers: The workers.
    """

    def __init__(self, inner: Progress, workers: Workers) -> None:
        self._inner = inner
        self._workers = workers

    def say(self, sentence: str) -> None:
        """Pass it on."""
        self._workers.relay()
        self._inner.say(sentence)

    def search_started(self, start: Start) -> None:
        """Pass it on."""
        self._workers.relay()
        self._inner.search_started(start)

    def trial_started(self, number: int, family: str) -> None:
        """Pass it on."""
        self._workers.relay()
        self._inner.trial_started(number, family)

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Pass it on."""
        self._workers.relay()
        self._inner.epoch(number, epoch)

    def trial_ended(self, number: int, outcome: Outcome) -> None:
        """Pass it on."""
        self._workers.relay()
        self._inner.trial_ended(number, outcome)
