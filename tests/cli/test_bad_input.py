"""What a person can get wrong about data and folders: one sentence, exit code 2, and nothing left behind."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from automl.cli.app import run

ROWS = "\n".join(f"{row},{row * row % 7},{'yes' if row % 3 else 'no'}" for row in range(40))
TABLE = f"age,height,income\n{ROWS}\n"


def refusal(capsys: pytest.CaptureFixture[str], folder: Path, table: Path | str, *options: str) -> str:
    """The sentence a search of the table is refused with; it leaves no study."""
    runs = folder / "runs"
    assert run(["search", str(table), *options, "--trials", "1", "--runs-dir", str(runs), "--quiet"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "Traceback" not in captured.err
    assert not runs.exists() or not [path for path in runs.iterdir() if path.is_dir()]
    return captured.err.removeprefix("error: ").rstrip("\n")


def written(folder: Path, text: str, name: str = "adult.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def with_target(values: list[str]) -> str:
    return "age,income\n" + "\n".join(f"{row * 7 % 11},{value}" for row, value in enumerate(values)) + "\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r".*adult.csv: the file is empty"),
        ("age,income\n", r".*adult.csv: a table needs rows and columns, got 0 rows of 2 columns"),
        ("a,a,income\n1,2,x\n", r".*adult.csv: columns must have different names, got 'a' more than once"),
        (with_target(["yes"] * 40), r"the target 'income' must have two values or more, got only '?yes'?"),
        (with_target(["yes", "no"]), r".*rows.*"),
        (with_target([""] * 40), r"the target 'income' must have values, got 40 rows without one"),
        (with_target([*map(str, range(40)), "inf"]), r".*finite.*"),
        (TABLE.replace("income", "incme"), r".*'income'.*did you mean 'incme'\?.*"),
    ],
    ids=["empty", "no-rows", "twice", "one-class", "two-rows", "no-target-values", "infinite", "no-target"],
)
def test_a_table_that_cannot_be_used_is_refused(
    text: str, sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    said = refusal(capsys, tmp_path, written(tmp_path, text), "--target", "income")
    assert re.fullmatch(sentence, said), said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--drop", "heigth"], r"unknown column 'heigth'; did you mean 'height'\?.*"),
        (["--kind", "heigth=numeric"], r"unknown column 'heigth'; did you mean 'height'\?.*"),
        (["--split", "part"], r".*'part'.*"),
        (["--positive", "maybe"], r"unknown class 'maybe';.*Known: no, yes"),
        (["--metric", "rmse"], r"the metric 'rmse' does not score a binary task; those that do: .*"),
        (["--task", "regression"], r"regression needs a numeric target, but 'income' holds values such as .*"),
        (["--space", "tabluar"], r"unknown space 'tabluar'; did you mean 'tabular'\? Known: .*"),
        (["--space", "absent.yaml"], r"absent.yaml: no such file"),
        (["--device", "cuda:99"], r".*cuda:99.*"),
        (["--tracking-uri", "htp://host"], r"unknown scheme of a tracking URI 'htp'; did you mean 'http'\?.*"),
        (["--study", "../adult"], r"a study's name may not leave the runs folder: .*got '../adult'"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_option_that_does_not_fit_the_table_is_refused(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    said = refusal(capsys, tmp_path, written(tmp_path, TABLE), "--target", "income", *options)
    assert re.fullmatch(sentence, said), said


def test_a_file_that_is_no_table_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    said = refusal(capsys, tmp_path, written(tmp_path, "not a table", "adult.parquet"), "--target", "income")
    assert re.fullmatch(r".*adult.parquet: cannot be read as Parquet .*", said), said


def test_a_file_with_an_unknown_ending_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    said = refusal(capsys, tmp_path, written(tmp_path, TABLE, "adult.xlsx"), "--target", "income")
    assert re.fullmatch(r".*adult.xlsx: a table's name must end in .*", said), said


def test_a_torn_archive_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    path = tmp_path / "adult.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode())[:-20])
    assert "adult.csv.gz: cannot be read" in refusal(capsys, tmp_path, path, "--target", "income")


def test_a_runs_folder_that_cannot_be_written_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    blocked = written(tmp_path, "a file where a folder should be", "blocked")
    assert run(["search", "iris", "--trials", "1", "--runs-dir", str(blocked)]) == 2
    said = capsys.readouterr().err
    assert re.match(r"error: the runs folder .*blocked cannot be written: ", said), said
