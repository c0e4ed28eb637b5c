"""`automl report`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
Capture = pytest.CaptureFixture[str]


def report(tmp_path: Path, *arguments: str) -> int:
    return run(["report", *arguments, "--runs-dir", str(tmp_path / "runs")])


def test_the_reports_are_written_and_the_page_is_named(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    record = write_study("houses", is_judged=False)
    assert report(tmp_path, "houses") == 0
    assert capsys.readouterr().out == f"Report: {record.webpage_path}\n"
    assert record.webpage_path.read_text().startswith("<!doctype html>")
    assert record.page_path.exists() and record.report_path.exists()


def test_the_folder_alone_is_enough_wherever_it_lies(write_study: WriteStudy, tmp_path: Path, capsys: Capture):
    record = write_study("houses")
    assert report(tmp_path, "houses") == 0
    elsewhere = record.run_dir.rename(tmp_path / "archive")
    (tmp_path / "runs" / "kept").mkdir()
    elsewhere.rename(tmp_path / "runs" / "kept" / "houses")
    assert run(["report", "houses", "--runs-dir", str(tmp_path / "runs" / "kept")]) == 0


def test_a_program_gets_one_object(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    record = write_study("houses")
    assert report(tmp_path, "houses", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "study": "houses",
        "page": str(record.webpage_path),
        "reference": 0,
    }


def test_a_study_that_does_not_exist_is_refused(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    assert report(tmp_path, "house") == 2
    assert capsys.readouterr().err == "error: unknown study 'house'; did you mean 'houses'? Known: houses\n"


@pytest.mark.parametrize("reference", ["random", "random:", "random:0", "random:-1", "random:ten", "grid:5", "5", ""])
def test_a_reference_that_is_none_is_refused(write_study: WriteStudy, capsys: Capture, tmp_path: Path, reference: str):
    record = write_study("houses")
    assert report(tmp_path, "houses", f"--reference={reference}") == 2
    assert capsys.readouterr().err == f"error: --reference must be random:N, such as random:50, got {reference!r}\n"
    assert not record.webpage_path.exists()


def test_a_reference_on_rows_that_are_not_there_is_refused(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    assert report(tmp_path, "houses", "--reference", "random:3") == 2
    assert "study 'houses' has no divided rows to train a reference on" in capsys.readouterr().err


def test_a_damaged_study_is_refused(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    record = write_study("houses")
    record.trial(0).outcome_path.write_text("{")
    assert report(tmp_path, "houses") == 2
    assert "outcome.json is damaged" in capsys.readouterr().err
