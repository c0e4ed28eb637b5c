"""What a search tells its tracking: that the record has grown, and at the end that it is complete."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from automl.passwords import without_password
from automl.tracking.address import ARTIFACTS, experiment_name, is_local, resolve_uri
from automl.tracking.record import PLAN, TRACKING, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.tracking.unsent import EndState

_UNKNOWN = dict.fromkeys(("experiment_id", "run_id", "view"))
SERVER_SECONDS = 10.0
"""So long a search waits for a server at its end; what a server has not got by then is sent later."""


class Tracker:
    """A worker process that sends a study's record to MLflow; whatever becomes of it, the search goes on.

    Args:
        record: The study's run folder.
        tracking_uri: Where MLflow is, an absolute address.
        environ: The environment the worker gets.
    """

    def __init__(self, record: Record, tracking_uri: str, environ: Mapping[str, str]) -> None:
        self._record = record
        self._environ = {
            **environ,
            "MLFLOW_TRACKING_URI": tracking_uri,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": (record.runs_dir / ARTIFACTS).as_uri(),
        }
        self._is_local = is_local(tracking_uri)
        self.process = self._launch()

    def nudge(self) -> None:
        """Say that the record has grown."""
        self._tell(b"\n")

    def finish(self, state: EndState, timeout: float = 60.0) -> list[str]:
        """Have everything sent, wait for it, and end the worker.

        Args:
            state: What the study's run shows from now on.
            timeout: How many seconds to wait at most; for a server it is `SERVER_SECONDS` at most.

        Returns:
            Sentences to say to the person; none where all went well.
        """
        patience = timeout if self._is_local else min(timeout, SERVER_SECONDS)
        reason = self._finished(state, patience)
        return [] if reason is None else [sentence(self._record, reason)]

    def send(self, state: EndState) -> str | None:
        """Have everything sent, however long that takes: the worker gives up by itself where nothing comes of it.

        Args:
            state: What the study's run shows from now on.

        Returns:
            Why not everything was sent, or None.
        """
        return self._finished(state, None)

    def _finished(self, state: EndState, patience: float | None) -> str | None:
        deadline = None if patience is None else time.monotonic() + patience
        if self.process.poll() is not None:
            self.process = self._launch()
        self._tell(f"finish {state}\n".encode())
        try:
            status = self.process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            status = None
        finally:
            self._end()
        self._note_end(state)
        if status == 0:
            return None
        if status is None:
            return self._error() or f"it was not done within {patience:g} seconds"
        return self._error() or f"the worker ended early, see {self._record.run_dir / 'tracking.log'}"

    def _end(self) -> None:
        """End the worker where it still works, also where somebody does not want to wait for it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _note_end(self, state: EndState) -> None:
        """Keep the state that MLflow is to be told, whether it was told or not."""
        note = self._record.read_json(TRACKING)
        if note.get("end") != state:
            self._record.write_json(TRACKING, note | {"end": state})

    def _launch(self) -> subprocess.Popen[bytes]:
        with (self._record.run_dir / "tracking.log").open("ab") as log:
            # -P: what lies in the current folder is data, not modules.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "automl.tracking.worker", str(self._record.run_dir)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environ,
                start_new_session=True,
            )
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        return process

    def _tell(self, order: bytes) -> None:
        assert self.process.stdin is not None
        try:
            os.write(self.process.stdin.fileno(), order)
        except (OSError, ValueError):  # it has died, or has not read for 65 536 nudges: finish() finds out
            return

    def _error(self) -> str | None:
        error: str | None = self._record.read_json(TRACKING).get("error")
        return error


def sentence(record: Record, reason: str) -> str:
    """Say to a person that MLflow was not told everything, and what helps."""
    return (
        f"MLflow was not told everything: {reason.rstrip('.')}; the record is complete, and "
        f"`automl sync {record.words}` sends what is missing"
    )


def start_tracking(record: Record, tracking_uri: str | None, environ: Mapping[str, str] | None = None) -> Tracker:
    """Begin to send a study to MLflow.

    Args:
        record: The study's run folder, with its plan.
        tracking_uri: What `--tracking-uri` said.
        environ: The environment, whose `MLFLOW_TRACKING_URI` is honoured; this process's own if None.

    Returns:
        What the search tells its progress to.

    Raises:
        PlanError: MLflow knows no such address.
    """
    environ = os.environ if environ is None else environ
    uri = resolve_uri(record.runs_dir, tracking_uri, environ)
    shown = without_password(uri)
    note = record.read_json(TRACKING) if record.has(TRACKING) else {}
    if note.get("tracking_uri") != shown:
        experiment = experiment_name(record.read_json(PLAN)["data"])
        note = {"tracking_uri": shown, "experiment": experiment, **_UNKNOWN, "trials": {}, "sent": None}
    record.write_json(TRACKING, note | {"state": "RUNNING", "error": None, "end": None})
    return Tracker(record, uri, environ)
