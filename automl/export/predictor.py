"""An exported model, loaded to predict frames of rows; it knows onnxruntime and no network library."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from automl.data.delimited import Reading
from automl.data.image_encoding import ImageEncoding
from automl.data.text_files import Known
from automl.data.values import as_microseconds, as_number, as_text
from automl.errors import BundleError, unknown
from automl.export.manifest import check_manifest
from automl.export.sources import rows_of, with_pictures
from automl.task import Column

FILE_FORMAT = 1
"""Of the metadata of an ONNX file that stands alone."""
CHUNK = 4096
"""Rows at a time, so that memory does not grow with the table."""
CHUNK_VALUES = 1 << 20
"""Pixels at a time: a network holds tens of numbers for each, a gigabyte for 4096 images of 28 x 28."""


class Predictor:
    """A bundle, or an ONNX file, that was read and found whole.

    Args:
        folder: Where the bundle or the file lies.

    Raises:
        BundleError: It is neither, is damaged, or was written by a newer version of this project.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if self.folder.is_file():
            self._session = session_of(self.folder)
            self.manifest, columns, classes, how = _from_metadata(self.folder, self._session)
        else:
            self.manifest = check_manifest(self.folder)
            preparation, task = (_read(self.folder, name) for name in ("preprocessing.json", "task.json"))
            columns, classes, how = preparation["columns"], task["classes"], preparation.get("reading", {})
            self._session = session_of(self.folder / "model.onnx")
        self.columns = tuple(Column(column["name"], column["kind"], column.get("numbers", False)) for column in columns)
        pictures = [column for column in columns if column["kind"] == "image"]
        self.image = ImageEncoding.from_json(pictures[0]) if pictures else None
        self._na = tuple(how.get("na", ()))
        self._known = Known.of_columns(columns, how)
        self.classes: tuple[Any, ...] = tuple(classes)
        self._given = tuple(each.name for each in self._session.get_outputs())

    def read(self, source: Path | str, reading: Reading | None = None) -> pd.DataFrame:
        """Read rows to predict from a table's file or, for a model of images, also from a folder, image or archive.

        Args:
            source: Where they are; a text file is read as that of the training rows was, whatever its separator.
            reading: What a person says of a text file.

        Returns:
            The rows, those of image files under an index `file`; `automl.data.findings` tells what was left out.

        Raises:
            BundleError: Images were given to a model that takes none, or a folder without any.
            DataError: The source cannot be read.
        """
        said = reading or Reading()
        said = replace(said, na=said.na or self._na)
        return rows_of(Path(source), self.image, reading=said, known=self._known)

    def predict(self, rows: pd.DataFrame, keep: Sequence[str] = ()) -> pd.DataFrame:
        """Predict every row, in the rows' order and under their index.

        Args:
            rows: Raw values, typed or as text; the target and other columns it does not know are ignored. Images may
                have any size, or be given by their files' names.
            keep: Names of columns to repeat after the predictions.

        Returns:
            `prediction`, then `probability_<class>` for each class or the ends of an interval, `lower` and `upper`,
            then what is kept.

        Raises:
            BundleError: The rows lack a column, one to keep is unknown or named like a prediction, or the column of
                images holds something else.
            DataError: More than a few of the image files cannot be read.
        """
        self._check(rows, keep)
        if rows.empty:  # one row without values tells the types
            lacking = pd.DataFrame({column.name: [None] for column in self.columns}, dtype=object)
            empty = pd.DataFrame(self._outputs(lacking)).iloc[:0].set_index(rows.index)
            return pd.concat([empty, rows[list(keep)]], axis=1)
        shown = rows if self.image is None else with_pictures(rows, self.image)
        parts = [self._outputs(chunk) for chunk in chunks(shown, self.image)]
        names = parts[0].keys()
        outputs = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in names})
        return pd.concat([outputs.set_index(rows.index), rows[list(keep)]], axis=1)

    def _check(self, rows: pd.DataFrame, keep: Sequence[str]) -> None:
        absent = [column.name for column in self.columns if column.name not in rows.columns]
        if absent:
            raise BundleError(f"the rows lack the columns {', '.join(map(repr, absent))}")
        outputs = {name for given in self._given for name in names_of(given, self.classes)}
        for name in keep:
            if name not in rows.columns:
                raise BundleError(unknown("column to keep", name, rows.columns))
            if name in outputs:
                raise BundleError(f"a column to keep must not be named like a prediction, got {name!r}")

    def _outputs(self, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
        """Give the output columns of some rows by name."""
        inputs = [
            to_input(rows[column.name], self.image if self.image and column.kind == "image" else column)
            for column in self.columns
        ]
        names = [each.name for each in self._session.get_inputs()]
        found = dict(zip(self._given, self._session.run(list(self._given), dict(zip(names, inputs)))))
        return {
            name: column
            for given, values in found.items()
            for name, column in zip(names_of(given, self.classes), values.reshape(len(values), -1).T)
        }


def names_of(given: str, classes: Sequence[Any]) -> list[str]:
    """Name the columns of an output of the ONNX model: a table of probabilities has one for each class.

    Examples:
        >>> names_of("prediction", ["no", "yes"]), names_of("probabilities", ["no", "yes"])
        (['prediction'], ['probability_no', 'probability_yes'])
    """
    return [f"probability_{label}" for label in classes] if given == "probabilities" else [given]


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """Load a network.

    Raises:
        BundleError: The file is no ONNX model, or one that this onnxruntime cannot run.
    """
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no family of their own
        raise BundleError(f"{path} is no model that can be loaded: {' '.join(str(error).split())}") from error


def _read(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def _from_metadata(
    path: Path, session: onnxruntime.InferenceSession
) -> tuple[dict[str, Any], list[Any], list[Any], dict[str, Any]]:
    """Give what an ONNX file says of itself, its columns, its classes, and how the training rows were read.

    Raises:
        BundleError: It was not written by this project, or by a newer version of it.
    """
    said: dict[str, Any] = dict(session.get_modelmeta().custom_metadata_map)
    if not {"format", "columns", "classes"} <= said.keys():
        raise BundleError(f"{path} is no exported model: its metadata does not name columns and classes")
    if int(said["format"]) > FILE_FORMAT:
        least = f"the format of its metadata must be at most {FILE_FORMAT} here"
        raise BundleError(f"{path}: {least}, got {said['format']}")
    columns = [
        {key: value for key, value in column.items() if key not in ("input", "missing")}
        for column in json.loads(said["columns"])
    ]
    return said, columns, json.loads(said["classes"]), json.loads(said.get("reading", "{}"))


def to_input(values: pd.Series[Any], column: Column | ImageEncoding) -> NDArray[Any]:
    """Turn one column's raw values (N,) into what the model takes: double, int64, texts or pixels."""
    if isinstance(column, ImageEncoding):
        return column.encode(values)["image"]
    if column.kind == "numeric":
        return as_number(values)
    if column.kind == "datetime":
        return as_microseconds(values)
    return as_text(values, column.numbers)


def chunks(rows: pd.DataFrame, image: ImageEncoding | None) -> Iterator[pd.DataFrame]:
    """Cut rows into runs of `CHUNK`, or of fewer where each has a large image."""
    step = CHUNK if image is None else max(1, min(CHUNK, CHUNK_VALUES // math.prod(image.shape)))
    for start in range(0, len(rows), step):
        yield rows.iloc[start : start + step]
