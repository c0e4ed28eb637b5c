"""A column of images in a frame: rows point into a store of pixels, so that taking rows moves no pixel.

Shapes:
    K pictures in a store (K, channels, height, width) uint8, never written to once it is shared; N rows, each the
    position of its picture in the store, -1 where it has none.
"""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandas.api.indexers import check_array_indexer

from automl.data.pixels import Pixels, allocate, chunks, resized

Positions = NDArray[np.int64]


class ImageDtype(ExtensionDtype):
    """The type of a column of images; their size is the store's, not the type's."""

    name = "image"
    na_value = None
    type = np.ndarray

    def __repr__(self) -> str:
        return self.name

    @classmethod
    def construct_array_type(cls) -> builtins.type[ImageArray]:
        """Give the class of its columns."""
        return ImageArray


class Store:
    """Pixels that many columns point into, and the hash of every picture that was asked for once.

    Args:
        pixels: (K, channels, height, width) uint8; must not change from now on.

    Raises:
        ValueError: They are of another type or shape.
    """

    def __init__(self, pixels: Pixels) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1] not in (1, 3):
            raise ValueError(f"pixels must be (K, 1 or 3, height, width) uint8, got {pixels.shape} {pixels.dtype}")
        self.pixels = pixels
        self._hashes = np.zeros(len(pixels), dtype=np.uint64)
        self._is_hashed = np.zeros(len(pixels), dtype=bool)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every picture."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    def hashes(self, positions: Positions) -> NDArray[np.uint64]:
        """Give pictures (n,) a hash of their shape and pixels."""
        shape = np.array(self.shape, dtype="<i8").tobytes()
        for place in np.unique(positions[~self._is_hashed[positions]]):
            digest = hashlib.blake2b(shape, digest_size=8)
            digest.update(np.ascontiguousarray(self.pixels[place]).data)
            self._hashes[place] = int.from_bytes(digest.digest(), "little")
            self._is_hashed[place] = True
        return self._hashes[positions]


