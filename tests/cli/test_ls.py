"""`automl ls`, for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automl.cli.app import run


def listed(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> str:
    assert run(["ls", "--runs-dir", str(folder), *options]) == 0
    return capsys.readouterr().out


def test_every_study_is_a_line(write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("wines", "houses"):
        write_study(name)
    out = listed(capsys, tmp_path / "runs")
    assert "wines" in out and "houses" in out and "interrupted" in out and "0.8400" in out and " MB" in out


def test_for_a_program_the_list_is_one_object(write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_study("wines")
    (row,) = json.loads(listed(capsys, tmp_path / "runs", "--json"))["studies"]
    assert (row["study"], row["data"], row["state"], row["trials"]) == ("wines", "adult.csv", "interrupted", 3)


def test_where_there_is_no_study_the_first_command_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "there are no studies in" in listed(capsys, tmp_path)
