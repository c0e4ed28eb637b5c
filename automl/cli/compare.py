"""`automl compare`: a leaderboard of studies, or of the trials of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from automl.cli.options import RUNS, Json, RunsDir

Studies = Annotated[
    list[str] | None,
    typer.Argument(metavar="[STUDY ...]", help="All studies if none; the trials of one.", show_default=False),
]
Row = Mapping[str, Any]

_STUDY = ("study", "data", "target", "metric", "trials", "validation", "test", "interval", "linear", "time")
_TRIAL = ("trial", "state", "score", "loss", "epochs", "time", "parameters", "family", "optimizer", "lr")
_WORDS = ("study", "data", "target", "metric", "interval", "state", "family", "optimizer")


def compare(names: Studies = None, runs_dir: RunsDir = RUNS, as_json: Json = False) -> None:
    """Compare studies with one another, or the trials of one study."""
    from automl.cli.screen import write_json, write_lines, write_rows
    from automl.report import leaderboard
    from automl.tracking.record import Record

    if names and len(names) == 1:
        record = Record.find(runs_dir, names[0])
        rows, columns, shown = leaderboard.trials(record), _TRIAL, _timed
        whole: Row = {"study": record.study, "trials": rows}
    else:
        rows, columns, shown = leaderboard.studies(runs_dir, names or []), _STUDY, study_row
        whole = {"studies": rows}
    if as_json:
        write_json(whole)
    elif rows:
        write_rows(columns, map(shown, rows), words=_WORDS)
    elif names:
        write_lines([f"{names[0]} has no trials yet"])
    else:
        write_lines([f"there are no studies in {runs_dir} yet; begin with: automl search digits"])


def study_row(row: Row) -> Row:
    """Give a study's row as it is shown: its test score and interval side by side, its time in words."""
    from automl.report.figures import interval

    test = row["test"]
    judged = {"test": test["value"], "interval": interval(test)} if test else {"test": None, "interval": None}
    return _timed({**row, **judged})


def _timed(row: Row) -> Row:
    from automl.report.figures import duration

    return {**row, "time": duration(row["seconds"])}
