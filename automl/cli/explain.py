"""`automl explain`: which of the winner's choices carry its gain over the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.cli.options import RUNS, Json, Quiet, RunsDir, StudyName

if TYPE_CHECKING:
    from collections.abc import Mapping

Trainings = Annotated[int, typer.Option("--trainings", metavar="N", help="The most trainings.")]


def explain(
    context: typer.Context,
    study: StudyName,
    trainings: Trainings = 20,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell which choices of the winner carry its gain, by training between it and the default."""
    from automl.cli.progress import reporter
    from automl.cli.screen import write_json
    from automl.experiment.explain import explain as explained
    from automl.experiment.sync import send_what_is_missing
    from automl.tracking.record import TRACKING, Record

    record = Record.find(runs_dir, study)
    with reporter(context.obj, quiet=quiet, live=False) as progress:
        told = explained(record, trainings=trainings, progress=progress)
        if record.has(TRACKING):
            send_what_is_missing(record, progress)
    if as_json:
        write_json(told)
    else:
        _write(told)


def _write(told: Mapping[str, Any]) -> None:
    from automl.cli.screen import write_lines, write_table
    from automl.report.explanation import END, STEP, end_rows, remarks, step_rows

    if told["choices"]:
        if told["steps"]:
            write_table(STEP, [list(row.values()) for row in step_rows(told)], numbers=STEP[3:6])
            write_lines([""])
        write_table(END, [list(row.values()) for row in end_rows(told)], numbers=END[1:])
        write_lines(["", *remarks(told), ""])
    write_lines([told["sentence"]])
