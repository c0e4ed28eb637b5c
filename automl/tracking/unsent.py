"""What MLflow was not told yet of a study: its run folder against what was last confirmed.

The folder is the spool. What MLflow has confirmed is a few words in `tracking.json`; the rest follows from the folder.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from automl.tracking.record import CLOCK, JUDGEMENT, TRACKING
from automl.tracking.updates import finished_updates

if TYPE_CHECKING:
    from typing import Literal

    from automl.tracking.record import Record

    EndState = Literal["FINISHED", "KILLED", "FAILED"]


def recorded(record: Record) -> dict[str, Any]:
    """Say what a folder holds that MLflow is told, in a few words that differ where it holds more."""
    judgement = record.run_dir / JUDGEMENT
    return {
        "trials": sum(1 for _ in record.trials_dir.glob("*/outcome.json")),
        **({"updates": count} if (count := len(finished_updates(record))) else {}),
        "judgement": hashlib.sha256(judgement.read_bytes()).hexdigest()[:16] if judgement.exists() else None,
    }


def end_state(record: Record) -> EndState:
    """Say in which state a study's run is to be while no process is at it."""
    if record.has(CLOCK) and record.read_json(CLOCK)["finished"]:
        return "FINISHED"
    return cast("EndState", _note(record).get("end") or "KILLED")


def is_sent(record: Record) -> bool:
    """Whether MLflow has confirmed all that a study's folder holds, and that no process is at it any more."""
    note = _note(record)
    if note.get("state") != end_state(record):
        return False
    now = recorded(record)
    return bool(note.get("sent", now) == now)


def n_sent(record: Record) -> int:
    """Say how many trials were there when MLflow last confirmed all of them."""
    sent = _note(record).get("sent") or {}
    return int(sent.get("trials", 0))


def _note(record: Record) -> dict[str, Any]:
    note: dict[str, Any] = record.read_json(TRACKING) if record.has(TRACKING) else {}
    return note
