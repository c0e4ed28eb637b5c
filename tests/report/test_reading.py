"""A run folder read once: what is absent is empty, what is random is known."""

from __future__ import annotations

import pytest

from automl.report.reading import Reading
from automl.tracking.record import Record
from automl.trial import Completed, Failed, Pruned, outcome_to_json

CONFIG = {"family": "mlp"}


def reached(score):
    return Completed(score, 0.5, 1, 3, 1.0, 100, "epochs")


def test_a_folder_with_nothing_but_its_plan_reads_as_empty(tmp_path):
    reading = Reading(Record.create(tmp_path, "early"))
    assert (reading.rows, reading.task, reading.split, reading.rungs, reading.ledger) == ([], {}, {}, [], [])
    assert (reading.importance, reading.random_scores, reading.default_score, reading.judged) == (None, [], None, None)


@pytest.mark.parametrize(("name", "expected"), [("rows", [4, 1, 0, 2, 3, 5]), ("by_number", [0, 1, 2, 3, 4, 5])])
def test_trials_are_there_in_both_orders(write_study, name, expected):
    assert [row["trial"] for row in getattr(Reading(write_study()), name)] == expected


def test_random_scores_are_those_of_the_study_then_those_beside_it(write_study):
    record = write_study()
    record.write_json("search.json", {"random": [1, 2, 3], "importance": None})
    for outcome in (reached(0.5), Failed("bug", "it did", "", 1.0), reached(float("nan"))):
        record.append_jsonl("reference.jsonl", {"config": CONFIG, "outcome": outcome_to_json(outcome)})
    assert Reading(record).random_scores == [0.86, 0.95, None, 0.5, None, None]


def test_a_random_trial_that_still_runs_has_no_score_yet(write_study):
    record = write_study(outcomes=[(CONFIG, reached(0.5)), (CONFIG, None), (CONFIG, Pruned(0.4, 1.0, 1, 1, 1.0, 1))])
    record.write_json("search.json", {"random": [1, 2], "importance": None})
    assert Reading(record).random_scores == [0.4]


def test_trials_beside_the_study_are_not_among_its_own(write_study):
    record = write_study()
    record.append_jsonl("reference.jsonl", {"config": CONFIG, "outcome": outcome_to_json(reached(1.0))})
    reading = Reading(record)
    assert reading.summary["best"]["validation"] == 0.86 and len(reading.rows) == 6


def test_a_curve_is_read_once(write_study):
    reading = Reading(write_study())
    assert reading.curve(0) is reading.curve(0) and len(reading.curve(0)) == 2


@pytest.mark.parametrize(("folder", "words"), [("runs", "houses"), ("my runs", "houses --runs-dir '{}/my runs'")])
def test_the_study_is_named_alike_from_wherever_it_is_read(tmp_path, folder, words):
    record = Record.create(tmp_path / folder, "houses")
    assert Reading(record).words == words.format(tmp_path)
