"""What of a data frame's values reaches the bundle's own program."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from automl.data.values import as_microseconds, as_text
from automl.export.predict import as_instant
from automl.export.served import as_cell


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.float64("nan")])
def test_what_is_missing_is_an_empty_cell(missing):
    assert as_cell(missing) == ""


@pytest.mark.parametrize("value", [True, False, 3, 3.0, -2.5, 1e300, 2.0**60, 0.1, "cook", "", np.float64(7)])
def test_values_are_written_as_the_project_writes_them(value):
    assert as_cell(value) == as_text(pd.Series([value]))[0]


@pytest.mark.parametrize(
    "instant",
    [
        pd.Timestamp("2020-02-29 12:30:15.123456"),
        pd.Timestamp("2020-02-29 12:30", tz="Asia/Seoul"),
        datetime(1960, 1, 2, tzinfo=UTC),
        date(2021, 5, 6),
    ],
)
def test_instants_are_read_back_as_what_they_are(instant):
    assert as_instant(as_cell(instant)) == as_microseconds(pd.Series([instant]))[0]
