"""Predict with the bundle this file lies in; it needs Python, onnxruntime and numpy, and nothing else.

    python predict.py rows.csv [predictions.csv]

Rows come from text in columns (.csv, .tsv, .txt, each also with .gz, .bz2, .xz or .zst) or JSON (one object, or a list
of them). Separator, encoding, quotes and how numbers are written are found from the file, as they were in training:
numbers may have a decimal comma or grouped digits, and the values of a column of texts are taken as they stand. Predictions go to the file named
second, or else to the screen: `prediction` first, then the probability of each class, or the `lower` and `upper` end
of an interval that holds the truth of nine rows in ten. Columns the model does not know are
ignored. Dates are ISO 8601, in UTC where they name no zone; a plain number in their place is seconds since 1970.

Where the model takes images, these may stand in the place of rows.csv:
    photos/ or photo.jpg       image files, in the folder and below it; the predictions begin with each one's `file`
    pixels.npz or pixels.npy   an array `x` or `image` of uint8: (N, height, width), (N, height, width, channels) or as
                               the model takes them
In rows, an image is the name of its file, seen from the rows' folder, or in JSON a list of its lines of pixels. Image
files, and pixels of another size than the model's, need Pillow.
"""

from __future__ import annotations

import csv
import functools
import importlib.util
import itertools
import json
import math
import os
import re
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
CHUNK = 4096  # rows at a time, so that memory does not grow with the file
PIXELS = 1 << 20  # at a time, where rows have images: a network holds tens of numbers for each
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
MISSING_TIME = int(np.iinfo(np.int64).min)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
INSTANT = re.compile(
    r"(?P<year>\d{4})(?:(?P<dash>[-/]?)(?P<month>\d\d?)(?:(?P=dash)(?P<day>\d\d?))?)?"
    r"(?:[T ](?P<hour>\d\d?)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?)?"
    r"\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?"
)


def as_number(text: str) -> float:
    """Read a number, NaN where the text is none."""
    try:
        return float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan


def as_category(text: str, numbers: bool) -> str:
    """Write equal values alike: truths in small letters and, where values are numbers, `3.0` as `3`."""
    if text.lower() in ("true", "false"):
        return text.lower()
    if not numbers:
        return text
    if text.isascii() and text.isdigit():
        return str(int(text))
    number = as_number(text)
    if not math.isfinite(number):
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 2.0**53 else repr(number)


