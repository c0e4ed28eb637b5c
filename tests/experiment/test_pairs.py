"""Studies compared on the test rows they share, from what their judgements kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from automl.data.judged import judged_rows
from automl.data.rows import write_rows
from automl.data.target import blank_coder
from automl.evaluation.intervals import bootstrap
from automl.experiment.pairs import lead
from automl.task import Task
from automl.tracking.record import Record
from automl.trial import Completed

TASK = Task("binary", "y", (), (0, 1), "accuracy", positive=1)
DONE = Completed(0.9, 0.3, 1, 1, 1.0, 1, "epochs")
X, Y = load_breast_cancer(return_X_y=True)
TRAIN, TEST = slice(0, 300), slice(300, None)
FAIR = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X[TRAIN], Y[TRAIN]).predict_proba(X[TEST])
GOOD = LogisticRegression(max_iter=5000).fit(X[TRAIN], Y[TRAIN]).predict_proba(X[TEST])


def study(folder: Path, name: str, output: np.ndarray | None = FAIR, task: Task = TASK, digest: str = "ab") -> Record:
    """A study with one trial, judged with these probabilities of the test rows if there are any."""
    record = Record.create(folder, name, {"data": "x.csv"})
    record.write_json("task.json", task.to_json())
    record.write_json("split.json", {"test_sha256": digest})
    record.trial(0).write_config({"family": "mlp"})
    record.trial(0).write_outcome(DONE)
    if output is not None:
        numbers = np.arange(len(output))
        rows = pd.DataFrame({"__row__": numbers, "y": Y[TEST]}).iloc[:: -1 if name == "reversed" else 1]
        shown = output[rows["__row__"]]
        coder = blank_coder(task)
        write_rows(record.judgement_rows_path, judged_rows(rows, coder, {"m": shown}, {"m": np.zeros(len(rows))}))
        record.write_json("judgement.json", {"trial": 0, "test": {}, "baselines": {}})
    return record


def test_a_lead_is_the_paired_bootstrap_of_both_predictions(tmp_path: Path):
    found = lead(study(tmp_path, "good", GOOD), study(tmp_path, "fair"))
    expected = bootstrap("accuracy", Y[TEST], {"good": GOOD, "fair": FAIR}, TASK).differences["fair"]
    assert {name: found[name] for name in ("value", "ci_low", "ci_high")} == expected.to_json()
    assert (found["over"], found["rows"]) == ("fair", len(Y[TEST])) and found["value"] > 0


def test_the_sentence_says_who_leads_whom(tmp_path: Path):
    found = lead(study(tmp_path, "fair"), study(tmp_path, "good", GOOD))
    assert found["sentence"].startswith("fair is worse than good beyond chance: accuracy -0.")


def test_the_lead_of_one_is_the_others_with_the_sign_turned(tmp_path: Path):
    good, fair = study(tmp_path, "good", GOOD), study(tmp_path, "fair")
    there, back = lead(good, fair), lead(fair, good)
    np.testing.assert_allclose([there["value"], there["ci_low"]], [-back["value"], -back["ci_high"]])


def test_rows_are_paired_by_their_numbers_and_not_by_their_places(tmp_path: Path):
    found = lead(study(tmp_path, "reversed"), study(tmp_path, "fair"))
    assert (found["value"], found["ci_low"], found["ci_high"]) == (0.0, 0.0, 0.0)


def test_a_study_is_not_distinguishable_from_itself(tmp_path: Path):
    fair = study(tmp_path, "fair")
    assert lead(fair, fair)["sentence"] == "fair is not distinguishable from fair: accuracy +0.000 [+0.000, +0.000]"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"output": None}, "b has not been judged"),
        ({"digest": "cd"}, "they were judged on different test rows"),
        ({"task": replace(TASK, metric="f1")}, "they are scored by different metrics"),
        ({"task": replace(TASK, positive=0)}, "they are about different positive classes"),
        ({"task": replace(TASK, target="z"), "output": None}, "b has not been judged"),
    ],
)
def test_why_there_is_no_lead_is_said(tmp_path: Path, other: dict, reason: str):
    found = lead(study(tmp_path, "b", **other), study(tmp_path, "a"))
    assert found["sentence"] == f"b and a have no paired difference: {reason}"
    assert (found["value"], found["ci_low"], found["ci_high"], found["rows"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"target": "z"}, "they predict different columns"), ({"classes": (0, 1, 2)}, "they know different classes")],
)
def test_different_questions_are_not_compared(tmp_path: Path, change: dict, reason: str):
    asked = study(tmp_path, "b")
    asked.write_json("task.json", replace(TASK, **change).to_json())
    assert lead(asked, study(tmp_path, "a"))["sentence"].endswith(reason)


def test_a_winner_that_came_after_the_judgement_is_not_compared(tmp_path: Path):
    later = study(tmp_path, "b")
    later.trial(1).write_config({"family": "mlp"})
    later.trial(1).write_outcome(replace(DONE, score=0.95))
    assert lead(later, study(tmp_path, "a"))["sentence"].endswith("b has not been judged")


def test_rows_of_other_numbers_are_not_compared(tmp_path: Path):
    shorter = study(tmp_path, "b")
    table = pd.read_parquet(shorter.judgement_rows_path)
    write_rows(shorter.judgement_rows_path, table.assign(row=table["row"] + 1))
    assert lead(shorter, study(tmp_path, "a"))["sentence"].endswith("their test rows are numbered differently")
