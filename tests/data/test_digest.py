"""Fingerprints of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.digest import ROW, row_hashes, rows_digest
from automl.data.images import ImageArray
from automl.data.read import read_table

FRAME = pd.DataFrame(
    {
        "number": [1.5, np.nan, 0.0, 1.5],
        "count": [1, 2, 3, 1],
        "word": ["a", None, "b", "a"],
        "truth": [True, False, True, True],
        "day": pd.to_datetime(["2020-01-01", None, "2020-01-02", "2020-01-01"]),
        "duration": pd.to_timedelta([1, 2, None, 1], unit="s"),
    }
)


def test_equal_rows_have_equal_hashes_and_others_have_not():
    hashes = row_hashes(FRAME)
    assert hashes[0] == hashes[3]
    assert len(set(hashes.tolist())) == 3


def test_a_digest_does_not_depend_on_the_order_of_rows_or_columns_or_their_numbers():
    shuffled = FRAME.iloc[[2, 0, 3, 1]].iloc[:, ::-1].assign(**{ROW: range(4)})
    assert rows_digest(shuffled) == rows_digest(FRAME)


@pytest.mark.parametrize(
    "changed",
    [
        FRAME.head(3),
        FRAME.assign(count=[1, 2, 3, 2]),
        FRAME.assign(word=["a", None, "b", "A"]),
        FRAME.assign(truth=~FRAME["truth"]),
        FRAME.assign(day=FRAME["day"] + pd.Timedelta(microseconds=1)),
        FRAME.assign(number=FRAME["number"].fillna(0.0)),
        FRAME.rename(columns={"word": "words"}),
        FRAME.drop(columns="word"),
        FRAME.iloc[[0, 0, 1, 2, 3]],
    ],
)
def test_a_digest_changes_with_any_value(changed):
    assert rows_digest(changed) != rows_digest(FRAME)


def test_values_that_move_to_another_column_change_the_digest():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]})
    assert rows_digest(frame) != rows_digest(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    assert row_hashes(frame)[0] != row_hashes(frame)[1]


@pytest.mark.parametrize(
    "same",
    [
        FRAME.assign(count=FRAME["count"].astype(float)),
        FRAME.assign(count=FRAME["count"].astype("Int64")),
        FRAME.assign(word=FRAME["word"].astype(object)),
        FRAME.assign(word=FRAME["word"].astype("category")),
        FRAME.assign(truth=FRAME["truth"].astype("boolean")),
        FRAME.assign(truth=FRAME["truth"].astype(object)),
        FRAME.assign(day=FRAME["day"].astype("datetime64[ns]")),
        FRAME.assign(day=FRAME["day"].dt.tz_localize("UTC")),
        FRAME.assign(number=FRAME["number"].where(FRAME["number"] != 0, -0.0)),
    ],
)
def test_a_digest_does_not_depend_on_how_pandas_keeps_values(same):
    assert rows_digest(same) == rows_digest(FRAME)


PIXELS = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 6), dtype=np.uint8)
IMAGES = pd.DataFrame({"image": ImageArray(PIXELS, np.array([0, 1, -1, 0])), "n": [1, 1, 1, 1]})


def test_images_are_the_same_when_their_pixels_are():
    again = pd.DataFrame({"image": ImageArray(PIXELS[[2, 1, 0, 0]].copy(), np.array([3, 1, -1, 2])), "n": [1.0] * 4})
    assert (row_hashes(again) == row_hashes(IMAGES)).all()
    assert rows_digest(IMAGES.iloc[::-1]) == rows_digest(again)


def test_missing_images_are_alike_and_no_others_are():
    hashes = row_hashes(IMAGES.assign(image=ImageArray(PIXELS, np.array([0, -1, -1, 2]))))
    assert hashes[1] == hashes[2] and len(set(hashes.tolist())) == 3


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (1, 0, 3, 5)])
def test_one_pixel_changes_the_digest(place):
    changed = PIXELS.copy()
    changed[place] ^= 1
    assert rows_digest(IMAGES.assign(image=ImageArray(changed, np.array([0, 1, -1, 0])))) != rows_digest(IMAGES)


def test_the_shape_of_an_image_counts():
    turned = ImageArray(PIXELS.reshape(3, 1, 6, 4), np.array([0, 1, -1, 0]))
    assert rows_digest(IMAGES.assign(image=turned)) != rows_digest(IMAGES)


def test_no_rows_have_a_digest():
    assert rows_digest(FRAME.head(0)) != rows_digest(FRAME)
    assert len(rows_digest(FRAME.head(0))) == 64


@pytest.mark.parametrize("name", ["hypothyroid", "titanic", "california_housing"])
def test_a_real_table_has_one_digest_in_every_file(real_data, tmp_path, name):
    table = read_table(real_data / name / "data.parquet")
    table.to_csv(tmp_path / "x.csv", index=False)
    table.to_feather(tmp_path / "x.feather")
    digests = {rows_digest(read_table(tmp_path / file)) for file in ("x.csv", "x.feather")}
    assert digests == {rows_digest(table)}
