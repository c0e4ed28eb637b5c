"""MLflow's own SQLite database, written in whole transactions: the runs of many trials at once, all there or none.

MLflow's client writes a trial's run in three calls and as many commits, some 40 ms of computing, which a search of
small networks outruns. Here it is a millisecond. The rows are those that the client would write (a test compares them);
a database whose tables are not the ones known here is left to the client.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from automl.tracking.dataset import CONTEXT, USED_FOR, Dataset
from automl.tracking.facts import STUDY_ID, TRIAL, Child, Point

_SECONDS_TO_WAIT = 20.0
_POINT = {"key", "value", "timestamp", "step", "is_nan", "run_uuid"}
_WHOLE = {"tags": {"key", "value", "run_uuid"}, "params": {"key", "value", "run_uuid"}}
_WHOLE |= {"metrics": _POINT, "latest_metrics": _POINT}
_WHOLE |= {
    "datasets": {
        *("dataset_uuid", "experiment_id", "name", "digest"),
        *("dataset_source_type", "dataset_source", "dataset_schema", "dataset_profile"),
    },
    "inputs": {"input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"},
    "input_tags": {"input_uuid", "name", "value"},
}
_OF_A_RUN = {"run_uuid", "experiment_id", "name", "status", "start_time", "end_time", "artifact_uri", "lifecycle_stage"}

_ADD_POINT = "INSERT OR IGNORE INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)"
_SET_LATEST = """
    INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)
    ON CONFLICT (key, run_uuid) DO UPDATE
    SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step
    WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)
"""

_FIND_DATASET = "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?"
_ADD_DATASET = """
    INSERT INTO datasets (
        dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, dataset_schema, dataset_profile
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_INPUT = """
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
    VALUES (?, 'DATASET', ?, 'RUN', ?, 0)
"""

_FIND = """
    SELECT runs.run_uuid, status, start_time, trial.value FROM tags AS study
    JOIN runs ON runs.run_uuid = study.run_uuid
    LEFT JOIN tags AS trial ON trial.run_uuid = runs.run_uuid AND trial.key = ?
    WHERE study.key = ? AND study.value = ? AND experiment_id = ? AND lifecycle_stage = 'active'
"""


class Found(NamedTuple):
    """A run of a study that is there already; `trial` is None for the parent."""

    run_id: str
    status: str
    started: int
    trial: int | None


class Database:
    """A database of MLflow's.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_known(self) -> bool:
        """Whether its tables are there, and are those that are written here."""
        if not self._path.is_file():
            return False
        with self._open() as connection:
            columns = {table: _columns(connection, table) for table in ("runs", *_WHOLE)}
        return all(columns[table] == _WHOLE[table] for table in _WHOLE) and columns["runs"] >= _OF_A_RUN

    def find(self, experiment_id: str, study_id: str) -> list[Found]:
        """Give the runs of a study."""
        with self._open() as connection:
            rows = connection.execute(_FIND, (TRIAL, STUDY_ID, study_id, experiment_id)).fetchall()
        return [
            Found(run_id, status, started, None if trial is None else int(trial))
            for run_id, status, started, trial in rows
        ]

    def add(self, parent: str, children: Iterable[Child], points: Sequence[Point]) -> dict[int, str]:
        """Add the runs of trials, and points to their parent's; all of it is there when this returns, else nothing.

        Args:
            parent: The parent's run.
            children: The trials, none of which has a run yet.
            points: What is new of the parent's.

        Returns:
            The run of each trial, by number.

        Raises:
            LookupError: There is no such parent.
            sqlite3.IntegrityError: The tables refuse such rows.
            sqlite3.Error: The database cannot be written.
        """
        with self._open() as connection, _transaction(connection):
            row = _run(connection, parent)
            added = {child.number: _add_child(connection, row, child) for child in children}
            _add_points(connection, parent, points)
        return added

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path, timeout=_SECONDS_TO_WAIT, isolation_level=None))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}


def _run(connection: sqlite3.Connection, run_id: str) -> dict[str, Any]:
    found = connection.execute("SELECT * FROM runs WHERE run_uuid = ?", (run_id,))
    row = found.fetchone()
    if row is None:
        raise LookupError(f"MLflow has no run {run_id} any more")
    return dict(zip((column[0] for column in found.description), row))


def _add_child(connection: sqlite3.Connection, parent: Mapping[str, Any], child: Child) -> str:
    """Add a run; what is not the trial's own, its row has from its parent's."""
    run_id = _new_id()
    row = {
        **parent,
        "run_uuid": run_id,
        "name": child.name,
        "status": child.status,
        "start_time": child.started,
        "end_time": child.ended,
        "artifact_uri": parent["artifact_uri"].replace(parent["run_uuid"], run_id),
    }
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", tuple(row.values()))
    tags = {**child.tags, "mlflow.parentRunId": parent["run_uuid"], "mlflow.runName": child.name}
    for table, pairs in (("tags", tags), ("params", child.params)):
        rows = [(run_id, key, value) for key, value in pairs.items()]
        connection.executemany(f"INSERT INTO {table} (run_uuid, key, value) VALUES (?, ?, ?)", rows)
    _add_points(connection, run_id, child.points)
    if child.dataset is not None:
        _add_input(connection, run_id, _dataset_id(connection, parent["experiment_id"], child.dataset))
    return run_id


def _dataset_id(connection: sqlite3.Connection, experiment_id: int, dataset: Dataset) -> str:
    """Find a dataset of the experiment by name and digest, or add it."""
    row = connection.execute(_FIND_DATASET, (experiment_id, dataset.name, dataset.digest)).fetchone()
    if row is not None:
        return str(row[0])
    dataset_id = _new_id()
    connection.execute(_ADD_DATASET, (dataset_id, experiment_id, *dataset))
    return dataset_id


def _add_input(connection: sqlite3.Connection, run_id: str, dataset_id: str) -> None:
    input_id = _new_id()
    connection.execute(_ADD_INPUT, (input_id, dataset_id, run_id))
    connection.execute(
        "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)", (input_id, CONTEXT, USED_FOR)
    )


def _new_id() -> str:
    """Draw a run's id, 32 hexadecimal digits in the order of time: rows are added side by side in every index.

    Ids without order, as MLflow's, touch a page of the file for each tag and parameter.
    """
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def _add_points(connection: sqlite3.Connection, run_id: str, points: Sequence[Point]) -> None:
    newest: dict[str, Point] = {}
    for point in points:
        known = newest.get(point.key, point)
        newest[point.key] = max(known, point, key=lambda each: (each.step, each.timestamp, each.value))
    connection.executemany(_ADD_POINT, [(run_id, *point) for point in points])
    connection.executemany(_SET_LATEST, [(run_id, *point) for point in newest.values()])