class ImageArray(ExtensionArray):
    """A column of images.

    Args:
        store: The pixels, or a store that other columns share.
        index: Each row's picture (N,), -1 where it has none; every picture once, in order, if None.

    Raises:
        ValueError: A position that the store does not have.

    Examples:
        >>> images = ImageArray(np.zeros((2, 1, 8, 8), dtype=np.uint8), np.array([1, -1, 0]))
        >>> len(images), images.shape_of_one, images.isna().tolist()
        (3, (1, 8, 8), [False, True, False])
    """

    def __init__(self, store: Store | Pixels, index: Positions | None = None) -> None:
        self.store = store if isinstance(store, Store) else Store(store)
        n_pictures = len(self.store.pixels)
        self.index = np.arange(n_pictures) if index is None else np.asarray(index, dtype=np.int64)
        if self.index.size and not -1 <= self.index.min() <= self.index.max() < n_pictures:
            raise ValueError(f"positions must be from -1 to {n_pictures - 1}")

    @property
    def shape_of_one(self) -> tuple[int, int, int]:
        """Channels, height and width of every picture."""
        return self.store.shape

    @property
    def dtype(self) -> ImageDtype:
        """The column's type."""
        return ImageDtype()

    @property
    def nbytes(self) -> int:
        """What the column itself takes; the pixels are shared."""
        return self.index.nbytes

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, item: Any) -> Any:
        item = check_array_indexer(self, item)
        if np.ndim(item) == 0 and not isinstance(item, slice):
            place = self.index[item]
            return None if place < 0 else np.asarray(self.store.pixels[place])
        return ImageArray(self.store, self.index[item])

    def __eq__(self, other: object) -> NDArray[np.bool_]:  # type: ignore[override]
        """Tell row by row whether the pixels are the same; what is missing equals nothing."""
        if not isinstance(other, ImageArray):
            return np.zeros(len(self), dtype=bool)
        return np.asarray((self.hashes() == other.hashes()) & ~self.isna() & ~other.isna())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.object_]:
        pictures = np.empty(len(self), dtype=object)
        for row in range(len(self)):
            pictures[row] = self[row]
        return pictures

    def isna(self) -> NDArray[np.bool_]:
        """Tell which rows have no picture."""
        return np.asarray(self.index < 0)

    def hashes(self) -> NDArray[np.uint64]:
        """Give each row (N,) a hash of its picture's pixels, 0 where it has none."""
        hashes = np.zeros(len(self), dtype=np.uint64)
        known = self.index >= 0
        hashes[known] = self.store.hashes(self.index[known])
        return hashes

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> ImageArray:
        """Give the rows at these positions; with `allow_fill`, -1 is a row without a picture."""
        index = pd.api.extensions.take(self.index, np.asarray(indices), allow_fill=allow_fill, fill_value=-1)
        return ImageArray(self.store, np.asarray(index, dtype=np.int64))

    def copy(self) -> ImageArray:
        """Give a column of its own over the same pixels."""
        return ImageArray(self.store, self.index.copy())

    def compact(self) -> tuple[Positions, Positions]:
        """Give the pictures that rows point to, in the order of their first row, and the rows' positions in them."""
        known = self.index >= 0
        index = np.full(len(self), -1, dtype=np.int64)
        index[known], kept = pd.factorize(self.index[known])
        return np.asarray(kept, dtype=np.int64), index

    @classmethod
    def _from_sequence(cls, scalars: Iterable[Any], *, dtype: Any = None, copy: bool = False) -> ImageArray:
        """Build a column from pictures (channels, height, width) of one shape and None."""
        if isinstance(scalars, ImageArray):
            return scalars.copy() if copy else scalars
        pictures = list(scalars)
        known = [place for place, picture in enumerate(pictures) if isinstance(picture, np.ndarray)]
        index = np.full(len(pictures), -1, dtype=np.int64)
        index[known] = np.arange(len(known))
        return cls(np.stack([pictures[place] for place in known]) if known else nothing(), index)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[ImageArray]) -> ImageArray:
        """Join columns: of one store without a copy, else into a new store of the largest shape."""
        stores = list({id(each.store): each.store for each in to_concat}.values())
        if len(stores) == 1:
            return cls(stores[0], np.concatenate([each.index for each in to_concat]))
        shape = tuple(max(sides) for sides in zip(*(store.shape for store in stores)))
        store = _joined(to_concat, (shape[0], shape[1], shape[2]))
        parts, start = [], 0
        for each in to_concat:
            kept, index = each.compact()
            parts.append(np.where(index < 0, -1, index + start))
            start += len(kept)
        return cls(store, np.concatenate(parts))

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str | None]:
        return lambda picture: "None" if picture is None else "x".join(map(str, picture.shape))


def image_size(frame: pd.DataFrame) -> tuple[int, int] | None:
    """Give the height and width at which a frame's images are stored, None where it has none."""
    for name in frame.columns:
        images = frame[name].array
        if isinstance(images, ImageArray):
            return images.shape_of_one[1:]
    return None


def nothing() -> Pixels:
    """Give the pixels of no picture."""
    return np.zeros((0, 1, 1, 1), dtype=np.uint8)


def pictures(store: Store, kept: Positions, shape: tuple[int, int, int] | None = None) -> Iterator[Pixels]:
    """Give pictures (n,), a few at a time, in the store's shape or another one."""
    for run in chunks(len(kept), store.shape):
        yield resized(store.pixels[kept[run]], shape or store.shape)


def _joined(arrays: Sequence[ImageArray], shape: tuple[int, int, int]) -> Store:
    kept = [each.compact()[0] for each in arrays]
    pixels = allocate((sum(map(len, kept)), *shape))
    start = 0
    for each, places in zip(arrays, kept):
        for part in pictures(each.store, places, shape):
            pixels[start : start + len(part)] = part
            start += len(part)
    return Store(pixels)
