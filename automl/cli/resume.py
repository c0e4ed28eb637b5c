"""`automl resume`: goes on with a study after an interruption, or raises its budget."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.budget import parse_duration
from automl.cli.options import RUNS, BreakSeal, Json, Quiet, RunsDir, StudyName, Timeout, Trials, required_reason

Storage = Annotated[
    str | None,
    typer.Option("--storage", metavar="URL", help="Where its Optuna storage is from now on.", show_default=False),
]


def resume(
    context: typer.Context,
    study: StudyName,
    trials: Trials = None,
    timeout: Timeout = None,
    break_seal: BreakSeal = None,
    storage: Storage = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on with a study that was interrupted, or raise its budget."""
    from automl.cli.progress import reporter
    from automl.cli.summary import write_result
    from automl.tracking.record import Record

    required_reason(break_seal)
    record = Record.find(runs_dir, study)
    from automl.experiment.resume import resume as go_on  # takes seconds: what can be refused is refused before

    seconds = parse_duration(timeout) if timeout else None
    with reporter(context.obj, quiet=quiet) as progress:
        result = go_on(
            record,
            trials=trials,
            timeout=seconds,
            break_seal=break_seal,
            storage=storage,
            started=context.obj,
            progress=progress,
        )
    write_result(result, as_json=as_json)
