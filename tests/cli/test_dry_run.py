"""`automl search --dry-run`, and how text files are read by option, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.experiment.checks import checked
from automl.experiment.plan import Plan
from automl.report.replay import command

ROWS = "\n".join(f"{row};{row * row % 7},5;{'yes' if row % 3 else '-'}" for row in range(60))
TABLE = f"age;height;income\n{ROWS}\n"
SMALL = ("--space", "tabular_small", "--device", "cpu")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rows.csv"
    path.write_text(TABLE)
    return path


def test_a_dry_run_prints_one_json_object_and_leaves_nothing(table: Path, capsys: pytest.CaptureFixture[str]):
    options = ["--target", "income", "--dry-run", "--json", "--timeout", "1m", *SMALL]
    assert run(["search", str(table), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reading"] == {"separator": ";", "decimal": ",", "na": []}
    assert list(table.parent.iterdir()) == [table]


def test_a_dry_run_prints_what_a_person_asks(table: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["search", str(table), "--target", "income", "--dry-run", "--drop", "age", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "column 'age' is left out as asked" in out and "height" in out
    assert "Metric   accuracy, maximized; the positive class is -" in out and "Time     about" in out


def test_what_is_missing_is_what_is_said(table: Path, capsys: pytest.CaptureFixture[str]):
    options = ["--target", "income", "--dry-run", "--json", "--na", "-", "--na", "none", *SMALL]
    assert run(["search", str(table), *options]) == 2
    assert "the target 'income' must have two values or more, got only 'yes'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--separator", ";;"], "--separator must be one character such as ';', or one of comma, semicolon, tab"),
        (["--decimal", "point"], "--decimal must be . or , and got 'point'"),
        (["--encoding", "utf9"], "unknown encoding 'utf9'; known are"),
        (["--encoding", "base64"], "unknown encoding 'base64'; known are"),
        (["--separator", "comma", "--decimal", ","], "--separator and --decimal must be two characters"),
        (["--separator", "tab"], "one column only, with ';' there are 3; --separator ';' reads them"),
        (["--target", "wage"], "unknown target 'wage'"),
    ],
)
def test_what_cannot_be_read_so_is_refused(
    options: list[str], sentence: str, table: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["search", str(table), "--target", "income", "--dry-run", *options]) == 2
    assert sentence in capsys.readouterr().err


def test_the_options_are_kept_in_the_plan(table: Path):
    said = {"separator": "semicolon", "decimal": ",", "encoding": "cp1252", "na": ("-", "x y")}
    plan = checked(Plan(data=str(table), target="income", study="s", runs_dir="runs", **said))
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan and plan.reading.separator == ";"


def test_a_plan_of_before_has_none_of_them():
    plan = Plan(data="x.csv", study="s", runs_dir="runs").to_json()
    older = {name: value for name, value in plan.items() if name not in ("separator", "decimal", "encoding", "na")}
    assert Plan.from_json(older) == Plan(data="x.csv", study="s", runs_dir="runs")


def test_the_command_that_repeats_a_study_has_them():
    plan = Plan(data="x.csv", study="s", runs_dir="runs", separator=";", decimal=",", na=("-", "n a"))
    words = command(plan.to_json(), "space.yaml")
    assert words is not None and "--separator ';' --decimal ," in words and "--na - --na 'n a'" in words
