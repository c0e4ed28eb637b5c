"""The judgement row by row, written and read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.data.class_coder import ClassCoder
from automl.data.judged import judged_rows, read_judged
from automl.data.number_coder import NumberCoder
from automl.data.rows import write_rows
from automl.data.target import TargetCoder


def written(path: Path, coder: TargetCoder, truth: list, output: np.ndarray) -> None:
    """Write a judgement whose rows are numbered 3, 1, 2 in their source."""
    rows = pd.DataFrame({"__row__": [3, 1, 2], "feature": [0.0, 0.0, 0.0], coder.target: truth})
    losses = {"model": np.zeros(3)}
    write_rows(path, judged_rows(rows, coder, {"model": output}, losses))


@pytest.mark.parametrize("classes", [("a", "b"), (False, True), (1, 7), (0.5, 1.5)])
def test_classes_of_any_type_are_read_as_their_codes(tmp_path: Path, classes: tuple):
    coder = ClassCoder("y", classes)
    probabilities = np.array([[0.1, 0.9], [0.8, 0.2], [0.7, 0.3]])
    written(tmp_path / "j.parquet", coder, [classes[1], classes[0], classes[1]], probabilities)
    judged = read_judged(tmp_path / "j.parquet", coder)
    assert judged.rows.tolist() == [1, 2, 3] and judged.truth.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(judged.output, probabilities[[1, 2, 0]])


def test_numbers_are_read_in_the_targets_own_units(tmp_path: Path):
    coder = NumberCoder("y", mean=10.0, scale=2.0)
    written(tmp_path / "j.parquet", coder, [30, 10, 20], np.array([31.0, 11.0, 21.0]))
    judged = read_judged(tmp_path / "j.parquet", coder)
    assert judged.truth.tolist() == [10.0, 20.0, 30.0] and judged.output.tolist() == [11.0, 21.0, 31.0]


def test_no_feature_is_written(tmp_path: Path):
    coder = ClassCoder("y", ("a", "b"))
    written(tmp_path / "j.parquet", coder, ["a", "b", "a"], np.full((3, 2), 0.5))
    assert "feature" not in pd.read_parquet(tmp_path / "j.parquet").columns
