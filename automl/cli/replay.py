"""`automl replay`: trains a trial once more in its cohort, and says whether it came out as it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.cli.options import RUNS, Json, Quiet, RunsDir, StudyName

if TYPE_CHECKING:
    from collections.abc import Mapping

Trial = Annotated[int, typer.Option("--trial", min=0, metavar="N", help="Which trial.", show_default=False)]


def replay(
    context: typer.Context,
    study: StudyName,
    trial: Trial,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a trial once more in its cohort, and say whether it is as recorded: exit code 0 equal, 1 not."""
    from automl.cli.progress import reporter
    from automl.cli.screen import write_json
    from automl.experiment.replay import replay as replayed
    from automl.tracking.record import Record

    record = Record.find(runs_dir, study)
    with reporter(context.obj, quiet=quiet, live=False) as progress:
        told = replayed(record, trial, progress)
    if as_json:
        write_json(told)
    else:
        _write(told)
    if not told["equal"]:
        raise typer.Exit(1)


def _write(told: Mapping[str, Any]) -> None:
    from automl.cli.screen import write_lines, write_table

    if not told["equal"]:
        rows = [[name, "not kept" if apart is None else f"{apart:.3g}"] for name, apart in told["largest"].items()]
        write_table(("", "largest difference"), rows, numbers=("largest difference",))
        recorded, repeated = told["outcome"]["recorded"], told["outcome"]["repeated"]
        names = [name for name in {**recorded, **repeated} if recorded.get(name) != repeated.get(name)]
        rows = [[name, str(recorded.get(name, "")), str(repeated.get(name, ""))] for name in names]
        if rows:
            write_table(("outcome", "recorded", "repeated"), rows)
        write_lines([""])
    write_lines([told["sentence"], f"on {told['device']}"])
