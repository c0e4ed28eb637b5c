"""Rows that stand in two parts, told by hashes that identifiers do not enter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.data.digest import ROW
from automl.data.duplicates import duplicates, values_hashed


def rows(first: int, n_rows: int, *, name: int = 0) -> pd.DataFrame:
    """Give rows that differ, whose identifiers count from `name`."""
    values = np.arange(first, first + n_rows)
    return pd.DataFrame({"id": np.arange(name, name + n_rows), "x": values * 0.5, "y": "a", ROW: np.arange(n_rows)})


def test_parts_without_a_common_row_are_no_finding():
    parts = {"train": rows(0, 40), "validation": rows(40, 5, name=40), "test": rows(45, 5, name=45)}
    assert duplicates(parts, "y") == []


def test_each_pair_of_parts_is_counted_in_the_part_that_should_not_be_known():
    parts = {"train": rows(0, 40), "validation": rows(38, 5, name=40), "test": rows(40, 5, name=45)}
    assert [finding.sentence for finding in duplicates(parts, "y")] == [
        "3 of 5 test rows also stand in the validation rows",
        "2 of 5 validation rows also stand in the training rows",
    ]


def test_identifiers_are_those_of_the_training_rows():
    parts = {"train": rows(0, 40), "test": rows(0, 5, name=9)}
    hashes = values_hashed(parts, "y")
    assert hashes["test"].tolist() == hashes["train"][:5].tolist()


def test_the_target_belongs_to_a_row():
    parts = {"train": rows(0, 40), "test": rows(0, 5).assign(y="b")}
    hashes = values_hashed(parts, "y")
    assert not np.isin(hashes["test"], hashes["train"]).any()


def test_no_rows_have_no_hashes():
    parts = {"train": rows(0, 40), "test": rows(0, 0)}
    assert values_hashed(parts, "y")["test"].tolist() == []
