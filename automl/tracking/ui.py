"""MLflow's own page on the studies of a runs folder, and an end of it that leaves no process behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from automl.errors import StudyError
from automl.passwords import without_password
from automl.tracking.address import ARTIFACTS, database_path, resolve_uri, where_now
from automl.tracking.record import TRACKING, Record
from automl.tracking.view import run_place, trials_place

_HOST = "127.0.0.1"
_USUAL_PORT = 5000
_SECONDS_TO_ANSWER = 120.0
_SECONDS_TO_LEAVE = 8.0
_SECONDS_A_LOOK = 0.2
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # what lies in the current folder is data, not modules
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def launch(runs_dir: Path, tracking_uri: str | None, *, say: Callable[[str], object], port: int | None = None) -> int:
    """Serve MLflow's page until ctrl-C or SIGTERM, then end the server and all its helpers.

    Args:
        runs_dir: The folder of all studies.
        tracking_uri: What `--tracking-uri` said.
        say: Told where the page is, in sentences.
        port: Where to serve it; if None, 5000 or another that is free.

    Returns:
        The exit code, 0.

    Raises:
        StudyError: There are no runs yet, the port is taken, or the server does not start.
        PlanError: MLflow knows no such address.
    """
    uri = resolve_uri(runs_dir, tracking_uri, os.environ)
    if not urlsplit(uri).scheme.startswith(("sqlite", "postgresql", "mysql", "mssql", "file")):
        say(f"MLflow serves these runs itself: {without_password(uri)}")
        return 0
    database = database_path(uri)
    if database is not None and not database.is_file():
        raise StudyError(f"there are no runs in {database.parent} yet; begin with: automl search digits")
    port = free_port(port)
    with _stop_signals() as stop, tempfile.TemporaryFile() as output:
        say("Starting MLflow, which takes some seconds ...")
        server = _start(runs_dir, uri, port, output)
        try:
            if _answers(server, port, output, stop):
                for name, place in _places(runs_dir, uri).items():
                    say(f"{name}: http://{_HOST}:{port}/{place}")
                say("Press ctrl-C to end it.")
            while not stop.asked:
                if server.poll() is not None:
                    raise StudyError(f"MLflow's server ended by itself: {_last_line(output)}")
                time.sleep(_SECONDS_A_LOOK)
        finally:
            _end(server)
    return 0


class _Stop:
    """Whether somebody asked for the end; a flag, for an exception could come between a start and its end."""

    asked = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


@contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Let SIGTERM and a closed terminal ask for the end as ctrl-C does."""
    stop = _Stop()
    before = {number: signal.signal(number, stop.ask) for number in _STOPS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _places(runs_dir: Path, uri: str) -> dict[str, str]:
    """Give the parts of the address that show the newest study, in the view for training, by what they are called."""
    notes = [record.run_dir / TRACKING for record in Record.all(runs_dir) if record.has(TRACKING)]
    for path in sorted(notes, key=lambda path: path.stat().st_mtime, reverse=True):
        note = Record(path.parent).read_json(TRACKING)
        if note.get("run_id") and where_now(runs_dir, note["tracking_uri"]) == without_password(uri):
            return {
                "MLflow": trials_place(note["experiment_id"], note.get("view")),
                f"Study {path.parent.name}": run_place(note["experiment_id"], note["run_id"]),
            }
    return {"MLflow": "#/experiments"}


def free_port(port: int | None) -> int:
    """Give the port asked for, else the usual one, by which a browser keeps what one sets on the page, else any.

    Raises:
        StudyError: The port asked for is taken.
    """
    if port is not None:
        return _bound(port)
    try:
        return _bound(_USUAL_PORT)
    except StudyError:
        return _bound(0)


def _bound(port: int) -> int:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((_HOST, port))
        except OSError as error:
            raise StudyError(f"port {port} cannot be served: {error.strerror}") from None
        return int(server.getsockname()[1])


def _start(runs_dir: Path, uri: str, port: int, output: IO[bytes]) -> subprocess.Popen[bytes]:
    environ = {
        "MLFLOW_BACKEND_STORE_URI": uri,  # not an argument, which every user of the machine can read
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": (runs_dir.absolute() / ARTIFACTS).as_uri(),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=_ENVIRONMENT | os.environ | environ,
        start_new_session=True,
    )


def _answers(server: subprocess.Popen[bytes], port: int, output: IO[bytes], stop: _Stop) -> bool:
    """Wait until the server answers; False if the end was asked for first."""
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while not stop.asked:
        if server.poll() is not None:
            raise StudyError(f"MLflow's server did not start: {_last_line(output)}")
        if time.monotonic() > deadline:
            raise StudyError(f"MLflow's server did not answer within {_SECONDS_TO_ANSWER:g} seconds")
        try:
            with opener.open(f"http://{_HOST}:{port}/health", timeout=5):
                return True
        except OSError:
            time.sleep(_SECONDS_A_LOOK)
    return False


def _last_line(output: IO[bytes]) -> str:
    output.seek(0)
    lines = [line for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server's whole process group: asked first, then killed."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(_SECONDS_TO_LEAVE)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
