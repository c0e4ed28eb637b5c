"""Rows that come to a study after its judgement: brought into its form, freed of those it has, divided for an update.

The slice that judges an update is divided off first. Of the others a part validates, and the rest are learned from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from automl.data.class_coder import ClassCoder
from automl.data.digest import ROW, row_hashes
from automl.data.drawing import draw
from automl.data.images import ImageArray
from automl.data.parts import WORDS, Parts
from automl.data.roles import check_parts, settle_roles
from automl.data.values import as_microseconds, as_number, as_text, is_missing
from automl.errors import DataError, SplitError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from automl.data.roles import Roles
    from automl.data.target import TargetCoder

SEALED = 0.3
"""The share of the new rows that judges."""
VALIDATED = 0.2
"""The share of the others that validates."""
LEAST_ROWS = 50
"""Of fewer new rows a slice says next to nothing."""
_LEAST_GROUPS = 3


@dataclass(frozen=True, eq=False)
class Arrivals:
    """New rows, divided for good; printing them shows no row.

    Args:
        train: Those that are learned from.
        validation: Those that validate.
        test: The slice that judges: to be sealed at once.
    """

    train: pd.DataFrame = field(repr=False)
    validation: pd.DataFrame = field(repr=False)
    test: pd.DataFrame = field(repr=False)

    @property
    def sizes(self) -> dict[str, int]:
        """How many rows each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def settle_arrivals(
    table: pd.DataFrame, like: pd.DataFrame, coder: TargetCoder, roles: Roles
) -> tuple[pd.DataFrame, int]:
    """Bring a table into the form of a study's rows; give how many rows lack a target too, which are left out.

    Args:
        table: The new rows as they were read; columns that the study does not have are left out.
        like: Rows of the study.
        coder: Its target's codes.
        roles: What its columns say of rows.

    Raises:
        DataError: A column is missing, or holds what it does not hold in the study, or a weight or time is none.
        TargetError: No row has a target, or one is none of the study's classes, or no number.
        SplitError: A row without a group.
    """
    names = [str(name) for name in like.columns if name != ROW]
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise DataError(f"the new rows must have the study's columns, but lack {', '.join(absent)}")
    numbered = table[names].assign(**{ROW: np.arange(len(table), dtype=np.int64)})
    missing = is_missing(numbered[coder.target])
    if missing.all():
        raise TargetError(f"the target {coder.target!r} must have values, got {len(table)} new rows without one")
    rows = numbered[~missing].reset_index(drop=True)
    settled = {name: _settled(rows[name], like[name]) for name in names if name != coder.target}
    rows = rows.assign(**settled, **{coder.target: _target(rows[coder.target], like[coder.target], coder)})
    return settle_roles({"new": rows}, roles)["new"], int(missing.sum())


def _settled(values: pd.Series[Any], like: pd.Series[Any]) -> pd.Series[Any]:
    """Give a column the type that it has in the study, as far as its values have it."""
    if isinstance(like.array, ImageArray):
        return _images(values, like.array)
    if types.is_datetime64_any_dtype(like.dtype):
        instants = pd.Series(_known(values, as_microseconds(values).view("datetime64[us]"), "dates"))
        zone = getattr(like.dt, "tz", None)
        return (instants.dt.tz_localize("UTC") if zone else instants).astype(like.dtype)
    if types.is_numeric_dtype(like.dtype) and not types.is_bool_dtype(like.dtype):
        return pd.Series(_known(values, as_number(values), "numbers"))
    if types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype):
        texts = as_text(values)
        texts[texts == ""] = None
        return pd.Series(texts)
    return values


def _known(values: pd.Series[Any], read: NDArray[Any], what: str) -> NDArray[Any]:
    """Refuse a column of which no value could be read as what the study has there."""
    filled = ~is_missing(values)
    if filled.any() and pd.isna(read[filled]).all():
        first = values[filled].iloc[0]
        raise DataError(f"the column {values.name!r} must hold {what}, as in the study, got {first!r}")
    return read


def _images(values: pd.Series[Any], like: ImageArray) -> pd.Series[Any]:
    if not isinstance(values.array, ImageArray):
        raise DataError(f"the column {values.name!r} must hold images, as in the study")
    wanted, got = (" x ".join(map(str, array.shape_of_one)) for array in (like, values.array))
    if wanted != got:
        raise DataError(f"the images must be {wanted}, as in the study (channels, height, width), got {got}")
    return values


