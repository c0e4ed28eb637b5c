"""Image files to one store of pixels: headers first, which settle the size, then every file once, on all cores.

What is stored: grey files alone give 1 channel, else all become red, green and blue; what is transparent lies on white;
16 bits become 8; a camera's note on which side is up is followed; of moving pictures the first one counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from automl.data.images import ImageArray, nothing
from automl.data.pixels import Pixels, Result, allocate, as_pixels, fitted, in_threads
from automl.errors import DataError
from automl.task import Finding

LARGEST_SIDE = 224
"""Images are stored with no side longer than this many pixels, which most networks for images were made for."""
UNREADABLE_SHARE = 0.1
"""With more than this share of the files unreadable, something else is wrong than single files."""
MOST_NAMED = 3
"""Of unreadable files, so many are named."""

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
_GREY_MODES = ("1", "L", "LA", "I", "F")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_RUN = 64  # files one thread reads at a time


@dataclass(frozen=True, eq=False)
class Decoded:
    """Image files as a column.

    Args:
        images: One row a file, without a picture where the file cannot be read.
        unreadable: Why, by the file's place.
    """

    images: ImageArray
    unreadable: dict[int, str]


@dataclass(frozen=True)
class _Header:
    height: int
    width: int
    is_grey: bool


def decode(paths: Sequence[Path], size: tuple[int, int] | None = None) -> Decoded:
    """Read image files into one store, which lies on the disk where it is large.

    All get one size: the median height and the median width of the files, made smaller together until no side is
    longer than `LARGEST_SIDE`. A file of other proportions is stretched: nothing of it is cut off, and there is no
    border for a network to learn to ignore.

    Args:
        paths: The files.
        size: Height and width to store them at; None to settle it as above.

    Raises:
        DataError: The disk has no room for the pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about files that can be read all the same
        found = _each(len(paths), lambda place: _header(paths[place]))
        places = [place for place, header in enumerate(found) if isinstance(header, _Header)]
        unreadable = {place: said for place, said in enumerate(found) if isinstance(said, str)}
        if not places:
            return Decoded(ImageArray(nothing(), np.full(len(paths), -1)), unreadable)
        headers = [header for header in found if isinstance(header, _Header)]
        shape = (1 if all(header.is_grey for header in headers) else 3, *(size or _common_size(headers)))
        pixels = allocate((len(places), *shape))
        said = _each(len(places), lambda slot: _decode_into(pixels, slot, paths[places[slot]]))
    unreadable |= {places[slot]: reason for slot, reason in enumerate(said) if reason is not None}
    index = np.full(len(paths), -1, dtype=np.int64)
    index[places] = np.arange(len(places))
    index[list(unreadable)] = -1
    return Decoded(ImageArray(pixels, index), dict(sorted(unreadable.items())))


def unreadable_files(decoded: Decoded, names: Sequence[str], where: str, consequence: str) -> list[Finding]:
    """Say which files cannot be read and what comes of it; nothing where all can.

    Args:
        decoded: What came of the files.
        names: What to call them.
        where: The folder or table they are of.
        consequence: What is done about it.

    Raises:
        DataError: More than `UNREADABLE_SHARE` of them cannot be read.
    """
    bad = decoded.unreadable
    if not bad:
        return []
    named = ", ".join(f"{names[place]} ({reason})" for place, reason in list(bad.items())[:MOST_NAMED])
    said = f"{len(bad)} of {len(names)} image files cannot be read, such as {named}"
    if len(bad) > UNREADABLE_SHARE * len(names):
        raise DataError(f"{where}: {said}")
    return [Finding("unreadable", None, f"{said}: {consequence}")]


def _each(count: int, work: Callable[[int], Result]) -> list[Result]:
    """Do the work of each place on all cores, a run of places at a time."""
    runs = (slice(start, min(start + _RUN, count)) for start in range(0, count, _RUN))
    parts = in_threads(lambda run: [work(place) for place in range(run.start, run.stop)], runs)
    return [item for part in parts for item in part]


def _header(path: Path) -> _Header | str:
    """Read a file's header, or say why that cannot be."""
    try:
        with _open(path) as image:
            width, height = image.size
            if _is_turned(image):
                width, height = height, width
            return _Header(height, width, image.mode.split(";")[0] in _GREY_MODES)
    except Exception as error:  # a damaged file makes Pillow raise errors of many families
        return _reason(error)


def _decode_into(pixels: Pixels, slot: int, path: Path) -> str | None:
    """Read a file's pixels into their place, or say why that cannot be."""
    try:
        with _open(path) as image:
            shape = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
            if image.format in ("JPEG", "MPO"):  # far larger ones are read at a half, a quarter or an eighth
                image.draft(None, (2 * max(shape[1:]), 2 * max(shape[1:])))
            upright = ImageOps.exif_transpose(image)
            pixels[slot] = as_pixels(fitted(_opaque(upright), shape))
    except Exception as error:  # a damaged file makes Pillow raise errors of many families
        return _reason(error)
    return None


def _open(path: Path) -> Image.Image:
    image = Image.open(path, formats=_FORMATS)
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or 0):
        image.close()
        raise ValueError(f"{image.width} x {image.height} pixels are too many")
    return image


def _is_turned(image: Image.Image) -> bool:
    return "exif" in image.info and image.getexif().get(_ORIENTATION) in _TURNED


def _opaque(image: Image.Image) -> Image.Image:
    """Give a picture of 8 bits a channel, what is transparent laid on white."""
    if image.mode.split(";")[0] in ("I", "F"):
        values = np.asarray(image, dtype=np.float64).clip(0, 65535)
        return Image.fromarray(np.rint(values / 257.0).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _common_size(headers: Sequence[_Header]) -> tuple[int, int]:
    height = float(np.median([header.height for header in headers]))
    width = float(np.median([header.width for header in headers]))
    share = min(1.0, LARGEST_SIDE / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, UnidentifiedImageError):
        return "no image"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
