"""The tables of MLflow's database: made by one process at a time, and there whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient

from automl.tracking.address import database_path
from automl.tracking.record import Record


def make_tables(tracking_uri: str) -> None:
    """Make the tables of a new SQLite database beside its place, and put them there whole.

    MLflow makes them in dozens of steps, and none of its commands can open a database that a kill has left between two.
    """
    path = database_path(tracking_uri)
    if path is None or (path.exists() and path.stat().st_size):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    for left in (new, new.with_name(f"{new.name}-journal")):
        left.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{new}", registry_uri=f"sqlite:///{new}").search_experiments(max_results=1)
    new.replace(path)


@contextmanager
def alone(record: Record) -> Iterator[None]:
    """Let one process at a time make a connection: two that make the same tables at once would break each other."""
    descriptor = os.open(record.runs_dir / "mlflow.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
