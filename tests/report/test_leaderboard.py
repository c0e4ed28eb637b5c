"""Studies and trials in the order of their scores."""

import json
import math
from dataclasses import replace

import pytest

from automl.errors import StudyError
from automl.evaluation.intervals import Interval
from automl.report.leaderboard import studies, trials
from automl.task import Task
from automl.trial import Completed, Failed, Pruned

DONE = Completed(0.9, 0.3, 1, 1, 1.0, 1, "epochs")


def test_a_row_says_what_was_judged_and_what_it_cost(write_study, judge):
    record = write_study()
    judge(record, notes=["study 2 judged on these rows"])
    assert studies(record.runs_dir) == [
        {
            "study": "houses",
            "data": "adult.csv.gz",
            "target": "income",
            "task": "binary",
            "metric": "accuracy",
            "direction": "maximize",
            "space": "tabular",
            "budget": {"trials": 6, "seconds": 600.0},
            "trials": 6,
            "validation": 0.86,
            "test": {"value": 0.85, "ci_low": 0.83, "ci_high": 0.87, "rows": 200},
            "linear": 0.83,
            "boosted_trees": None,
            "seconds": 42.25,
            "notes": ["study 2 judged on these rows"],
            "test_sha256": "cd" * 32,
        }
    ]


def test_the_trees_of_a_study_have_their_score(write_study, judge):
    record = write_study()
    judge(record, trees=Interval(-0.05, -0.06, -0.04))
    assert studies(record.runs_dir)[0]["boosted_trees"] == 0.9


def test_the_best_study_of_a_question_comes_first_and_unfinished_ones_last(write_study, judge):
    write_study("c-empty", outcomes=[])
    judge(write_study("b-judged"))
    runs_dir = write_study("a-better", outcomes=[({}, DONE)]).runs_dir
    write_study("a-worse", outcomes=[({}, replace(DONE, score=0.5))])
    assert [row["study"] for row in studies(runs_dir)] == ["b-judged", "a-better", "a-worse", "c-empty"]


def test_a_lower_error_comes_first(write_study):
    task = Task("regression", "price", (), (), "rmse")
    for name, score in (("low", 1.0), ("high", 2.0)):
        record = write_study(name, outcomes=[({}, replace(DONE, score=score))], task=task)
    assert [row["study"] for row in studies(record.runs_dir)] == ["low", "high"]


def test_studies_of_different_questions_are_kept_apart(write_study):
    for name, data, score in (("x", "b.csv", 0.9), ("y", "a.csv", 0.1), ("z", "b.csv", 0.95)):
        record = write_study(name, outcomes=[({}, replace(DONE, score=score))], data=data)
    assert [row["study"] for row in studies(record.runs_dir)] == ["y", "z", "x"]


def test_named_studies_alone_are_compared_in_the_order_they_are_named(write_study, judge):
    write_study("one")
    judge(write_study("two"))
    record = write_study("three")
    assert [row["study"] for row in studies(record.runs_dir, ["three", "two"])] == ["three", "two"]


def test_a_study_without_options_has_the_default_budget(write_study):
    record = write_study(trials=None, timeout=None)
    assert studies(record.runs_dir)[0]["budget"] == {"trials": 30, "seconds": 150.0}


def test_notes_on_an_earlier_winner_are_not_the_best_trials(write_study, judge):
    record = write_study()
    judge(record, trial=0, notes=["opening 2"])
    assert studies(record.runs_dir)[0]["notes"] == []


def test_a_name_without_a_study_is_refused(write_study):
    record = write_study("houses")
    with pytest.raises(StudyError, match="unknown study 'house'; did you mean 'houses'"):
        studies(record.runs_dir, ["house"])


def test_no_studies_make_no_rows(tmp_path):
    assert studies(tmp_path / "absent") == []


def test_trials_that_can_win_come_first_then_pruned_failed_and_running(write_study):
    outcomes = [
        ({}, DONE),
        ({}, replace(DONE, score=math.nan)),
        ({}, None),
        *((dict(row["config"]), row["outcome"]) for row in _some_of_each()),
    ]
    rows = trials(write_study(outcomes=outcomes))
    assert [(row["trial"], row["state"]) for row in rows] == [
        (0, "completed"),
        (1, "completed"),
        (3, "pruned"),
        (4, "failed"),
        (2, "running"),
    ]


def _some_of_each():
    yield {"config": {}, "outcome": Pruned(0.99, 0.1, 1, 1, 1.0, 1)}
    yield {"config": {}, "outcome": Failed("bug", "it broke", "", 1.0)}


def test_a_trials_row_has_its_numbers_and_its_main_choices(write_study):
    first = trials(write_study())[0]
    config = first.pop("config")
    assert config["family.mlp.layers"] == 3
    assert first == {
        "trial": 4,
        "state": "completed",
        "score": 0.86,
        "loss": 0.31,
        "best_epoch": 3,
        "epochs": 4,
        "seconds": 5.0,
        "parameters": 1200,
        "stopped_by": "budget",
        "failure": None,
        "message": None,
        "family": "mlp",
        "optimizer": "adamw",
        "lr": 0.001,
    }


def test_trials_are_strict_json(write_study):
    rows = trials(write_study(outcomes=[({}, replace(DONE, score=math.nan, loss=math.inf))]))
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
