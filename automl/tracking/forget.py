"""A study's runs taken out of MLflow, for a person who removes the study."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from automl.errors import StudyError
from automl.passwords import without_password
from automl.tracking.address import database_path, resolve_uri
from automl.tracking.record import PLAN, TRACKING
from automl.tracking.settings import settings

if TYPE_CHECKING:
    from automl.tracking.record import Record


def forget(record: Record) -> int:
    """Delete a study's runs in MLflow, the parent and its children; give how many there were.

    Args:
        record: The study's run folder.

    Raises:
        StudyError: MLflow was not reached, or has no run of a study that was sent to it.
    """
    uri = resolve_uri(record.runs_dir, record.read_json(PLAN).get("tracking_uri"), os.environ)
    database = database_path(uri)
    n_runs = _deleted(record, uri) if database is None or database.is_file() else 0
    told = record.read_json(TRACKING) if record.has(TRACKING) else {}
    if n_runs == 0 and told.get("run_id"):
        raise StudyError(
            f"MLflow at {without_password(uri)} has no runs of study {record.study!r}, which was sent to "
            f"{told['tracking_uri']}; name it with MLFLOW_TRACKING_URI, or leave --mlflow out"
        )
    return n_runs


def _deleted(record: Record, uri: str) -> int:
    try:
        with settings():
            from automl.tracking.mlflow import delete_runs

            return delete_runs(record, uri)
    except Exception as error:  # MLflow raises errors of many families for a server that is away
        reason = " ".join(str(error).split())[:300]
        raise StudyError(
            f"MLflow at {without_password(uri)} did not delete the runs of study {record.study!r}, which is left "
            f"as it is: {reason}"
        ) from error
