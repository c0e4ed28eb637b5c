"""The front door in Python, where it only looks at what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

import automl
from automl.tracking.record import Record
from automl.trial import Completed, Pruned

TASK = {"kind": "binary", "target": "y", "columns": [], "classes": [0, 1], "metric": "accuracy", "positive": 1}
DONE = Completed(0.84, 0.36, 9, 25, 12.5, 1200, "patience")


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """A folder with a study of two trials that was not judged."""
    record = Record.create(tmp_path / "runs", "houses", {"data": "adult.csv", "trials": 5})
    record.write_json("task.json", TASK)
    for number, outcome in enumerate((Pruned(0.7, 0.5, 6, 6, 3.0, 1200), DONE)):
        record.trial(number).write_config({"family": "mlp", "optimizer": "adamw", "optimizer.adamw.lr": 0.1})
        record.trial(number).write_outcome(outcome)
    return tmp_path / "runs"


def test_a_study_is_opened_and_nothing_is_written(runs_dir: Path):
    before = sorted(runs_dir.rglob("*"))
    study = automl.load("houses", runs_dir=runs_dir)
    assert (study.study, study.best and study.best["trial"], study.test) == ("houses", 1, None)
    assert sorted(runs_dir.rglob("*")) == before


def test_a_study_that_is_not_there_is_refused(runs_dir: Path):
    with pytest.raises(automl.StudyError, match="unknown study 'hoses'; did you mean 'houses'"):
        automl.load("hoses", runs_dir=runs_dir)


def test_a_study_that_was_just_begun_has_no_winner(runs_dir: Path):
    Record.create(runs_dir, "begun", {"data": "x.csv"})
    study = automl.load("begun", runs_dir=str(runs_dir))
    assert (study.best, study.test, len(study.trials())) == (None, None, 0)


def test_a_result_is_one_line_in_a_terminal(runs_dir: Path):
    shown = repr(automl.load("houses", runs_dir=runs_dir))
    assert shown == "<automl.Result houses: not judged, validation accuracy 0.8400 by trial 1 of 2>"


def test_a_result_shows_itself_in_a_notebook(runs_dir: Path):
    shown = automl.load("houses", runs_dir=runs_dir)._repr_html_()
    assert "<table>" in shown and "<svg" in shown


def test_the_trials_are_a_data_frame_with_their_configs(runs_dir: Path):
    trials = automl.load("houses", runs_dir=runs_dir).trials()
    assert trials["trial"].tolist() == [1, 0] and trials["config.optimizer.adamw.lr"].tolist() == [0.1, 0.1]
