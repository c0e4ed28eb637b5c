"""Rows to predict: whatever holds images gives the pixels that the same pictures had in training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.data.decode import decode
from automl.data.findings import findings_of
from automl.data.images import ImageArray
from automl.data.layouts import image_files
from automl.errors import BundleError, DataError
from automl.export.sources import rows_of, with_pictures


@pytest.fixture(scope="module")
def image(colour):
    """The fitted column of images."""
    return colour.preparation.encodings[0]


@pytest.fixture
def few(tmp_path):
    """Twelve files, every one a picture."""
    for place in range(12):
        pixels = np.random.default_rng(place).integers(0, 256, (5, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{place:02}.png")
    return tmp_path


def pixels_of(rows, image):
    return image.encode(rows[image.name])["image"]


def test_a_folder_gives_its_image_files_under_their_names(photos, image):
    rows = rows_of(photos, image)
    wanted = ["clear.png", "colour.png", "grey.png", "palette.gif", "wide.BMP", "deep/large.jpg", "deep/sixteen.png"]
    assert rows.index.tolist() == wanted and rows.index.name == "file"
    assert rows["image"].array.shape_of_one == (3, 14, 10)


def test_one_image_gives_one_row(photos, image):
    alone = rows_of(photos / "deep" / "large.jpg", image)
    assert alone.index.tolist() == ["large.jpg"]
    np.testing.assert_array_equal(pixels_of(alone, image)[0], pixels_of(rows_of(photos, image), image)[5])


def test_a_grey_file_gives_the_same_pixels_alone_and_among_coloured_ones(photos, image):
    alone = pixels_of(rows_of(photos / "grey.png", image), image)
    np.testing.assert_array_equal(alone[0], pixels_of(rows_of(photos, image), image)[2])


def test_files_give_the_pixels_that_they_have_in_training(photos, image):
    trained = ImageArray(decode(list(image_files(photos)), image.stored).images.store)
    wanted = image.encode(pd.Series(trained))["image"]
    np.testing.assert_array_equal(pixels_of(rows_of(photos, image), image), wanted)


def test_what_cannot_be_read_is_left_out_and_named(few, image):
    (few / "07.png").write_bytes(b"torn")
    rows = rows_of(few, image)
    assert "07.png" not in rows.index and len(rows) == 11
    said = "1 of 12 image files cannot be read, such as 07.png (no image): they are left out"
    assert [finding.sentence for finding in findings_of(rows)] == [said]


def test_a_folder_of_damaged_files_is_refused(tmp_path, image):
    (tmp_path / "a.png").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"1 of 1 image files cannot be read, such as a\.png \(no image\)"):
        rows_of(tmp_path, image)


def test_a_folder_without_images_is_refused(tmp_path, image):
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(BundleError, match=r"the folder holds no image files \(\.jpg, "):
        rows_of(tmp_path, image)


def test_an_image_that_is_not_there_is_refused(tmp_path, image):
    with pytest.raises(BundleError, match=r"no such file: .*a\.png"):
        rows_of(tmp_path / "a.png", image)


@pytest.mark.parametrize("name", ["", "a.png", "a.npz"])
def test_images_for_a_model_that_takes_none_are_refused(few, name):
    with pytest.raises(BundleError, match="this model takes no images, it takes a table"):
        rows_of(few / name, None)


def test_an_archive_gives_its_images_under_the_models_name(tmp_path, grey):
    image = grey.preparation.encodings[1]
    x = np.random.default_rng(0).integers(0, 256, (3, 7, 9), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=x)
    rows = rows_of(tmp_path / "x.npz", image)
    assert list(rows) == ["photo"]
    np.testing.assert_array_equal(pixels_of(rows, image), x[:, None])


def test_a_table_names_files_as_seen_from_its_folder(photos, image, tmp_path):
    table = pd.DataFrame({"image": ["photos/grey.png", "photos/colour.png", None], "other": 1})
    table.to_csv(photos.parent / "rows.csv", index=False)
    rows = rows_of(photos.parent / "rows.csv", image)
    assert list(rows) == ["image", "other"] and rows["image"].isna().tolist() == [False, False, True]
    np.testing.assert_array_equal(pixels_of(rows[:2], image), pixels_of(rows_of(photos, image), image)[[2, 1]])


def test_a_frame_names_files_as_seen_from_the_working_folder(photos, image, monkeypatch):
    monkeypatch.chdir(photos)
    rows = with_pictures(pd.DataFrame({"image": ["grey.png", None], "n": [1, 2]}, index=[7, 7]), image)
    assert rows["n"].tolist() == [1, 2] and rows.index.tolist() == [7, 7]
    np.testing.assert_array_equal(pixels_of(rows[:1], image), pixels_of(rows_of(photos / "grey.png", image), image))


def test_a_frame_is_not_changed(photos, image):
    given = pd.DataFrame({"image": [str(photos / "grey.png")]})
    with_pictures(given, image)
    assert given["image"].tolist() == [str(photos / "grey.png")]


def test_files_that_are_not_there_are_refused(image):
    with pytest.raises(BundleError, match=r"'image' must hold images or name image files that exist, got 'absent.png'"):
        with_pictures(pd.DataFrame({"image": [None, "absent.png"]}), image)


def test_values_that_are_no_images_are_refused(image):
    with pytest.raises(BundleError, match=r"'image' must hold images or name image files that exist, got '3'"):
        with_pictures(pd.DataFrame({"image": [3]}), image)
