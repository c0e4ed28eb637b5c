"""`automl update`, for a person and for a program, and what the page on studies shows of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from automl.cli.app import run
from tests.test_readme import commands, environment, run_to_its_end

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a judged study of the first rows of a real table, and the others in a file."""
    place = tmp_path_factory.mktemp("update")
    cells = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "income"})
    cells.iloc[:300].to_csv(place / "adult.csv", index=False)
    cells.iloc[300:].to_csv(place / "new.csv", sep=";", index=False)
    words = ["--target", "income", "--study", "incomes", "--trials", "2", "--space", "tabular_small", "--quiet"]
    assert run(["search", str(place / "adult.csv"), *words, "--runs-dir", str(place / "runs")]) == 0
    return place


def test_a_person_reads_what_was_judged_and_a_program_one_object(folder: Path, capsys: pytest.CaptureFixture[str]):
    words = ["update", "incomes", str(folder / "new.csv"), "--runs-dir", str(folder / "runs"), "--quiet"]
    pd.read_csv(folder / "new.csv", sep=";").iloc[:140].to_csv(folder / "first.csv", index=False)
    capsys.readouterr()
    assert run([words[0], words[1], str(folder / "first.csv"), *words[3:]]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"incomes, update 1: 140 new rows, 78 trained on, 20 validate, 42 sealed", shown)
    assert all(name in shown for name in ("the model before", "trained on", "from scratch", "95 % interval of it"))
    assert re.search(r"Update 1 is (not )?promoted: ", shown)
    assert run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["study"], told["update"], told["finished"]) == ("incomes", 2, True)
    assert run(["show", "incomes", "--runs-dir", str(folder / "runs")]) == 0
    assert told["sentence"] in capsys.readouterr().out


def test_a_mistake_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "few.csv").write_text("income\n1\n")
    assert run(["update", "incomes", str(folder / "few.csv"), "--runs-dir", str(folder / "runs")]) == 2
    assert capsys.readouterr().err.startswith("error: the new rows must have the study's columns, but lack mean radius")
    words = ["export", "incomes", "--output", str(folder / "x"), "--runs-dir", str(folder / "runs")]
    assert run([*words, "--trial", "0", "--update", "0"]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert run([*words, "--update", "9"]) == 2
    assert "unknown promoted update '9'" in capsys.readouterr().err


def test_the_commands_of_the_page_run_as_they_stand(folder: Path, tmp_path: Path):
    section = (DOCS / "studies.md").read_text(encoding="utf-8").partition("## New rows")[2].partition("\n## ")[0]
    shown = commands(section)
    assert any(command.startswith("automl update incomes new.csv") for command in shown)
    for name in ("adult.csv", "new.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    env = environment(tmp_path)
    run_to_its_end("automl search adult.csv --target income --study incomes --trials 2", tmp_path, env)
    for command in shown:
        run_to_its_end(command, tmp_path, env)
