"""Folders of images become tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.findings import findings_of
from automl.data.read import read_table
from automl.data.roles import Roles
from automl.data.split import divide
from automl.errors import DataError, SplitError


@pytest.fixture
def classes(tmp_path, save):
    """Twelve images a class, in classes that are called after numbers."""
    for place in range(36):
        save(tmp_path / "set" / str(place % 3) / f"{place}.png", place)
    return tmp_path / "set"


def test_one_folder_per_class_gives_images_and_labels(classes):
    table = read_table(classes)
    assert table.columns.tolist() == ["image", "label"]
    assert table["label"].value_counts().to_dict() == {"0": 12, "1": 12, "2": 12}
    assert str(table["image"].dtype) == "image" and not table["image"].isna().any()
    assert findings_of(table) == ()


def test_folders_called_after_numbers_are_classes_however_many(tmp_path, save):
    for place in range(90):
        save(tmp_path / str(place % 30) / f"{place}.png", place, (2, 2))
    division = divide(read_table(tmp_path), target="label", test=0.4, validation=0.3)
    assert division.task_kind == "multiclass" and division.classes[:3] == ("0", "1", "10")


def test_classes_stay_classes_where_the_test_rows_are_a_folder_of_their_own(classes, tmp_path, save):
    for place in range(5):
        save(tmp_path / "other" / str(place + 30) / "1.png", 100 + place)
    table = read_table(classes)
    division = divide(table, target="label", test=read_table(tmp_path / "other"))
    assert division.classes == ("0", "1", "2", "30", "31", "32", "33", "34")


def test_train_and_test_folders_give_a_split_column(tmp_path, save):
    for part, count in (("train", 20), ("val", 4), ("test", 6)):
        for place in range(count):
            save(tmp_path / part / "ab"[place % 2] / f"{place}.png", 1000 * count + place)
    table = read_table(str(tmp_path))
    assert table.columns.tolist() == ["image", "label", "split"]
    division = divide(table, target="label", roles=Roles(split="split"))
    assert division.sizes == {"train": 20, "validation": 4, "test": 6}
    assert division.features == ("image",)


def test_files_alone_give_images_and_their_names(tmp_path, save):
    for name in ("b.png", "a.jpg"):
        save(tmp_path / name)
    table = read_table(tmp_path)
    assert table.columns.tolist() == ["image", "file"]
    assert table["file"].tolist() == ["a.jpg", "b.png"]


def test_a_file_that_cannot_be_read_is_left_out_and_the_division_says_so(classes):
    (classes / "1" / "1.png").write_bytes(b"no image")
    table = read_table(classes)
    assert len(table) == 35 and table.index.tolist() == list(range(35))
    (finding,) = divide(table, target="label").findings
    assert finding.sentence == "1 of 36 image files cannot be read, such as 1/1.png (no image): they are left out"


def test_many_files_that_cannot_be_read_are_refused(classes):
    for place in range(5):
        (classes / "0" / f"x{place}.png").write_bytes(b"no image")
    said = r"set: 5 of 41 image files cannot be read, such as 0/x0\.png \(no image\), 0/x1\.png \(no image\), 0/x2\.png"
    with pytest.raises(DataError, match=said):
        read_table(classes)


def test_other_files_are_told(classes, save):
    (classes / "notes.txt").write_text("about")
    save(classes / "stray.png")
    (finding,) = findings_of(read_table(classes))
    assert (finding.kind, finding.sentence) == ("ignored", f"2 other files in {classes} ignored, such as notes.txt")


def test_a_size_that_is_given_is_the_images_size(classes):
    assert read_table(classes, image_size=(4, 5))["image"].array.shape_of_one == (3, 4, 5)


def test_a_frame_keeps_its_images_and_findings(classes):
    (classes / "notes.txt").write_text("about")
    table = read_table(classes)
    again = read_table(table)
    assert findings_of(again) == findings_of(table) != ()
    pd.testing.assert_frame_equal(again, table)


def test_an_image_that_stands_in_two_parts_is_told(classes):
    table = read_table(classes)
    table = pd.concat([table, table], ignore_index=True).assign(split=["train"] * 36 + ["test"] * 36)
    found = [finding.kind for finding in divide(table, target="label", roles=Roles(split="split")).findings]
    assert "duplicate" in found


def test_images_cannot_be_the_target(classes):
    with pytest.raises(DataError, match="the target 'image' must be numbers or classes, got images"):
        divide(read_table(classes), target="image")


def test_images_cannot_say_which_part_a_row_is_in(classes):
    with pytest.raises(
        SplitError, match="split column 'image': each value must be train, validation or test, got 'an image'"
    ):
        divide(read_table(classes), target="label", roles=Roles(split="image"))


def test_a_real_folder_is_read(real_data):
    table = read_table(real_data / "sign_digits_1k")
    assert table["split"].value_counts().to_dict() == {"train": 800, "test": 200}
    assert table["image"].array.shape_of_one == (3, 64, 64)
    assert table["label"].value_counts().tolist() == [100] * 10
    assert not table["image"].isna().any() and np.unique(table["image"].array.hashes()).size > 900
