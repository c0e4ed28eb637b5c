"""Predictions of an exported model for a file of rows or a folder of images."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from automl.data.delimited import Reading
from automl.data.findings import findings_of
from automl.data.layouts import FILE
from automl.data.rows import write_table
from automl.errors import PlanError
from automl.experiment.checks import reading_mistakes, separator_of
from automl.export.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def predict(
    folder: Path,
    rows: Path,
    output: Path | None = None,
    keep: Sequence[str] = (),
    reading: Mapping[str, str | None] = MappingProxyType({}),
) -> dict[str, Any]:
    """Predict what a file or a folder of images holds and write the predictions, in the same order.

    Args:
        folder: The exported bundle, or ONNX file.
        rows: The rows: a table's file or, for a model of images, also a folder, an image or an archive.
        output: Where to write, CSV or Parquet by its ending; standard output as CSV if None.
        keep: Columns of the rows to write too. Those of image files get their `file` in any case, in front.
        reading: What a person says of a text file: `separator`, `decimal`, `encoding`; what is not said is found.

    Returns:
        How many `rows` there were, and what is to be said of reading them in `findings`, a sentence each.

    Raises:
        AutoMLError: The model or the rows cannot be read, or a column is missing.
        PlanError: What is said of the text file cannot be.
    """
    said = Reading(**{**reading, "separator": separator_of(reading.get("separator"))})  # type: ignore[arg-type]
    if mistakes := list(reading_mistakes(said)):
        raise PlanError("\n".join(mistakes))
    predictor = Predictor(folder)
    table = predictor.read(rows, said)
    are_files = table.index.name == FILE
    predictions = predictor.predict(table, [name for name in keep if not (are_files and name == FILE)])
    write_table(output or sys.stdout, predictions.reset_index() if are_files else predictions)
    names = {column.name for column in predictor.columns}
    found = [each for each in findings_of(table) if predictor.image or each.column is None or each.column in names]
    return {"rows": len(predictions), "findings": [finding.sentence for finding in found]}
