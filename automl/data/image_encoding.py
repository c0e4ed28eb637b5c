"""How a column of images becomes the block `image`: one size, its bytes as they are, and what normalises them.

Pixels are (N, channels, height, width) uint8; mean and deviation are for whoever turns them into numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.data.images import ImageArray, Store
from automl.data.pixels import Pixels, allocate, chunks, in_threads, resized
from automl.data.preparing import Preparing
from automl.errors import DataError
from automl.task import Block, Column

Shape = tuple[int, int, int]
Channels = tuple[float, ...]


@dataclass(frozen=True)
class ImageEncoding:
    """An image: brought to one size and number of channels; the mean colour where it is missing.

    Args:
        name: The column's header.
        channels: 1 for grey, 3 for red, green and blue.
        height: In pixels, of what it gives.
        width: Likewise.
        mean: Each channel's mean over the training rows' pixels, at this size, from 0 to 255.
        std: Their standard deviation, 1 where that is 0.
        stored: The height and width at which the training rows' images were stored. Files read for prediction come
            out the same when they are stored at it first: `read_table(..., image_size=stored)`.
    """

    kind: ClassVar[Literal["image"]] = "image"
    name: str
    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    stored: tuple[int, int]

    @property
    def widths(self) -> dict[str, int]:
        """How many columns it adds to the blocks of columns: none."""
        return {}

    @property
    def shape(self) -> Shape:
        """Channels, height and width of what it gives."""
        return self.channels, self.height, self.width

    @property
    def block(self) -> Block:
        """The block it gives."""
        return Block("image", self.shape, "uint8", mean=self.mean, std=self.std)

    @classmethod
    def fit(cls, values: pd.Series, column: Column, arguments: Preparing) -> ImageEncoding:
        """Learn from the training rows' images (N,)."""
        images = _as_images(values, column.name)
        channels, *stored = images.shape_of_one
        height, width = (min(arguments.resolution or side, side) for side in stored)
        shape = (channels, height, width)
        mean, std = _statistics(images.store, images.index[images.index >= 0], shape)
        return cls(column.name, channels, height, width, mean, std, (stored[0], stored[1]))

    def encode(self, values: pd.Series) -> dict[str, NDArray[Any]]:
        """Encode images (N,).

        Where they are stored in this shape and order, what is given is the store itself, which must not be changed.

        Raises:
            DataError: The column holds something else.
        """
        images = _as_images(values, self.name)
        index, store = images.index, images.store
        if store.shape == self.shape and _is_run(index):
            start = int(index[0]) if index.size else 0
            return {"image": np.asarray(store.pixels[start : start + len(index)])}
        out = allocate((len(index), *self.shape))

        def fill(run: slice) -> None:
            _fill(out[run], store, index[run], self)

        in_threads(fill, chunks(len(index), _larger(store.shape, self.shape)))
        return {"image": np.asarray(out)}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "channels": self.channels,
            "height": self.height,
            "width": self.width,
            "mean": list(self.mean),
            "std": list(self.std),
            "stored": list(self.stored),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ImageEncoding:
        """Rebuild it from `to_json`."""
        fields = {name: value for name, value in record.items() if name != "kind"}
        lists = {name: tuple(fields[name]) for name in ("mean", "std", "stored")}
        return cls(**{**fields, **lists})


def _as_images(values: pd.Series, name: str) -> ImageArray:
    """Give the images of a column, none for each row of a column without any value."""
    if isinstance(values.array, ImageArray):
        return values.array
    strange = values[~values.isna()]
    if len(strange):
        raise DataError(f"column {name!r} must hold images, got {strange.iloc[0]!r}")
    return ImageArray._from_sequence([None] * len(values))


def _is_run(index: NDArray[np.int64]) -> bool:
    """Tell whether rows are pictures that follow each other in the store."""
    return not index.size or (index[0] >= 0 and bool(np.all(np.diff(index) == 1)))


def _fill(out: Pixels, store: Store, index: NDArray[np.int64], encoding: ImageEncoding) -> None:
    known = index >= 0
    out[known] = resized(store.pixels[index[known]], encoding.shape)
    out[~known] = np.rint(encoding.mean).astype(np.uint8)[:, None, None]


def _statistics(store: Store, index: NDArray[np.int64], shape: Shape) -> tuple[Channels, Channels]:
    """Give mean and deviation of each channel over pictures (n,) brought to a shape, from sums that are exact."""

    def sums(run: slice) -> NDArray[np.uint64]:
        pixels = resized(store.pixels[index[run]], shape)
        squares = np.square(pixels, dtype=np.uint16)
        return np.stack([each.sum(axis=(0, 2, 3), dtype=np.uint64) for each in (pixels, squares)])

    found = in_threads(sums, chunks(len(index), _larger(store.shape, shape)))
    count = len(index) * shape[1] * shape[2]
    if not count:
        return (0.0,) * shape[0], (1.0,) * shape[0]
    totals: list[tuple[int, int]] = sum(found[1:], start=found[0]).T.tolist()
    mean = tuple(total / count for total, _ in totals)
    deviations = (math.sqrt(count * squared - total * total) / count for total, squared in totals)
    return mean, tuple(deviation or 1.0 for deviation in deviations)


def _larger(one: Shape, other: Shape) -> Shape:
    return max(one, other, key=math.prod)
