"""`automl judge`: judges the winner of a study on its sealed test rows, once, and exports it."""

from __future__ import annotations

import typer

from automl.cli.options import RUNS, BreakSeal, Json, Quiet, RunsDir, StudyName, required_reason


def judge(
    context: typer.Context,
    study: StudyName,
    break_seal: BreakSeal = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge the best trial of a study on its sealed test rows, once, and export it."""
    from automl.cli.progress import reporter
    from automl.cli.summary import write_result
    from automl.tracking.record import Record

    required_reason(break_seal)
    record = Record.find(runs_dir, study)
    from automl.experiment.verdict import judge_study  # takes seconds: what can be refused is refused before

    with reporter(context.obj, quiet=quiet) as progress:
        result = judge_study(record, break_seal=break_seal, started=context.obj, progress=progress)
    write_result(result, as_json=as_json)
