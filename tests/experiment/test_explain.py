"""Why a winner won: a path from the default to it, trained within a number of trainings, told in one sentence."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from automl.errors import PlanError, StudyError
from automl.experiment.explain import explain
from automl.experiment.plan import Plan
from automl.experiment.stage import set_out
from automl.spaces.read import read_space_text
from automl.tracking.record import Record
from automl.trial import Completed, Failed

TEXT = """
name: small
space:
  preparing: {numeric: {choice: [standard, quantile], default: quantile}}
  family:
    choice:
      mlp:
        layers: {int: [1, 3], default: 1}
        width: {int: [4, 64], log: true, default: 32}
        dropout: {float: [0.05, 0.5], zero: true, default: 0}
        embedding_size: {int: [2, 32], default: 4}
        init: {choice: [glorot, he], default: he}
    default: mlp
  optimizer:
    choice:
      adamw: {lr: {float: [1e-6, 1e-1], log: true, default: 1e-6}, weight_decay: {float: [1e-4, 1], default: 0.01}}
      sgd: {lr: {float: [1e-6, 1e9], log: true, default: 0.05}}
    default: adamw
  schedule: {choice: {constant: {}, cosine: {warmup: 0.1}}, default: constant}
  training:
    batch_size: 32
    epochs: 4
    label_smoothing: {float: [0.01, 0.2], zero: true, default: 0}
    clip_norm: {float: [0.1, 10], zero: true, default: 0}
