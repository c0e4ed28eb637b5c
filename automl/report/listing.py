"""The studies of a runs folder, one row each: what they are about, how far they are, and what they take on the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from automl.errors import StudyError
from automl.report.summary import read_or, summarise
from automl.tracking.record import CLOCK, PLAN, Record


def listing(runs_dir: Path) -> list[dict[str, Any]]:
    """Give a row for each study, the oldest first.

    Returns:
        Rows of `study, data, state, trials, metric, best, bytes, created`; the state is `running`, `interrupted`,
        `searched` (its search is over, and the winner is not judged), `judged`, `updated` (its model is of an update),
        or `damaged` where a file cannot be read. What is not known is None.
    """
    rows = [row_of(record) for record in Record.all(runs_dir)]
    return sorted(rows, key=lambda row: (row["created"] or "", row["study"]))


def row_of(record: Record) -> dict[str, Any]:
    """Give a study's row of the list."""
    row: dict[str, Any] = {"study": record.study, "data": None, "state": "damaged", "trials": None, "metric": None}
    row |= {"best": None, "bytes": _bytes(record.run_dir), "created": None}
    try:
        plan, summary = record.read_json(PLAN), summarise(record)
        row |= {"data": PurePath(str(plan.get("data", ""))).name, "state": _state(record, summary)}
        row |= {"trials": summary["trials"]["total"], "metric": summary["metric"], "created": plan.get("created")}
        row["best"] = summary["best"]["validation"] if summary["best"] else None
    except StudyError:
        return row
    return row


def _state(record: Record, summary: dict[str, Any]) -> str:
    if record.is_running:
        return "running"
    if not read_or(record, CLOCK, {}).get("finished"):
        return "interrupted"
    if any(each["is_present"] for each in summary.get("updates", ())):
        return "updated"
    return "judged" if summary["test"] else "searched"


def _bytes(folder: Path) -> int:
    """Add up what a folder and all in it take, as `du` does; what goes away meanwhile counts nothing."""
    total = 0
    for inside, _, files in os.walk(folder):
        for path in (Path(inside), *(Path(inside, name) for name in files)):
            with suppress(FileNotFoundError):
                total += path.lstat().st_blocks * 512
    return total
