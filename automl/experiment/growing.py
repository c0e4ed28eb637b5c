"""The process that grows trees beside a command, as the command sees it."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from automl.experiment.processes import launch
from automl.files import read_json
from automl.trial import BOOSTED, TREES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from automl.budget import Clock
    from automl.experiment.interrupts import Interrupts
    from automl.tracking.record import Record

LOG = "trees.log"
GROWTH, ARGUMENTS = "growth.json", "arguments.json"
"""What a kind's folder says of how it was grown, and what rebuilds it."""
_THREADS = "OMP_NUM_THREADS"
_POLL_SECONDS = 0.1


def folder_of(record: Record, number: int, fold: int | None = None) -> Path:
    """Give the folder of a kind, or of its trees of a fold.

    Studies of before there were several kinds have the first one in the folder of all.
    """
    is_old = number == BOOSTED and (record.trees_dir / ARGUMENTS).exists()
    own = record.trees_dir if is_old else record.trees_dir / TREES[number]
    return own if fold is None else folder_of_fold(own, fold)


def folder_of_fold(folder: Path, fold: int) -> Path:
    """Give the folder of a kind's trees of a fold, in that of the kind."""
    return folder / f"fold-{fold}"


def growth_of(record: Record, number: int) -> dict[str, Any]:
    """Give what is told of how a kind was grown; nothing where it was not, or by a version that did not tell."""
    path = folder_of(record, number) / GROWTH
    told: dict[str, Any] = read_json(path) if path.exists() else {}
    return told


def seconds_of_trees(record: Record) -> dict[int, float]:
    """Say how long the growing of each kind that is there took."""
    told = {number: growth_of(record, number) for number in TREES}
    return {number: float(growth["seconds"]) for number, growth in told.items() if growth}


class Growing:
    """Trees that are being grown, in half of the cores.

    Args:
        record: The run folder.
        clock: When all must be over but the end.
        say: Hears what is done, when `relay` or `finish` is called.
        anew: The kinds to grow once more on all rows that are not sealed, those that count most first; None for all
            kinds that are not there yet, on the training rows.
    """

    def __init__(
        self, record: Record, clock: Clock, say: Callable[[str], None], anew: Sequence[int] | None = None
    ) -> None:
        threads = max(1, (os.cpu_count() or 1) // 2)
        told = {"clock": clock.to_json(), "threads": threads, "anew": anew}
        self._log, self._say = record.run_dir / LOG, say
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = launch(
            "automl.experiment.grower",
            [str(record.run_dir)],
            log=self._log,
            environment={} if _THREADS in os.environ else {_THREADS: str(threads)},
            told=json.dumps(told),
        )
        assert self._process.stdout is not None
        self._hearing = threading.Thread(target=self._hear, args=(self._process.stdout,), daemon=True)
        self._hearing.start()

    def _hear(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))

    def relay(self) -> None:
        """Pass on what was said since the last time."""
        while not self._lines.empty():
            self._say(self._lines.get())

    def finish(self, clock: Clock, interrupts: Interrupts) -> None:
        """Wait until it is done, or the time is up: what is not grown by then is not there.

        Raises:
            KeyboardInterrupt: Somebody asked for the work to end.
        """
        try:
            while self._process.poll() is None and not clock.is_over:
                interrupts.check()
                self.relay()
                time.sleep(_POLL_SECONDS)
            code = self._process.poll()
        finally:
            self.stop()
        self._hearing.join()
        self.relay()
        if code:
            self._say(f"the growing of trees ended early (exit code {code}, see {self._log})")

    def stop(self) -> None:
        """End it; what it was at is begun again by whoever goes on."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
