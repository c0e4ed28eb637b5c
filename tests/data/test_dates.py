"""Calendar parts, against pandas' calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.dates import DAY, PARTS, date_parts


@pytest.fixture(scope="module")
def instants():
    low, high = (pd.Timestamp(f"{year}-01-01").value // 1000 for year in (1800, 2200))
    return np.random.default_rng(0).integers(low, high, 10_000)


@pytest.mark.parametrize(
    ("part", "name"),
    [("year", "year"), ("month", "month"), ("day", "day"), ("weekday", "day_of_week"), ("hour", "hour")],
)
def test_parts_of_four_centuries_equal_pandas(instants, part, name):
    wanted = getattr(pd.Series(instants.astype("datetime64[us]")).dt, name).to_numpy()
    assert (date_parts(instants)[part] == wanted).all()


def test_elapsed_counts_days_with_their_fraction():
    assert date_parts(np.array([-DAY // 2, 0, 3 * DAY]))["elapsed"].tolist() == [-0.5, 0.0, 3.0]


@pytest.mark.parametrize("text", ["2000-02-29", "1900-02-28", "1969-12-31", "1970-01-01", "2024-12-31", "0001-01-01"])
def test_edges_of_the_calendar(text):
    instant = np.array([text], dtype="datetime64[us]").astype(np.int64)
    parts = date_parts(instant)
    assert [int(parts[name][0]) for name in ("year", "month", "day")] == [int(word) for word in text.split("-")]


def test_no_instants_have_no_parts():
    assert {name: part.shape for name, part in date_parts(np.array([], dtype=np.int64)).items()} == dict.fromkeys(
        PARTS, (0,)
    )
