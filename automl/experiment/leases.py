"""Which process works on which trials, so that those of a process that died are found, and taken over by another."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import files
from automl.errors import StudyError
from automl.experiment.deaths import Deaths, boot_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from automl.tracking.record import Record

LEASES = "leases"
_LONGEST_SILENCE = 600.0
"""Seconds without a heartbeat after which a process counts as dead, where the system cannot say whether it lives."""
_SECONDS_BETWEEN_BEATS = 2.0
_SECONDS_TO_LEAVE = 10.0


class Leases:
    """One process's leases, and its view of the others'.

    A lease is a file, `leases/PLACE.json`: `trials`, `pid`, `started` (when the system began that process), `boot_id`
    (which start of the machine). Its time of change is the heartbeat.

    Args:
        record: The run folder.
        place: Which of the plan's `jobs` processes this is.
    """

    def __init__(self, record: Record, place: int) -> None:
        self.place = place
        self._record = record
        self._path = record.run_dir / LEASES / f"{place}.json"
        self._me = {"pid": os.getpid(), "started": _started(os.getpid()), "boot_id": boot_id()}
        self._beaten = 0.0

    def take(self, trials: Iterable[int]) -> None:
        """Say that this process works on these trials; whoever decides that holds the turn."""
        self._path.parent.mkdir(exist_ok=True)
        files.write_json(self._path, {"trials": list(trials), **self._me}, lasting=False)

    def release(self) -> None:
        """Say that it works on none."""
        self._path.unlink(missing_ok=True)

    def beat(self) -> None:
        """Say that it lives."""
        if time.monotonic() - self._beaten >= _SECONDS_BETWEEN_BEATS:
            self._beaten = time.monotonic()
            with suppress(FileNotFoundError):
                os.utime(self._path)

    def held(self) -> set[int]:
        """Give the trials that living processes work on, this one included."""
        folder = self._record.run_dir / LEASES
        leases = [_read(path) for path in folder.glob("[0-9]*.json")] if folder.is_dir() else []
        return {number for lease in leases if _lives(lease) for number in lease["trials"]}

    def died(self, place: int, code: int | None) -> list[int]:
        """Note that the process of a place died, and give what it worked on.

        Args:
            place: Which process.
            code: Its exit code, below 0 the signal that ended it; None where somebody asked it to end, for which no
                trial is to blame.
        """
        path = self._record.run_dir / LEASES / f"{place}.json"
        trials: list[int] = _read(path)["trials"] if path.exists() else []
        if trials and code is not None:
            Deaths(self._record).note(trials, place, code)
        path.unlink(missing_ok=True)
        return trials


def end_leases(record: Record, patience: float = _SECONDS_TO_LEAVE) -> None:
    """Remove what processes left behind that are gone; whoever holds the study does this, where it has begun no others.

    Args:
        record: The run folder.
        patience: How many seconds a process that is leaving may take.

    Raises:
        StudyError: A worker of an earlier session is still there, though it should have left with that.
    """
    folder = record.run_dir / LEASES
    if not folder.is_dir():
        return
    deadline = time.monotonic() + patience
    for path in folder.glob("[0-9]*.json"):
        while (lease := _read(path))["trials"] and lease["pid"] != os.getpid() and _lives(lease):
            if time.monotonic() > deadline:
                raise StudyError(f"process {lease['pid']} still works on study {record.study!r}; end it first")
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> dict[str, Any]:
    """Read a lease; one that is gone, or was cut off by a power cut, is nobody's."""
    try:
        lease: dict[str, Any] = files.read_json(path)
        beat = path.stat().st_mtime
    except (StudyError, FileNotFoundError):
        return {"trials": []}
    return {**lease, "beat": beat}


def _lives(lease: dict[str, Any]) -> bool:
    """Whether the process of a lease is there; its number may be another's by now, or of before the machine started."""
    if not lease["trials"] or lease["boot_id"] != boot_id():
        return False
    try:
        os.kill(lease["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if lease["started"] is None:
        return time.time() - float(lease["beat"]) < _LONGEST_SILENCE
    return bool(lease["started"] == _started(lease["pid"]))


def _started(pid: int) -> int | None:
    """Say when the system began a process, in its ticks; None where it does not tell, or the process is over."""
    try:
        # The name, in brackets, may hold anything; after it come the state, and 19 fields on the time of the start.
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = told.rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(fields[18])
