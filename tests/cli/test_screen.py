"""What is written on stdout."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from automl.cli.screen import (
    write_csv,
    write_json,
    write_lines,
    write_prose,
    write_rows,
    write_side_by_side,
    write_table,
)


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


LinesOn = Callable[..., list[str]]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines_on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Have something written on a terminal of so many columns, and give its lines."""

    def write(columns: int, writer: Callable[..., None], *arguments: Any, **options: Any) -> list[str]:
        terminal = Terminal()
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        writer(*arguments, **options)
        return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()

    return write


THREE = (("a", "bb", "ccc"), [{"a": 10, "bb": 200, "ccc": 300}])
"""A table of three columns, 14 wide with the gaps between them."""


def test_a_table_that_fits_is_shown_whole(lines_on: LinesOn):
    lines = lines_on(14, write_rows, *THREE, spare=("a", "bb"))
    assert lines[0].split() == ["a", "bb", "ccc"] and len(lines) == 3


def test_a_narrow_terminal_is_told_what_it_does_not_show(lines_on: LinesOn):
    lines = lines_on(13, write_rows, *THREE, spare=("bb", "a"))
    assert lines[0].split() == ["a", "ccc"]
    assert "".join(lines).endswith("A wider terminal also shows: bb")


def test_what_is_not_spare_is_never_left_out(lines_on: LinesOn):
    lines = lines_on(3, write_rows, *THREE, spare=("a",))
    assert lines[-1] == "A wider terminal also shows: a"


def test_a_terminal_breaks_sentences_between_words(lines_on: LinesOn):
    assert lines_on(10, write_prose, ["better by +0.0312"]) == ["better by ", "+0.0312"]


def test_a_file_gets_sentences_whole_and_uncoloured(capsys: pytest.CaptureFixture[str]):
    words = " ".join(["word"] * 300)
    write_prose([words, "[red]not a colour[/red]"])
    assert capsys.readouterr().out == f"{words}\n[red]not a colour[/red]\n"


def test_things_side_by_side_have_a_line_for_each_fact(capsys: pytest.CaptureFixture[str]):
    write_side_by_side(["one", "two"], {"test": [0.9, None], "space": ["mlp", "cnn"]})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["one", "two"] and lines[2:] == [["test", "0.9000", "–"], ["space", "mlp", "cnn"]]


def test_what_has_no_room_beside_stands_below(lines_on: LinesOn):
    lines = lines_on(16, write_side_by_side, ["one", "two", "three"], {"test": [1, 2, 3]})
    headers = [line.split() for line in lines if "test" not in line and "─" not in line and line.strip()]
    assert headers == [["one", "two"], ["three"]]


def test_a_terminal_too_narrow_for_anything_shows_one_at_a_time(lines_on: LinesOn):
    lines = lines_on(4, write_side_by_side, ["a", "b"], {"t": [1, 2]})
    assert [line.split()[0] for line in lines if "t" in line] == ["t", "t"]


def test_csv_has_every_name_of_every_row(capsys: pytest.CaptureFixture[str]):
    write_csv([{"a": 1, "b": {"c": math.nan}}, {"a": 0.1, "d": ["x", "y, z"]}])
    assert capsys.readouterr().out == 'a,b.c,d\n1,,\n0.1,,"x; y, z"\n'
