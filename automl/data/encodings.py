"""How one column becomes its share of the blocks: fitted on training rows, kept as plain values, repeated in ONNX.

An encoding's `encode` gives, by block name, arrays of N rows: `numeric` (N, k) float64, `one_hot` (N, k) float64,
`category` (N,) int64; `widths` tells each k without any rows. Images have a file of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.data.dates import PARTS, date_parts
from automl.data.image_encoding import ImageEncoding
from automl.data.preparing import Preparing
from automl.data.scalers import LARGEST, Scaler, fit_scaler, scaler_from_json, scaler_to_json
from automl.data.values import MISSING_TIME, as_microseconds, as_number, as_text
from automl.task import Column, ColumnKind

Pieces = dict[str, NDArray[Any]]

SPELLINGS: dict[str, str] = {
    **dict.fromkeys(("True", "TRUE", "1", "1.0"), "true"),
    **dict.fromkeys(("False", "FALSE", "0", "0.0"), "false"),
}
"""Other ways to write a boolean, and the one that is meant."""


@dataclass(frozen=True)
class NumericEncoding:
    """A number: the median where it is missing, then scaled.

    Args:
        name: The column's header.
        median: What stands for a missing or infinite value, from the training rows.
        indicator: Whether an extra 0/1 column tells that the value was missing; set where training rows lack it.
        scaler: Fitted on the training rows' finite values.
    """

    kind: ClassVar[ColumnKind] = "numeric"
    name: str
    median: float
    indicator: bool
    scaler: Scaler

    @property
    def widths(self) -> dict[str, int]:
        """How many columns it adds to each block."""
        return {"numeric": 1, "one_hot": int(self.indicator)}

    @classmethod
    def fit(cls, values: pd.Series, column: Column, arguments: Preparing) -> NumericEncoding:
        """Learn from the training rows' raw values (N,)."""
        numbers = as_number(values)
        present = np.isfinite(numbers)
        finite = numbers[present].clip(-LARGEST, LARGEST)
        median = float(np.median(finite)) if finite.size else 0.0
        return cls(column.name, median, not bool(present.all()), fit_scaler(arguments.numeric, finite))

    def encode(self, values: pd.Series) -> Pieces:
        """Encode raw values (N,)."""
        numbers = as_number(values)
        missing = ~np.isfinite(numbers)
        filled = np.where(missing, self.median, numbers).clip(-LARGEST, LARGEST)
        return {"numeric": self.scaler.apply(filled)[:, None], **_indicator(missing, wanted=self.indicator)}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "median": self.median,
            "indicator": self.indicator,
            "scaler": scaler_to_json(self.scaler),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> NumericEncoding:
        """Rebuild it from `to_json`."""
        return cls(record["name"], record["median"], record["indicator"], scaler_from_json(record["scaler"]))


@dataclass(frozen=True)
class CategoryEncoding:
    """One of a set of texts, booleans among them: one-hot, or a code for an embedding.

    Args:
        name: The column's header.
        kind: `category` or `boolean`; booleans may be written in several ways, see `SPELLINGS`.
        numbers: Whether the values are numbers, so that `3.0` is written `3`.
        values: Those of the training rows, the most frequent first; the empty text, last, where some lack a value.
        one_hot: Whether each value gets a 0/1 column, all 0 for an unseen one; else codes from 1, 0 for an unseen one.
        rare: Values of few training rows, which are one: it has the code after the last, and unseen ones are it too.
        frequency: Of each code, what stands for how frequent it is, from that of unseen values on; empty for nothing.
    """

    name: str
    kind: ColumnKind
    numbers: bool
    values: tuple[str, ...]
    one_hot: bool
    rare: tuple[str, ...] = ()
    frequency: tuple[float, ...] = ()

    @property
    def widths(self) -> dict[str, int]:
        """How many columns it adds to each block."""
        own = {"one_hot": self.cardinality - 1} if self.one_hot else {"category": 1}
        return {**own, "numeric": 1} if self.frequency else own

    @property
    def cardinality(self) -> int:
        """How many codes there are, 0 for unseen values included."""
        return len(self.values) + 1 + bool(self.rare)

    @property
    def unseen(self) -> int:
        """The code of values that no training row has."""
        return self.cardinality - 1 if self.rare else 0

    @property
    def codes(self) -> dict[str, int]:
        """The code of each text, from 1, every spelling of a boolean included."""
        codes = {value: code for code, value in enumerate(self.values, start=1)}
        codes |= dict.fromkeys(self.rare, self.unseen)
        if self.kind == "boolean":
            codes |= {other: codes[value] for other, value in SPELLINGS.items() if value in codes}
        return codes

    @classmethod
    def fit(cls, values: pd.Series, column: Column, arguments: Preparing) -> CategoryEncoding:
        """Learn from the training rows' raw values (N,)."""
        counts = pd.Series(as_text(values, column.numbers), dtype=object).value_counts()
        seen: dict[str, int] = {}
        for text, count in zip(counts.index.tolist(), counts.tolist()):
            meant = SPELLINGS.get(text, text) if column.kind == "boolean" else text
            seen[meant] = seen.get(meant, 0) + count
        ordered = sorted(seen, key=lambda text: (text == "", -seen[text], text))
        rare = [text for text in ordered if text and seen[text] < arguments.rare]
        kept = [text for text in ordered if text not in set(rare)]
        one_hot = len(kept) + bool(rare) <= arguments.one_hot_max
        of_codes = [*(seen[text] for text in kept), *([sum(seen[text] for text in rare)] if rare else [])]
        frequency = _frequencies(of_codes) if arguments.frequency == "log" else ()
        return cls(column.name, column.kind, column.numbers, tuple(kept), one_hot, tuple(rare), frequency)

    def encode(self, values: pd.Series) -> Pieces:
        """Encode raw values (N,)."""
        table = self.codes
        texts = pd.Index(as_text(values, self.numbers), dtype=object)
        position = pd.Index(list(table), dtype=object).get_indexer(texts)
        codes = np.array([*table.values(), self.unseen], dtype=np.int64)[position]  # an absent text is at -1: the last
        counted = {"numeric": np.array(self.frequency)[codes][:, None]} if self.frequency else {}
        if not self.one_hot:
            return {"category": codes, **counted}
        return {"one_hot": (codes[:, None] == np.arange(1, self.cardinality)).astype(np.float64), **counted}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "numbers": self.numbers,
            "one_hot": self.one_hot,
            "values": list(self.values),
            **({"rare": list(self.rare)} if self.rare else {}),
            **({"frequency": list(self.frequency)} if self.frequency else {}),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> CategoryEncoding:
        """Rebuild it from `to_json`."""
        lists = {name: tuple(record.get(name, ())) for name in ("values", "rare", "frequency")}
        return cls(**{**record, **lists})


