"""What holds rows to predict: a table, and for a model of images also a folder of them, a single one, or an archive."""

from __future__ import annotations

from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from automl.data.decode import decode, unreadable_files
from automl.data.delimited import Reading
from automl.data.findings import findings_of, with_findings
from automl.data.image_encoding import ImageEncoding
from automl.data.image_paths import with_images
from automl.data.images import ImageArray
from automl.data.layouts import FILE, IMAGE, IMAGE_ENDINGS, image_files, is_image
from automl.data.read import read_table
from automl.data.text_files import Known
from automl.errors import BundleError

_ORDINARY, _NOTHING_KNOWN = Reading(), Known()


def rows_of(
    source: Path, image: ImageEncoding | None, *, reading: Reading = _ORDINARY, known: Known = _NOTHING_KNOWN
) -> pd.DataFrame:
    """Read rows to predict; images of files are stored at the size at which those of the training rows were.

    Args:
        source: What `automl.data.read.read_table` takes. For a model of images a folder means all image files in it
            and below it, whatever the folders there are called, and one image file may stand alone.
        image: The model's column of images, if it has one; what has no headers of its own is given its name.
        reading: What a person says of text files.
        known: What the training table says of the columns of text files.

    Returns:
        The rows; for image files under an index `file`, their names as seen from the folder.

    Raises:
        BundleError: Images were given to a model that takes none, or a folder without any.
        DataError: The source cannot be read.
    """
    is_archive = source.suffix.lower() == ".npz"
    are_files = source.is_dir() or is_image(source.name)
    if image is None:
        if are_files or is_archive:
            raise BundleError(f"{source}: this model takes no images, it takes a table")
        return read_table(source, reading=reading, known=known)
    if are_files:
        return _read_files(source, image)
    rows = read_table(source, image_size=image.stored, reading=reading, known=known)
    return rows.rename(columns={IMAGE: image.name}) if is_archive else rows


def with_pictures(rows: pd.DataFrame, image: ImageEncoding) -> pd.DataFrame:
    """Give rows whose column of images holds images: text in it names files, seen from the working folder.

    Raises:
        BundleError: It holds something else, or names of files that are not there.
        DataError: More than a few of the files cannot be read.
    """
    values = rows[image.name]
    if isinstance(values.array, ImageArray) or values.isna().all():
        return rows
    read = with_images(values.to_frame(), Path(), image.stored)
    if not isinstance(read[image.name].array, ImageArray):
        first = str(values[values.notna()].iloc[0])
        raise BundleError(f"column {image.name!r} must hold images or name image files that exist, got {first!r}")
    return with_findings(rows.assign(**{image.name: read[image.name].array}), findings_of(read))


def _read_files(source: Path, image: ImageEncoding) -> pd.DataFrame:
    folder = source if source.is_dir() else source.parent
    paths = list(image_files(folder)) if source.is_dir() else [source]
    if not paths:
        raise BundleError(f"{folder}: the folder holds no image files ({', '.join(IMAGE_ENDINGS)})")
    if not paths[0].exists():
        raise BundleError(f"no such file: {source}")
    names = [PurePath(path.relative_to(folder)).as_posix() for path in paths]
    decoded = decode(paths, image.stored)
    findings = unreadable_files(decoded, names, str(source), "they are left out")
    rows = pd.DataFrame({image.name: decoded.images}, index=pd.Index(names, name=FILE))
    return with_findings(rows[np.asarray(~decoded.images.isna())], findings)
