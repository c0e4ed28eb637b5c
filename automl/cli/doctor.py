"""`automl doctor`: whether a search would run here, and what it would run with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.cli.options import RUNS, Json, RunsDir, TrackingUri

_PACKAGE = ("package", "installed", "needed")


def doctor(runs_dir: RunsDir = RUNS, tracking_uri: TrackingUri = None, as_json: Json = False) -> None:
    """Say whether a search would run here: packages, devices, storage, MLflow, extras."""
    import os

    from automl.cli.screen import write_json, write_lines, write_prose, write_rows
    from automl.errors import PlanError
    from automl.experiment.doctor import examine

    found = examine(runs_dir, tracking_uri, os.environ)
    if as_json:
        write_json(found)
    else:
        write_prose(machine_lines(found))
        write_lines([""])
        packages = [{**each, "package": each["name"]} for each in found["packages"]]
        write_rows(_PACKAGE, packages, words=_PACKAGE)
        write_lines([""])
        write_prose(closing_lines(found))
    if found["problems"]:
        raise PlanError("a search would not run here: " + "\n".join(found["problems"]))


def machine_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what a search would run on, and where it would be kept."""
    from automl.report.figures import size

    cores, storage, mlflow = found["cores"], found["storage"], found["mlflow"]
    of_all = "" if cores["usable"] == cores["all"] else f" of {cores['all']}"
    kept = f"{storage['studies']} {'study' if storage['studies'] == 1 else 'studies'}"
    state = "cannot be used" if storage["problem"] else kept
    yield f"Python   {found['python']} on {found['system']}"
    yield f"cores    {cores['usable']}{of_all}, {size(found['memory_bytes'])} of memory"
    yield f"devices  {', '.join(found['devices']) or 'none'}"
    yield f"runs     {storage['runs_dir']}: {state}, {size(storage['free_bytes'])} free"
    yield f"MLflow   {mlflow['tracking_uri']}: {'reached' if mlflow['is_reached'] else 'not reached'}"


def closing_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what the extras are for and what of them is missing, what else is worth knowing, and what it comes to."""
    for extra in found["extras"]:
        missing = f"missing: {', '.join(extra['missing'])}" if extra["missing"] else "complete"
        install = f"; pip install 'automl[{extra['name']}]'" if extra["missing"] else ""
        yield f"The extra {extra['name']!r} {extra['for']}; {missing}{install}"
    yield from (f"Note: {note}." for note in found["notes"])
    if not found["problems"]:
        yield "A search would run here."
