"""What `automl.data` does to a column, said again in ONNX operations, step for step and in double precision.

Pieces by block, as names of values: `numeric` (N, k) double, `one_hot` (N, k) float, `category` (N, 1) int64, `image`
(N, channels, height, width) uint8. Images come in at their final size: no operation resizes as Pillow does.
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from automl.data.dates import DAY, HOUR
from automl.data.encodings import CategoryEncoding, DatetimeEncoding, Encoding, NumericEncoding
from automl.data.image_encoding import ImageEncoding
from automl.data.scalers import FARTHEST, LARGEST, Log, Quantile, Robust, Scaler, Standard
from automl.data.values import MISSING_TIME
from automl.export.onnx_nodes import DOUBLE, FLOAT, INT64, ML_DOMAIN, Nodes

Pieces = dict[str, str]


def add_column(nodes: Nodes, encoding: Encoding, source: str) -> Pieces:
    """Add the operations that encode one column.

    Args:
        nodes: The graph that grows.
        encoding: What to do, as fitted.
        source: The name of the column's raw values (N,): double, string or int64; or of pixels, uint8.
    """
    if isinstance(encoding, NumericEncoding):
        return _add_numeric(nodes, encoding, source)
    if isinstance(encoding, CategoryEncoding):
        return _add_category(nodes, encoding, source)
    if isinstance(encoding, ImageEncoding):
        return {"image": source}
    return _add_datetime(nodes, encoding, source)


def _add_numeric(nodes: Nodes, encoding: NumericEncoding, source: str) -> Pieces:
    missing = nodes.op("Or", nodes.op("IsNaN", source), nodes.op("IsInf", source))
    filled = nodes.op("Where", missing, nodes.number(encoding.median), source)
    limited = nodes.op("Clip", filled, nodes.number(-LARGEST), nodes.number(LARGEST))
    scaled = nodes.column(add_scaler(nodes, encoding.scaler, limited))
    return {"numeric": scaled, **_indicator(nodes, missing, wanted=encoding.indicator)}


def _add_category(nodes: Nodes, encoding: CategoryEncoding, source: str) -> Pieces:
    codes = nodes.op(
        "LabelEncoder",
        source,
        domain=ML_DOMAIN,
        keys_strings=list(encoding.codes),
        values_int64s=list(encoding.codes.values()),
        default_int64=encoding.unseen,
    )
    counted = {}
    if encoding.frequency:
        known = nodes.constant(np.array(encoding.frequency, dtype=np.float64))
        counted["numeric"] = nodes.column(nodes.op("Gather", known, codes))
    if not encoding.one_hot:
        return {"category": nodes.column(codes), **counted}
    slots = nodes.constant(np.arange(1, encoding.cardinality, dtype=np.int64))
    return {"one_hot": nodes.cast(nodes.op("Equal", nodes.column(codes), slots), FLOAT), **counted}


def _add_datetime(nodes: Nodes, encoding: DatetimeEncoding, source: str) -> Pieces:
    missing = nodes.op("Equal", source, nodes.integer(MISSING_TIME))
    filled = nodes.op("Where", missing, nodes.integer(encoding.median), source)
    parts = add_date_parts(nodes, filled, encoding.parts.keys())
    scaled = [nodes.column(add_scaler(nodes, scaler, parts[name])) for name, scaler in encoding.parts.items()]
    return {
        "numeric": nodes.op("Concat", *scaled, axis=1),
        **_indicator(nodes, missing, wanted=encoding.indicator),
    }


def _indicator(nodes: Nodes, missing: str, *, wanted: bool) -> Pieces:
    return {"one_hot": nodes.column(nodes.cast(missing, FLOAT))} if wanted else {}


def add_scaler(nodes: Nodes, scaler: Scaler, values: str) -> str:
    """Add the operations of a scaler on values (N,) double."""
    if isinstance(scaler, Quantile):
        return _add_quantile(nodes, scaler, values)
    if isinstance(scaler, Standard):
        return _add_centred(nodes, values, scaler.mean, scaler.scale)
    if isinstance(scaler, Log):
        return _add_log(nodes, scaler, values)
    return _add_robust(nodes, scaler, values)


def _add_log(nodes: Nodes, scaler: Log, values: str) -> str:
    size = nodes.op("Min", nodes.op("Div", nodes.op("Abs", values), nodes.number(scaler.unit)), nodes.number(LARGEST))
    logarithm = nodes.op("Log", nodes.op("Add", size, nodes.number(1.0)))
    return _add_centred(nodes, nodes.op("Mul", nodes.op("Sign", values), logarithm), scaler.mean, scaler.scale)


def _add_centred(nodes: Nodes, values: str, center: float, scale: float) -> str:
    z = nodes.op("Div", nodes.op("Sub", values, nodes.number(center)), nodes.number(scale))
    return nodes.op("Clip", z, nodes.number(-FARTHEST), nodes.number(FARTHEST))


def _add_robust(nodes: Nodes, scaler: Robust, values: str) -> str:
    z = _add_centred(nodes, values, scaler.center, scaler.scale)
    third = nodes.op("Div", z, nodes.number(3.0))
    square = nodes.op("Add", nodes.op("Mul", third, third), nodes.number(1.0))
    return nodes.op("Div", z, nodes.op("Sqrt", square))


def _add_quantile(nodes: Nodes, scaler: Quantile, values: str) -> str:
    start, width, low, rise = (nodes.constant(part) for part in scaler.segments())
    knots = nodes.constant(np.array(scaler.knots, dtype=np.float64))
    reached = nodes.cast(nodes.op("LessOrEqual", knots, nodes.column(values)), FLOAT)  # (N, knots)
    count = nodes.cast(nodes.op("ReduceSum", reached, nodes.constant(np.array([1])), keepdims=0), INT64)
    last = nodes.integer(len(scaler.knots) - 2)
    segment = nodes.op("Clip", nodes.op("Sub", count, nodes.integer(1)), nodes.integer(0), last)
    beyond = nodes.op("Sub", values, nodes.op("Gather", start, segment))
    share = nodes.op("Div", beyond, nodes.op("Gather", width, segment))
    share = nodes.op("Clip", share, nodes.number(0.0), nodes.number(1.0))
    climbed = nodes.op("Mul", share, nodes.op("Gather", rise, segment))
    return nodes.op("Add", nodes.op("Gather", low, segment), climbed)


def add_date_parts(nodes: Nodes, instants: str, wanted: Set[str]) -> dict[str, str]:
    """Add the operations of `automl.data.dates.date_parts`; the wanted parts (N,) double by name."""
    days = nodes.floor_divide(instants, DAY)
    parts: dict[str, str] = {}
    if wanted & {"year", "month", "day"}:
        parts |= _add_civil(nodes, days)
    if "weekday" in wanted:
        parts["weekday"] = nodes.op("Mod", nodes.op("Add", days, nodes.integer(3)), nodes.integer(7))
    if "hour" in wanted:
        parts["hour"] = nodes.op("Div", nodes.op("Mod", instants, nodes.integer(DAY)), nodes.integer(HOUR))
    numbers = {name: nodes.cast(part, DOUBLE) for name, part in parts.items()}
    if "elapsed" in wanted:
        numbers["elapsed"] = nodes.op("Div", nodes.cast(instants, DOUBLE), nodes.number(float(DAY)))
    return numbers


def _add_civil(nodes: Nodes, days: str) -> dict[str, str]:
    """Year, month and day; after `shifted` only non-negative numbers are divided, so that plain `Div` rounds down."""

    def add(left: str, right: str | int) -> str:
        return nodes.op("Add", left, nodes.integer(right) if isinstance(right, int) else right)

    def subtract(left: str, right: str) -> str:
        return nodes.op("Sub", left, right)

    def times(left: str, right: int) -> str:
        return nodes.op("Mul", left, nodes.integer(right))

    def divide(left: str, right: int) -> str:
        return nodes.op("Div", left, nodes.integer(right))

    shifted = add(days, 719_468)
    era = nodes.floor_divide(shifted, 146_097)
    day_of_era = subtract(shifted, times(era, 146_097))
    leapless = add(subtract(day_of_era, divide(day_of_era, 1_460)), divide(day_of_era, 36_524))
    year_of_era = divide(subtract(leapless, divide(day_of_era, 146_096)), 365)
    before = subtract(add(times(year_of_era, 365), divide(year_of_era, 4)), divide(year_of_era, 100))
    day_of_year = subtract(day_of_era, before)
    march_month = divide(add(times(day_of_year, 5), 2), 153)
    first_day = divide(add(times(march_month, 153), 2), 5)
    early = nodes.op("Less", march_month, nodes.integer(10))
    month = nodes.op("Where", early, add(march_month, 3), add(march_month, -9))
    after_new_year = nodes.cast(nodes.op("LessOrEqual", month, nodes.integer(2)), INT64)
    return {
        "year": add(add(year_of_era, times(era, 400)), after_new_year),
        "month": month,
        "day": add(subtract(day_of_year, first_day), 1),
    }
