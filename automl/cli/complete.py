"""What a shell offers when the tab key is pressed: names of studies, spaces and metrics; nothing heavy is imported."""

from __future__ import annotations

from pathlib import Path

import typer


def studies(context: typer.Context, incomplete: str) -> list[str]:
    """Offer the studies of the runs folder that the command line names so far."""
    from automl.tracking.record import Record

    try:
        names = [record.study for record in Record.all(Path(context.params["runs_dir"]))]
    except OSError:  # a folder that may not be read has nothing to offer
        return []
    return [name for name in names if name.startswith(incomplete)]


def spaces(incomplete: str) -> list[str]:
    """Offer the spaces that are shipped; a path is left to the shell."""
    from automl.spaces.shipped import shipped_spaces

    return [path.stem for path in shipped_spaces() if path.stem.startswith(incomplete)]


def metrics(incomplete: str) -> list[str]:
    """Offer the metrics."""
    from automl.task import HIGHER_IS_BETTER

    return [name for name in HIGHER_IS_BETTER if name.startswith(incomplete)]
