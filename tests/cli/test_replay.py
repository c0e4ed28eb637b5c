"""`automl replay`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from automl.cli.app import run
from automl.cli.replay import _write
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
Capture = pytest.CaptureFixture[str]

OUTCOME = {"state": "completed", "score": 0.9, "epochs": 12}
TOLD = {
    "equal": False,
    "device": "cuda:0 (NVIDIA H100)",
    "largest": {"train_loss": 1.25e-7, "validation": 0.0, "weights": None},
    "outcome": {"recorded": OUTCOME, "repeated": {**OUTCOME, "epochs": 13}},
    "sentence": "not equal: 12 epochs were recorded, and 13 were trained again",
}


def test_what_is_not_equal_is_shown_with_how_far_it_is_off(capsys: Capture):
    _write(TOLD)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["train_loss", "1.25e-07"] in rows
    assert ["weights", "not", "kept"] in rows
    assert ["epochs", "12", "13"] in rows
    assert not any("score" in row for row in rows)


def test_what_is_equal_is_two_lines(capsys: Capture):
    _write({**TOLD, "equal": True, "sentence": "equal: it is"})
    assert capsys.readouterr().out == "equal: it is\non cuda:0 (NVIDIA H100)\n"


@pytest.mark.parametrize(
    ("trial", "said"),
    [("9", "unknown trial '9'; Known: 0, 1, 2"), ("0", "trial 0 of study 'houses' is not over; go on with: ")],
)
def test_what_cannot_be_repeated_is_refused(trial: str, said: str, write_study: WriteStudy, capsys: Capture):
    record = write_study("houses")
    assert run(["replay", "houses", "--trial", trial, "--runs-dir", str(record.runs_dir)]) == 2
    assert said in capsys.readouterr().err


def test_a_trial_must_be_named(write_study: WriteStudy, capsys: Capture):
    record = write_study("houses")
    assert run(["replay", "houses", "--runs-dir", str(record.runs_dir)]) == 2
    assert "--trial" in capsys.readouterr().err
