"""`automl rm`: removes studies, their folders and, where it is asked for, their runs in MLflow."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from automl.cli.complete import studies
from automl.cli.options import RUNS, RunsDir

Studies = Annotated[
    list[str],
    typer.Argument(metavar="STUDY...", help="The studies' names.", autocompletion=studies, show_default=False),
]
MLflow = Annotated[bool, typer.Option("--mlflow", help="Delete their runs in MLflow, too.")]
LeaveStorage = Annotated[bool, typer.Option("--leave-storage", help="Leave their trials in the storage they share.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def rm(
    names: Studies,
    mlflow: MLflow = False,
    leave_storage: LeaveStorage = False,
    yes: Yes = False,
    runs_dir: RunsDir = RUNS,
) -> None:
    """Remove studies: folders, with all trials and bundles in them."""
    from automl.cli.ls import shown
    from automl.cli.screen import write_lines
    from automl.errors import PlanError
    from automl.experiment.remove import remove, require_idle
    from automl.report.figures import counted
    from automl.report.listing import row_of
    from automl.tracking.record import Record

    records = [Record.find(runs_dir, name) for name in dict.fromkeys(names)]
    require_idle(records)
    if not yes and not sys.stdin.isatty():
        raise PlanError("what is removed is gone, and nobody can be asked here whether it shall be; say so with --yes")
    rows = [shown(row_of(record)) for record in records]
    what = ", ".join(f"{row['study']} ({row['state']}, {row['size']})" for row in rows)
    if not yes and not typer.confirm(f"Remove {what}?", err=True):
        write_lines(["nothing was removed"])
        return
    for record, row in zip(records, rows):
        n_runs = remove(record, mlflow=mlflow, storage=not leave_storage)
        runs = f" and {counted(n_runs, 'run')} in MLflow" if mlflow else ""
        write_lines([f"removed {record.study}: {row['size']}{runs}"])
