"""The test rows, written away at the split and opened once: every opening is in a ledger before a row leaves.

A study's folder holds `sealed/test.parquet`, with pixels of images in a file beside it, `sealed/test.sha256`, which
covers both, and `ledger.jsonl`, whose lines are
    opening     ordinal, trial, weights_sha256, test_sha256, time, reason (null unless the seal was broken)
    continued   the same opening, taken up again after the process was killed
    result      ordinal, time, result
An update of the study has test rows of its own, in `updates/N/sealed/`; its lines are in the same ledger, name the
`update`, and begin with
    sealed      ordinal (0), test_sha256, rows, time
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import files
from automl.data.digest import row_hashes, rows_digest
from automl.data.rows import move_rows, read_rows, remove_rows, write_rows
from automl.errors import SealError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

Event = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Opening:
    """The test rows, handed out.

    Args:
        rows: The rows as they were sealed.
        continued: Whether this takes up an opening that was never finished.
        ordinal: Which opening of this study it is, from 1.
    """

    rows: pd.DataFrame = field(repr=False)
    continued: bool
    ordinal: int


class Seal:
    """The sealed test rows of one study, or of one of its updates; only `open` hands them out.

    Args:
        folder: The study's folder, where `Seal.close` has been.
        update: The number of the update whose rows they are; None for the study's own.

    Raises:
        SealError: No rows are sealed there.
    """

    def __init__(self, folder: str | Path, update: int | None = None) -> None:
        self._folder, self._update = Path(folder), update
        digest_file = _digest_file(self._folder, update)
        self._rows = digest_file.with_name("test.parquet")
        self._ledger = self._folder / "ledger.jsonl"
        try:
            self._digest = digest_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SealError(f"{self._folder}: no test rows are sealed here") from error

    @classmethod
    def close(cls, folder: str | Path, rows: pd.DataFrame, update: int | None = None) -> Seal:
        """Seal a study's test rows, or those of an update; sealing the same rows again changes nothing.

        Args:
            folder: The study's folder.
            rows: The rows.
            update: The number of the update; None for the study's own rows.

        Raises:
            SealError: Other rows are sealed there already.
        """
        digest_file = _digest_file(Path(folder), update)
        digest_file.parent.mkdir(parents=True, exist_ok=True)
        draft = digest_file.with_name("draft.parquet")
        write_rows(draft, rows)
        digest = rows_digest(read_rows(draft))  # as `open` will read them
        if digest_file.exists():
            remove_rows(draft)
            seal = cls(folder, update)
            if seal.digest != digest:
                raise SealError(f"{folder}: other test rows are sealed here already; another study name is needed")
            return seal
        move_rows(draft, digest_file.with_name("test.parquet"))
        files.write_text(digest_file, digest + "\n")
        seal = cls(folder, update)
        if update is not None:
            seal._append("sealed", ordinal=0, test_sha256=digest, rows=len(rows))
        return seal

    @property
    def digest(self) -> str:
        """The SHA-256 of the test rows, whatever their order."""
        return self._digest

    @property
    def is_judged(self) -> bool:
        """Whether there is a result and no opening that waits for one."""
        openings = self.openings()
        return bool(openings) and openings[-1]["result"] is not None

    @property
    def broken(self) -> list[str]:
        """The reasons the seal was broken for, in order."""
        return [opening["reason"] for opening in self.openings() if opening["reason"] is not None]

    def openings(self) -> list[Event]:
        """Give every opening in order: its ledger line, with its `result` (None until it has one)."""
        openings: dict[int, Event] = {}
        for event in _events(self._ledger):
            if event.get("update") != self._update:
                continue
            if event["event"] == "opening":
                openings[event["ordinal"]] = {**event, "result": None}
            elif event["event"] == "result" and event["ordinal"] in openings:
                openings[event["ordinal"]]["result"] = event["result"]
        return list(openings.values())

    def holds(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Say of rows (N,) whether they are among the sealed ones, by their hashes; no row leaves.

        Raises:
            SealError: The sealed rows are missing, or have changed.
        """
        return np.isin(row_hashes(rows), row_hashes(self._unchanged_rows(self.openings())))

    def holds_values(self, values: pd.Series[Any]) -> NDArray[np.bool_]:
        """Say of values (N,) whether the sealed rows have them in the column of that name; no row leaves.

        Raises:
            SealError: The sealed rows are missing, or have changed.
        """
        return np.asarray(values.isin(self._unchanged_rows(self.openings())[values.name]))

    def open(self, trial: int, weights_sha256: str, break_seal: str | None = None) -> Opening:
        """Write the opening in the ledger, then hand out the test rows.

        Args:
            trial: The trial whose weights are judged.
            weights_sha256: The digest of those weights.
            break_seal: Why the rows may be opened though they were before; of no account at a first opening.

        Raises:
            SealError: The rows were opened before, for other weights or with a result; or they have changed.
        """
        openings = self.openings()
        rows = self._unchanged_rows(openings)
        last = openings[-1] if openings else None
        weights = {"trial": trial, "weights_sha256": weights_sha256, "test_sha256": self._digest}
        if last and last["result"] is None and last["weights_sha256"] == weights_sha256:
            self._append("continued", ordinal=last["ordinal"], **weights, reason=last["reason"])
            return Opening(rows, continued=True, ordinal=last["ordinal"])
        reason = self._reason(last, break_seal)
        self._append("opening", ordinal=len(openings) + 1, **weights, reason=reason)
        return Opening(rows, continued=False, ordinal=len(openings) + 1)

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write what the last opening came to.

        Raises:
            SealError: No opening waits for a result.
        """
        openings = self.openings()
        if not openings or openings[-1]["result"] is not None:
            raise SealError(f"{self._folder}: a result needs an opening that waits for one")
        self._append("result", ordinal=openings[-1]["ordinal"], result=dict(result))

    def judged_before(self, runs_dir: str | Path) -> list[str]:
        """Give the names of the other studies in `runs_dir` that opened the same test rows, the earliest first.

        Of a study that was removed, `removed.jsonl` holds the openings.
        """
        first: list[tuple[str, str]] = []
        for ledger in Path(runs_dir).glob("*/ledger.jsonl"):
            if ledger.parent.resolve() == self._folder.resolve():
                continue
            times = [event["time"] for event in _readable_events(ledger) if event.get("test_sha256") == self._digest]
            first.extend((time, ledger.parent.name) for time in times[:1])
        removed = _readable_events(Path(runs_dir) / "removed.jsonl")
        mine = [event for event in removed if event.get("test_sha256") == self._digest]
        first.extend({event["study"]: (event["time"], f"{event['study']} (removed)") for event in mine[::-1]}.values())
        return [name for _, name in sorted(first)]

    def _unchanged_rows(self, openings: list[Event]) -> pd.DataFrame:
        try:
            rows = read_rows(self._rows)
        except Exception as error:  # pyarrow raises errors of many families for a damaged file
            raise SealError(f"{self._rows}: the sealed test rows are missing or damaged") from error
        sealed = {self._digest, *(opening["test_sha256"] for opening in openings)}
        if sealed != {rows_digest(rows)}:
            raise SealError(f"{self._rows}: the test rows have changed since they were sealed")
        return rows

    def _reason(self, last: Event | None, break_seal: str | None) -> str | None:
        """Give the reason to write down, none at a first opening; refuse another opening without one."""
        if last is None:
            return None
        if break_seal is not None and break_seal.strip():
            return break_seal.strip()
        if break_seal is not None:
            raise SealError(f"{self._folder}: breaking the seal needs a reason, got an empty one")
        done = "judged" if last["result"] is not None else "opened for other weights"
        said = f"the test rows were {done} on {last['time']} (trial {last['trial']})"
        raise SealError(f"{self._folder}: {said}; --break-seal REASON opens them again, and every report says so")

    def _append(self, event: str, **fields: Any) -> None:
        """Write a line that is on the disk when this returns; what a torn last line left is cut off first."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        of_update = {} if self._update is None else {"update": self._update}
        files.append_jsonl(self._ledger, {"event": event, **of_update, **fields, "time": time})


def _digest_file(folder: Path, update: int | None) -> Path:
    home = folder if update is None else folder / "updates" / str(update)
    return home / "sealed" / "test.sha256"


def _whole_lines(ledger: Path) -> bytes:
    text = ledger.read_bytes() if ledger.exists() else b""
    return text[: text.rfind(b"\n") + 1]


def _events(ledger: Path) -> list[Event]:
    events = []
    for number, line in enumerate(_whole_lines(ledger).splitlines(), start=1):
        try:
            event = json.loads(line)
            events.append({**event, "event": event["event"], "ordinal": event["ordinal"], "time": event["time"]})
        except (ValueError, TypeError, KeyError) as error:
            raise SealError(f"{ledger}: line {number} is damaged; the ledger must be as it was written") from error
    return events


def _readable_events(ledger: Path) -> list[Event]:
    """Give another study's events, none where its ledger is damaged."""
    try:
        return [event for event in _events(ledger) if event["event"] == "opening"]
    except (SealError, OSError):
        return []
