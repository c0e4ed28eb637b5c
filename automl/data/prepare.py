"""From rows of raw values to blocks of numbers: the one preparation that training, baselines and export all use.

Blocks (those without columns are left out):
    numeric (N, a) float32      scaled numbers and calendar parts
    one_hot (N, b) float32      0/1 columns: values of small categories, and indicators of missing values
    category (N, c) int64       codes of larger categories, 0 for a value never seen in training
    image (N, channels, height, width) uint8    pixels, perhaps a file mapped into memory: they must not be changed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.data.encodings import ENCODINGS, CategoryEncoding, Encoding, Pieces
from automl.data.image_encoding import ImageEncoding
from automl.data.preparing import Preparing
from automl.errors import DataError
from automl.task import Block, Column

_DTYPES = {"numeric": "float32", "one_hot": "float32", "category": "int64"}


@dataclass(frozen=True)
class Preparation:
    """What turns raw rows into blocks, fitted on training rows and never changed after.

    Args:
        encodings: One a column, in the table's order; blocks are joined in this order. One of images at most.
    """

    encodings: tuple[Encoding, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns it reads."""
        return tuple(Column(each.name, each.kind, bool(getattr(each, "numbers", False))) for each in self.encodings)

    @property
    def image(self) -> ImageEncoding | None:
        """Its column of images, if there is one."""
        return next((each for each in self.encodings if isinstance(each, ImageEncoding)), None)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks it gives, without those that have no column."""
        cardinalities = tuple(
            each.cardinality for each in self.encodings if isinstance(each, CategoryEncoding) and not each.one_hot
        )
        blocks = []
        for name, dtype in _DTYPES.items():
            width = sum(each.widths.get(name, 0) for each in self.encodings)
            if width:
                blocks.append(Block(name, (width,), dtype, cardinalities if name == "category" else ()))
        blocks += [each.block for each in self.encodings if isinstance(each, ImageEncoding)]
        return tuple(blocks)

    def transform(self, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
        """Turn rows, of which columns it does not know are ignored, into blocks by name.

        Raises:
            DataError: The rows lack a column.
        """
        absent = [each.name for each in self.encodings if each.name not in rows.columns]
        if absent:
            raise DataError(f"the rows lack the columns {', '.join(map(repr, absent))}")
        pieces: list[Pieces] = [each.encode(rows[each.name]) for each in self.encodings]
        found = {block: [piece[block.name] for piece in pieces if block.name in piece] for block in self.blocks}
        return {
            block.name: parts[0] if block.name == "image" else np.column_stack(parts).astype(block.dtype, order="C")
            for block, parts in found.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values, which hold no row of the training data."""
        return {"format": 1, "columns": [each.to_json() for each in self.encodings]}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Preparation:
        """Rebuild it from `to_json`."""
        return cls(tuple(ENCODINGS[column["kind"]].from_json(column) for column in record["columns"]))


def fit_preparation(rows: pd.DataFrame, columns: Sequence[Column], arguments: Preparing) -> Preparation:
    """Fit a preparation.

    Args:
        rows: The training rows, and no others.
        columns: Those of its columns that a model may see.
        arguments: How to scale numbers, where to draw the line between one-hot and codes, and the size of images.

    Raises:
        DataError: There is no column or no row to learn from.
    """
    if not columns:
        raise DataError("at least one column besides the target must be left to learn from, got none")
    if rows.empty:
        raise DataError("at least one training row is needed, got none")
    return Preparation(tuple(ENCODINGS[each.kind].fit(rows[each.name], each, arguments) for each in columns))
