"""Raw rows keep their types and their pixels in files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.digest import rows_digest
from automl.data.images import ImageArray
from automl.data.rows import move_rows, read_rows, remove_rows, write_rows, write_table
from automl.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 3, 5, 6), dtype=np.uint8)
ROWS = pd.DataFrame(
    {
        "x": [1.5, None, 3.0, 4.0],
        "image": ImageArray(PIXELS, np.array([7, -1, 2, 7])),
        "label": pd.Categorical(["a", "b", "a", "b"]),
    }
)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_rows_come_back_as_they_were(tmp_path):
    write_rows(tmp_path / "new" / "train.parquet", ROWS)
    pd.testing.assert_frame_equal(read_rows(tmp_path / "new" / "train.parquet"), ROWS)
    assert rows_digest(read_rows(tmp_path / "new" / "train.parquet")) == rows_digest(ROWS)


def test_pixels_lie_beside_the_rows_those_of_no_row_left_out(tmp_path):
    write_rows(tmp_path / "train.parquet", ROWS)
    assert names(tmp_path) == ["train.image.npy", "train.parquet"]
    assert (np.load(tmp_path / "train.image.npy") == PIXELS[[7, 2]]).all()


def test_pixels_are_mapped_and_cannot_be_changed(tmp_path):
    write_rows(tmp_path / "train.parquet", ROWS)
    pixels = read_rows(tmp_path / "train.parquet")["image"].array.store.pixels
    assert isinstance(pixels, np.memmap) and pixels.mode == "c"


def test_rows_in_the_order_of_the_table_are_runs_of_pixels(tmp_path):
    write_rows(tmp_path / "train.parquet", ROWS.iloc[[2, 0]])
    assert read_rows(tmp_path / "train.parquet")["image"].array.index.tolist() == [0, 1]


@pytest.mark.parametrize("rows", [ROWS.head(0), ROWS.iloc[[1]]])
def test_rows_without_any_image_come_back(tmp_path, rows):
    write_rows(tmp_path / "x.parquet", rows)
    assert read_rows(tmp_path / "x.parquet")["image"].isna().tolist() == [True] * len(rows)


def test_columns_get_files_of_their_own_whatever_they_are_called(tmp_path):
    images = ImageArray(PIXELS[:2])
    rows = pd.DataFrame({"../a": images, ".. a": images.take([1, 0]), "": images})
    write_rows(tmp_path / "x.parquet", rows)
    assert names(tmp_path) == ["x._.npy", "x._a.npy", "x._a_1.npy", "x.parquet"]
    pd.testing.assert_frame_equal(read_rows(tmp_path / "x.parquet"), rows)


def test_rows_without_images_are_one_file(tmp_path):
    write_rows(tmp_path / "x.parquet", ROWS[["x"]])
    assert names(tmp_path) == ["x.parquet"]


def test_what_is_noted_on_a_frame_is_not_written(tmp_path):
    rows = ROWS.copy()
    rows.attrs["findings"] = [object()]
    write_rows(tmp_path / "x.parquet", rows)
    assert read_rows(tmp_path / "x.parquet").attrs == {}


def test_rows_written_again_leave_readers_their_pixels(tmp_path):
    write_rows(tmp_path / "x.parquet", ROWS)
    before = read_rows(tmp_path / "x.parquet")
    write_rows(tmp_path / "x.parquet", ROWS.iloc[::-1])
    assert (before["image"][0] == PIXELS[7]).all()


def test_rows_move_with_their_pixels(tmp_path):
    write_rows(tmp_path / "a.parquet", ROWS)
    move_rows(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert names(tmp_path) == ["b.image.npy", "b.parquet"]
    pd.testing.assert_frame_equal(read_rows(tmp_path / "b.parquet"), ROWS)


def test_rows_are_removed_with_their_pixels(tmp_path):
    write_rows(tmp_path / "a.parquet", ROWS)
    remove_rows(tmp_path / "a.parquet")
    assert names(tmp_path) == []


def test_images_are_in_no_table_for_others(tmp_path):
    with pytest.raises(DataError, match="column 'image' holds images, which a table for others cannot; leave it out"):
        write_table(tmp_path / "x.csv", ROWS)
