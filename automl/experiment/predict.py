"""Predictions of an exported model for a file of rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from automl.data.read import read_table
from automl.data.rows import write_table
from automl.export.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def predict(folder: Path, rows: Path, output: Path | None = None, keep: Sequence[str] = ()) -> dict[str, int]:
    """Predict a file's rows and write the predictions, in the same order.

    Args:
        folder: The exported model.
        rows: The rows.
        output: Where to write, CSV or Parquet by its ending; standard output as CSV if None.
        keep: Columns of the rows to write too.

    Returns:
        How many rows there were.

    Raises:
        AutoMLError: The model or the rows cannot be read, or a column is missing.
    """
    predictor = Predictor(folder)
    predictions = predictor.predict(read_table(rows), keep)
    write_table(output or sys.stdout, predictions)
    return {"rows": len(predictions)}
