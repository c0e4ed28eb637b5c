"""`automl ui`: MLflow's page on this project's runs, until ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.cli.options import RUNS, RunsDir, TrackingUri

Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, metavar="N", help="By default 5000, or a free one.", show_default=False),
]


def ui(port: Port = None, runs_dir: RunsDir = RUNS, tracking_uri: TrackingUri = None) -> None:
    """Open MLflow's page on the studies of this folder, until ctrl-C."""
    from automl.tracking.ui import launch

    launch(runs_dir, tracking_uri, say=typer.echo, port=port)
