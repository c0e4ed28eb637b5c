"""MLflow's model registry: a trial's exported model as a version of a registered one, with the trial as its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from automl.errors import StudyError
from automl.passwords import without_password
from automl.tracking import record as folder
from automl.tracking.address import resolve_uri
from automl.tracking.record import Record
from automl.tracking.settings import settings

_LONGEST_DESCRIPTION = 5000


class Source(NamedTuple):
    """Where a trial is in MLflow."""

    uri: str
    experiment_id: str
    run_id: str


def find_source(record: Record, trial: int, environ: Mapping[str, str]) -> Source:
    """Find a trial's run in the MLflow that its study was sent to.

    Args:
        record: The run folder.
        trial: The trial's number.
        environ: The environment, whose `MLFLOW_TRACKING_URI` is honoured as it was by the search.

    Raises:
        StudyError: MLflow was not told of the trial.
        PlanError: MLflow knows no such address.
    """
    uri = resolve_uri(record.runs_dir, record.read_json(folder.PLAN).get("tracking_uri"), environ)
    note = record.read_json(folder.TRACKING) if record.has(folder.TRACKING) else {}
    run_id = note.get("trials", {}).get(str(trial))
    if run_id is None or note["tracking_uri"] != without_password(uri):
        raise StudyError(
            f"trial {trial} of study {record.study!r} is not in MLflow at {without_password(uri)}; "
            f"send it first: automl sync {record.words}"
        )
    return Source(uri, note["experiment_id"], run_id)


@dataclass(frozen=True)
class Entry:
    """What the registry says of a version.

    Args:
        name: What the registered model is called.
        description: What it is, in Markdown.
        params: The trial's parameters.
        tags: What it is found by.
    """

    name: str
    description: str
    params: Mapping[str, str]
    tags: Mapping[str, str]


def register(source: Source, model: Path, entry: Entry) -> str:
    """Keep a model in MLflow, and make it the next version of a registered one, which is made if there is none.

    Args:
        source: The trial it came from.
        model: The model in MLflow's form.
        entry: What is said of it.

    Returns:
        The version.

    Raises:
        StudyError: MLflow refuses it, or was not reached.
    """
    with settings():
        return _register(source, model, entry)


def _register(source: Source, model: Path, entry: Entry) -> str:
    from mlflow import MlflowClient  # takes seconds
    from mlflow.exceptions import MlflowException

    client = MlflowClient(source.uri, registry_uri=source.uri)
    try:
        _make(client, entry.name)
        kept = client.create_logged_model(
            source.experiment_id, entry.name, source.run_id, tags=dict(entry.tags), params=dict(entry.params)
        )
        client.log_model_artifacts(kept.model_id, str(model))
        client.finalize_logged_model(kept.model_id, "READY")
        version = client.create_model_version(
            entry.name,
            kept.artifact_location,  # and not its models:/ address, which MLflow looks up elsewhere
            source.run_id,
            tags=dict(entry.tags),
            description=entry.description[:_LONGEST_DESCRIPTION],
            model_id=kept.model_id,
        )
    except MlflowException as error:
        reason = without_password(" ".join(str(error.message).split()))
        raise StudyError(f"MLflow did not register {entry.name!r}: {reason}") from error
    return str(version.version)


def _make(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
