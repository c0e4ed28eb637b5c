"""The data of a study as MLflow names it: what it is called, what it holds, and the hash that tells it from others."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from automl.task import ColumnKind, Task
from automl.tracking import record as folder
from automl.tracking.address import experiment_name
from automl.tracking.record import Record

CONTEXT = "mlflow.data.context"
USED_FOR = "training"

_TYPES: dict[ColumnKind, str] = {
    "numeric": "double",
    "category": "string",
    "boolean": "boolean",
    "datetime": "datetime",
    "image": "binary",
}
_LABEL_TYPES: dict[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}
_DIGITS = 8
_LONGEST_SCHEMA = 65_535
"""MLflow's servers take no longer one; the schema of a table of some thousand columns is left out."""


class Dataset(NamedTuple):
    """What a run says it used.

    Args:
        name: What the data is called.
        digest: The beginning of its hash.
        source_type: MLflow's word for the kind of place that it came from.
        source: Where it came from, as JSON.
        schema: Its columns, as JSON; None where they are too many.
        profile: Its size, as JSON.
    """

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str


def read_dataset(record: Record) -> Dataset | None:
    """Read what a study's data is, or give None while it is not divided."""
    if not (record.has(folder.SPLIT) and record.has(folder.TASK)):
        return None
    plan, split = record.read_json(folder.PLAN), record.read_json(folder.SPLIT)
    task = Task.from_json(record.read_json(folder.TASK))
    n_rows = sum(split["sizes"].values())
    schema = json.dumps({"mlflow_colspec": _columns(task)})
    return Dataset(
        name=experiment_name(plan["data"]),
        digest=split["data_sha256"][:_DIGITS],
        source_type="local",
        source=json.dumps({"uri": plan["data"]}),
        schema=schema if len(schema) <= _LONGEST_SCHEMA else None,
        profile=json.dumps({"num_rows": n_rows, "num_elements": n_rows * (len(task.columns) + 1)}),
    )


def _columns(task: Task) -> list[dict[str, Any]]:
    typed = {column.name: _TYPES[column.kind] for column in task.columns}
    kind = _LABEL_TYPES[type(task.classes[0])] if task.classes else "double"
    typed |= dict.fromkeys(task.targets or (task.target,), kind)
    return [{"type": kind, "name": name, "required": True} for name, kind in typed.items()]
