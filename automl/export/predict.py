"""Predict with the bundle this file lies in; it needs Python, onnxruntime and numpy, and nothing else.

    python predict.py rows.csv [predictions.csv]

Rows come from CSV, TSV (either may end in .gz) or JSON (one object, or a list of them). Predictions go to the file named
second, or else to the screen: `prediction` first, then the probability of each class. Columns the model does not know are
ignored. Dates are ISO 8601, in UTC where they name no zone; a plain number in their place is seconds since 1970.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
CHUNK = 4096  # rows at a time, so that memory does not grow with the file
MISSING_TIME = int(np.iinfo(np.int64).min)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)")
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


def as_input(column: dict[str, Any], texts: list[str]) -> np.ndarray:
    """Turn one column's texts into what the model takes."""
    if column["kind"] == "numeric":
        return np.array([as_number(text) for text in texts], dtype=np.float64)
    if column["kind"] == "datetime":
        return np.array([as_instant(text) for text in texts], dtype=np.int64)
    return np.array([as_category(text, column["numbers"]) for text in texts], dtype=object)


def read_rows(path: Path, wanted: list[str]) -> tuple[list[str], Iterator[list[str]]]:
    """Give the header and the rows, each a list of texts; the separator is the one that shows most wanted columns."""
    if path.suffix == ".json":
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found if isinstance(found, list) else [found]
        header = list(dict.fromkeys(name for row in rows for name in row))
        return header, (["" if row.get(name) is None else str(row[name]) for name in header] for row in rows)
    stream = (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="")
    first = stream.readline()
    stream.seek(0)
    headers = {mark: next(csv.reader([first], delimiter=mark, skipinitialspace=True), []) for mark in ",;\t"}
    mark = max(headers, key=lambda mark: len(set(headers[mark]) & set(wanted)))
    lines = csv.reader(stream, delimiter=mark, skipinitialspace=True)
    header = next(lines, [])
    if mark == ",":
        return header, (row for row in lines if row)
    return header, ([point_for_comma(text) for text in row] for row in lines if row)


def point_for_comma(text: str) -> str:
    """Write a decimal comma as a point."""
    match = DECIMAL_COMMA.fullmatch(text)
    return f"{match[1]}.{match[2]}" if match else text


def predict(rows: Iterator[list[str]], places: list[int], preparation: dict[str, Any]) -> Iterator[list[Any]]:
    """Give a prediction and its probabilities for every row, chunk by chunk.

    `places` tells where in a row each column of the preparation lies.
    """
    missing = set(preparation["missing"])
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    while chunk := list(itertools.islice(rows, CHUNK)):
        inputs = []
        for column, place in zip(preparation["columns"], places):
            texts = [row[place] if place < len(row) else "" for row in chunk]
            inputs.append(as_input(column, ["" if text in missing else text for text in texts]))
        predictions, *probabilities = session.run(None, dict(zip(names, inputs)))
        for row, prediction in enumerate(predictions):
            yield [prediction, *(shares for table in probabilities for shares in table[row])]


def main(source: str, target: str | None = None) -> None:
    """Read rows, predict them, write predictions."""
    preparation = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
    classes = json.loads((HERE / "task.json").read_text(encoding="utf-8"))["classes"]
    wanted = [column["name"] for column in preparation["columns"]]
    header, rows = read_rows(Path(source), wanted)
    absent = [name for name in wanted if name not in header]
    if absent:
        sys.exit(f"{source}: the rows lack the columns {', '.join(map(repr, absent))}")
    places = [header.index(name) for name in wanted]
    with open(target, "w", encoding="utf-8", newline="") if target else nullcontext(sys.stdout) as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["prediction", *(f"probability_{label}" for label in classes)])
        writer.writerows(predict(rows, places, preparation))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
