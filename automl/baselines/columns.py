"""Blocks laid side by side as the columns of one table, images as pixels that are averaged down and normalised."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.task import Block

LARGEST_SIDE = 32
"""Larger images are averaged down to at most so many pixels a side: a linear model makes nothing of more."""
_ROWS_AT_ONCE = 512


def stack(arrays: Mapping[str, NDArray[Any]], blocks: tuple[Block, ...]) -> NDArray[np.float32]:
    """Lay the blocks side by side (N, columns); float32 holds every code below 16 million."""
    n_rows = len(next(iter(arrays.values())))
    out = np.empty((n_rows, sum(map(width, blocks))), dtype=np.float32)
    start = 0
    for block in blocks:
        stop = start + width(block)
        if block.name == "image":
            _write_pixels(out[:, start:stop], arrays[block.name], block)
        else:
            out[:, start:stop] = arrays[block.name]
        start = stop
    return out


def width(block: Block) -> int:
    """Count the columns that a block becomes.

    Examples:
        >>> width(Block("image", (3, 64, 50), "uint8")), width(Block("numeric", (4,), "float32"))
        (2400, 4)
    """
    if block.name != "image":
        return block.shape[0]
    channels, *sides = block.shape
    return channels * math.prod(len(_starts(side, _step(block))) for side in sides)


def _write_pixels(out: NDArray[np.float32], images: NDArray[np.uint8], block: Block) -> None:
    """Average images (N, channels, height, width) over squares, normalise and flatten them, some rows at a time."""
    step = _step(block)
    mean, std = (np.array(values, dtype=np.float32)[:, None, None] for values in (block.mean, block.std))
    for start in range(0, len(images), _ROWS_AT_ONCE):
        some = (images[start : start + _ROWS_AT_ONCE].astype(np.float32) - mean) / std
        for axis, side in ((2, block.shape[1]), (3, block.shape[2])):
            some = _averaged(some, axis, _starts(side, step), side)
        out[start : start + len(some)] = some.reshape(len(some), -1)


def _averaged(pixels: NDArray[np.float32], axis: int, starts: NDArray[np.int64], side: int) -> NDArray[np.float32]:
    """Average runs of pixels along an axis; the last run may be shorter."""
    if len(starts) == side:
        return pixels
    counts = np.diff(starts, append=side).astype(np.float32)
    sums = np.add.reduceat(pixels, starts, axis=axis)
    return np.asarray(sums / counts.reshape([-1 if place == axis else 1 for place in range(4)]))


def _starts(side: int, step: int) -> NDArray[np.int64]:
    return np.arange(0, side, step)


def _step(block: Block) -> int:
    """Give the side of the squares that become one pixel."""
    return math.ceil(max(block.shape[1:]) / LARGEST_SIDE)
