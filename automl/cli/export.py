"""`automl export`: the winner of a study as a folder or a file that predicts without this project."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli.options import RUNS, Json, RunsDir, StudyName, TrialNumber
from automl.export.folders import FORMATS, check_format, check_output

Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="What is written: a folder with all of these, one ONNX file, a folder that PyTorch loads, or one that "
        "MLflow serves.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="PATH", help="The folder to write, for onnx the file.", show_default=False),
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

Update = Annotated[
    int | None,
    typer.Option(
        "--update",
        min=0,
        metavar="N",
        help="The model that this update made instead of the present one; 0 is the study's own.",
        show_default=False,
    ),
]

_NEXT = {
    "bundle": "automl predict {} ROWS --output predictions.csv",
    "onnx": "automl predict {} ROWS --output predictions.csv",
    "torch": "python {}/load.py rows.csv",
    "mlflow": "mlflow models serve --env-manager local --port 5001 -m {}",
}


def export(
    study: StudyName,
    output: Output = None,
    form: Format = "bundle",
    register: Register = None,
    trial: TrialNumber = None,
    update: Update = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
) -> None:
    """Write a trained model to a folder or a file that predicts on its own, or register it in MLflow."""
    import contextlib
    import sys

    from automl.cli.screen import write_json, write_lines
    from automl.errors import PlanError
    from automl.tracking.record import Record

    check_format(form)
    if output is None and register is None:
        raise PlanError("the model must go somewhere: name a folder with --output, a registered model with --register")
    if output is not None:
        check_output(output, form)
    record = Record.find(runs_dir, study)
    from automl.experiment import deliver  # takes seconds: what can be refused is refused before

    with contextlib.redirect_stdout(sys.stderr):  # the exporter's own lines must not get into the result
        delivered = deliver.export(record, output, trial, form=form, name=register, update=update)
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
    made = f", as update {delivered['update']} made it," if "update" in delivered else ""
    subject = f"Trial {delivered['trial']} of {delivered['study']}{made}"
    if output is not None:
        yield f"{subject} is exported to {output}"
    if registered is not None:
        yield f"{subject} is version {registered['version']} of {registered['name']} in {registered['tracking_uri']}"
    yield (
        f"On {counted(parity['rows'], 'row')} it answers as the network does: {parity['labels_equal']:.2%} of the "
        f"predictions are equal, and the largest difference is {parity['largest_difference']:.1e}"
    )
    if delivered["opsets"] is not None:
        yield f"It needs {delivered['opsets']}; its inputs are the raw columns, by name"
    if output is not None:
        yield f"Next: {_NEXT[delivered['format']].format(shlex.quote(output))}"
    if registered is not None:
        model = shlex.quote(f"models:/{registered['name']}/{registered['version']}")
        place = shlex.quote(registered["tracking_uri"])
        yield f"Next: MLFLOW_TRACKING_URI={place} mlflow models serve --env-manager local --port 5001 -m {model}"
