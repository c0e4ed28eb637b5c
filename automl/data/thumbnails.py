"""Images as a few numbers each, for what is told of many of them at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.data.pixels import resized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from automl.data.images import ImageArray

SAMPLED = 32
"""Of larger images about so many pixels a side are looked at, evenly spaced."""

_AT_ONCE = 1024


def thumbnails(columns: Sequence[ImageArray], side: int) -> list[NDArray[np.float32]]:
    """Give every row of several columns its picture in `side` by `side` pixels, in colour where any is; 0 where none.

    Shape:
        (N,) each -> (N, channels x side x side) each, values from 0 to 255.
    """
    channels = max(images.shape_of_one[0] for images in columns)
    return [_small(images, (channels, side, side)) for images in columns]


def _small(images: ImageArray, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    kept, index = images.compact()
    rows, columns = (slice(None, None, max(1, length // SAMPLED)) for length in images.shape_of_one[1:])
    small = np.zeros((len(kept) + 1, *shape), dtype=np.float32)  # the last is for rows without a picture
    for start in range(0, len(kept), _AT_ONCE):
        places = kept[start : start + _AT_ONCE]
        sampled = np.stack([images.store.pixels[place, :, rows, columns] for place in places])
        small[start : start + len(places)] = resized(sampled, shape)
    return small[index].reshape(len(images), -1)
