"""A column of images becomes a block of bytes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from automl.data.image_encoding import ImageEncoding
from automl.data.images import ImageArray
from automl.data.pixels import resized
from automl.data.prepare import Preparation, fit_preparation
from automl.data.preparing import Preparing
from automl.data.rows import read_rows, write_rows
from automl.errors import DataError
from automl.task import Block, Column

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 3, 6, 8), dtype=np.uint8)
COLUMN = Column("photo", "image")


def series(pixels=PIXELS, index=None) -> pd.Series:
    return pd.Series(ImageArray(pixels, index), name="photo")


def fit(values, **arguments) -> ImageEncoding:
    return ImageEncoding.fit(values, COLUMN, Preparing(**arguments))


def test_mean_and_deviation_are_those_of_the_rows_pixels():
    encoding = fit(series(index=np.array([1, 1, -1, 4])))
    seen = PIXELS[[1, 1, 4]].astype(np.float64)
    np.testing.assert_allclose(encoding.mean, seen.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(encoding.std, seen.std(axis=(0, 2, 3)), rtol=1e-12)


def test_mean_and_deviation_are_of_the_size_that_is_given():
    seen = resized(PIXELS, (3, 4, 4)).astype(np.float64)
    np.testing.assert_allclose(fit(series(), resolution=4).std, seen.std(axis=(0, 2, 3)), rtol=1e-12)


def test_a_channel_without_contrast_deviates_by_one():
    encoding = fit(series(np.full((3, 1, 2, 2), 9, dtype=np.uint8)))
    assert (encoding.mean, encoding.std) == ((9.0,), (1.0,))


def test_rows_without_any_image_have_mean_zero():
    encoding = fit(series(index=np.array([-1, -1])))
    assert (encoding.mean, encoding.std) == ((0.0,) * 3, (1.0,) * 3)


def test_images_are_given_as_they_are_stored():
    index = np.array([3, 0, 3])
    assert (fit(series()).encode(series(index=index))["image"] == PIXELS[index]).all()


def test_a_run_of_stored_images_is_not_copied(tmp_path):
    write_rows(tmp_path / "x.parquet", pd.DataFrame({"photo": ImageArray(PIXELS)}))
    rows = read_rows(tmp_path / "x.parquet")
    block = fit(rows["photo"]).encode(rows["photo"].iloc[5:9])["image"]
    assert np.shares_memory(block, rows["photo"].array.store.pixels)
    assert block.flags["C_CONTIGUOUS"] and (block == PIXELS[5:9]).all()


def test_a_missing_image_has_the_mean_colour():
    encoding = fit(series())
    block = encoding.encode(series(index=np.array([0, -1])))["image"]
    assert (block[1] == np.rint(encoding.mean)[:, None, None]).all() and (block[0] == PIXELS[0]).all()


def test_images_are_resized_to_the_resolution():
    block = fit(series(), resolution=5).encode(series())["image"]
    assert block.dtype == np.uint8 and (block == resized(PIXELS, (3, 5, 5))).all()


@pytest.mark.parametrize(("resolution", "shape"), [(7, (3, 6, 7)), (8, (3, 6, 8)), (16, (3, 6, 8))])
def test_no_side_is_made_longer_than_it_is_stored(resolution, shape):
    encoding = fit(series(), resolution=resolution)
    assert (encoding.shape, encoding.stored) == (shape, (6, 8))


@pytest.mark.parametrize("shape", [(1, 6, 8), (3, 9, 5), (1, 20, 20), (3, 6, 8)])
def test_images_of_another_size_or_colour_come_in_the_fitted_shape(shape):
    others = np.random.default_rng(1).integers(0, 256, (4, *shape), dtype=np.uint8)
    block = fit(series()).encode(series(others))["image"]
    assert (block == resized(others, (3, 6, 8))).all()


def test_no_rows_and_rows_without_a_value_are_encoded():
    encoding = fit(series())
    assert encoding.encode(series().head(0))["image"].shape == (0, 3, 6, 8)
    nothing = encoding.encode(pd.Series([None, None], dtype=object))["image"]
    assert (nothing == np.rint(encoding.mean).astype(np.uint8)[:, None, None]).all()


def test_what_is_no_image_is_refused():
    with pytest.raises(DataError, match=r"column 'photo' must hold images, got 'a\.png'"):
        fit(series()).encode(pd.Series(["a.png"]))


def test_an_encoding_comes_back_from_json():
    encoding = fit(series(), resolution=5)
    assert ImageEncoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding
    assert (encoding.stored, encoding.shape) == ((6, 8), (3, 5, 5))


def test_images_stand_beside_the_other_blocks_in_a_preparation():
    rows = pd.DataFrame({"size": np.arange(20.0), "photo": ImageArray(PIXELS), "sort": list("abcd") * 5})
    columns = (Column("size", "numeric"), COLUMN, Column("sort", "category"))
    preparation = fit_preparation(rows, columns, Preparing(resolution=4))
    assert [block.name for block in preparation.blocks] == ["numeric", "one_hot", "image"]
    *_, block = preparation.blocks
    assert block == Block("image", (3, 4, 4), "uint8", mean=block.mean, std=block.std) and len(block.mean) == 3
    arrays = preparation.transform(rows)
    assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
        "numeric": ((20, 1), "float32"),
        "one_hot": ((20, 4), "float32"),
        "image": ((20, 3, 4, 4), "uint8"),
    }
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json(), allow_nan=False)))
    assert again == preparation and again.columns == columns


def test_images_alone_are_a_block():
    rows = pd.DataFrame({"photo": ImageArray(PIXELS)})
    arrays = fit_preparation(rows, (COLUMN,), Preparing()).transform(rows)
    assert list(arrays) == ["image"] and (arrays["image"] == PIXELS).all()
