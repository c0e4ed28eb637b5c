"""The process beside a search that sends its record to MLflow, so that the search never waits for it.

`python -m automl.tracking.worker RUN_DIR` reads orders from its standard input, one a line: an empty line says that the
folder has changed, `finish STATE` says to send everything and leave. Before the first order it does nothing, so that a
search begins with the whole machine. When the input ends without that, the search was
killed: the worker leaves at once and changes nothing, and the next one goes on from the folder. Where MLflow is comes
in the environment, as `MLFLOW_TRACKING_URI`, so that a password in it is never written down.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from automl.errors import ENDS
from automl.passwords import without_password
from automl.tracking.address import is_local
from automl.tracking.reach import unreachable
from automl.tracking.record import TRACKING, Record
from automl.tracking.settings import TIMEOUT, settings
from automl.tracking.unsent import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from automl.tracking.mlflow import Projection, State

_PAUSES = (1.0, 3.0, 5.0)
"""How long to wait before each new attempt at the end; when that many in a row brought nothing more, it is given up."""
_SECONDS_A_LOOK = 1.0
"""How long to leave the machine to the search between two looks; what ends in between is sent together."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
"""How long to leave a server alone that failed: so long at first, then twice as long each time, to the longest."""
_LONGEST_REASON = 300
_GROWTH = 1.1
"""How many times as many trials there are when they are noted again, so that a trial costs the same in a long study."""


class Orders:
    """What the search wants, as it comes in; reading ends this process when the search is gone.

    Args:
        descriptor: The file descriptor the orders come from.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._news = threading.Event()
        self._ending = threading.Event()
        self.state: State = "RUNNING"

    def listen(self) -> None:
        """Begin to read, beside what else this process does."""
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self) -> State:
        """Wait for an order, and say which state the study is in."""
        self._news.wait()
        self._news.clear()
        return self.state

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the order to finish."""
        self._ending.wait(seconds)

    def _read(self) -> None:
        text = b""
        while chunk := os.read(self._descriptor, 4096):
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"finish "):
                    self.state = cast("State", line.removeprefix(b"finish ").decode())
                    self._ending.set()
            self._news.set()
        if self.state == "RUNNING":
            os._exit(0)


def main(arguments: list[str]) -> int:
    """Keep MLflow in step with a run folder until told to finish; return 0 if all of it was sent."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)  # where all of a search's processes are asked to end, it still tells that
    orders = Orders(sys.stdin.fileno())
    orders.listen()
    record = Record(Path(arguments[0]))
    with suppress(OSError):
        os.nice(10)
    with settings(), (record.run_dir / "tracking.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _Work(record, os.environ["MLFLOW_TRACKING_URI"]).until_finished(orders)


class Note:
    """What `tracking.json` says of MLflow.

    Args:
        record: The study's run folder, with such a file.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._told = record.read_json(TRACKING)

    def write(
        self,
        state: State,
        error: str | None,
        projection: Projection | None,
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        """Say how it stands; while the study runs, the runs of its latest trials may be left out.

        Args:
            state: What MLflow was told last.
            error: Why it could not be told, or None.
            projection: Where the runs are, if that is known.
            sent: What the folder held when MLflow confirmed all of it; None leaves that as it was.
        """
        told = self._told | {"state": state, "error": error} | ({} if sent is None else {"sent": dict(sent)})
        if projection is not None:
            told |= {"experiment_id": projection.experiment_id, "run_id": projection.run_id, "view": projection.view}
            if state != "RUNNING" or projection.n_trials > _GROWTH * len(told["trials"]):
                told["trials"] = {str(number): run_id for number, run_id in projection.trials.items()}
        if told != self._told:
            self._record.write_json(TRACKING, told)
            self._told = told


class _Work:
    def __init__(self, record: Record, tracking_uri: str) -> None:
        self._record = record
        self._tracking_uri = tracking_uri
        self._projection: Projection | None = None
        self._n_trials = 0
        self._note = Note(record)

    def until_finished(self, orders: Orders) -> int:
        """Send what is new whenever there is news, and at last all of it; return 0 if that was done."""
        failures = 0
        while (state := orders.wait()) == "RUNNING":
            failures = 0 if self._attempt(state) else failures + 1
            orders.pause(_pause(failures) if failures else _SECONDS_A_LOOK)
        failures, n_trials = 0, self._n_trials
        while not self._attempt(state):
            failures = 1 if self._n_trials > n_trials else failures + 1
            n_trials = max(n_trials, self._n_trials)
            if failures > len(_PAUSES):
                return 1
            time.sleep(_PAUSES[failures - 1])
        return 0

    def _attempt(self, state: State) -> bool:
        """Send what is new; what went wrong is kept for the person and tried again later."""
        there = recorded(self._record)
        try:
            if self._projection is None:
                self._projection = self._project()
                self._note.write("RUNNING", None, self._projection)
            self._projection.sync(state)
        except Exception as error:
            if self._projection is not None:
                self._n_trials, self._projection = self._projection.n_trials, None
            self._complain(error)
            return False
        self._note.write(state, None, self._projection, there if state != "RUNNING" else None)
        return True

    def _project(self) -> Projection:
        """Connect; a server is asked first whether it is there, which takes less than to load MLflow's client.

        Raises:
            ConnectionError: It is not.
        """
        patience = float(os.environ[TIMEOUT])
        if not is_local(self._tracking_uri) and (reason := unreachable(self._tracking_uri, patience)):
            raise ConnectionError(reason)
        from automl.tracking.mlflow import Projection  # takes seconds to import, and may not be installed

        return Projection(self._record, self._tracking_uri)

    def _complain(self, error: Exception) -> None:
        said = without_password(" ".join(str(error).split()))
        reason = said[:_LONGEST_REASON] or type(error).__name__
        sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {type(error).__name__}: {reason}\n")
        sys.stderr.flush()
        self._note.write("RUNNING", reason, None)


def _pause(failures: int) -> float:
    """Say how many seconds to leave a server alone that failed so often in a row.

    Examples:
        >>> [_pause(failures) for failures in (1, 2, 5, 500)]
        [5.0, 10.0, 60.0, 60.0]
    """
    return min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # All is sent; taking MLflow down piece by piece would take another second.
