"""The data of a study as MLflow names it."""

from __future__ import annotations

import json

import pytest
from mlflow.types import Schema

from automl.task import Column, Task
from automl.tracking.dataset import read_dataset
from automl.tracking.record import SPLIT, TASK

EVERY = (
    Column("age", "numeric"),
    Column("job", "category"),
    Column("member", "boolean"),
    Column("since", "datetime"),
    Column("photo", "image"),
)


def test_data_has_the_files_name_and_the_beginning_of_its_hash(make_study):
    dataset = read_dataset(make_study())
    assert dataset is not None
    assert (dataset.name, dataset.digest) == ("adult", "d" * 8)
    assert json.loads(dataset.source) == {"uri": "tables/adult.csv.gz"}


def test_its_size_is_that_of_all_parts_together(make_study):
    dataset = read_dataset(make_study())
    assert dataset is not None
    assert json.loads(dataset.profile) == {"num_rows": 100, "num_elements": 200}


def test_mlflow_reads_its_columns_of_every_kind_and_the_target(make_study):
    record = make_study()
    record.write_json(TASK, Task("regression", "price", EVERY, (), "rmse").to_json())
    dataset = read_dataset(record)
    assert dataset is not None and dataset.schema is not None
    schema = Schema.from_json(json.dumps(json.loads(dataset.schema)["mlflow_colspec"]))
    types = {name: kind.name for name, kind in zip(schema.input_names(), schema.input_types())}
    assert types == {
        "age": "double",
        "job": "string",
        "member": "boolean",
        "since": "datetime",
        "photo": "binary",
        "price": "double",
    }


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [((False, True), "boolean"), ((0, 1), "long"), ((0.5, 1.5), "double"), (("no", "yes"), "string")],
)
def test_a_targets_labels_have_their_own_type(make_study, classes, wanted: str):
    record = make_study()
    record.write_json(TASK, Task("binary", "won", (), classes, "accuracy").to_json())
    dataset = read_dataset(record)
    assert dataset is not None and dataset.schema is not None
    assert json.loads(dataset.schema)["mlflow_colspec"] == [{"type": wanted, "name": "won", "required": True}]


def test_of_thousands_of_columns_the_list_is_left_out(make_study):
    record = make_study()
    columns = tuple(Column(f"column {number}", "numeric") for number in range(3000))
    record.write_json(TASK, Task("regression", "price", columns, (), "rmse").to_json())
    dataset = read_dataset(record)
    assert dataset is not None
    assert dataset.schema is None
    assert json.loads(dataset.profile)["num_elements"] == 100 * 3001


@pytest.mark.parametrize("name", [SPLIT, TASK])
def test_data_that_is_not_divided_yet_has_no_name(make_study, name: str):
    record = make_study()
    (record.run_dir / name).unlink()
    assert read_dataset(record) is None
