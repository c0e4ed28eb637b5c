"""The script inside a bundle, run where this project cannot be imported."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from automl.data.delimited import MARKS, WORDS
from automl.data.read import read_table
from automl.data.values import as_microseconds, as_number, as_text
from automl.export.bundle import write_bundle
from automl.export.manifest import MISSING_WORDS
from automl.export.predict import as_category, as_instant
from automl.export.predict import as_number as script_number
from automl.export.predictor import Predictor

INSTANTS = [
    *("2020-01-02", "2020/01/02", "2020-01", "20200102T030405", "2020-1-2", " 2020-01-02", "0001-01-01", "9999-12-31"),
    *(
        "2020-01-02 03:04",
        "2020-01-02T03",
        "2020-01-02T03:04:05Z",
        "2020-01-02 03:04:05.5",
        "2020-01-02 03:04:05.1234567",
    ),
    *("2020-01-02T03:04:05+0200", "2020-01-02T03:04:05-02"),
    *("2020-01-02 03:04 +05:30", "1969-12-31 23:59:59.000001"),
    *("2020-02-30", "2020-01-02 24:00:00", "2020-01-02 03:04:60", "2020-01-02+02:00", "soon", "", "2020-13-01"),
]
NUMBERS = ["1", "-2.5", " 3 ", "1e5", "1_000", "0x10", "inf", "x", "", "1,5", "+3", ".5", "5.", "True"]
CATEGORIES = ["3", "3.0", "03", "2.50", "x", "TRUE", "False", "1e3", "-4.0", "inf", "", "1e300", "9007199254740993"]


def run(script, *arguments, folder=None):
    return subprocess.run(
        [sys.executable, "-I", str(script), *map(str, arguments)], capture_output=True, text=True, cwd=folder
    )


def predict(bundle, source, target):
    done = run(bundle / "predict.py", source, target)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    return pd.read_csv(target)


def assert_same(found, wanted):
    assert list(found) == list(wanted)
    if pd.api.types.is_float_dtype(wanted["prediction"]):  # the last of its digits is the processor's
        np.testing.assert_allclose(found["prediction"], wanted["prediction"], rtol=1e-12)
    else:
        assert found["prediction"].tolist() == wanted["prediction"].tolist()
    np.testing.assert_allclose(found.iloc[:, 1:], wanted.iloc[:, 1:], rtol=1e-5, atol=1e-7)


def test_the_script_predicts_as_the_predictor_does(bundle, mixed_rows, tmp_path):
    mixed_rows.to_csv(tmp_path / "rows.csv", index=False)
    assert_same(predict(bundle, tmp_path / "rows.csv", tmp_path / "out.csv"), Predictor(bundle).predict(mixed_rows))


@pytest.mark.parametrize("name", ["hypothyroid", "diamonds"])
def test_the_script_predicts_real_rows_as_the_predictor_does(real_rows, winner_of, tmp_path, name):
    rows, target = real_rows(name, 300)
    write_bundle(tmp_path / "b", winner_of(rows, target), provenance={}, check_rows=None)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    wanted = Predictor(tmp_path / "b").predict(read_table(tmp_path / "rows.csv"))
    assert_same(predict(tmp_path / "b", tmp_path / "rows.csv", tmp_path / "out.csv"), wanted)


def test_the_script_runs_where_the_bundle_was_moved(bundle, tmp_path):
    moved = shutil.copytree(bundle, tmp_path / "moved")
    done = run("predict.py", "example.json", folder=moved)
    assert done.stdout.splitlines()[0] == "prediction,probability_no,probability_yes"
    assert len(done.stdout.splitlines()) == 2


def test_other_files_hold_the_same_rows(bundle, mixed_rows, tmp_path):
    wanted = Predictor(bundle).predict(mixed_rows)
    mixed_rows.to_csv(tmp_path / "rows.tsv", sep="\t", index=False)
    mixed_rows.to_csv(tmp_path / "semicolons.csv", sep=";", decimal=",", index=False)
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(mixed_rows.to_csv(index=False).encode("utf-8-sig")))
    mixed_rows.to_json(tmp_path / "rows.json", orient="records", date_format="iso", double_precision=15)
    for name in ("rows.tsv", "semicolons.csv", "rows.csv.gz", "rows.json"):
        assert_same(predict(bundle, tmp_path / name, tmp_path / "out.csv"), wanted)


def test_blank_lines_and_short_rows_are_read(bundle, tmp_path):
    (tmp_path / "rows.csv").write_text("town,age,job,floor,member,since\ntown 1,3\n\n?,NA,,,,\n")
    assert len(predict(bundle, tmp_path / "rows.csv", tmp_path / "out.csv")) == 2


def test_a_file_without_rows_gives_a_header(bundle, tmp_path):
    (tmp_path / "rows.csv").write_text("town,age,job,floor,member,since\n")
    assert len(predict(bundle, tmp_path / "rows.csv", tmp_path / "out.csv")) == 0


def test_missing_columns_are_named(bundle, tmp_path):
    (tmp_path / "rows.csv").write_text("town,age,job,floor\nx,1,cook,2\n")
    done = run(bundle / "predict.py", tmp_path / "rows.csv")
    assert done.returncode == 1 and done.stderr.endswith("rows.csv: the rows lack the columns 'member', 'since'\n")


def test_without_arguments_it_says_how_to_use_it(bundle):
    done = run(bundle / "predict.py")
    assert done.returncode == 1 and "python predict.py rows.csv [predictions.csv]" in done.stderr


@pytest.mark.parametrize("text", INSTANTS)
def test_instants_are_read_as_the_project_reads_them(text):
    assert as_instant(text) == as_microseconds(pd.Series([text], dtype="str"))[0]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_as_the_project_reads_them(text):
    np.testing.assert_array_equal(script_number(text), as_number(pd.Series([text], dtype="str"))[0])


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("text", CATEGORIES[:-1])
def test_categories_are_written_as_the_project_writes_them(text, numbers):
    assert as_category(text, numbers) == as_text(pd.Series([text], dtype="str"), numbers)[0]


def test_large_integers_are_written_as_a_whole_column_of_them_is():
    assert as_category(CATEGORIES[-1], numbers=True) == as_text(pd.Series([int(CATEGORIES[-1])]), numbers=True)[0]


OTHER_WORDS = ["nothing", "-", "Missing", "NaT", "inf"]


def test_missing_words_are_those_of_reading_numbers(tmp_path):
    words = [*MISSING_WORDS, " NA", *["1.5"] * 400]
    pd.DataFrame({"number": words, "other": 1}).to_csv(tmp_path / "words.csv", index=False)
    table = read_table(tmp_path / "words.csv")
    assert table["number"].dtype == float and table["number"].isna().sum() == len(MISSING_WORDS) + 1


@pytest.mark.parametrize("word", [*MARKS, *WORDS, *OTHER_WORDS])
def test_only_marks_are_missing_among_texts(tmp_path, word):
    pd.DataFrame({"text": [word, "a", "b"], "other": 1}).to_csv(tmp_path / "words.csv", index=False)
    assert read_table(tmp_path / "words.csv")["text"].isna().tolist() == [word in MARKS, False, False]


def test_the_script_knows_only_what_a_bundle_knows(bundle):
    preparation = json.loads((bundle / "preprocessing.json").read_text())
    assert set(preparation) == {"format", "columns", "missing", "reading"}
