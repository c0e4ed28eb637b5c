"""`automl doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automl.cli.app import run
from automl.cli.doctor import closing_lines, machine_lines

Capture = pytest.CaptureFixture[str]
FOUND: dict[str, Any] = {
    "python": "3.12.1",
    "system": "Linux",
    "cores": {"usable": 2, "all": 8},
    "memory_bytes": 16.0e9,
    "devices": ["cpu (2 threads)", "cuda:0 (NVIDIA H100)"],
    "packages": [],
    "extras": [{"name": "test", "for": "runs the project's own tests", "missing": ["pytest", "ruff"]}],
    "storage": {"runs_dir": "/home/ann/runs", "studies": 1, "free_bytes": 12.3e9, "problem": None},
    "mlflow": {"tracking_uri": "http://mlflow", "is_reached": False, "reason": "the server does not answer"},
    "notes": ["torch sees no device"],
    "problems": [],
}


def test_the_machine_is_shown():
    assert list(machine_lines(FOUND)) == [
        "Python   3.12.1 on Linux",
        "cores    2 of 8, 16.0 GB of memory",
        "devices  cpu (2 threads), cuda:0 (NVIDIA H100)",
        "runs     /home/ann/runs: 1 study, 12.3 GB free",
        "MLflow   http://mlflow: not reached",
    ]


def test_an_extra_says_what_it_is_for_and_how_to_get_it():
    first, *_ = closing_lines(FOUND)
    assert first == "The extra 'test' runs the project's own tests; missing: pytest, ruff; pip install 'automl[test]'"


def test_an_extra_that_is_there_is_complete():
    extras = [{**FOUND["extras"][0], "missing": []}]
    first, *_ = closing_lines({**FOUND, "extras": extras})
    assert first == "The extra 'test' runs the project's own tests; complete"


def test_it_ends_with_what_it_comes_to():
    assert list(closing_lines(FOUND))[1:] == ["Note: torch sees no device.", "A search would run here."]
    assert list(closing_lines({**FOUND, "problems": ["no space"]}))[-1] == "Note: torch sees no device."


def test_a_good_place_is_told_in_one_json_object(capsys: Capture, tmp_path: Path):
    assert run(["doctor", "--json", "--runs-dir", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []


def test_a_bad_place_is_told_and_refused(capsys: Capture, tmp_path: Path):
    (tmp_path / "taken").touch()
    assert run(["doctor", "--runs-dir", str(tmp_path / "taken")]) == 2
    told = capsys.readouterr()
    assert "cannot be used" in told.out and "A search would run here" not in told.out
    assert told.err.startswith("error: a search would not run here: the runs folder ")


def test_a_program_gets_its_object_also_from_a_bad_place(capsys: Capture, tmp_path: Path):
    (tmp_path / "taken").touch()
    assert run(["doctor", "--json", "--runs-dir", str(tmp_path / "taken")]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 1
