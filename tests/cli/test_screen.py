"""What is written on stdout."""

from __future__ import annotations

import io
import json
import math
import re

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


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(columns: int, spare: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of a table of three columns, 14 wide in all with the gaps between them."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    write_rows(("a", "bb", "ccc"), [{"a": 10, "bb": 200, "ccc": 300}], spare=spare)
    return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()


def test_a_table_that_fits_is_shown_whole(monkeypatch: pytest.MonkeyPatch):
    lines = on_a_terminal(14, ("a", "bb"), monkeypatch)
    assert lines[0].split() == ["a", "bb", "ccc"] and len(lines) == 3


def test_a_narrow_terminal_is_told_what_it_does_not_show(monkeypatch: pytest.MonkeyPatch):
    lines = on_a_terminal(13, ("bb", "a"), monkeypatch)
    assert lines[0].split() == ["a", "ccc"] and lines[-1] == "A wider terminal also shows: bb"


def test_what_is_not_spare_is_never_left_out(monkeypatch: pytest.MonkeyPatch):
    lines = on_a_terminal(3, ("a",), monkeypatch)
    assert lines[-1] == "A wider terminal also shows: a" and "A wider terminal" not in lines[0]
