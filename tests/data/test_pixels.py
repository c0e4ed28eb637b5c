"""Room for pixels, and their size and colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from automl.data.pixels import IN_MEMORY, allocate, as_pixels, chunks, fitted, resized
from automl.errors import DataError

SHAPES = [(1, 16, 16), (3, 40, 9), (3, 31, 17), (1, 31, 9), (3, 5, 17)]


@pytest.mark.parametrize("old", [(1, 28, 28), (3, 31, 17), (1, 5, 9)])
@pytest.mark.parametrize("new", SHAPES)
def test_pictures_are_resized_together_as_pillow_does_one_by_one(old, new):
    pixels = np.random.default_rng(0).integers(0, 256, (5, *old), dtype=np.uint8)
    found = resized(pixels, new)
    for picture, one in zip(pixels, found):
        image = Image.fromarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0))
        assert np.abs(as_pixels(fitted(image, new)).astype(int) - one).max() <= 1
    assert found.shape == (5, *new)


def test_pictures_that_fit_are_given_back_as_they_are():
    pixels = np.zeros((2, 3, 4, 5), dtype=np.uint8)
    assert resized(pixels, (3, 4, 5)) is pixels


def test_no_pictures_are_resized_to_none():
    assert resized(np.zeros((0, 1, 1, 1), dtype=np.uint8), (3, 4, 5)).shape == (0, 3, 4, 5)


def test_half_the_size_averages():
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 200
    found = resized(checks.astype(np.uint8)[None, None], (1, 4, 4))
    assert np.abs(found.astype(int) - 100).max() <= 2


def test_many_pixels_lie_in_a_file_and_few_in_memory():
    assert isinstance(allocate((IN_MEMORY // 1000 + 1, 1, 10, 100)), np.memmap)
    assert not isinstance(allocate((2, 1, 10, 100)), np.memmap)


def test_a_full_disk_is_told_before_anything_is_written():
    with pytest.raises(DataError, match=r"1125899\.9 GB of pixels must fit into .* \(TMPDIR names another folder\): "):
        allocate((1 << 30, 1, 1 << 10, 1 << 10))


@pytest.mark.parametrize("n_images", [0, 1, 7, 100])
def test_chunks_cover_every_image_once(n_images):
    covered = [place for run in chunks(n_images, (3, 1000, 1000)) for place in range(run.start, run.stop)]
    assert covered == list(range(n_images))
