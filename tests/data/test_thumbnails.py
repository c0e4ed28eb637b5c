"""Images as a few numbers each."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.images import ImageArray
from automl.data.thumbnails import thumbnails


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_every_row_has_its_pictures_thumbnail():
    pixels = noise(3, 1, 8, 8)
    (small,) = thumbnails([ImageArray(pixels, np.array([2, 0, 2]))], 8)
    assert small.tolist() == pixels[[2, 0, 2]].reshape(3, -1).tolist()


def test_a_row_without_a_picture_has_zeros():
    (small,) = thumbnails([ImageArray(noise(1, 1, 8, 8), np.array([-1, 0]))], 4)
    assert small.shape == (2, 16) and not small[0].any() and small[1].any()


def test_columns_without_a_picture_have_zeros():
    (small,) = thumbnails([ImageArray(noise(0, 1, 1, 1), np.array([-1, -1]))], 4)
    assert small.shape == (2, 16) and not small.any()


def test_grey_and_coloured_columns_can_be_compared():
    grey, coloured = thumbnails([ImageArray(noise(2, 1, 8, 8)), ImageArray(noise(2, 3, 8, 8))], 4)
    assert grey.shape == coloured.shape == (2, 3 * 16)
    assert (grey.reshape(2, 3, 16) == grey.reshape(2, 3, 16)[:, :1]).all()


@pytest.mark.parametrize("side", [5, 31, 32, 63, 64, 200])
def test_pictures_of_any_size_have_their_brightness(side):
    (small,) = thumbnails([ImageArray(np.full((1, 1, side, side + 3), 77, dtype=np.uint8))], 8)
    assert small.tolist() == [[77.0] * 64]


def test_many_pictures_are_those_of_few():
    pixels = noise(1030, 1, 4, 4)
    (many,) = thumbnails([ImageArray(pixels)], 4)
    (last,) = thumbnails([ImageArray(pixels[-3:])], 4)
    assert many[-3:].tolist() == last.tolist()
