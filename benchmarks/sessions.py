"""Commands of the project run many times over, each in a process of its own that need not import anything again."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEAVY = (
    *("automl.cli.app", "automl.cli.progress", "automl.cli.summary", "automl.experiment.deliver"),
    *("automl.experiment.judge", "automl.experiment.resume", "automl.experiment.session", "automl.export.bundle"),
    *("automl.export.onnx_graph", "automl.report.webpage", "onnxruntime", "onnxscript", "sklearn.linear_model"),
)
_NO_MLFLOW = """#!/bin/sh
case "$*" in
*automl.tracking.worker*) while read -r order; do case "$order" in finish*) exit 0 ;; esac; done; exit 0 ;;
esac
exec "{python}" "$@"
"""


def prepare(room: Path) -> Path:
    """Import what every session needs, and write the interpreter that leaves MLflow out; give its path."""
    for name in _HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    quick = room / "python-without-mlflow"
    quick.write_text(_NO_MLFLOW.format(python=sys.executable))
    quick.chmod(0o755)
    return quick


KILL = -1


@dataclass(frozen=True)
class Fault:
    """Which call of a session fails.

    Args:
        kind: 0 a write, 1 a rename, 2 an fsync.
        number: Which one, from 1; 0 for none, where they are only counted.
        error: What it fails with, as `errno`; `KILL` for a process that is killed in the middle of it.
        is_lasting: Whether all later ones fail too.
    """

    kind: int
    number: int
    error: int
    is_lasting: bool = False


class Session:
    """A command of the project, running.

    Args:
        runs: The runs folder.
        words: The command's words, but for `--runs-dir` and `--json`.
        python: The interpreter that its own processes are started with.
        fault: What goes wrong, where the library of faults is loaded.
    """

    def __init__(self, runs: Path, *words: str, python: Path | None = None, fault: Fault | None = None) -> None:
        self._said = runs.parent / f"said-{os.getpid()}"
        self._said.mkdir(exist_ok=True)
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _run(self._said, [*words, "--runs-dir", str(runs), "--json"], python, lambda: _arm(runs, fault), self._end)

    def _end(self) -> None:
        with contextlib.suppress(AttributeError):
            library = ctypes.CDLL(None)
            counts = [library.fault_count(kind) for kind in range(3)]
            library.fault_arm(b"", -1, 0, 0, 0)
            (self._said / "counts").write_text(json.dumps(counts))

    def poll(self) -> int | None:
        """Give the exit code where it has ended."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, seconds: float = 1200.0) -> int:
        """Wait for its end, and give the exit code."""
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"process {self.pid} was not done after {seconds:g} seconds")
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""
        os.kill(self.pid, signal.SIGKILL)
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def result(self) -> dict[str, Any]:
        """Wait for its end, and read what it printed; end this process too where it failed."""
        if self.wait():
            sys.exit(f"exit {self.code}: {self.errors[-3000:]}")
        result: dict[str, Any] = json.loads((self._said / "out").read_text())
        return result

    @property
    def errors(self) -> str:
        """What it said on standard error."""
        return (self._said / "err").read_text()

    @property
    def counts(self) -> list[int]:
        """How many writes, renames and fsyncs there were."""
        told: list[int] = json.loads((self._said / "counts").read_text())
        return told


def _run(said: Path, words: list[str], python: Path | None, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Be the session: this process does nothing else any more."""
    code = 1
    try:
        for number, name in enumerate(("/dev/null", said / "out", said / "err")):
            mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, mode, 0o644), number)
        from automl.cli.app import run

        sys.executable = str(python or sys.executable)
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        begin()
        code = run(words, started=time.monotonic())
        end()
    except BaseException:
        import traceback

        end()
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _arm(runs: Path, fault: Fault | None) -> None:
    if fault is not None:
        arguments = (fault.kind, ctypes.c_long(fault.number), fault.error, int(fault.is_lasting))
        ctypes.CDLL(None).fault_arm(f"{runs}/".encode(), *arguments)
