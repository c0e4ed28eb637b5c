"""What is written on stdout."""

from __future__ import annotations

import json
import math

import pytest

from automl.cli.screen import write_json, write_lines, write_rows, write_table


def test_json_on_stdout_is_one_object_every_reader_takes(capsys: pytest.CaptureFixture[str]):
    write_json({"nan": math.nan, "inside": [{"inf": math.inf}], "word": "é", "number": 1.5})
    written = json.loads(capsys.readouterr().out)
    assert written == {"nan": None, "inside": [{"inf": None}], "word": "é", "number": 1.5}


def test_lines_are_written_as_they_are(capsys: pytest.CaptureFixture[str]):
    write_lines(["[red]not a colour[/red]", "x" * 300])
    assert capsys.readouterr().out == "[red]not a colour[/red]\n" + "x" * 300 + "\n"


def test_a_table_in_a_file_is_neither_folded_nor_coloured(capsys: pytest.CaptureFixture[str]):
    write_table(["study", "score"], [["[b]" + "long" * 40, "0.9"]], numbers=["score"])
    out = capsys.readouterr().out
    assert "[b]" + "long" * 40 in out and "\x1b" not in out


def test_an_empty_table_is_its_header(capsys: pytest.CaptureFixture[str]):
    write_table(["study", "score"], [])
    assert capsys.readouterr().out.split()[:2] == ["study", "score"]


def test_rows_show_the_values_asked_for(capsys: pytest.CaptureFixture[str]):
    write_rows(("name", "score", "note"), [{"name": "a", "score": 0.5, "other": 1}, {"name": "b", "score": None}])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["name", "score", "note"] and lines[2:4] == [["a", "0.5000"], ["b", "–"]]
