"""Files and frames become tables, or one sentence."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from automl.data.read import read_table
from automl.errors import DataError


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_of_a_csv_file_is_found(tmp_path, separator):
    rows = [["name", "size"], ["a", "1"], ["b", "2"]]
    path = file(tmp_path, "x.csv", "\n".join(separator.join(row) for row in rows))
    assert read_table(path).to_dict("list") == {"name": ["a", "b"], "size": [1, 2]}


def test_a_separator_inside_quotes_is_text(tmp_path):
    path = file(tmp_path, "x.csv", 'a;b\n"1,2,3";x\n"4,5,6";y\n')
    assert read_table(path).to_dict("list") == {"a": ["1,2,3", "4,5,6"], "b": ["x", "y"]}


def test_a_tsv_file_is_split_at_tabs_alone(tmp_path):
    path = file(tmp_path, "x.tsv", "a,b\tc\n1,2\t3\n")
    assert read_table(path).to_dict("list") == {"a,b": ["1,2"], "c": [3]}


@pytest.mark.parametrize(
    ("name", "content", "values"),
    [
        ("x.csv", "a;b\n1,5;x\n2;y\n", [1.5, 2.0]),
        ("x.csv", "a;b\n1.5;1,5\n2;y\n", [1.5, 2.0]),
        ("x.csv", "a;b\n1,500;x\n2;y\n", ["1,500", "2"]),
        ("x.tsv", "a\tb\n1,5\tx\n2\ty\n", ["1,5", "2"]),
    ],
)
def test_a_decimal_comma_is_read_only_where_it_can_mean_nothing_else(tmp_path, name, content, values):
    assert read_table(file(tmp_path, name, content))["a"].tolist() == values


@pytest.mark.parametrize("name", ["x.csv.gz", "x.tsv.gz"])
def test_compressed_text_is_read(tmp_path, name):
    separator = "," if "csv" in name else "\t"
    path = file(tmp_path, name, gzip.compress(f"a{separator}b\n1{separator}x\n".encode()))
    assert read_table(str(path)).to_dict("list") == {"a": [1], "b": ["x"]}


def test_the_words_for_nothing_are_missing_in_text(tmp_path):
    words = ["?", "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", " ?"]
    path = file(tmp_path, "x.csv", "a,b\n" + "".join(f"{word},1\n" for word in words))
    assert read_table(path)["a"].isna().all()


def test_a_word_for_nothing_is_a_value_in_parquet(tmp_path):
    frame = pd.DataFrame({"a": ["None", "?", None]})
    frame.to_parquet(tmp_path / "x.parquet")
    found = read_table(tmp_path / "x.parquet")["a"]
    assert found.tolist()[:2] == ["None", "?"]
    assert found.isna().tolist() == [False, False, True]


def test_one_column_and_one_row_are_a_table(tmp_path):
    assert read_table(file(tmp_path, "x.csv", "a\n1\n")).to_dict("list") == {"a": [1]}


@pytest.mark.parametrize(
    ("content", "word"),
    [("\ufeffa,b\n1,é\n".encode(), "é"), ("a,b\n1,é\n".encode("latin-1"), "é"), ("a,b\n1,정\n".encode(), "정")],
)
def test_utf8_with_or_without_a_mark_and_latin1_are_read(tmp_path, content, word):
    assert read_table(file(tmp_path, "x.csv", content)).to_dict("list") == {"a": [1], "b": [word]}


def test_latin1_far_into_a_file_is_read(tmp_path):
    path = file(tmp_path, "x.csv", b"a,b\n" + b"1,x\n" * 400_000 + "2,é\n".encode("latin-1"))
    assert read_table(path)["b"].iloc[-1] == "é"


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
def test_columnar_files_keep_their_types(tmp_path, ending):
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "category": pd.Categorical(["a", "b"]),
            "truth": pd.array([True, None], dtype="boolean"),
            "day": [date(2020, 1, 1), None],
            "instant": pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True),
            "duration": pd.to_timedelta([1, 2], unit="s"),
        }
    )
    path = tmp_path / f"x.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_feather(path)
    pd.testing.assert_frame_equal(read_table(path), frame)


def test_a_frame_is_copied_and_its_rows_and_columns_renamed():
    frame = pd.DataFrame({0: [1, 2], "b": ["x", "y"]}, index=[9, 4])
    table = read_table(frame)
    table.loc[0, "b"] = "changed"
    assert table.columns.tolist() == ["0", "b"]
    assert table.index.tolist() == [0, 1]
    assert frame["b"].tolist() == ["x", "y"]


def test_what_only_pandas_knows_becomes_something_a_file_can_keep(tmp_path):
    frame = pd.DataFrame(
        {
            "period": pd.period_range("2020-01", periods=3, freq="M"),
            "bin": pd.cut(pd.Series([1, 2, 3]), 2),
            "mixed": [1, "a", None],
            "list": [[1], [2], None],
            "decimal": [Decimal("1.5"), None, Decimal(3)],
            "zones": [
                datetime(2020, 1, 1, tzinfo=UTC),
                datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2))),
                None,
            ],
            "sparse": pd.arrays.SparseArray([0.0, 1.0, 0.0]),
            "complex": [1j, 2j, 3j],
            "huge": [10**30, 1, 2],
        }
    )
    table = read_table(frame)
    table.to_parquet(tmp_path / "x.parquet")
    kept = read_table(tmp_path / "x.parquet")
    assert kept["mixed"].tolist()[:2] == ["1", "a"]
    assert kept["decimal"].tolist()[::2] == [1.5, 3.0]
    assert kept["zones"].tolist()[1] == pd.Timestamp("2019-12-31T22:00", tz="UTC")
    assert kept["period"].tolist() == ["2020-01", "2020-02", "2020-03"]
    assert kept.shape == frame.shape


def test_a_builtin_name_wins_over_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file(tmp_path, "iris", "not a table")
    assert read_table("iris").shape == (150, 5)
    with pytest.raises(DataError, match=r"iris: a table's name must end in \.csv"):
        read_table("./iris")


CUT_ARCHIVE = gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:30]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", b"", r"x\.csv: the file is empty"),
        ("x.csv", b"\n\n", r"x\.csv: the file is empty"),
        ("x.csv", b"a,b\n", r"x\.csv: a table needs rows and columns, got 0 rows of 2 columns"),
        ("x.csv", b"a,b,a\n1,2,3\n", r"x\.csv: columns must have different names, got 'a' more than once"),
        ("x.csv", b"a,b\n1,2,3\n", r"x\.csv: every row must have .* but line 2 has 3, the header 2; quotes"),
        ("x.csv", b"a,b\n1,2\n3,4,5\n", r"x\.csv: every row must have .* but line 3 has 3, the header 2; .*--sep"),
        ("x.csv", b'a,b\n"1,2\n', r"x\.csv: a quote \(\"\) that is opened in line 2 or below is never closed"),
        ("x.csv", b"\x89PNG\r\n\x1a\n\0\0", r"x\.csv: must be text in UTF-8, got bytes that are none"),
        ("x.csv.gz", b"garbage", r"x\.csv\.gz: cannot be read \(Not a gzipped file"),
        ("x.csv.gz", CUT_ARCHIVE, r"x\.csv\.gz: cannot be read \(Compressed file ended"),
        ("x.parquet", b"garbage", r"x\.parquet: cannot be read as Parquet \("),
        ("x.feather", b"garbage", r"x\.feather: cannot be read as Feather \("),
        ("x.arrow", b"garbage", r"x\.arrow: cannot be read as Feather \("),
        (
            "x.xlsx",
            b"garbage",
            r"x\.xlsx: a table's name must end in \.csv, \.tsv, \.txt, \.parquet, \.feather, \.arrow, ",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, sentence):
    with pytest.raises(DataError, match=sentence):
        read_table(file(tmp_path, name, content))


def test_a_parquet_file_without_rows_or_cut_short_is_refused(tmp_path):
    frame = pd.DataFrame({"a": range(1000)})
    frame.head(0).to_parquet(tmp_path / "none.parquet")
    frame.to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    with pytest.raises(DataError, match=r"none\.parquet: a table needs rows"):
        read_table(tmp_path / "none.parquet")
    with pytest.raises(DataError, match=r"cut\.parquet: cannot be read as Parquet"):
        read_table(file(tmp_path, "cut.parquet", whole[: len(whole) // 2]))


def test_a_missing_file_is_refused():
    with pytest.raises(DataError, match=r"^no such file: nowhere\.csv$"):
        read_table("nowhere.csv")


def test_a_missing_name_is_refused_with_the_builtin_ones():
    with pytest.raises(
        DataError, match=r"^no such file: digts; the built-in tables are breast-cancer, .*, digits, iris"
    ):
        read_table("digts")


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a folder must hold images \(\.jpg, .*\) in one folder per class"):
        read_table(tmp_path)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=[1, 2])])
def test_a_frame_without_rows_or_columns_is_refused(frame):
    with pytest.raises(DataError, match="the frame: a table needs rows and columns"):
        read_table(frame)


def test_a_frame_with_two_columns_of_one_name_is_refused():
    with pytest.raises(DataError, match="the frame: columns must have different names, got '1' more than once"):
        read_table(pd.DataFrame([[1, 2]], columns=[1, "1"]))


@pytest.mark.parametrize("name", ["adult", "hypothyroid", "diamonds"])
def test_a_real_table_is_the_same_through_text(real_data, tmp_path, name):
    table = read_table(real_data / name / "data.parquet")
    table.to_csv(tmp_path / "x.csv.gz", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / "x.csv.gz"), table, check_exact=True)


def test_every_real_table_has_its_rows(real_data):
    for folder in sorted(real_data.iterdir()):
        described = json.loads((folder / "meta.json").read_text()) if (folder / "meta.json").exists() else {}
        if described.get("modality") == "tabular":
            assert read_table(folder / "data.parquet").shape == (described["rows"], described["cols"])
