"""MLflow's SQLite database, written in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from automl.tracking import facts
from automl.tracking.database import Database
from automl.tracking.dataset import Dataset
from automl.tracking.facts import Child, Point
from automl.tracking.mlflow import Projection
from automl.tracking.record import Record
from automl.trial import Outcome

TABLES = ("runs", "tags", "params", "metrics", "latest_metrics", "inputs", "input_tags", "datasets")
DATASET = Dataset("adult", "eeeeeeee", "local", "{}", None, '{"num_rows": 100}')


def file_of(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///"))


def tables_of(uri: str, record: Record) -> dict[str, list[str]]:
    """Give every row about a study's runs, with names in the place of ids."""
    with closing(sqlite3.connect(file_of(uri))) as connection:
        connection.row_factory = sqlite3.Row
        study = facts.read_study(record).study_id
        found = "SELECT run_uuid, name FROM runs JOIN tags USING (run_uuid) WHERE key = 'automl.study_id' AND value = ?"
        names = dict(connection.execute(found, (study,)).fetchall())
        inputs = "SELECT input_uuid, destination_id, source_id FROM inputs WHERE source_type = 'DATASET'"
        for input_id, run_id, dataset_id in connection.execute(inputs).fetchall():
            if run_id in names:
                names |= {input_id: f"input of {names[run_id]}", dataset_id: "dataset"}
        tables = {}
        for table in TABLES:
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
            tables[table] = sorted(told(row, names) for row in rows if not names.keys().isdisjoint(row.values()))
    return tables


def told(row: dict[str, Any], names: dict[str, str]) -> str:
    text = repr({key: row[key] for key in sorted(row) if key not in ("experiment_id", "more")})
    for run_id, name in names.items():
        text = text.replace(run_id, name)
    return text


@pytest.fixture
def parent(make_study, mlflow_uri: str) -> Iterator[tuple[Database, str, Record]]:
    """A study without trials that MLflow knows: the database, the run and the folder."""
    record: Record = make_study()
    projection = Projection(record, mlflow_uri)
    return Database(file_of(mlflow_uri)), projection.run_id, record


def child(number: int, points: Sequence[Point] = (), **changes: Any) -> Child:
    tags = {facts.ROLE: "trial", facts.TRIAL: str(number)}
    made = Child(number, f"trial {number}", "FINISHED", 1000, 2000, tags, {"family": "mlp"}, [*points], None)
    return replace(made, **changes)


def test_its_rows_are_those_that_mlflows_client_writes(
    make_study: Callable[..., Record], add_trials, mlflow_uri: str, strange_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    for uri in (mlflow_uri, strange_uri):
        Projection(record, uri)
    add_trials(record, outcomes)
    for uri in (mlflow_uri, strange_uri):
        Projection(record, uri).sync("RUNNING")
    straight, by_client = tables_of(mlflow_uri, record), tables_of(strange_uri, record)
    counts = {table: len(straight[table]) for table in TABLES}
    assert counts.pop("datasets") == 1
    assert min(counts.values()) > len(outcomes)
    for table in TABLES:
        assert straight[table] == by_client[table]


def test_a_database_of_mlflow_is_known(mlflow_uri: str):
    assert Database(file_of(mlflow_uri)).is_known


def test_a_database_with_other_columns_is_not_known(strange_uri: str):
    assert not Database(file_of(strange_uri)).is_known


def test_a_database_that_is_not_there_is_not_known_and_not_made(tmp_path: Path):
    assert not Database(tmp_path / "mlflow.db").is_known
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_not_known(tmp_path: Path):
    (tmp_path / "mlflow.db").write_bytes(b"")
    assert not Database(tmp_path / "mlflow.db").is_known


def test_many_trials_are_one_transaction(parent, mlflow_uri: str):
    database, run_id, _ = parent

    def commits() -> int:
        return int.from_bytes(file_of(mlflow_uri).read_bytes()[24:28])  # the file change counter of SQLite's header

    before = commits()
    database.add(run_id, [child(number) for number in range(20)], [Point("trials_completed", 20.0, 2000, 19)])
    assert commits() == before + 1


def test_what_cannot_be_added_whole_is_not_added_at_all(parent, mlflow_uri: str):
    database, run_id, record = parent
    before = tables_of(mlflow_uri, record)
    broken = child(1, [Point("score", None, 2000, 0)])  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        database.add(run_id, [child(0), broken], [])
    assert tables_of(mlflow_uri, record) == before


def test_an_empty_batch_changes_nothing(parent, mlflow_uri: str):
    database, run_id, record = parent
    before = tables_of(mlflow_uri, record)
    assert database.add(run_id, [], []) == {}
    assert tables_of(mlflow_uri, record) == before


def test_a_parent_that_is_gone_is_said_so(mlflow_uri: str):
    with pytest.raises(LookupError, match="MLflow has no run 123 any more"):
        Database(file_of(mlflow_uri)).add("123", [child(0)], [])


def test_the_value_shown_is_that_of_the_last_step_whatever_the_order(parent, mlflow_uri: str):
    database, run_id, _ = parent
    database.add(run_id, [], [Point("loss", 0.1, 1000, 7), Point("loss", 0.2, 1000, 9)])
    database.add(run_id, [], [Point("loss", 0.3, 1000, 8)])
    assert MlflowClient(mlflow_uri).get_run(run_id).data.metrics["loss"] == 0.2


def test_a_point_that_is_there_is_not_added_again(parent, mlflow_uri: str):
    database, run_id, _ = parent
    for _ in range(2):
        database.add(run_id, [], [Point("loss", 0.1, 1000, 7)])
    assert len(MlflowClient(mlflow_uri).get_metric_history(run_id, "loss")) == 1


def test_it_finds_the_studys_runs_and_no_deleted_ones(parent, mlflow_uri: str):
    database, run_id, record = parent
    study = facts.read_study(record)
    tags = {**study.tags, facts.TRIAL: "3"}
    added = database.add(run_id, [child(3, status="KILLED", tags=tags)], [])
    deleted = database.add(run_id, [child(4, tags=tags)], [])
    client = MlflowClient(mlflow_uri)
    client.delete_run(deleted[4])
    experiment = client.get_run(run_id).info.experiment_id
    found = {run.run_id: (run.trial, run.status) for run in database.find(experiment, study.study_id)}
    assert found == {run_id: (None, "RUNNING"), added[3]: (3, "KILLED")}
    assert database.find(experiment, "another") == []


def test_runs_have_mlflows_kind_of_id_in_the_order_they_came(parent):
    database, run_id, _ = parent
    ids = list(database.add(run_id, [child(number) for number in range(20)], []).values())
    assert sorted(set(ids)) == ids
    assert all(len(each) == 32 and int(each, 16) for each in ids)


def test_trials_of_one_data_set_share_its_row(parent, mlflow_uri: str):
    database, run_id, _ = parent
    for numbers in (range(3), range(3, 5)):
        database.add(run_id, [child(number, dataset=DATASET) for number in numbers], [])
    with closing(sqlite3.connect(file_of(mlflow_uri))) as connection:
        rows = connection.execute("SELECT name FROM datasets WHERE digest = ?", (DATASET.digest,)).fetchall()
    assert rows == [(DATASET.name,)]


def test_mlflow_reads_the_data_set_of_a_trial(parent, mlflow_uri: str):
    database, run_id, _ = parent
    added = database.add(run_id, [child(0, dataset=DATASET)], [])
    inputs = MlflowClient(mlflow_uri).get_run(added[0]).inputs
    assert inputs is not None
    (used,) = inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("adult", "eeeeeeee")
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "training"}