"""
SPACE = read_space_text(TEXT, "small.yaml")
GOOD = {"optimizer.adamw.lr": 0.03}
TWO = {**GOOD, "schedule": "cosine"}
MANY = {
    **GOOD,
    "preparing.numeric": "standard",
    "family.mlp.layers": 2,
    "family.mlp.width": 40,
    "family.mlp.dropout": 0.1,
    "family.mlp.embedding_size": 5,
    "family.mlp.init": "glorot",
    "optimizer.adamw.weight_decay": 0.02,
    "schedule": "cosine",
    "training.label_smoothing": 0.02,
    "training.clip_norm": 1.0,
}
DONE = Completed(0.8, 0.4, 4, 4, 1.0, 100, "epochs")
WON = Completed(0.9, 0.2, 4, 4, 1.0, 100, "epochs")


class Watcher:
    """Hears sentences, and asks for the end after so many trainings."""

    def __init__(self, patience=10**9):
        self.said = []
        self.patience = patience

    def say(self, sentence):
        self.said.append(sentence)
        if sentence.startswith(f"training {self.patience} "):
            raise KeyboardInterrupt


@pytest.fixture
def study(tmp_path):
    """Write a study of wine whose winner is the default with some changes, as a search leaves it."""

    def write(changes, *, name="wines", outcomes=(DONE, WON), text=TEXT, **options):
        plan = Plan(data="wine", study=name, runs_dir=str(tmp_path / "runs"), **options)
        record = Record.create(tmp_path / "runs", name, plan.to_json())
        set_out(record, plan)
        record.write_text("space.yaml", text)
        record.write_text("report.md", "before\n")
        record.write_json("clock.json", {"seconds": 1.0, "finished": True})
        space = read_space_text(text, "small.yaml")
        for number, config in enumerate([space.default(), space.complete(changes)][: len(outcomes)]):
            record.trial(number).write_config(config)
        record.write_outcomes(dict(enumerate(outcomes)))
        return record

    return write


def retrained(record):
    """Every member of every cohort that was trained, with its outcome."""
    lines = record.read_jsonl("retrainings.jsonl")
    return [(member, outcome) for line in lines for member, outcome in zip(line["members"], line["outcomes"])]


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_choice_that_carries_the_gain_is_named(study):
    told = explain(study(MANY), trainings=20)
    assert told["carried_by"]["choices"] == ["optimizer.adamw.lr"]
    opening = "The gain comes from optimizer.adamw.lr (1e-06 → 0.03): with nothing else changed, accuracy improves by "
    assert told["sentence"].startswith(opening)


@pytest.mark.parametrize("trainings", [10, 11, 13, 20, 30])
def test_no_more_is_trained_than_is_allowed(study, trainings):
    record = study(MANY)
    told = explain(record, trainings=trainings)
    assert len(retrained(record)) == told["trained"] <= trainings


@pytest.mark.parametrize("trainings", [10, 20])
def test_the_steps_make_every_choice_once(study, trainings):
    told = explain(study(MANY), trainings=trainings)
    made = [name for step in told["steps"] for name in step["choices"]]
    assert sorted(made) == sorted(choice["name"] for choice in told["choices"]) == sorted(MANY)


def test_the_gains_of_the_steps_add_up_to_the_whole(study):
    told = explain(study(MANY), trainings=20)
    assert sum(step["gain"] for step in told["steps"]) == pytest.approx(told["whole"]["gain"])


def test_both_ends_are_trained_with_three_seeds(study):
    record = study(TWO)
    told = explain(record, trainings=20)
    ends = [SPACE.default(), SPACE.complete(TWO)]
    assert [[member["repeat"] for member, _ in retrained(record) if member["config"] == end] for end in ends] == [
        [0, 1, 2],
        [0, 1, 2],
    ]
    assert [len(end["scores"]) for end in told["ends"].values()] == [3, 3]


def test_every_config_between_is_one_of_the_space(study):
    record = study(MANY)
    explain(record, trainings=20)
    assert all(SPACE.complete(member["config"]) == member["config"] for member, _ in retrained(record))


def test_configs_of_equal_shape_train_together(study):
    record = study(TWO)
    explain(record, trainings=20)
    assert len(record.read_jsonl("retrainings.jsonl")[0]["members"]) == 6


def test_a_study_without_cohorts_is_explained_without(study):
    record = study(TWO, cohort="1")
    explain(record, trainings=20)
    assert {len(line["members"]) for line in record.read_jsonl("retrainings.jsonl")} == {1}


def test_the_point_that_carries_the_gain_is_trained_with_three_seeds(study):
    told = explain(study(MANY), trainings=20)
    carrying = told["steps"][told["carried_by"]["steps"] - 1]
    assert len(carrying["scores"]) == 3


def test_the_same_study_is_explained_in_the_same_way_bit_for_bit(study):
    one, other = study(MANY), study(MANY, name="again")
    told = explain(one, trainings=20)
    assert {**explain(other, trainings=20), "study": "wines"} == told


def test_what_is_returned_is_what_is_kept(study):
    record = study(TWO)
    assert explain(record, trainings=20) == record.read_json("explanation.json")


def test_what_was_explained_is_told_again_without_training(study):
    record = study(TWO)
    told = explain(record, trainings=20)
    shutil.rmtree(record.run_dir / "rows")
    before = contents(record.run_dir)
    assert explain(record, trainings=20) == told
    assert contents(record.run_dir) == before


def test_another_number_of_trainings_is_explained_anew(study):
    record, fresh = study(MANY), study(MANY, name="fresh")
    explain(record, trainings=20)
    assert {**explain(record, trainings=12), "study": "fresh"} == explain(fresh, trainings=12)


def test_no_trial_no_journal_and_no_ledger_is_touched(study):
    record = study(TWO)
    before = contents(record.run_dir)
    explain(record, trainings=20)
    after = contents(record.run_dir)
    new = {"explanation.json", "retrainings.jsonl", "lock", "log.txt"}
    assert after.keys() - before.keys() <= new
    assert {name for name in before if after[name] != before[name]} <= {"report.md", "report.html", "lock", "log.txt"}


def test_the_sealed_rows_are_not_needed(study):
    record = study(TWO)
    shutil.rmtree(record.sealed_dir)
    assert explain(record, trainings=20)["whole"]["is_beyond_noise"]


def test_the_report_says_why_it_won(study):
    record = study(TWO)
    sentence = explain(record, trainings=20)["sentence"]
    page = record.page_path.read_text()
    assert f"## Why it won\n\n{sentence}\n" in page


def test_one_choice_takes_the_trainings_of_the_ends_alone(study):
    told = explain(study(GOOD), trainings=20)
    assert told["trained"] == 6
    assert told["sentence"].startswith("The whole gain comes from optimizer.adamw.lr (1e-06 → 0.03): accuracy improves")


def test_a_default_that_won_is_explained_without_training(study):
    told = explain(study({}, outcomes=(DONE,)), trainings=20)
    assert (told["trained"], told["choices"], told["steps"]) == (0, [], [])
    assert told["sentence"] == "The winner is trial 0, the default itself: there is no gain to explain."


def test_a_winner_with_the_defaults_config_is_explained_without_training(study):
    told = explain(study({}), trainings=20)
    assert told["trained"] == 0
    assert told["sentence"] == "The winner, trial 1, has the default's config, and its seed alone is another."


def test_a_gain_within_noise_names_no_choice(study):
    told = explain(study({"family.mlp.embedding_size": 30, "optimizer.adamw.weight_decay": 0.9}), trainings=20)
    assert (told["trained"], told["carried_by"], len(told["steps"])) == (6, None, 1)
    assert "noise" in told["sentence"] and told["sentence"].endswith("no choice is named.")


STEEP = (
    TEXT.replace("default: adamw", "default: sgd")
    .replace("default: 0.05}}", "default: 1e-6}}")
    .replace("{float: [0.1, 10], zero: true", "{float: [1e-10, 10], zero: true")
)
DIVERGING_ALONE = {"optimizer.sgd.lr": 1e9, "training.clip_norm": 1e-10}
"""Steps of norm 0.1 together; without the clipping, training diverges."""


def test_a_choice_that_fails_alone_is_made_later(study):
    told = explain(study(DIVERGING_ALONE, text=STEEP), trainings=20)
    assert [step["choices"] for step in told["steps"]] == [["training.clip_norm"], ["optimizer.sgd.lr"]]


def test_a_training_that_failed_is_told(study):
    told = explain(study(DIVERGING_ALONE, text=STEEP), trainings=20)
    message = "no epoch had a finite loss and score"
    where = {"choices": ["optimizer.sgd.lr"], "seed": 1}
    assert told["failures"] == [{**where, "kind": "diverged", "message": message}]


def test_a_winner_that_cannot_be_trained_again_has_no_gain(study):
    told = explain(study({"optimizer.sgd.lr": 1e9}, text=STEEP), trainings=20)
    assert told["ends"]["winner"]["scores"] == [None, None, None]
    said = "There is no gain to measure, for the winner could not be trained: no epoch had a finite loss and score."
    assert (told["steps"], told["sentence"]) == ([], said)


LIMITED = {**GOOD, "family.mlp.layers": 3, "family.mlp.width": 8, "training.clip_norm": 1.0}


def test_no_config_past_a_limit_is_trained(study):
    record = study(LIMITED, max_parameters=700)
    told = explain(record, trainings=20)
    assert len(told["steps"]) == 4
    assert max(outcome["parameters"] for _, outcome in retrained(record)) <= 700


def test_a_default_past_a_limit_has_no_gain(study):
    told = explain(study(LIMITED, max_parameters=400), trainings=20)
    assert told["sentence"].startswith(
        "There is no gain to measure, for the default could not be trained: its parameters would be "
    )
    assert told["trained"] == 3


def test_an_interruption_says_how_to_go_on(study):
    record = study(MANY)
    with pytest.raises(KeyboardInterrupt, match=r"interrupted; go on with: automl explain wines .*--trainings 20"):
        explain(record, trainings=20, progress=Watcher(patience=8))
    assert not record.has("explanation.json")


def test_an_interrupted_explanation_ends_as_one_that_never_was(study):
    record, whole = study(MANY), study(MANY, name="whole")
    with pytest.raises(KeyboardInterrupt):
        explain(record, trainings=20, progress=Watcher(patience=8))
    kept = len(retrained(record))
    told = explain(record, trainings=20)
    assert 0 < kept < told["trained"] == len(retrained(record))
    assert {**told, "study": "whole"} == explain(whole, trainings=20)


def test_a_study_that_is_not_finished_is_explained_as_it_stands(study):
    record, watcher = study(TWO), Watcher()
    record.write_json("clock.json", {"seconds": 1.0, "finished": False})
    explain(record, trainings=20, progress=watcher)
    assert watcher.said[0] == "study wines is not finished: the best of its trials so far is explained"


def test_a_new_winner_is_explained_anew(study):
    record = study(GOOD)
    explain(record, trainings=20)
    record.trial(2).write_config(SPACE.complete(TWO))
    record.write_outcomes({2: Completed(0.95, 0.1, 4, 4, 1.0, 100, "epochs")})
    assert explain(record, trainings=20)["winner"] == 2


def test_a_study_without_a_completed_trial_is_refused(study):
    record = study({}, outcomes=(Failed("diverged", "no epoch", "", 1.0),))
    with pytest.raises(StudyError, match="study 'wines' has no completed trial yet"):
        explain(record, trainings=20)


def test_a_study_that_runs_is_refused(study):
    record = study(TWO)
    with record.lock(), pytest.raises(StudyError, match=f"study 'wines' is being run by process {os.getpid()}"):
        explain(record, trainings=20)


def test_too_few_trainings_are_refused(study):
    message = "--trainings must be at least 10, three of each end and four between them, got 9"
    with pytest.raises(PlanError, match=message):
        explain(study(TWO), trainings=9)


def test_ctrl_c_ends_the_command_with_what_was_trained_kept(study):
    record = study(MANY, text=TEXT.replace("epochs: 4", "epochs: 40"))
    command = [sys.executable, "-m", "automl", "explain", "wines", "--runs-dir", str(record.runs_dir)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not record.has("retrainings.jsonl") and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert "interrupted; go on with: automl explain wines" in err
    assert retrained(record)
