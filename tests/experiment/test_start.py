"""What is known before the first trial."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.target import fit_coder
from automl.experiment.plan import Plan
from automl.experiment.stage import Stage
from automl.experiment.start import start_of
from automl.task import Column, Task
from automl.trial import Failed

FAILED = Failed(kind="bug", message="it broke", traceback="", seconds=0.1)
PLAN = Plan(data="x.csv", study="x", runs_dir="runs", trials=5)


def stage(task: Task, train: list, validation: list) -> Stage:
    tables = [pd.DataFrame({"a": range(len(rows)), task.target: rows}) for rows in (train, validation)]
    return Stage(task, fit_coder(task, tables[0][task.target]), *tables)


def classes(metric: str) -> Stage:
    task = Task("binary", "y", (Column("a", "numeric"),), ("no", "yes"), metric, positive="yes")
    return stage(task, ["no", "no", "yes"], ["no", "yes", "no", "no"])


@pytest.mark.parametrize(("metric", "score"), [("accuracy", 0.75), ("balanced_accuracy", 0.5), ("roc_auc", 0.5)])
def test_the_most_frequent_class_of_the_training_rows_is_scored_on_the_validation_rows(metric: str, score: float):
    assert start_of(PLAN, classes(metric), {}, 0.0).constants == {"majority": score}


def test_the_mean_is_scored_in_the_targets_own_units():
    task = Task("regression", "y", (Column("a", "numeric"),), (), "mae")
    assert start_of(PLAN, stage(task, [100.0, 300.0], [250.0, 210.0]), {}, 0.0).constants == {"mean": 30.0}


def test_the_budget_and_what_was_spent_of_it_are_told():
    start = start_of(PLAN, classes("accuracy"), {0: FAILED}, 12.5)
    assert (start.metric, start.budget.trials, start.elapsed, start.outcomes) == ("accuracy", 5, 12.5, {0: FAILED})