@dataclass(frozen=True)
class DatetimeEncoding:
    """An instant: the median one where it is missing, then its calendar parts, each scaled as a number is.

    Args:
        name: The column's header.
        median: The instant that stands for a missing one, in microseconds since 1970, UTC.
        indicator: Whether an extra 0/1 column tells that the value was missing.
        parts: A scaler for each part that varies over the training rows; `elapsed` is always among them.
    """

    kind: ClassVar[Literal["datetime"]] = "datetime"
    name: str
    median: int
    indicator: bool
    parts: dict[str, Scaler]

    @property
    def widths(self) -> dict[str, int]:
        """How many columns it adds to each block."""
        return {"numeric": len(self.parts), "one_hot": int(self.indicator)}

    @classmethod
    def fit(cls, values: pd.Series, column: Column, arguments: Preparing) -> DatetimeEncoding:
        """Learn from the training rows' raw values (N,)."""
        instants = as_microseconds(values)
        present = instants != MISSING_TIME
        known = np.sort(instants[present])
        median = int(known[len(known) // 2]) if known.size else 0
        parts = date_parts(known)
        varying = [name for name in PARTS if name == "elapsed" or np.unique(parts[name]).size > 1]
        scalers = {name: fit_scaler(arguments.numeric, parts[name]) for name in varying}
        return cls(column.name, median, not bool(present.all()), scalers)

    def encode(self, values: pd.Series) -> Pieces:
        """Encode raw values (N,)."""
        instants = as_microseconds(values)
        missing = instants == MISSING_TIME
        parts = date_parts(np.where(missing, self.median, instants))
        scaled = np.column_stack([scaler.apply(parts[name]) for name, scaler in self.parts.items()])
        return {"numeric": scaled, **_indicator(missing, wanted=self.indicator)}

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "median": self.median,
            "indicator": self.indicator,
            "parts": {name: scaler_to_json(scaler) for name, scaler in self.parts.items()},
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> DatetimeEncoding:
        """Rebuild it from `to_json`."""
        parts = {name: scaler_from_json(scaler) for name, scaler in record["parts"].items()}
        return cls(record["name"], record["median"], record["indicator"], parts)


Encoding = NumericEncoding | CategoryEncoding | DatetimeEncoding | ImageEncoding
ENCODINGS: dict[ColumnKind, type[Encoding]] = {
    "numeric": NumericEncoding,
    "category": CategoryEncoding,
    "boolean": CategoryEncoding,
    "datetime": DatetimeEncoding,
    "image": ImageEncoding,
}


def _frequencies(counts: list[int]) -> tuple[float, ...]:
    """Give what stands for how frequent each code is, from that of unseen values, which no row has, on.

    It is the logarithm of one more than the count, standardised over the training rows.
    """
    logarithms = np.log1p(np.array([0, *counts], dtype=np.float64))
    mean = float(np.average(logarithms[1:], weights=counts))
    deviation = math.sqrt(float(np.average(np.square(logarithms[1:] - mean), weights=counts))) or 1.0
    return tuple(((logarithms - mean) / deviation).tolist())


def _indicator(missing: NDArray[np.bool_], *, wanted: bool) -> Pieces:
    return {"one_hot": missing.astype(np.float64)[:, None]} if wanted else {}