def as_instant(text: str) -> int:
    """Read an instant as microseconds since 1970 in UTC, MISSING_TIME where the text is none."""
    seconds = as_number(text)
    if not math.isnan(seconds):
        return int(seconds * 1e6) if abs(seconds * 1e6) < 2.0**63 else MISSING_TIME
    match = INSTANT.fullmatch(text.strip())
    if not match:
        return MISSING_TIME
    year, month, day = (int(match[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = int((match["fraction"] or "")[:6].ljust(6, "0"))
    zone = (match["zone"] or "Z").replace(":", "").replace("Z", "+00").ljust(5, "0")
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond, timezone.utc)
    except ValueError:
        return MISSING_TIME
    return (local - EPOCH - ahead) // timedelta(microseconds=1)


def as_input(column: dict[str, Any], texts: list[str], missing: set[float]) -> np.ndarray:
    """Turn one column's texts into what the model takes; some numbers stand for nothing."""
    if column["kind"] == "numeric":
        numbers = map(as_number, texts)
        return np.array([math.nan if number in missing else number for number in numbers], dtype=np.float64)
    if column["kind"] == "datetime":
        return np.array([as_instant(text) for text in texts], dtype=np.int64)
    return np.array([as_category(text, column["numbers"]) for text in texts], dtype=object)


def pillow() -> tuple[Any, Any]:
    """Import Pillow, or say what to install."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        sys.exit("image files, and pixels of another size than the model's, need Pillow: pip install pillow")
    return Image, ImageOps


def read_image(path: Path, column: dict[str, Any]) -> np.ndarray | None:
    """Read a file as pixels (height, width, 3), at the size at which images were stored for training, None with a word
    on it where that cannot be: upright, what is transparent on white."""
    Image, ImageOps = pillow()
    height, width = column["stored"]
    try:
        with warnings.catch_warnings(), Image.open(path, formats=IMAGE_FORMATS) as image:
            warnings.simplefilter("ignore")  # Pillow's, about files that can be read all the same
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or 0):
                raise ValueError(f"{image.width} x {image.height} pixels are too many")
            if image.format in ("JPEG", "MPO"):  # far larger ones are read at a half, a quarter or an eighth
                image.draft(None, (2 * max(height, width), 2 * max(height, width)))
            picture = opaque(ImageOps.exif_transpose(image)).convert("RGB")
            return np.asarray(resized(picture, height, width))
    except Exception as error:  # a damaged file makes Pillow raise errors of many families
        sys.stderr.write(f"{path}: cannot be read as an image ({' '.join(str(error).split())})\n")
        return None


def opaque(image: Any) -> Any:
    """Give a picture of 8 bits a channel, what is transparent laid on white."""
    Image, _ = pillow()
    if image.mode.split(";")[0] in ("I", "F"):
        values = np.asarray(image, dtype=np.float64).clip(0, 65535)
        return Image.fromarray(np.rint(values / 257.0).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def resized(picture: Any, height: int, width: int) -> Any:
    """Stretch a picture to a size."""
    Image, _ = pillow()
    return picture if picture.size == (width, height) else picture.resize((width, height), Image.Resampling.BILINEAR)


def fitted(pixels: np.ndarray, column: dict[str, Any]) -> np.ndarray:
    """Bring pixels (height, width, 1, 3 or 4) to what the model takes: (channels, height, width)."""
    channels, height, width = shape_of(column)
    if pixels.shape[2] == 4:
        cover = pixels[..., 3:] / 255.0
        pixels = np.rint(pixels[..., :3] * cover + 255.0 * (1.0 - cover)).astype(np.uint8)
    if pixels.shape[:2] == (1, 1):
        pixels = np.broadcast_to(pixels, (height, width, pixels.shape[2]))  # one colour everywhere
    if pixels.shape != (height, width, channels):
        Image, _ = pillow()
        picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))
        picture = resized(picture.convert("L" if channels == 1 else "RGB"), picture.height, width)
        pixels = np.asarray(resized(picture, height, width))  # one side after the other, each rounded, as in training
    return pixels.reshape(height, width, channels).transpose(2, 0, 1)


def shape_of(column: dict[str, Any]) -> tuple[int, int, int]:
    """Give the channels, height and width that the model takes."""
    return column["channels"], column["height"], column["width"]


def laid_out(where: object, pixels: np.ndarray, column: dict[str, Any]) -> np.ndarray:
    """Give pixels as (N, height, width, 1, 3 or 4)."""
    if pixels.dtype == np.uint8 and 0 not in pixels.shape[1:]:
        if pixels.ndim == 3:
            return pixels[..., None]
        if pixels.ndim == 4 and pixels.shape[3] in (1, 3, 4):
            return pixels
        if pixels.shape[1:] == shape_of(column):
            return pixels.transpose(0, 2, 3, 1)
    layouts = f"(N, height, width), (N, height, width, channels) or (N, {', '.join(map(str, shape_of(column)))})"
    sys.exit(f"{where}: pixels must be uint8, {layouts}, got {pixels.dtype} {pixels.shape}")


def as_pictures(column: dict[str, Any], cells: list[Any], missing: set[str], folder: Path) -> np.ndarray:
    """Turn a column of images into what the model takes: the mean colour where one is missing."""
    pictures = np.empty((len(cells), *shape_of(column)), dtype=np.uint8)
    pictures[:] = np.rint(column["mean"]).astype(np.uint8)[:, None, None]
    for place, cell in enumerate(cells):
        if isinstance(cell, np.ndarray):
            pictures[place] = cell
        elif cell not in missing:
            pixels = from_list(column, cell) if cell.startswith("[") else read_image(folder / cell, column)
            if pixels is not None:
                pictures[place] = fitted(pixels, column)
    return pictures


def from_list(column: dict[str, Any], text: str) -> np.ndarray:
    """Read pixels that are written as a list of lines."""
    try:
        values = np.array(json.loads(text))
        is_right = values.dtype.kind == "i" and values.min() >= 0 and values.max() <= 255
    except ValueError:
        is_right = False
    if not is_right:
        sys.exit(f"column {column['name']!r}: a list of pixels must hold lines of whole numbers from 0 to 255")
    pixels: np.ndarray = laid_out(f"column {column['name']!r}", values.astype(np.uint8)[None], column)[0]
    return pixels


def read_files(source: Path, column: dict[str, Any]) -> tuple[list[str], Iterator[list[Any]]]:
    """Give the header and the rows, each a picture and its file's name, of a folder or of one file."""
    pillow()
    if not source.exists():
        sys.exit(f"no such file: {source}")
    folder, paths = (source, list(image_files(source))) if source.is_dir() else (source.parent, [source])
    if not paths:
        sys.exit(f"{source}: the folder holds no image files ({', '.join(IMAGE_ENDINGS)})")
    read = ((read_image(path, column), path.relative_to(folder).as_posix()) for path in paths)
    return [column["name"]], ([fitted(pixels, column), name] for pixels, name in read if pixels is not None)


def image_files(folder: Path) -> Iterator[Path]:
    """Give the image files in a folder and below it, in the order of names."""
    for where, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            if name.lower().endswith(IMAGE_ENDINGS) and not name.startswith("."):
                yield Path(where, name)


def read_arrays(source: Path, column: dict[str, Any]) -> tuple[list[str], Iterator[list[Any]]]:
    """Give the header and the rows, each a picture, of an array or an archive of arrays."""
    try:
        found = np.load(source)
        if source.suffix.lower() == ".npz":
            names = {name.lower(): name for name in reversed(found.files)}
            name = names.get("x") or names.get("image")
            if name is None:
                sys.exit(f"{source}: the archive must hold an array x or image, got {', '.join(found.files) or 'none'}")
            found = found[name]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        sys.exit(f"{source}: cannot be read as an array ({error})")
    return [column["name"]], ([fitted(pixels, column)] for pixels in laid_out(source, found, column))


@functools.cache
def companion(name: str) -> Any:
    """Load a program that lies beside this one, and leave the folder as it is."""
    spec = importlib.util.spec_from_file_location(f"bundle_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = writes
    return module


def read_rows(path: Path, preparation: dict[str, Any]) -> tuple[list[str], Iterator[list[str]]]:
    """Give the header and the rows, each a list of texts, numbers written with a decimal point."""
    if path.suffix == ".json":
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found if isinstance(found, list) else [found]
        header = list(dict.fromkeys(name for row in rows for name in row))
        return header, (["" if row.get(name) is None else str(row[name]) for name in header] for row in rows)
    delimited = companion("delimited")
    try:
        encoding = delimited.find_encoding(path).name
    except delimited.Unreadable as error:
        sys.exit(str(error))
    preferred = "\t" if delimited.plain_name(path).endswith(".tsv") else ","
    layout = delimited.find_layout(delimited.sample_of(path, encoding), preferred=preferred)

    def records() -> Iterator[list[str]]:
        with delimited.text_of(path, encoding) as stream:
            marks = {"delimiter": layout.separator, "quotechar": layout.quote}
            yield from (row for row in csv.reader(stream, skipinitialspace=True, **marks) if row)

    header = next(records(), [])
    styles = styles_of(records(), header, layout.separator, preparation)
    lines = itertools.islice(records(), 1, None)
    if not styles:
        return header, lines
    return header, ([styles[place](text) if place in styles else text for place, text in enumerate(row)] for row in lines)


def styles_of(
    records: Iterator[list[str]], header: list[str], separator: str, preparation: dict[str, Any]
) -> dict[int, Callable[[str], str]]:
    """Find how numbers are written in a file: by the place of a column, what writes its numbers with a point.

    The file is read once for it.
    """
    numerals = companion("numerals")
    columns = {column["name"]: column for column in preparation["columns"]}
    numbers = [name for name, column in columns.items() if column["kind"] == "numeric" or column.get("numbers")]
    texts = [name for name, column in columns.items() if column["kind"] == "category" and not column["numbers"]]
    tallies = {name: numerals.Tally() for name in header if name not in texts}
    places = [(header.index(name), tally) for name, tally in tallies.items()]
    nothing = {*preparation["missing"], *companion("delimited").MARKS, *companion("delimited").WORDS}
    for row in itertools.islice(records, 1, None):
        for place, tally in places:
            if place < len(row) and row[place] not in nothing:
                tally.add(row[place])
    how = preparation.get("reading", {})
    prior = how.get("decimal") if how.get("separator") == separator else ""
    prior = prior or {",": ".", ";": "," if numbers else ""}.get(separator, "")
    _, found = numerals.styles_of(tallies, separator, prior=prior, known=numbers)
    return {
        header.index(name): numerals.STYLES[found[name]].plain
        for name in numbers
        if found.get(name) not in (None, "point", "ambiguous")
    }


def open_session() -> onnxruntime.InferenceSession:
    """Load the network."""
    return onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def header_of(session: onnxruntime.InferenceSession, classes: list[Any]) -> list[str]:
    """Name what is given for a row: a prediction, then the probability of each class, or the ends of an interval."""
    shares = [f"probability_{label}" for label in classes]
    return [name for each in session.get_outputs() for name in (shares if each.name == "probabilities" else [each.name])]


def predict(
    session: onnxruntime.InferenceSession,
    rows: Iterator[list[Any]],
    places: list[int],
    preparation: dict[str, Any],
    folder: Path,
    are_files: bool,
) -> Iterator[list[Any]]:
    """Give a prediction and what belongs to it for every row, chunk by chunk; rows of files end in a name to begin with.

    `places` tells where in a row each column of the preparation lies, `folder` what names of image files are seen from.
    """
    missing, numbers = set(preparation["missing"]), {as_number(text) for text in preparation["missing"]}
    names = [each.name for each in session.get_inputs()]
    sizes = [math.prod(shape_of(column)) for column in preparation["columns"] if column["kind"] == "image"]
    step = max(1, min([CHUNK, *(PIXELS // size for size in sizes)]))
    while chunk := list(itertools.islice(rows, step)):
        inputs = []
        for column, place in zip(preparation["columns"], places):
            cells = [row[place] if place < len(row) else "" for row in chunk]
            if column["kind"] == "image":
                inputs.append(as_pictures(column, cells, missing, folder))
            else:
                nothing = missing.difference(column.get("values", ()))
                inputs.append(as_input(column, ["" if text in nothing else text for text in cells], numbers))
        predictions, *others = session.run(None, dict(zip(names, inputs)))
        for row, prediction in enumerate(predictions):
            name = chunk[row][-1:] if are_files else []
            yield [*name, prediction, *(value for table in others for value in np.atleast_1d(table[row]))]


def main(source: str, target: str | None = None) -> None:
    """Read rows, predict them, write predictions."""
    preparation = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
    classes = json.loads((HERE / "task.json").read_text(encoding="utf-8"))["classes"]
    wanted = [column["name"] for column in preparation["columns"]]
    images = [column for column in preparation["columns"] if column["kind"] == "image"]
    path = Path(source)
    are_files = bool(images) and (path.is_dir() or path.name.lower().endswith(IMAGE_ENDINGS))
    if are_files:
        header, rows = read_files(path, images[0])
    elif images and path.suffix.lower() in (".npz", ".npy"):
        header, rows = read_arrays(path, images[0])
    else:
        header, rows = read_rows(path, preparation)
    absent = [name for name in wanted if name not in header]
    if absent:
        sys.exit(f"{source}: the rows lack the columns {', '.join(map(repr, absent))}")
    places = [header.index(name) for name in wanted]
    with open(target, "w", encoding="utf-8", newline="") if target else nullcontext(sys.stdout) as output:
        writer = csv.writer(output, lineterminator="\n")
        session = open_session()
        writer.writerow([*(["file"] * are_files), *header_of(session, classes)])
        writer.writerows(predict(session, rows, places, preparation, path.parent, are_files))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
