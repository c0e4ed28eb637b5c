"""`automl export`: the winner of a study as a folder that predicts without this project."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli.options import RUNS, Json, RunsDir, StudyName, TrialNumber
from automl.export.folders import FORMATS, check_format

Format = Annotated[
    str,
    typer.Option("--format", metavar="|".join(FORMATS), help="The form of what is written; mlflow is one it serves."),
]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="DIR", help="The folder to write.", show_default=False)
]
Register = Annotated[
    str | None,
    typer.Option(
        "--register",
        metavar="NAME",
        help="Make it the next version of this model in MLflow's registry.",
        show_default=False,
    ),
]


def export(
    study: StudyName,
    output: Output = None,
    form: Format = "bundle",
    register: Register = None,
    trial: TrialNumber = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
) -> None:
    """Write a trained model to a folder that predicts on its own, or register it in MLflow."""
    import contextlib
    import sys

    from automl.cli.screen import write_json, write_lines
    from automl.errors import PlanError
    from automl.tracking.record import Record

    check_format(form)
    if output is None and register is None:
        raise PlanError("the model must go somewhere: name a folder with --output, a registered model with --register")
    record = Record.find(runs_dir, study)
    from automl.experiment import deliver  # takes seconds: what can be refused is refused before

    with contextlib.redirect_stdout(sys.stderr):  # the exporter's own lines must not get into the result
        delivered = deliver.export(record, output, trial, form=form, name=register)
    if as_json:
        write_json(delivered)
    else:
        write_lines(export_lines(delivered))


def export_lines(delivered: Mapping[str, Any]) -> Iterator[str]:
    """Say what was written and how to use it.

    Args:
        delivered: What `automl.experiment.deliver.export` gives.
    """
    from automl.report.figures import counted

    parity, registered, output = delivered["parity"], delivered["registered"], delivered["output"]
    subject = f"Trial {delivered['trial']} of {delivered['study']}"
    if output is not None:
        yield f"{subject} is exported to {output}"
    if registered is not None:
        yield f"{subject} is version {registered['version']} of {registered['name']} in {registered['tracking_uri']}"
    yield (
        f"On {counted(parity['rows'], 'row')} it answers as the network does: {parity['labels_equal']:.2%} of the "
        f"predictions are equal, and the largest difference is {parity['largest_difference']:.1e}"
    )
    if output is not None and delivered["format"] == "bundle":
        yield f"Next: automl predict {shlex.quote(output)} ROWS --output predictions.csv"
    elif output is not None:
        yield f"Next: mlflow models serve --env-manager local --port 5001 -m {shlex.quote(output)}"
    if registered is not None:
        model = shlex.quote(f"models:/{registered['name']}/{registered['version']}")
        place = shlex.quote(registered["tracking_uri"])
        yield f"Next: MLFLOW_TRACKING_URI={place} mlflow models serve --env-manager local --port 5001 -m {model}"
