"""`automl update`: new rows for a judged study, whose model is trained on with them, and promoted if it is no worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from automl.budget import parse_duration
from automl.cli.options import RUNS, Json, Quiet, RunsDir, StudyName, Timeout

NewRows = Annotated[
    str,
    typer.Argument(
        metavar="NEW_ROWS",
        help="A file or a folder as that of the study, with its columns; rows that the study has are left out.",
        show_default=False,
    ),
]


def update(
    context: typer.Context,
    study: StudyName,
    rows: NewRows,
    timeout: Timeout = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the model of a judged study on with new rows, and promote what comes of it if it is no worse."""
    from automl.cli.progress import reporter
    from automl.cli.screen import write_json, write_prose, write_table
    from automl.tracking.record import Record

    seconds = None if timeout is None else parse_duration(timeout)
    record = Record.find(runs_dir, study)
    from automl.experiment.update import update_study  # takes seconds: what can be refused is refused before
    from automl.report.updates import HEADER, rows_of

    with reporter(context.obj, quiet=quiet, live=False) as progress:
        told = update_study(record, rows, timeout=seconds, started=context.obj, progress=progress)
    if as_json:
        write_json(told)
        return
    write_prose(_opening_lines(told))
    write_table(HEADER, rows_of(told), numbers=[HEADER[place] for place in (1, 2, 4, 6)])
    write_prose(["", f"{told['sentence'][0].upper()}{told['sentence'][1:]}"])


def _opening_lines(told: Mapping[str, Any]) -> Iterator[str]:
    from automl.report.updates import given

    yield f"{told['study']}, update {told['update']}: {given(told)}"
    yield from told["notes"]
    yield ""
