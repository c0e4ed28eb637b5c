"""Columns of image files' names become columns of images."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.findings import findings_of
from automl.data.read import read_table
from automl.errors import DataError


@pytest.fixture
def folder(tmp_path, save):
    for place in range(20):
        save(tmp_path / "photos" / f"{place}.png", place)
    return tmp_path


def write(folder, names, ending="csv"):
    table = pd.DataFrame({"photo": names, "size": range(len(names))})
    path = folder / f"rows.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    return path


NAMES = [f"photos/{place}.png" for place in range(20)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_names_relative_to_the_table_become_images(folder, ending):
    table = read_table(write(folder, NAMES, ending))
    assert str(table["photo"].dtype) == "image" and table["size"].tolist() == list(range(20))
    assert {column.name: column.kind for column in infer_columns(table, {}, [])[0]}["photo"] == "image"


def test_absolute_names_become_images_in_a_frame_too(folder):
    frame = pd.DataFrame({"photo": [str(folder / name) for name in NAMES]})
    for values in (frame["photo"], frame["photo"].astype("category"), frame["photo"].astype(object)):
        assert str(read_table(pd.DataFrame({"photo": values}))["photo"].dtype) == "image"


def test_a_file_that_many_rows_name_is_read_once(folder):
    images = read_table(write(folder, NAMES[:2] * 10))["photo"].array
    assert len(images.store.pixels) == 2 and images.index.tolist() == [0, 1] * 10


def test_a_missing_name_is_a_missing_image(folder):
    table = read_table(write(folder, [None, *NAMES[1:]]))
    assert table["photo"].isna().tolist() == [True] + [False] * 19
    assert findings_of(table) == ()


def test_a_file_that_is_gone_is_a_missing_image_with_a_finding(folder):
    table = read_table(write(folder, [*NAMES, "photos/99.png"]))
    assert table["photo"].isna().tolist() == [False] * 20 + [True]
    (finding,) = findings_of(table)
    said = "1 of 21 image files cannot be read, such as photos/99.png (no such file): their rows have no image"
    assert finding.sentence == said


def test_many_files_that_are_gone_are_refused(folder):
    names = [*NAMES, *(f"photos/{place}.png" for place in range(90, 95))]
    with pytest.raises(DataError, match=r"^column 'photo': 5 of 25 image files cannot be read, such as photos/90\.png"):
        read_table(write(folder, names))


def test_names_that_lead_nowhere_stay_text_with_a_finding(tmp_path):
    table = read_table(write(tmp_path, NAMES))
    assert table["photo"].tolist() == NAMES
    (finding,) = findings_of(table)
    assert (finding.kind, finding.column) == ("images", "photo")
    assert finding.sentence.endswith("photos/0.png and the next ones do not exist: read as text")


def test_text_that_names_few_images_stays_text(folder):
    names = [*NAMES[:18], "none", "unknown"]
    table = read_table(write(folder, names))
    assert table["photo"].tolist() == names and findings_of(table) == ()


def test_a_size_that_is_given_is_the_images_size(folder):
    table = read_table(write(folder, NAMES), image_size=(3, 4))
    assert table["photo"].array.shape_of_one == (3, 3, 4)
