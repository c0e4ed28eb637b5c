"""`automl explain`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
Capture = pytest.CaptureFixture[str]

WIDTH = {"name": "family.mlp.width", "from": 32, "to": 64, "dropped": {}, "added": {}}
GAIN = {"gain": 0.04, "noise": 0.01, "is_beyond_noise": True}
STEP = {"choices": ["family.mlp.width"], "scores": [0.8], "mean": 0.8, **GAIN}
TOLD = {
    "winner": 0,
    "metric": "accuracy",
    "allowed": 20,
    "trained": 6,
    "choices": [WIDTH],
    "ends": {end: {"scores": [0.7, 0.8], "mean": 0.75, "searched": 0.8} for end in ("default", "winner")},
    "deviation": 0.01,
    "steps": [STEP],
    "failures": [],
    "sentence": "Width it was.",
}


@pytest.fixture
def explained(write_study: WriteStudy) -> Record:
    """A study whose explanation is kept."""
    record = write_study("houses")
    record.write_json("explanation.json", TOLD)
    return record


def words(record: Record, *options: str) -> list[str]:
    return ["explain", record.study, "--runs-dir", str(record.runs_dir), *options]


def test_an_explanation_ends_with_its_sentence(explained: Record, capsys: Capture):
    assert run(words(explained)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Width it was."


def test_an_explanation_shows_steps_and_ends(explained: Record, capsys: Capture):
    assert run(words(explained)) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["family.mlp.width", "32", "64", "0.8000", "+0.0400", "0.0100", "beyond", "noise"] in rows
    assert ["the", "winner", "0.7000", "0.8000", "0.7500", "0.8000"] in rows


def test_an_explanation_as_json_is_what_is_kept(explained: Record, capsys: Capture):
    assert run(words(explained, "--json")) == 0
    assert json.loads(capsys.readouterr().out) == TOLD


def test_nothing_to_explain_is_one_sentence(explained: Record, capsys: Capture):
    explained.write_json("explanation.json", {**TOLD, "choices": [], "steps": []})
    assert run(words(explained)) == 0
    assert capsys.readouterr().out == "Width it was.\n"


def test_ends_without_a_gain_are_shown_without_steps(explained: Record, capsys: Capture):
    explained.write_json("explanation.json", {**TOLD, "steps": []})
    assert run(words(explained)) == 0
    assert "the winner" in (shown := capsys.readouterr().out) and "beyond noise" not in shown.splitlines()[0]


def test_an_unknown_study_is_refused(explained: Record, capsys: Capture):
    assert run(["explain", "huoses", "--runs-dir", str(explained.runs_dir)]) == 2
    said = "error: unknown study 'huoses'; did you mean 'houses'? Known: houses\n"
    assert capsys.readouterr().err == said


def test_a_runs_folder_without_studies_is_refused(capsys: Capture, tmp_path: Path):
    assert run(["explain", "houses", "--runs-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: unknown study 'houses'; there are no studies in {tmp_path}\n"


def test_a_study_without_a_completed_trial_is_refused(write_study: WriteStudy, capsys: Capture):
    assert run(words(write_study("houses", ()))) == 2
    assert capsys.readouterr().err == "error: study 'houses' has no completed trial yet\n"


@pytest.mark.parametrize("number", ["0", "9", "-1"])
def test_too_few_trainings_are_refused(number: str, explained: Record, capsys: Capture):
    assert run(words(explained, "--trainings", number)) == 2
    message = f"--trainings must be at least 10, three of each end and four between them, got {number}"
    assert capsys.readouterr().err == f"error: {message}\n"


def test_a_number_that_is_none_is_refused(explained: Record, capsys: Capture):
    assert run(words(explained, "--trainings", "many")) == 2
    assert "--trainings" in capsys.readouterr().err
