"""Pixels as arrays: where many of them are kept, and how a picture is brought to another size or number of channels.

Everywhere in this room pixels are (n, channels, height, width) uint8, with 1 channel (grey) or 3 (red, green, blue).
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from automl.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]
Result = TypeVar("Result")

IN_MEMORY = 1 << 28
"""Pixels that take more bytes than this lie in a file without a name, which is gone as soon as nothing uses it."""
CHUNK = 1 << 24
"""About so many bytes of pixels are worked on at a time."""


def allocate(shape: tuple[int, ...]) -> Pixels:
    """Make room for pixels of this shape, in memory where they are few, else in the folder for temporary files.

    Raises:
        DataError: The disk has not that much room.
    """
    n_bytes = math.prod(shape)
    if n_bytes <= IN_MEMORY:
        return np.empty(shape, dtype=np.uint8)
    with tempfile.TemporaryFile(prefix="automl-pixels-") as file:
        try:
            file.truncate(n_bytes)
            if hasattr(os, "posix_fallocate"):  # a full disk is an error now, not a signal later
                os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            where = f"{tempfile.gettempdir()} (TMPDIR names another folder)"
            raise DataError(f"{n_bytes / 1e9:.1f} GB of pixels must fit into {where}: {error.strerror}") from error
        return np.memmap(file, dtype=np.uint8, mode="r+", shape=shape)


def chunks(n_images: int, shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut `n_images` of a shape (channels, height, width) into runs of about `CHUNK` bytes."""
    step = max(1, CHUNK // max(1, math.prod(shape)))
    return (slice(start, min(start + step, n_images)) for start in range(0, n_images, step))


def in_threads(work: Callable[[slice], Result], runs: Iterator[slice]) -> list[Result]:
    """Do the work of each run on all cores, where it lets go of the interpreter; the results in the runs' order."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(work, runs))


def resized(pixels: Pixels, shape: tuple[int, int, int]) -> Pixels:
    """Bring pictures (n, c, h, w) to another (channels, height, width), each as `fitted` would but for rounding.

    Those that fit are given back as they are. All others go through Pillow at once: its filter works along one axis
    after the other, so that pictures below each other are rows of one tall picture.
    """
    channels, height, width = shape
    pixels = _narrowed(_recoloured(pixels, channels), width)
    return pixels if height == pixels.shape[2] else _narrowed(pixels.swapaxes(2, 3), height).swapaxes(2, 3)


def fitted(image: Image, shape: tuple[int, int, int]) -> Image:
    """Bring a picture of 8 bits without transparency to (channels, height, width).

    Sizes change by Pillow's bilinear filter, which averages all that falls on a new pixel; each side changes by itself,
    so that nothing is cut off and no border is added. Colour becomes grey by Pillow's weights.
    """
    from PIL.Image import Resampling

    channels, height, width = shape
    image = image.convert("L" if channels == 1 else "RGB")
    return image if image.size == (width, height) else image.resize((width, height), Resampling.BILINEAR)


def as_pixels(image: Image) -> Pixels:
    """Give a picture in mode `L` or `RGB` as pixels (1 or 3, h, w)."""
    values = np.asarray(image)
    return values[None] if values.ndim == 2 else values.transpose(2, 0, 1)


def _recoloured(pixels: Pixels, channels: int) -> Pixels:
    if pixels.shape[1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=1)
    red, green, blue = (pixels[:, place, None].astype(np.uint32) for place in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)  # as Pillow rounds


def _narrowed(pixels: Pixels, width: int) -> Pixels:
    from PIL.Image import Resampling, fromarray

    *others, old = pixels.shape
    if width == old or not len(pixels):
        return pixels if width == old else np.empty((*others, width), dtype=np.uint8)
    rows = np.ascontiguousarray(pixels).reshape(-1, old)
    return np.asarray(fromarray(rows).resize((width, len(rows)), Resampling.BILINEAR)).reshape(*others, width)
