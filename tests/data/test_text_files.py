"""Text in columns, however it is written, becomes the table it was written from."""

from __future__ import annotations

import bz2
import csv
import gzip
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


def file(folder: Path, text: str, name: str = "x.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def said(table: pd.DataFrame) -> list[str]:
    return [finding.sentence for finding in findings_of(table)]


def column(*values: str, separator: str = ",", name: str = "a") -> str:
    return f"{name}{separator}other\n" + "".join(f"{value}{separator}{row}\n" for row, value in enumerate(values))


def test_an_ordinary_file_leaves_nothing_to_say(tmp_path):
    assert said(read_table(file(tmp_path, "a,b\n1.5,x\n2,y\n,z\n"))) == []


def test_what_is_not_ordinary_is_said_in_one_sentence(tmp_path):
    table = read_table(file(tmp_path, "größe;preis\n1,75;3,5\n1,8;2\n", encoding="cp1252"))
    assert said(table) == [
        "x.csv is read with semicolons between fields, a decimal comma and the encoding cp1252, for line 1 is not "
        "UTF-8; --encoding NAME names another"
    ]
    assert table.to_dict("list") == {"größe": [1.75, 1.8], "preis": [3.5, 2.0]}
    assert how_read(table) == {"separator": ";", "decimal": ","}


# Numbers


@pytest.mark.parametrize(
    ("separator", "values", "numbers"),
    [
        (";", ["1,5", "-2", "+,5", "3e2"], [1.5, -2.0, 0.5, 300.0]),
        ("\t", ["3,14", "2"], [3.14, 2.0]),
        (";", ["1.234,5", "12,5"], [1234.5, 12.5]),
        (";", ["1.234.567", "12"], [1234567, 12]),
        ("\t", ["1,234,567", "1234"], [1234567, 1234]),
        ("|", ["1,234.5", "-7"], [1234.5, -7.0]),
        (",", ['"1,234"', "5"], [1234, 5]),
        (",", ["1 234", "1\u00a0234\u00a0567"], [1234, 1234567]),
        (",", ["1'234.50", "7"], [1234.5, 7.0]),
        (";", ["1\u2019234,50", "7"], [1234.5, 7.0]),
        (";", ["1,5", "NA", "", "?"], [1.5, None, None, None]),
    ],
)
def test_numbers_are_read_however_they_are_written(tmp_path, separator, values, numbers):
    found = read_table(file(tmp_path, column(*values, separator=separator)))["a"]
    pd.testing.assert_series_equal(found, pd.Series(numbers, name="a"), check_exact=True)


@pytest.mark.parametrize(
    ("separator", "values"),
    [
        ("\t", ["1,5", "2"]),
        (";", ["1,2,3", "4"]),
        (";", ["1,5", "two"]),
        (",", ["12 34", "5"]),
        (",", ["555 1234", "1 234"]),
        (",", ["5 %", "7 %"]),
        (",", ["€5", "€7"]),
        (",", ["0 123", "1 234"]),
        (",", ["1.234.56", "7"]),
    ],
)
def test_what_may_be_something_else_than_numbers_stays_text(tmp_path, separator, values):
    assert read_table(file(tmp_path, column(*values, separator=separator)))["a"].tolist() == values


def test_a_comma_that_may_be_either_is_left_and_said(tmp_path):
    table = read_table(file(tmp_path, column("1,500", "2", separator=";")))
    assert table["a"].tolist() == ["1,500", "2"]
    assert said(table)[1] == (
        "column 'a' holds numbers such as '1,500', which may be read in two ways: it is left as text; "
        "--decimal , or --decimal . says how"
    )


@pytest.mark.parametrize(("decimal", "numbers"), [(",", [1.5, 2.0]), (".", [1500, 2])])
def test_the_decimal_mark_that_is_asked_for_decides(tmp_path, decimal, numbers):
    path = file(tmp_path, column("1,500", "2", separator=";"))
    assert read_table(path, reading=Reading(decimal=decimal))["a"].tolist() == numbers


def test_another_column_tells_which_mark_is_the_decimal_one(tmp_path):
    text = "a;b;c\n1,500;2,5;1.250\n2,250;3,75;2.000\n"
    assert read_table(file(tmp_path, text)).to_dict("list") == {"a": [1.5, 2.25], "b": [2.5, 3.75], "c": [1250, 2000]}


def test_grouped_digits_are_named_by_column(tmp_path):
    assert said(read_table(file(tmp_path, column("1 234", "56"))))[0] == (
        "column 'a' has spaces between thousands, such as '1 234': read as numbers"
    )


def test_a_decimal_comma_survives_a_few_words(tmp_path):
    values = [f"{row},5" for row in range(40)]
    table = read_table(file(tmp_path, column(*values, "unknown", separator=";")))
    (found, *_), _ = infer_columns(table[["a"]], {}, [])
    assert found.kind == "numeric"


# Codes and large numbers


def test_codes_that_begin_with_0_stay_text(tmp_path):
    table = read_table(file(tmp_path, column("00123", "94110", "", "02139", name="zip")))
    assert table["zip"].tolist()[:2] == ["00123", "94110"] and table["zip"].isna().sum() == 1
    assert said(table) == [
        "column 'zip' holds codes that begin with 0, such as '00123': read as text; --kind zip=numeric reads numbers"
    ]


def test_codes_are_a_category_of_texts(tmp_path):
    table = read_table(file(tmp_path, column(*["00123", "94110", "02139"] * 5, name="zip")))
    (found, *_), _ = infer_columns(table[["zip"]], {}, [])
    assert (found.kind, found.numbers) == ("category", False)


def test_a_target_of_codes_is_classes():
    assert infer_task(pd.Series([f"{row % 30:03}" for row in range(90)], name="y"), kind=None) == "multiclass"


def test_one_stray_0_before_a_number_makes_no_codes(tmp_path):
    values = [str(row) for row in range(100, 140)]
    assert read_table(file(tmp_path, column("07", *values)))["a"].tolist()[:2] == [7, 100]


def test_large_integers_beside_a_missing_one_stay_exact(tmp_path):
    found = read_table(file(tmp_path, column("9007199254740993", "")))["a"]
    assert found.iloc[0] == 9007199254740993 and found.isna().tolist() == [False, True]


def test_integers_larger_than_any_type_are_text(tmp_path):
    found = read_table(file(tmp_path, column("123456789012345678901234567890", "2")))["a"]
    assert found.tolist() == ["123456789012345678901234567890", "2"]


# Words for nothing


def test_a_word_for_nothing_is_a_value_among_texts(tmp_path):
    table = read_table(file(tmp_path, column("DE", "NA", "FR", "", "None", name="country")))
    assert table["country"].tolist()[:3] == ["DE", "NA", "FR"]
    assert table["country"].isna().tolist() == [False, False, False, True, False]
    assert said(table) == [
        "column 'country' has 'NA' in 1 row: read as a value; --na NA has it missing",
        "column 'country' has 'None' in 1 row: read as a value; --na None has it missing",
    ]


def test_a_word_that_stands_for_nothing_among_numbers_does_so_among_texts(tmp_path):
    table = read_table(file(tmp_path, "age,deck,none\n3,A,None\nNA,NA,None\n4,B,x\n"))
    assert table["deck"].isna().tolist() == [False, True, False]
    assert table["none"].tolist() == ["None", "None", "x"]
    assert said(table)[0] == (
        "column 'deck' has 'NA' in 1 row: missing, as in column 'age'; to keep it, say with --na what else is missing"
    )


@pytest.mark.parametrize("values", [["1", "2"], ["1.5", "2"], ["True", "False"], ["2020-01-02", "2021-03-04"]])
def test_words_are_missing_among_numbers_truths_and_dates(tmp_path, values):
    found = read_table(file(tmp_path, column(*values, "NA", "null")))["a"]
    assert found.isna().tolist() == [False, False, True, True]


def test_what_is_said_to_be_missing_is_and_nothing_else_among_texts(tmp_path):
    path = file(tmp_path, "a,b\n-999,x\n5,NA\n6,?\n7,-\n")
    table = read_table(path, reading=Reading(na=("-999", "-")))
    assert table["a"].isna().tolist() == [True, False, False, False]
    assert table["b"].tolist()[:3] == ["x", "NA", "?"] and table["b"].isna().tolist() == [False, False, False, True]


def test_a_class_called_na_is_a_class(tmp_path):
    table = read_table(file(tmp_path, column(*["NA", "EU", "NA", "AS"] * 4, name="y")))
    assert infer_task(table["y"], kind=None) == "multiclass"


# A table that is read like another one


def test_a_file_is_read_as_an_earlier_table_was(tmp_path):
    train = read_table(file(tmp_path, "zip,land,price\n00123,NA,1.5\n94110,DE,2\n"))
    rows = read_table(file(tmp_path, "zip;land;price\n94110;NA;1,5\n1;FR;x\n", "y.csv"), known=Known.of(train))
    assert rows["zip"].tolist() == ["94110", "1"] and rows["land"].tolist() == ["NA", "FR"]
    assert rows["price"].tolist() == ["1.5", "x"]


# What cannot be read


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:b\n1:2\n", r"x\.csv: with the separator ',' there is one column only, with ':' there are 2; --separator"),
        ("a b\n1 2\n3 4\n", r"with ' ' there are 2; --separator ' ' reads them"),
        ("5.1,3.5,3.5\n4.9,3.0,1\n", r"got '3\.5' more than once; the first line looks like a row of values"),
        ("a,b\n" + "1,2\n" * 60 + '"3\n",4,5\n', r"line 63 has 3, the header 2; .*--separator CHAR"),
        ('a,b\n1,2\n3,"4\n', r"a quote \(\"\) that is opened in line 3 or below is never closed"),
    ],
)
def test_what_is_no_table_is_refused_with_line_and_option(tmp_path, text, sentence):
    with pytest.raises(DataError, match=sentence):
        read_table(file(tmp_path, text))


