"""`automl export`: the winner of a study as a folder that predicts without this project."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli.options import RUNS, Json, RunsDir, StudyName, TrialNumber

FORMATS = ("bundle",)

Format = Annotated[str, typer.Option("--format", metavar="bundle", help="The form of what is written.")]
Output = Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to write.", show_default=False)]


def export(
    study: StudyName,
    output: Output,
    form: Format = "bundle",
    trial: TrialNumber = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
) -> None:
    """Write a trained model to a folder that predicts on its own."""
    import contextlib
    import sys

    from automl.cli.screen import write_json, write_lines
    from automl.errors import PlanError, unknown
    from automl.tracking.record import Record

    if form not in FORMATS:
        raise PlanError(unknown("format", form, FORMATS))
    record = Record.find(runs_dir, study)
    from automl.experiment import deliver  # takes seconds: what can be refused is refused before

    with contextlib.redirect_stdout(sys.stderr):  # the exporter's own lines must not get into the result
        delivered = deliver.export(record, output, trial)
    if as_json:
        write_json(delivered)
    else:
        write_lines(export_lines(study, output, delivered))


def export_lines(study: str, output: Path, delivered: Mapping[str, Any]) -> Iterator[str]:
    """Say what was written and how to use it."""
    from automl.report.figures import counted

    parity = delivered["parity"]
    yield f"Trial {delivered['trial']} of {study} is exported to {output}"
    yield (
        f"On {counted(parity['rows'], 'row')} it answers as the network does: {parity['labels_equal']:.2%} of the "
        f"predictions are equal, and the largest difference is {parity['largest_difference']:.1e}"
    )
    yield f"Next: automl predict {shlex.quote(str(output))} ROWS --output predictions.csv"
