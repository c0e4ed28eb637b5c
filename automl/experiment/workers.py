"""The other processes of a search on one machine: started, heard, and gone before the search judges."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from automl.errors import ENDS
from automl.experiment.deaths import MOST_DEATHS
from automl.experiment.leases import Leases, end_leases
from automl.experiment.messages import deliver
from automl.experiment.processes import launch
from automl.experiment.sharing import environment_of
from automl.experiment.trials import run_new, run_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from automl.experiment.assemble import Bench
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.plan import Plan
    from automl.experiment.progress import Progress
    from automl.experiment.standing import Start
    from automl.experiment.timetable import Timetable
    from automl.tracking.record import Record
    from automl.trial import Epoch, Outcome

LOG = "workers.log"
END = "end"
"""What a worker is told, in a line, when somebody asked for the end."""
_ASKED = tuple(-number for number in ENDS)
"""The exit codes of a worker that somebody else has ended, who is no trial."""
_POLL_SECONDS = 0.1
_SECONDS_TO_LEAVE = 6.0
"""How long workers may take to bring an epoch to its end when somebody asked for the end."""
_MOST_WORKERS = 6
"""So many may die in one place; where more would, it is not the trials that are at fault."""
_AT_FAULT = 2
"""The exit code of a worker that ended because the search is at fault, as this process will find too."""


class Workers:
    """Worker processes, and what they tell.

    Where one dies, another takes its place and goes on with its trials, unless it cannot even begin.

    Args:
        leases: Says what each works on.
        record: The run folder, which this process holds.
        timetable: The search's, which counts for them too.
        progress: Who hears of their trials.
        trial_ended: Called when one of their trials is over and on the disk.
    """

    def __init__(
        self, leases: Leases, record: Record, timetable: Timetable, progress: Progress, trial_ended: Callable[[], None]
    ) -> None:
        self._leases = leases
        self._record = record
        self._timetable = timetable
        self._progress = progress
        self._trial_ended = trial_ended
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._deaths: Counter[int] = Counter()
        self._idle_deaths: Counter[int] = Counter()
        self._environ: dict[str, str] = {}

    def start(self, plan: Plan) -> None:
        """Start as many as a plan asks for beside this process."""
        self._environ = environment_of(plan)
        for place in range(1, plan.jobs):
            self._processes[place] = self._launch(place)

    def _launch(self, place: int) -> subprocess.Popen[str]:
        process = launch(
            "automl.experiment.worker",
            [str(self._record.run_dir), str(place)],
            log=self._record.run_dir / LOG,
            environment=self._environ,
            told=json.dumps(self._timetable.refit.to_json()),
        )
        assert process.stdout is not None
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
        for place, process in list(self._processes.items()):
            if process.poll() not in (None, 0, _AT_FAULT):
                self._replace(place, process.returncode)

    def _replace(self, place: int, code: int) -> None:
        """Put another worker in the place of one that died, unless too many died there, or two before any trial."""
        trials = self._leases.died(place, None if code in _ASKED else code)
        self._deaths[place] += 1
        self._idle_deaths[place] += not trials
        with suppress(OSError):
            self._processes[place].stdin.close()  # type: ignore[union-attr]
        del self._processes[place]
        gone = f"worker {place} ended early (exit code {code}, see {self._record.run_dir / LOG})"
        if self._idle_deaths[place] >= MOST_DEATHS or self._deaths[place] >= _MOST_WORKERS:
            self._progress.say(f"{gone}; it is not started again")
            return
        on = f"; {_trials(trials)} in another" if trials else "; another is started"
        self._progress.say(f"{gone}{on}")
        self._processes[place] = self._launch(place)

    def wait(self, interrupts: Interrupts) -> None:
        """Wait until all have come to the end of the budget.

        Raises:
            KeyboardInterrupt: Somebody asked for the work to end.
        """
        while any(process.poll() is None for process in self._processes.values()):
            interrupts.check()
            self.relay()
            time.sleep(_POLL_SECONDS)
        self.relay()
        if any(process.poll() is None for process in self._processes.values()):
            self.wait(interrupts)

    def stop(self, interrupts: Interrupts) -> None:
        """End those that still work; what they were at is gone on with by whoever resumes.

        Where somebody asked for the end, once, they may bring an epoch to its end and keep it.
        """
        try:
            if interrupts.asked and not interrupts.insisted:
                self._ask_to_end()
        finally:
            left = [process for process in self._processes.values() if process.poll() is None]
            for process in left:
                process.kill()
            for process in left:
                process.wait()

    def _ask_to_end(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_LEAVE
        for process in self._processes.values():
            with suppress(OSError):
                process.stdin.write(f"{END}\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
        while any(process.poll() is None for process in self._processes.values()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def _trials(numbers: Sequence[int]) -> str:
    word = "trial" if len(numbers) == 1 else "trials"
    return f"{word} {', '.join(map(str, numbers))} {'goes' if len(numbers) == 1 else 'go'} on"


def run_with_workers(bench: Bench, plan: Plan, timetable: Timetable, trial_ended: Callable[[], None]) -> None:
    """Run trials as `run_trials` does, with the plan's other jobs in processes of their own.

    All of them take over what was left behind, by an earlier session or by one of them that died.

    Args:
        bench: What this process works with.
        plan: What was asked for.
        timetable: When it is over.
        trial_ended: Called when trials are over and on the disk, whoever ran them.

    Raises:
        SearchError: The first trials all failed by the same bug.
        StudyError: A worker of an earlier session still works.
    """
    study, objective, cohorts = bench.study, bench.objective, bench.cohorts
    record = objective.record
    end_leases(record)
    workers = Workers(Leases(record, 0), record, timetable, objective.progress, trial_ended)

    def ended() -> None:
        workers.relay()
        trial_ended()

    try:
        workers.start(plan)
        objective.progress = Relaying(objective.progress, workers)
        run_new(study, objective, plan.budget, cohorts, ended)
        workers.wait(objective.interrupts)
    finally:
        workers.stop(objective.interrupts)
        end_leases(record)
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