def test_a_wrong_separator_is_refused_with_the_right_one(tmp_path):
    with pytest.raises(DataError, match="with the separator ';' there is one column only, with ',' there are 2"):
        read_table(file(tmp_path, "a,b\n1,2\n"), reading=Reading(separator=";"))


def test_a_wrong_encoding_is_refused_with_the_line(tmp_path):
    path = file(tmp_path, "a,b\n1,x\n2,é\n")
    with pytest.raises(DataError, match=r"line 3 cannot be read in the encoding ascii \(byte 0xc3\); --encoding NAME"):
        read_table(path, reading=Reading(encoding="ascii"))


def test_an_encoding_that_is_asked_for_is_taken(tmp_path):
    path = file(tmp_path, "a,b\n1,Łódź\n", encoding="cp1250")
    assert read_table(path, reading=Reading(encoding="cp1250"))["b"].tolist() == ["Łódź"]


def test_short_rows_are_counted(tmp_path):
    table = read_table(file(tmp_path, "a,b,c\n1,2,3\n4,5\n6\n7,8,\n"))
    assert said(table) == [
        "x.csv: 2 rows have fewer fields than the header (3), the first in line 3: what is not there is missing"
    ]


@pytest.mark.parametrize(
    ("header", "is_told"),
    [("5.1,3.5,setosa", True), ("length,width,name", False), ("0,1,2", False), ("1,2,name", False)],
)
def test_a_file_without_names_is_told(tmp_path, header, is_told):
    table = read_table(file(tmp_path, f"{header}\n4.9,3.0,setosa\n6.3,3.3,virginica\n"))
    assert [finding.kind for finding in findings_of(table)] == ["header"] * is_told


def test_a_column_without_a_name_is_read(tmp_path):
    table = read_table(file(tmp_path, ",a\n01,NA\n02,x\n"))
    assert table.to_dict("list") == {"Unnamed: 0": ["01", "02"], "a": ["NA", "x"]}
