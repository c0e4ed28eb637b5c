"""`automl show`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.cli.show import trial_lines
from automl.report.trials import trial
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
Capture = pytest.CaptureFixture[str]


def lines_of(record: Record, number: int) -> list[str]:
    return list(trial_lines({"study": record.study, **trial(record, number)}))


def test_a_trial_shows_its_config_and_outcome(write_study: WriteStudy):
    lines = lines_of(write_study("houses"), 0)
    assert lines[0] == "houses, trial 0: completed"
    assert "  optimizer.adamw.lr  0.001" in lines and "  stopped_by  patience" in lines


def test_a_failed_trial_shows_its_traceback(write_study: WriteStudy):
    lines = lines_of(write_study("houses"), 2)
    assert lines[-2:] == ["Failed (out of memory): a batch does not fit", "Traceback: [here]"]


def test_a_study_without_a_winner_has_no_layers(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses", ())
    assert run(["show", "houses", "--json", "--runs-dir", str(tmp_path / "runs")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["best"], shown["layers"]) == (None, [])


def test_a_study_without_a_winner_says_so(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses", ())
    assert run(["show", "houses", "--runs-dir", str(tmp_path / "runs")]) == 0
    assert "No trial has completed." in capsys.readouterr().out


def test_a_trial_that_was_never_begun_is_refused(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    assert run(["show", "houses", "--trial", "7", "--runs-dir", str(tmp_path / "runs")]) == 2
    assert capsys.readouterr().err.startswith("error: study 'houses': unknown trial '7'; Known: 0, 1, 2")
