"""The JSON object of a study, at every stage of its life."""

import json
from dataclasses import replace

import pytest

from automl.errors import StudyError
from automl.report.summary import one_line, summarise
from automl.task import Task
from automl.tracking.record import Record
from automl.trial import Completed

KEYS = [
    *("schema_version", "study", "run_dir", "task", "metric", "direction"),
    *("trials", "best", "test", "baselines", "findings", "seconds", "mlflow"),
    "not_judged",
]


def test_a_judged_study_has_every_key_in_order(write_study, judge):
    record = write_study()
    judge(record)
    summary = summarise(record)
    assert list(summary) == KEYS
    assert summary["schema_version"] == 1
    assert summary["study"] == "houses"
    assert summary["run_dir"] == str(record.run_dir)
    assert (summary["task"], summary["metric"], summary["direction"]) == ("binary", "accuracy", "maximize")
    assert summary["trials"] == {"total": 6, "completed": 3, "pruned": 1, "failed": 2, "timeout": 0}
    assert summary["test"] == {"value": 0.85, "ci_low": 0.83, "ci_high": 0.87, "rows": 200}
    assert list(summary["baselines"]) == ["majority", "linear"]
    assert summary["baselines"]["majority"] == {"value": 0.6, "ci_low": 0.57, "ci_high": 0.63}
    assert [list(finding) for finding in summary["findings"]] == [["kind", "column", "sentence"]]
    assert summary["seconds"] == 42.25
    assert summary["mlflow"] == {"tracking_uri": "sqlite:////runs/mlflow.db", "experiment": "adult", "run_id": "r1"}


def test_it_is_strict_json(write_study, judge):
    record = write_study()
    judge(record)
    summary = summarise(record)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_the_best_trial_is_the_completed_one_with_the_best_score_then_loss(write_study):
    best = summarise(write_study())["best"]
    assert list(best) == ["trial", "config", "validation"]
    assert (best["trial"], best["validation"]) == (4, 0.86)
    assert best["config"]["family"] == "mlp"


def test_equal_scores_and_losses_go_to_the_lower_number(write_study):
    outcome = Completed(0.9, 0.3, 1, 1, 1.0, 1, "epochs")
    record = write_study(outcomes=[({}, replace(outcome, score=0.8)), ({}, outcome), ({}, outcome)])
    assert summarise(record)["best"]["trial"] == 1


def test_a_lower_error_wins_where_the_metric_is_an_error(write_study):
    outcome = Completed(10.0, 0.3, 1, 1, 1.0, 1, "epochs")
    outcomes = [({}, replace(outcome, score=score)) for score in (12.0, 10.0, float("nan"))]
    summary = summarise(write_study(outcomes=outcomes, task=Task("regression", "price", (), (), "rmse")))
    assert summary["direction"] == "minimize"
    assert summary["best"]["trial"] == 1


def test_a_study_that_is_not_judged_has_no_test_and_no_baselines(write_study):
    summary = summarise(write_study())
    assert summary["test"] is None
    assert summary["baselines"] == {}


def test_a_study_that_is_not_judged_names_the_command_that_judges(write_study, judge):
    record = write_study()
    said = summarise(record)["not_judged"]
    assert said == f"not judged yet; judge the winner with: automl judge {record.words}"
    judge(record)
    assert summarise(record)["not_judged"] is None


def test_a_winner_after_a_judgement_is_judged_for_a_reason_only(write_study, judge):
    record = write_study()
    judge(record, trial=0)
    assert summarise(record)["not_judged"].endswith("--break-seal REASON")


def test_a_study_without_a_completed_trial_has_nothing_to_judge(write_study):
    assert summarise(write_study(outcomes=[]))["not_judged"] is None


def test_the_judgement_of_an_earlier_winner_is_not_the_new_winners(write_study, judge):
    record = write_study()
    judge(record, trial=0)
    summary = summarise(record)
    assert summary["best"]["trial"] == 4
    assert summary["test"] is None
    assert summary["baselines"] == {}


def test_a_study_without_a_completed_trial_has_no_best(write_study):
    assert summarise(write_study(outcomes=[]))["best"] is None


def test_a_trial_that_is_not_over_is_not_counted(write_study):
    record = write_study(outcomes=[({"family": "mlp"}, None)])
    assert summarise(record)["trials"] == {"total": 0, "completed": 0, "pruned": 0, "failed": 0, "timeout": 0}


def test_a_study_of_which_only_the_plan_is_written_has_every_key(tmp_path):
    summary = summarise(Record.create(tmp_path, "early", {"data": "digits"}))
    assert list(summary) == KEYS
    assert summary["task"] is summary["metric"] is summary["direction"] is summary["best"] is summary["mlflow"] is None
    assert summary["findings"] == []
    assert summary["seconds"] == 0.0


def test_a_damaged_file_is_named(write_study):
    record = write_study()
    record.write_text("task.json", "{")
    with pytest.raises(StudyError, match=r"task.json is damaged"):
        summarise(record)


def test_one_line_says_what_came_of_a_study(write_study, judge):
    record = write_study()
    assert one_line(summarise(record)) == "houses: not judged, validation accuracy 0.8600 by trial 4 of 6"
    judge(record)
    assert one_line(summarise(record)).startswith("houses: test accuracy 0.8500 [0.8300, 0.8700], validation")
    assert one_line(summarise(write_study("empty", outcomes=[]))) == "empty: no trial has completed"
