"""What a search tells its tracking: that the record has grown, and at the end that it is complete."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Literal

from automl.passwords import without_password
from automl.tracking.address import ARTIFACTS, experiment_name, resolve_uri
from automl.tracking.record import PLAN, TRACKING, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN = dict.fromkeys(("experiment_id", "run_id", "view"))
EndState = Literal["FINISHED", "KILLED", "FAILED"]


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
        self.process = self._launch()

    def nudge(self) -> None:
        """Say that the record has grown."""
        self._tell(b"\n")

    def finish(self, state: EndState, timeout: float = 60.0) -> list[str]:
        """Have everything sent, wait for it, and end the worker.

        Args:
            state: What the study's run shows from now on.
            timeout: How many seconds to wait at most.

        Returns:
            Sentences to say to the person; none where all went well.
        """
        deadline = time.monotonic() + timeout
        if self.process.poll() is not None:
            self.process = self._launch()
        self._tell(f"finish {state}\n".encode())
        try:
            status = self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return [self._sentence(self._error() or f"it did not answer within {timeout:g} seconds")]
        finally:
            self._close()
        if status == 0:
            return []
        return [self._sentence(self._error() or f"the worker ended early, see {self._record.run_dir / 'tracking.log'}")]

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

    def _close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _error(self) -> str | None:
        error: str | None = self._record.read_json(TRACKING).get("error")
        return error

    def _sentence(self, reason: str) -> str:
        return (
            f"MLflow was not reached: {reason.rstrip('.')}; the record is complete, and "
            f"`automl resume {self._record.words}` sends it again"
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
        note = {"tracking_uri": shown, "experiment": experiment, **_UNKNOWN, "trials": {}}
    record.write_json(TRACKING, note | {"state": "RUNNING", "error": None})
    return Tracker(record, uri, environ)


def is_sent(record: Record) -> bool:
    """Whether MLflow has been told everything up to the study's end; if not, start tracking and finish it."""
    return record.has(TRACKING) and record.read_json(TRACKING).get("state") == "FINISHED"
