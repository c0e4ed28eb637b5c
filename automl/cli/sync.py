"""`automl sync`: MLflow is told what it was not told of studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from automl.cli.complete import studies
from automl.cli.options import RUNS, Json, RunsDir

Study = Annotated[
    str | None,
    typer.Argument(
        metavar="[STUDY]", help="One study; all if none is named.", autocompletion=studies, show_default=False
    ),
]
TrackingUri = Annotated[
    str | None,
    typer.Option("--tracking-uri", metavar="URI", help="Where MLflow is from now on.", show_default=False),
]


def sync(
    study: Study = None, tracking_uri: TrackingUri = None, runs_dir: RunsDir = RUNS, as_json: Json = False
) -> None:
    """Send MLflow what it was not sent of a study, or of all: it was away, slow, or the search was killed."""
    from automl.cli.screen import write_json, write_lines
    from automl.errors import StudyError
    from automl.experiment.sync import sync as send
    from automl.experiment.sync import sync_all
    from automl.tracking.record import Record

    if study is not None:
        told = [send(Record.find(runs_dir, study), tracking_uri=tracking_uri)]
    else:
        told = sync_all(Record.all(runs_dir), tracking_uri)
    if as_json:
        write_json({"studies": told})
    else:
        write_lines([line_of(each) for each in told] or [f"there are no studies in {runs_dir}"])
    missing = [each for each in told if not each["is_complete"]]
    if missing:
        raise StudyError(
            "\n".join(f"MLflow was not told everything of {each['study']}: {each['reason']}" for each in missing)
        )


def line_of(told: Mapping[str, Any]) -> str:
    """Say what was sent of a study.

    Examples:
        >>> line_of({"study": "houses", "tracking_uri": "http://there", "trials": 9, "sent": 2, "is_complete": True})
        'houses: 2 of 9 trials sent to http://there, which has all of them now'
    """
    study, where, sent, trials = told["study"], told["tracking_uri"], told["sent"], told["trials"]
    if not told["is_complete"]:
        return f"{study}: not everything was sent; what is missing stays in the run folder"
    if not sent:
        return f"{study}: everything is at {where}, no trial was missing"
    return f"{study}: {sent} of {trials} trials sent to {where}, which has all of them now"
