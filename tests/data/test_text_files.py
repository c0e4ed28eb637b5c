"""Text in columns, however it is written, becomes the table it was written from."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from automl.data.columns import infer_columns, infer_task
from automl.data.delimited import Reading
from automl.data.digest import rows_digest
from automl.data.findings import findings_of
from automl.data.read import read_table
from automl.data.text_files import Known, how_read
from automl.errors import DataError


def grouped(mark: str, decimal: str) -> Callable[[object], str]:
    """Write numbers with a mark between thousands."""

    def write(value: object) -> str:
        if not isinstance(value, int | float | np.number):
            return str(value)
        return f"{value:,}".translate({ord(","): mark, ord("."): decimal})

    return write


@dataclass(frozen=True)
class Written:
    """One way to write a table."""

    separator: str = ","
    decimal: str = "."
    quote: str = '"'
    quoting: int = csv.QUOTE_MINIMAL
    encoding: str = "utf-8"
    ending: str = ".csv"
    line: str = "\n"
    write: Callable[[object], str] | None = None

    def to(self, folder: Path, table: pd.DataFrame) -> Path:
        cells = table.map(self.write, na_action="ignore") if self.write else table
        text = cells.to_csv(
            index=False,
            sep=self.separator,
            decimal=self.decimal,
            quotechar=self.quote,
            quoting=self.quoting,
            lineterminator=self.line,
        )
        path = folder / f"x{self.ending}"
        path.write_bytes(PACKED.get(path.suffix, bytes)(text.encode(self.encoding)))
        return path


PACKED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
ALL = csv.QUOTE_ALL
WAYS = {
    "commas": Written(),
    "semicolons": Written(";"),
    "tabs": Written("\t"),
    "tabs-tsv": Written("\t", ending=".tsv"),
    "bars": Written("|", ending=".txt"),
    "semicolons-decimal-comma": Written(";", ","),
    "tabs-decimal-comma": Written("\t", ","),
    "bars-decimal-comma": Written("|", ","),
    "commas-decimal-comma": Written(",", ","),
    "all-quoted": Written(quoting=ALL),
    "all-quoted-semicolons": Written(";", ",", quoting=ALL),
    "single-quotes": Written(quote="'", quoting=ALL),
    "single-quotes-semicolons": Written(";", ",", quote="'", quoting=ALL),
    "lines-of-windows": Written(line="\r\n"),
    "byte-order-mark": Written(encoding="utf-8-sig"),
    "utf-16": Written("\t", encoding="utf-16"),
    "cp1252": Written(";", ",", encoding="cp1252"),
    "gzip": Written(ending=".csv.gz"),
    "bzip2": Written(";", ending=".csv.bz2"),
    "xz": Written("\t", ending=".tsv.xz"),
    "zstandard": Written("|", ending=".txt.zst"),
    "comma-groups": Written(write=grouped(",", ".")),
    "comma-groups-semicolons": Written(";", write=grouped(",", ".")),
    "point-groups": Written(";", write=grouped(".", ",")),
    "space-groups": Written(write=grouped(" ", ".")),
    "no-break-space-groups": Written(";", write=grouped("\u00a0", ",")),
    "narrow-space-groups": Written("\t", write=grouped("\u202f", ",")),
    "apostrophe-groups": Written(write=grouped("'", ".")),
}
"""Ways to write a table: each reads as the plain one does."""

ODD = 'say "é", it\'s;\tone|two\nthree'
"""Text with every separator, both quotes and a line's end."""


@pytest.fixture(scope="module")
def tables(real_data) -> dict[str, pd.DataFrame]:
    """Slices of real tables, one with an odd text added; numbers are such that grouping by thousands shows."""
    houses = pd.read_parquet(real_data / "california_housing" / "data.parquet").head(120)
    titanic = pd.read_parquet(real_data / "titanic" / "data.parquet").head(90)
    titanic = titanic.astype({name: "str" for name in titanic.select_dtypes("category")})
    diamonds = pd.read_parquet(real_data / "diamonds" / "data.parquet").iloc[::400].reset_index(drop=True)
    diamonds["note"] = [ODD, *["plain"] * (len(diamonds) - 1)]
    return {"california_housing": houses, "titanic": titanic, "diamonds": diamonds}


@pytest.mark.parametrize("name", ["california_housing", "titanic", "diamonds"])
@pytest.mark.parametrize("way", WAYS)
def test_a_real_table_is_the_same_however_it_is_written(tables, tmp_path, way, name):
    wanted = read_table(Written(ending=".csv").to(tmp_path, tables[name]))
    found = read_table(WAYS[way].to(tmp_path, tables[name]))
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    assert rows_digest(found) == rows_digest(wanted)
