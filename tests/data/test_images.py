"""A column of images does what this room does to frames, and moves no pixel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.images import ImageArray, Store, image_size

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 5, 6), dtype=np.uint8)


@pytest.fixture
def frame():
    return pd.DataFrame({"image": ImageArray(PIXELS, np.array([2, -1, 0, 2, 3])), "label": list("abcde")})


def places(frame) -> list[int]:
    return frame["image"].array.index.tolist()


def test_rows_taken_in_every_way_point_into_the_same_pixels(frame):
    taken = {
        "iloc": frame.iloc[[4, 0]],
        "mask": frame[frame["label"] > "c"],
        "slice": frame[1:3],
        "head": frame.head(0),
        "sorted": frame.sort_values("label", ascending=False).reset_index(drop=True),
        "copied": frame.copy(),
        "assigned": frame.assign(more=1),
    }
    assert {name: places(rows) for name, rows in taken.items()} == {
        "iloc": [3, 2],
        "mask": [2, 3],
        "slice": [-1, 0],
        "head": [],
        "sorted": [3, 2, 0, -1, 2],
        "copied": [2, -1, 0, 2, 3],
        "assigned": [2, -1, 0, 2, 3],
    }
    assert all(rows["image"].array.store is frame["image"].array.store for rows in taken.values())


def test_one_value_is_its_pixels_and_none_where_there_are_none(frame):
    assert (frame["image"].iloc[0] == PIXELS[2]).all()
    assert frame["image"].iloc[1] is None


def test_missing_images_are_known(frame):
    assert frame["image"].isna().tolist() == [False, True, False, False, False]
    assert places(frame.dropna()) == [2, 0, 2, 3]


def test_rows_that_do_not_exist_are_missing(frame):
    assert places(frame.reindex([0, 9])) == [2, -1]
    assert frame["image"].array.take([0, -1]).index.tolist() == [2, 3]


def test_images_are_equal_when_their_pixels_are(frame):
    again = ImageArray(PIXELS[[2, 0, 0, 1, 3]].copy())
    assert (frame["image"].array == again).tolist() == [True, False, True, False, True]
    assert frame["image"].array.equals(frame["image"].array.copy())
    assert not (frame["image"].array == "text").any()


def test_columns_of_one_store_are_joined_without_a_copy(frame):
    joined = pd.concat([frame, frame.iloc[:2]], ignore_index=True)
    assert places(joined) == [2, -1, 0, 2, 3, 2, -1]
    assert joined["image"].array.store is frame["image"].array.store


def test_columns_of_two_stores_are_joined_into_a_new_one(frame):
    other = pd.DataFrame({"image": ImageArray(PIXELS[1:2].copy()), "label": ["z"]})
    joined = pd.concat([frame, other], ignore_index=True)["image"]
    assert joined.isna().tolist() == [False, True, False, False, False, False]
    assert all((joined[row] == PIXELS[place]).all() for row, place in ((0, 2), (2, 0), (3, 2), (4, 3), (5, 1)))


def test_columns_of_two_sizes_are_joined_at_the_larger_sides():
    small, wide = ImageArray(PIXELS[:1, :1]), ImageArray(np.full((1, 3, 2, 9), 7, dtype=np.uint8))
    joined = ImageArray._concat_same_type([small, wide])
    assert joined.shape_of_one == (3, 5, 9)
    assert (joined[1] == 7).all()


def test_a_column_is_built_from_pictures_and_nothing():
    built = ImageArray._from_sequence([PIXELS[0], None])
    assert (built[0] == PIXELS[0]).all() and built.isna().tolist() == [False, True]
    assert ImageArray._from_sequence([None, None]).isna().all()


def test_a_frame_of_images_is_printed_by_their_shapes(frame):
    assert "3x5x6" in repr(frame) and str(frame["image"].dtype) == "image"


def test_compact_keeps_each_picture_once_in_the_order_of_rows(frame):
    kept, index = frame["image"].array.compact()
    assert (kept.tolist(), index.tolist()) == ([2, 0, 3], [0, -1, 1, 0, 2])


@pytest.mark.parametrize("pixels", [PIXELS[0], PIXELS.astype(float), PIXELS[:, :2]])
def test_what_is_no_store_of_pixels_is_refused(pixels):
    with pytest.raises(ValueError, match=r"pixels must be \(K, 1 or 3, height, width\) uint8, got"):
        Store(pixels)


def test_a_position_beyond_the_store_is_refused():
    with pytest.raises(ValueError, match="positions must be from -1 to 3"):
        ImageArray(PIXELS, np.array([4]))


def test_the_size_of_a_frames_images_is_known(frame):
    assert image_size(frame) == (5, 6)
    assert image_size(frame[["label"]]) is None
