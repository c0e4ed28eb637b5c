"""The judgement row by row: counts and calibration, held against scikit-learn and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from automl.errors import StudyError
from automl.report.judged import Bin, Judged, calibration_error, confusion, read_judged, reliability, spread_out
from automl.report.reading import Reading
from automl.task import Column, Task

RNG = np.random.default_rng(0)
TRUTH, GUESS = RNG.integers(0, 4, 500), RNG.integers(0, 4, 500)
DIGITS = Task("multiclass", "digit", (Column("a", "numeric"),), (0, 1, 2), "accuracy")
FLAGS = Task("binary", "flag", (Column("a", "numeric"),), (False, True), "accuracy", positive=True)
PRICE = Task("regression", "price", (Column("a", "numeric"),), (), "rmse")


def test_confusion_is_that_of_scikit_learn():
    counts = confusion(Judged(TRUTH, GUESS, None), 4)
    assert counts.tolist() == confusion_matrix(TRUTH, GUESS).tolist()


def test_a_class_that_no_row_has_counts_nothing():
    assert confusion(Judged(np.array([0]), np.array([0]), None), 2).tolist() == [[1, 0], [0, 0]]


def test_a_bin_has_the_mean_confidence_and_the_share_of_its_rows():
    (low, high) = reliability(np.array([0.52, 0.58, 0.95]), np.array([True, False, True]))
    assert (low.n_rows, low.confidence, low.right) == (2, pytest.approx(0.55), 0.5)
    assert (high.n_rows, high.confidence, high.right) == (1, 0.95, 1.0)


@pytest.mark.parametrize("confidence", [0.0, 0.1, 0.5, 1.0])
def test_every_confidence_has_a_bin(confidence):
    (only,) = reliability(np.array([confidence]), np.array([True]))
    assert only.confidence == confidence


def test_the_interval_of_a_share_is_that_of_wilson():
    (only,) = reliability(np.full(10, 0.75), np.arange(10) < 7)
    assert (only.low, only.high) == (pytest.approx(0.3968, abs=1e-4), pytest.approx(0.8922, abs=1e-4))


@pytest.mark.parametrize("right", [True, False])
def test_an_interval_stays_between_none_and_all(right):
    (only,) = reliability(np.array([0.9]), np.array([right]))
    assert 0 <= only.low <= only.right <= only.high <= 1


def test_the_calibration_error_is_the_gap_over_rows():
    confidence, is_right = RNG.uniform(0.3, 1, 2000), RNG.random(2000) < 0.6
    expected = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - is_right[inside].mean())
    assert calibration_error(reliability(confidence, is_right)) == pytest.approx(expected)


def test_a_network_that_is_as_good_as_its_word_has_no_calibration_error():
    assert calibration_error([Bin(9, 0.7, 0.7, 0.0, 1.0)]) == 0


def test_the_least_and_the_greatest_truth_are_among_the_chosen_rows():
    truth = RNG.normal(size=1000)
    rows = spread_out(Judged(truth, truth, None), 50)
    assert len(rows) == len(set(rows.tolist())) == 50
    assert {truth[rows].min(), truth[rows].max()} == {truth.min(), truth.max()}


def test_few_rows_are_all_chosen():
    truth = RNG.normal(size=20)
    assert sorted(spread_out(Judged(truth, truth, None), 50).tolist()) == list(range(20))


def test_classes_are_read_as_their_positions(write_study, judge_rows):
    record = write_study()
    judge_rows(record, ["low", "high", "low"], ["low", "low", "high"], [0.9, 0.6, 0.7])
    judged = read_judged(Reading(record))
    assert (judged.truth.tolist(), judged.prediction.tolist()) == ([1, 0, 1], [1, 1, 0])
    assert judged.confidence.tolist() == [0.9, 0.6, 0.7]


@pytest.mark.parametrize(("task", "labels"), [(DIGITS, [2, 0, 1]), (FLAGS, [True, False, True])])
def test_classes_of_any_kind_are_read(write_study, judge_rows, task, labels):
    record = write_study(task=task)
    judge_rows(record, labels, labels[::-1])
    judged = read_judged(Reading(record))
    assert [task.classes[code] for code in judged.truth] == labels
    assert [task.classes[code] for code in judged.prediction] == labels[::-1]


def test_numbers_are_read_as_they_are(write_study, judge_rows):
    record = write_study(task=PRICE)
    judge_rows(record, [1.5, 2.5], [1.0, 3.0])
    judged = read_judged(Reading(record))
    assert (judged.truth.tolist(), judged.prediction.tolist(), judged.confidence) == ([1.5, 2.5], [1.0, 3.0], None)


def test_a_study_that_is_not_judged_has_no_judged_rows(write_study):
    assert read_judged(Reading(write_study())) is None


def test_a_judgement_without_its_rows_has_none(write_study, judge):
    record = write_study()
    judge(record)
    assert read_judged(Reading(record)) is None


def test_rows_of_an_earlier_winner_are_not_those_of_this_one(write_study, judge_rows, judge):
    record = write_study()
    judge_rows(record, ["low"], ["low"])
    judge(record, trial=0)
    assert read_judged(Reading(record)) is None


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_damaged_rows_are_refused(write_study, judge, content):
    record = write_study()
    judge(record)
    record.judgement_rows_path.write_bytes(content)
    with pytest.raises(StudyError, match=r"judgement\.parquet is damaged"):
        read_judged(Reading(record))


def test_rows_of_an_unknown_class_are_refused(write_study, judge_rows):
    record = write_study()
    judge_rows(record, ["middle"], ["low"])
    with pytest.raises(StudyError, match=r"judgement\.parquet is damaged: 'middle'"):
        read_judged(Reading(record))
