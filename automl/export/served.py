"""An exported model as MLflow loads and serves it; this file goes along with the bundle, and needs no more than it.

Rows are a data frame with the columns that the model was trained on, in any order; a missing value is null. An image is
the bytes of its file, which a request writes in base64.
"""

from __future__ import annotations

import importlib.util
import io
import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

WHOLE = 2.0**53
"""Numbers below it are written without a fraction where they have none, as reading a table does."""


class ServedBundle(PythonModel):
    """A bundle that answers data frames with data frames."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the network and what prepares its rows, once."""
        folder = Path(context.artifacts["bundle"])
        self._program = load_program(folder / "predict.py")
        self._session = self._program.open_session()
        self._preparation = json.loads((folder / "preprocessing.json").read_text(encoding="utf-8"))
        classes = json.loads((folder / "task.json").read_text(encoding="utf-8"))["classes"]
        self._header = self._program.header_of(self._session, classes)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Give a prediction for every row, and the probability of each class or the ends of an interval."""
        columns = self._preparation["columns"]
        cells = [list(self._cells(model_input[column["name"]], column)) for column in columns]
        rows = (list(row) for row in zip(*cells))
        places = list(range(len(columns)))
        try:
            answers = list(self._program.predict(self._session, rows, places, self._preparation, Path(), False))
        except SystemExit as error:  # the program's word for a mistake in the rows
            raise MlflowException.invalid_parameter_value(str(error)) from None
        return pd.DataFrame(answers, columns=self._header, index=model_input.index)

    def _cells(self, values: pd.Series[Any], column: dict[str, Any]) -> Iterator[Any]:
        for value in values.tolist():
            yield self._picture(value, column) if column["kind"] == "image" else as_cell(value)

    def _picture(self, value: Any, column: dict[str, Any]) -> Any:
        if not isinstance(value, bytes):
            return as_cell(value)
        if not value:
            return ""
        pixels = self._program.read_image(io.BytesIO(value), column)
        if pixels is None:
            raise MlflowException.invalid_parameter_value(
                f"column {column['name']!r} must hold the bytes of image files, in JSON as base64; some are none"
            )
        return self._program.fitted(pixels, column)


def load_program(path: Path) -> ModuleType:
    """Load the bundle's own program."""
    spec = importlib.util.spec_from_file_location("bundle_predict", path)
    assert spec is not None and spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def as_cell(value: Any) -> str:
    """Write a value as a table's file has it: nothing where it is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < WHOLE else repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)


set_model(ServedBundle())
