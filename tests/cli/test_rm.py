"""`automl rm`: nothing is removed that was not meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.cli.app import run
from automl.tracking.record import Record


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch):
    """Sit at a terminal and answer what is asked."""

    class Terminal:
        def __init__(self, said: str) -> None:
            self.said = said

        def isatty(self) -> bool:
            return True

        def readline(self, *_: int) -> str:
            return self.said

    def answer(said: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(f"{said}\n"))

    return answer


def rm(folder: Path, *words: str) -> int:
    return run(["rm", *words, "--runs-dir", str(folder / "runs")])


def names(folder: Path) -> list[str]:
    return [record.study for record in Record.all(folder / "runs")]


def test_studies_are_removed_without_a_question_where_it_is_said_so(
    write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name in ("one", "two", "three"):
        write_study(name)
    assert rm(tmp_path, "one", "three", "one", "--yes") == 0
    assert names(tmp_path) == ["two"]
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["removed one", "removed three"]


def test_nothing_is_removed_where_nobody_can_be_asked(write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_study("one")
    assert rm(tmp_path, "one") == 2
    assert "say so with --yes" in capsys.readouterr().err
    assert names(tmp_path) == ["one"]


@pytest.mark.parametrize(("said", "left"), [("y", []), ("n", ["one"]), ("", ["one"])])
def test_at_a_terminal_it_is_asked_first(
    write_study, answer, said: str, left: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_study("one")
    answer(said)
    assert rm(tmp_path, "one") == 0
    assert names(tmp_path) == left
    assert "Remove one (interrupted, " in capsys.readouterr().err


def test_one_unknown_name_removes_nothing(write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_study("one")
    assert rm(tmp_path, "one", "tow", "--yes") == 2
    assert "unknown study 'tow'" in capsys.readouterr().err and names(tmp_path) == ["one"]


def test_a_study_that_is_being_run_is_not_removed(write_study, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_study("idle")
    with write_study("busy").lock():
        assert rm(tmp_path, "idle", "busy", "--yes") == 2
    assert "study 'busy' is being run, and is not removed" in capsys.readouterr().err
    assert names(tmp_path) == ["busy", "idle"]
