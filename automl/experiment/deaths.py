"""Which trials took the process that trained them with them, so that one that always does is given up.

Of another process the search sees the end, and by its lease what it worked on. Of its own nobody does: there a file
says, until an epoch has come to its end, which trials are at it, and the next session finds it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from automl import files
from automl.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from automl.tracking.record import Record

DEATHS = "deaths.jsonl"
ONSET = "first_epoch.json"
MOST_DEATHS = 2
"""A trial that took so many processes with it is not tried again."""


class Deaths:
    """What died, as it is kept in the run folder.

    Args:
        record: The run folder.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def note(self, trials: Sequence[int], place: int, code: int | None) -> None:
        """Note that a process died with the trials that it trained.

        Args:
            trials: The trials, by number.
            place: Which of the plan's `jobs` processes it was.
            code: Its exit code, below 0 the signal that ended it; None where it is not known.
        """
        self._record.append_jsonl(DEATHS, {"trials": list(trials), "place": place, "code": code})

    def is_suspect(self, number: int) -> bool:
        """Whether a process died while it trained this trial, alone or with others."""
        return self._of(number) > 0

    def trains_alone(self, number: int) -> bool:
        """Whether a trial died with others so often that each of them is tried alone."""
        return self._of(number) >= MOST_DEATHS

    def is_fatal(self, number: int) -> bool:
        """Whether a trial took its process with it too often, at least once alone."""
        groups = [line["trials"] for line in self._record.read_jsonl(DEATHS)]
        return self._of(number) >= MOST_DEATHS and [number] in groups

    def _of(self, number: int) -> int:
        return sum(number in line["trials"] for line in self._record.read_jsonl(DEATHS))


class Onset:
    """Keeps the search's own trials in sight until one of their epochs has come to its end.

    A kill later on is no trial's fault as far as can be seen: it trained, and will again. Nor is a power cut, or an end
    that somebody asked for.

    Args:
        record: The run folder.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._path = record.run_dir / ONSET
        self._is_on = False

    def begin(self, trials: Iterable[int]) -> None:
        """Say that these trials begin to train, or to train on."""
        files.write_json(self._path, {"trials": list(trials), "boot_id": boot_id()}, lasting=False)
        self._is_on = True

    def passed(self) -> None:
        """Say that they have come through an epoch, or are given up for another reason than a death."""
        if self._is_on:
            self._is_on = False
            with suppress(OSError):  # it is called where a signal arrives, too, and that may be anywhere
                self._path.unlink()

    def dead(self) -> str | None:
        """Note what an earlier session trained that was killed, and say so; whoever holds the study asks."""
        try:
            told = files.read_json(self._path)
        except StudyError:  # there is none, or a power cut took it
            told = {"trials": [], "boot_id": None}
        self._path.unlink(missing_ok=True)
        if told["boot_id"] != boot_id():
            return None
        trials: list[int] = told["trials"]
        Deaths(self._record).note(trials, 0, None)
        word = "trial" if len(trials) == 1 else "trials"
        return f"the last session was killed before {word} {', '.join(map(str, trials))} had trained an epoch"


def boot_id() -> str:
    """Say which start of the machine this is; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
