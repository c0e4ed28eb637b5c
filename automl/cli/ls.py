"""`automl ls`: the studies there are, how far they are, and what they take on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.cli.options import RUNS, Json, RunsDir

_COLUMNS = ("study", "data", "state", "trials", "metric", "best", "size", "when")
_WORDS = ("study", "data", "state", "metric", "when")


def ls(runs_dir: RunsDir = RUNS, as_json: Json = False) -> None:
    """List the studies: state, trials, best score, size on the disk, when they were made."""
    from automl.cli.screen import write_json, write_lines, write_rows
    from automl.report.listing import listing

    rows = listing(runs_dir)
    if as_json:
        write_json({"studies": rows})
    elif rows:
        write_rows(_COLUMNS, map(shown, rows), words=_WORDS)
    else:
        write_lines([f"there are no studies in {runs_dir} yet; begin with: automl search digits"])


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a study's row as it is shown: its size in megabytes, its date to the minute.

    Examples:
        >>> shown({"bytes": 1_234_567, "created": "2026-03-01T09:30:12+00:00"})["size"]
        '1.2 MB'
    """
    when = (row["created"] or "")[:16].replace("T", " ")
    return {**row, "size": f"{row['bytes'] / 1e6:.1f} MB", "when": when or None}
