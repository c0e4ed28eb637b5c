"""From rows of raw values to blocks of numbers: the one preparation that training, baselines and export all use.

Columns become blocks, and a wide block may become fewer numbers, which are then part of the block `numeric`.

Blocks (those without columns are left out):
    numeric (N, a) float32      scaled numbers and calendar parts
    one_hot (N, b) float32      0/1 columns: values of small categories, and indicators of missing values
    category (N, c) int64       codes of larger categories, 0 for a value never seen in training
    image (N, channels, height, width) uint8    pixels, perhaps a file mapped into memory: they must not be changed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.data.encodings import ENCODINGS, CategoryEncoding, Encoding, Pieces
from automl.data.image_encoding import ImageEncoding
from automl.data.preparing import Preparing
from automl.data.reduction import Decomposition, Reduction, decompose, is_exact
from automl.data.redundant import Redundancy, find_redundant
from automl.errors import DataError
from automl.task import Block, Column

_REDUCED_KEPT = 32
"""Of so many preparations with reduced blocks what was fitted is kept."""
_DTYPES = {"numeric": "float32", "one_hot": "float32", "category": "int64"}


@dataclass(frozen=True)
class Preparation:
    """What turns raw rows into blocks, fitted on training rows and never changed after.

    Args:
        encodings: One a column, in the table's order; blocks are joined in this order. One of images at most.
        reductions: Of wide blocks, `numeric` before `one_hot`; what they give is joined to the block `numeric`.
        dropped: The columns that are not read, with the reason.
    """

    encodings: tuple[Encoding, ...]
    reductions: tuple[Reduction, ...] = ()
    dropped: tuple[Redundancy, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns it reads."""
        return tuple(Column(each.name, each.kind, bool(getattr(each, "numbers", False))) for each in self.encodings)

    @property
    def parts(self) -> Mapping[str, Preparation]:
        """The preparations that are in it, by what the names of their blocks begin with: itself, by nothing."""
        return {"": self}

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
        widths = {name: sum(each.widths.get(name, 0) for each in self.encodings) for name in _DTYPES}
        for reduction in self.reductions:
            widths[reduction.block] = 0
        widths["numeric"] += sum(reduction.width for reduction in self.reductions)
        for name, dtype in _DTYPES.items():
            if width := widths[name]:
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
        found = {name: [piece[name] for piece in pieces if name in piece] for name in (*_DTYPES, "image")}
        blocks = {
            name: parts[0] if name == "image" else np.column_stack(parts).astype(_DTYPES[name], order="C")
            for name, parts in found.items()
            if parts
        }
        return self.reduce(blocks) if self.reductions else blocks

    def reduce(self, blocks: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Put the components of wide blocks in the place of their columns."""
        left = dict(blocks)
        parts = [reduction.apply(left.pop(reduction.block)) for reduction in self.reductions]
        numbers = [left.pop("numeric")] if "numeric" in left else []
        return {"numeric": np.ascontiguousarray(np.column_stack([*numbers, *parts])), **left}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values, which hold no row of the training data."""
        record: dict[str, Any] = {"format": 1, "columns": [each.to_json() for each in self.encodings]}
        if self.reductions:
            record["reductions"] = [each.to_json() for each in self.reductions]
        if self.dropped:
            record["dropped"] = [{**asdict(each), "said": each.said} for each in self.dropped]
        return record

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Preparation:
        """Rebuild it from `to_json`."""
        return cls(
            tuple(ENCODINGS[column["kind"]].from_json(column) for column in record["columns"]),
            tuple(map(Reduction.from_json, record.get("reductions", ()))),
            tuple(map(Redundancy.from_json, record.get("dropped", ()))),
        )


def fit_preparation(rows: pd.DataFrame, columns: Sequence[Column], arguments: Preparing) -> Preparation:
    """Fit a preparation.

    Args:
        rows: The training rows, and no others.
        columns: Those of its columns that a model may see.
        arguments: How to scale numbers, where to draw the line between one-hot and codes, the size of images, what to
            reduce, and what to leave out.

    Raises:
        DataError: There is no column or no row to learn from.
    """
    return Fitting(rows, columns).preparation(arguments)


@dataclass
class Fitting:
    """Preparations of the same training rows; what two of them have in common is found once.

    Args:
        rows: The training rows, and no others.
        columns: Those of its columns that a model may see.
    """

    rows: pd.DataFrame
    columns: Sequence[Column]
    _fitted: dict[Preparing, Preparation] = field(default_factory=dict, repr=False)
    _blocks: dict[Preparing, dict[str, NDArray[Any]]] = field(default_factory=dict, repr=False)
    _redundant: dict[float, tuple[Redundancy, ...]] = field(default_factory=dict, repr=False)
    _decomposed: dict[tuple[Preparing, str, float], Decomposition] = field(default_factory=dict, repr=False)

    def preparation(self, arguments: Preparing) -> Preparation:
        """Fit a preparation; the same arguments are fitted once.

        Raises:
            DataError: There is no column or no row to learn from.
        """
        if arguments not in self._fitted:
            self._fitted[arguments] = self._fit(arguments)
            reduced = [key for key, fitted in self._fitted.items() if fitted.reductions]
            for key in reduced[:-_REDUCED_KEPT]:  # a range of sizes has many; cutting one anew is quick
                del self._fitted[key]
        return self._fitted[arguments]

    def transform(self, arguments: Preparing) -> dict[str, NDArray[Any]]:
        """Turn the training rows into blocks; those of whole blocks are kept, reduced ones are made of them."""
        plain = _without_reduction(arguments)
        if plain not in self._blocks:
            self._blocks[plain] = self.preparation(plain).transform(self.rows)
        preparation = self.preparation(arguments)
        return preparation.reduce(self._blocks[plain]) if preparation.reductions else self._blocks[plain]

    def _fit(self, arguments: Preparing) -> Preparation:
        if arguments.reduction != "none":
            plain = _without_reduction(arguments)
            return replace(self.preparation(plain), reductions=tuple(self._reductions(plain, arguments)))
        if not self.columns:
            raise DataError("at least one column besides the target must be left to learn from, got none")
        if self.rows.empty:
            raise DataError("at least one training row is needed, got none")
        dropped = self.redundant(arguments.correlation) if arguments.redundant == "drop" else ()
        names = {each.column for each in dropped}
        kept = [each for each in self.columns if each.name not in names]
        encodings = (ENCODINGS[each.kind].fit(self.rows[each.name], each, arguments) for each in kept)
        return Preparation(tuple(encodings), dropped=dropped)

    def redundant(self, correlation: float) -> tuple[Redundancy, ...]:
        """Find the columns that say again what an earlier one says."""
        if correlation not in self._redundant:
            self._redundant[correlation] = find_redundant(self.rows, self.columns, correlation)
        return self._redundant[correlation]

    def _reductions(self, plain: Preparing, arguments: Preparing) -> Iterator[Reduction]:
        for name in ("numeric", "one_hot"):
            block = self.transform(plain).get(name)
            if block is None or block.shape[1] < 2 or arguments.reduced not in ("both", name):
                continue
            key = (plain, name, 0.0 if is_exact(block.shape) else arguments.components)
            if key not in self._decomposed:
                is_numeric = name == "numeric"
                self._decomposed[key] = decompose(name, block, arguments.components, standardised=is_numeric)
            reduction = self._decomposed[key].reduction(arguments.components)
            if reduction is not None:
                yield reduction


def _without_reduction(arguments: Preparing) -> Preparing:
    """Give the arguments of the same blocks before any is reduced."""
    defaults = Preparing()
    return replace(arguments, reduction="none", reduced=defaults.reduced, components=defaults.components)
