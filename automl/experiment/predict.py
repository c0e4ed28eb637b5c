"""Predictions of an exported model for a file of rows or a folder of images."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from automl.data.findings import findings_of
from automl.data.layouts import FILE
from automl.data.rows import write_table
from automl.export.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def predict(folder: Path, rows: Path, output: Path | None = None, keep: Sequence[str] = ()) -> dict[str, Any]:
    """Predict what a file or a folder of images holds and write the predictions, in the same order.

    Args:
        folder: The exported model.
        rows: The rows: a table's file or, for a model of images, also a folder, an image or an archive.
        output: Where to write, CSV or Parquet by its ending; standard output as CSV if None.
        keep: Columns of the rows to write too. Those of image files get their `file` in any case, in front.

    Returns:
        How many `rows` there were, and what is to be said of its images in `findings`, a sentence each.

    Raises:
        AutoMLError: The model or the rows cannot be read, or a column is missing.
    """
    predictor = Predictor(folder)
    table = predictor.read(rows)
    are_files = table.index.name == FILE
    predictions = predictor.predict(table, [name for name in keep if not (are_files and name == FILE)])
    write_table(output or sys.stdout, predictions.reset_index() if are_files else predictions)
    found = findings_of(table) if predictor.image else ()
    return {"rows": len(predictions), "findings": [finding.sentence for finding in found]}
