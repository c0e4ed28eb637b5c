"""Blocks side by side, and what becomes of images in them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from automl.baselines.columns import stack, width
from automl.baselines.fit import fit_baseline
from automl.task import Block, Task

SIZES = Block("numeric", (2,), "float32")


def image_block(shape):
    channels = shape[0]
    return Block("image", shape, "uint8", mean=(100.0, 50.0, 0.0)[:channels], std=(10.0, 1.0, 2.0)[:channels])


def images(shape, n_rows=3):
    return np.random.default_rng(0).integers(0, 256, (n_rows, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 32)])
def test_small_images_are_flattened_and_normalised_by_channel(shape):
    block, pixels = image_block(shape), images(shape)
    mean, std = (np.array(values)[:, None, None] for values in (block.mean, block.std))
    found = stack({"image": pixels}, (block,))
    np.testing.assert_allclose(found, ((pixels - mean) / std).reshape(3, -1), rtol=1e-5, atol=1e-4)
    assert found.dtype == np.float32 and width(block) == found.shape[1]


def test_large_images_are_averaged_down_to_32_pixels_a_side():
    block, pixels = image_block((1, 64, 50)), images((1, 64, 50))
    wanted = (pixels.reshape(3, 32, 2, 25, 2).mean(axis=(2, 4)) - 100.0) / 10.0
    np.testing.assert_allclose(stack({"image": pixels}, (block,)), wanted.reshape(3, -1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 33, 65), (3, 100, 7), (1, 1, 512)])
def test_what_is_left_at_an_edge_is_averaged_by_itself(shape):
    block = image_block(shape)
    found = stack({"image": np.full((600, *shape), 7, dtype=np.uint8)}, (block,))
    assert found.shape == (600, width(block)) and width(block) <= shape[0] * 32 * 32
    expected = np.repeat((7.0 - np.array(block.mean)) / np.array(block.std), width(block) // shape[0])
    np.testing.assert_allclose(found, np.tile(expected, (600, 1)), rtol=1e-4)


def test_images_stand_beside_other_columns():
    block, pixels, numbers = image_block((1, 2, 2)), images((1, 2, 2)), np.ones((3, 2), dtype=np.float32)
    found = stack({"image": pixels, "numeric": numbers}, (SIZES, block))
    assert found.shape == (3, 6) and (found[:, :2] == 1).all()


def test_no_rows_give_no_rows():
    assert stack({"image": images((1, 2, 2), 0)}, (image_block((1, 2, 2)),)).shape == (0, 4)


def test_linear_reads_handwritten_digits():
    pixels, target = load_digits(return_X_y=True)
    arrays = {"image": np.rint(pixels * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)}
    blocks = (Block("image", (1, 8, 8), "uint8", mean=(77.9,), std=(95.9,)),)
    task = Task("multiclass", "t", (), tuple(range(10)), "accuracy")
    some = {name: array[:1000] for name, array in arrays.items()}
    rest = {name: array[1000:] for name, array in arrays.items()}
    accuracy = {}
    for name in ("majority", "linear"):
        fitted = fit_baseline(name, some, target[:1000], blocks, task, seed=0)
        accuracy[name] = (fitted.predict(rest).argmax(axis=1) == target[1000:]).mean()
    assert accuracy["majority"] < 0.2 and accuracy["linear"] > 0.88