def _target(values: pd.Series[Any], like: pd.Series[Any], coder: TargetCoder) -> pd.Series[Any]:
    """Write the target as the study does: its labels in their own type, or numbers.

    Raises:
        TargetError: A label is none of the study's classes, or a number is infinite or none.
    """
    if not isinstance(coder, ClassCoder):
        coder.encode(values)
        return values if types.is_object_dtype(like) or types.is_string_dtype(like) else pd.Series(as_number(values))
    codes = coder.codes(values)
    is_strange = codes < 0
    if is_strange.any():
        strange = min(coder.texts(values[is_strange]))
        raise TargetError(
            f"the target {coder.target!r} must hold classes of the study in every new row, got {strange!r} "
            f"({is_strange.sum()} of {len(codes)} rows hold such); the classes are {', '.join(map(str, coder.classes))}"
        )
    return pd.Series(coder.decode(codes)).astype(like.dtype)


def are_among(rows: pd.DataFrame, others: Iterable[pd.DataFrame]) -> NDArray[np.bool_]:
    """Say of rows (N,) whether they are among others, by their hashes."""
    known = [row_hashes(each) for each in others]
    return np.isin(row_hashes(rows), np.concatenate(known)) if known else np.zeros(len(rows), dtype=bool)


def require_enough(rows: pd.DataFrame, left_out: Mapping[str, int]) -> None:
    """Refuse so few new rows that their slice would say next to nothing.

    Args:
        rows: The new rows that are left.
        left_out: How many others there are, by why they are left out.

    Raises:
        SplitError: They are too few.
    """
    if len(rows) >= LEAST_ROWS:
        return
    reasons = [f"{count:,} {why}" for why, count in left_out.items() if count]
    besides = f" ({', '.join(reasons)})" if reasons else ""
    raise SplitError(f"an update needs at least {LEAST_ROWS} new rows with a target, got {len(rows)}{besides}")


def divide_arrivals(
    rows: pd.DataFrame,
    sides: Mapping[str, Iterable[pd.DataFrame]],
    target: str,
    roles: Roles,
    *,
    stratify: bool,
    seed: int,
) -> Arrivals:
    """Divide new rows as the study divides: stratified, the latest last, or by whole groups.

    A group of which the study has rows goes where these are; the slice is of groups that nothing has seen.

    Args:
        rows: The N rows.
        sides: The study's own rows, by `train` and `validation`.
        target: The target column.
        roles: What columns say of rows.
        stratify: Whether the target's values are to be kept in proportion.
        seed: What the draw depends on.

    Raises:
        SplitError: There are too few new groups, or too few times.
        DataError: No row of a part counts.
    """
    fixed = {} if roles.group is None else _where_known(rows[roles.group], sides)
    free = np.flatnonzero(~np.isin(np.arange(len(rows)), np.concatenate([*fixed.values(), []])))
    some = rows.iloc[free]
    if roles.group is not None and some[roles.group].nunique() < _LEAST_GROUPS:
        raise SplitError(
            f"the slice that judges needs groups of {roles.group!r} that the study has not seen, at least "
            f"{_LEAST_GROUPS} in the new rows, got {some[roles.group].nunique()}"
        )
    shares = {"test": SEALED, "validation": (1 - SEALED) * VALIDATED}
    drawn = draw(some, target, roles, stratify=stratify, seed=seed, **shares)
    parts = {part: _taken(rows, free, drawn, fixed, part) for part in WORDS}
    check_parts(parts, roles, WORDS)
    return Arrivals(**parts)


def _where_known(groups: pd.Series[Any], sides: Mapping[str, Iterable[pd.DataFrame]]) -> dict[str, NDArray[np.int64]]:
    """Give the positions of rows whose group the study has on a side."""
    known = {side: {*chain.from_iterable(each[groups.name] for each in frames)} for side, frames in sides.items()}
    return {side: np.flatnonzero(groups.isin(own)) for side, own in known.items()}


def _taken(
    rows: pd.DataFrame, free: NDArray[np.int64], drawn: Parts, fixed: Mapping[str, NDArray[np.int64]], part: str
) -> pd.DataFrame:
    own = free[getattr(drawn, part)]
    with_fixed = np.concatenate([own, fixed[part]]) if part in fixed else own
    return rows.iloc[np.sort(with_fixed)].reset_index(drop=True)
