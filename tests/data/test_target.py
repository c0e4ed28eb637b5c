"""Targets to codes or standardised numbers, and back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from automl.data.target import CODERS, coder_from_json, fit_coder
from automl.errors import TargetError
from automl.task import KINDS, Task

LABELS = {
    "texts": (("no", "yes"), ["yes", "no", "no"]),
    "numbers": ((3, 7), [7, 3, 3]),
    "fractions": ((0.5, 1.5), [1.5, 0.5, 0.5]),
    "truths": ((False, True), [True, False, False]),
}


def coder_of(classes, target, kind="binary"):
    series = pd.Series(target, name="y")
    return fit_coder(Task(kind, "y", (), classes, "accuracy"), series), series


@pytest.mark.parametrize(("classes", "target"), LABELS.values(), ids=LABELS)
def test_labels_become_codes_and_come_back_in_their_type(classes, target):
    coder, series = coder_of(classes, target)
    codes = coder.encode(series)
    assert codes.dtype == np.int64 and codes.tolist() == [1, 0, 0]
    assert coder.decode(codes).tolist() == target
    assert {type(label) for label in coder.decode(codes).tolist()} == {type(classes[0])}


def test_whole_labels_are_known_as_fractions_and_as_text():
    coder, _ = coder_of((3, 7), [3, 7])
    assert [coder.encode(pd.Series(values)).tolist() for values in ([7.0, 3.0], ["7", "3.0"])] == [[1, 0], [1, 0]]


def test_labels_that_differ_in_case_stay_apart():
    coder, series = coder_of(("TRUE", "true"), ["true", "TRUE"])
    assert coder.encode(series).tolist() == [1, 0]


def test_a_strange_label_is_refused():
    coder, _ = coder_of(("no", "yes"), ["no", "yes"])
    with pytest.raises(TargetError, match="the target 'y' must hold classes of the training rows, got 'maybe'"):
        coder.encode(pd.Series(["no", "maybe"]))


def test_numbers_are_standardised_and_come_back():
    coder, series = coder_of((), [1.0, 2.0, 6.0], "regression")
    codes = coder.encode(series)
    assert codes.dtype == np.float32 and codes.mean() == pytest.approx(0, abs=1e-6) and codes.std() == pytest.approx(1)
    np.testing.assert_allclose(coder.decode(codes), series, rtol=1e-6)


def test_a_missing_number_is_refused():
    coder, _ = coder_of((), [1.0, 2.0], "regression")
    with pytest.raises(TargetError, match="the target 'y' must hold finite numbers only, got nan"):
        coder.encode(pd.Series([1.0, None]))


def test_an_infinite_number_is_refused():
    with pytest.raises(TargetError, match="the target 'y' must hold finite numbers only, got inf"):
        coder_of((), [1.0, np.inf], "regression")


@pytest.mark.parametrize(("classes", "target"), [*LABELS.values(), ((), [1.0, 2.5])], ids=[*LABELS, "regression"])
def test_a_coder_comes_back_from_strict_json(classes, target):
    coder, _ = coder_of(classes, target, "binary" if classes else "regression")
    assert coder_from_json(json.loads(json.dumps(coder.to_json(), allow_nan=False))) == coder


SKEWED = pd.Series([1.0, 2.0, 5.0, 40.0], name="y")


def transformed(transform, target=SKEWED):
    return fit_coder(Task("regression", "y", (), (), "rmse", transform=transform), target)


@pytest.mark.parametrize(("transform", "function"), [("log", np.log), ("log1p", np.log1p)])
def test_a_transformed_target_is_standardised_after_its_logarithm(transform, function):
    logs = function(SKEWED.to_numpy())
    expected = (logs - logs.mean()) / logs.std()
    np.testing.assert_allclose(transformed(transform).encode(SKEWED), expected, rtol=1e-6)


@pytest.mark.parametrize("transform", ["log", "log1p"])
def test_what_is_predicted_of_a_transformed_target_is_in_its_own_units(transform):
    coder = transformed(transform)
    np.testing.assert_allclose(coder.predictions(coder.encode(SKEWED)[:, None]), SKEWED, rtol=1e-5)


@pytest.mark.parametrize("transform", ["log", "log1p"])
def test_an_overshoot_is_kept_near_the_training_rows(transform):
    coder = transformed(transform)
    low, high = coder.decode(np.array([-1e6, 1e6]))
    assert np.isfinite(high) and high > 40 and low < 1


def test_a_target_without_a_logarithm_is_brought_to_the_least():
    coder = transformed("log")
    assert np.isfinite(coder.encode(pd.Series([0.0, -3.0]))).all()


def test_a_transformed_coder_survives_json():
    coder = transformed("log1p")
    assert coder_from_json(json.loads(json.dumps(coder.to_json()))) == coder


@pytest.mark.parametrize("classes", [("no", "yes"), ()], ids=["classes", "numbers"])
def test_a_coder_of_a_folder_that_names_no_kind_comes_back(classes):
    written = {"target": "y", "classes": list(classes), "mean": 2.0, "scale": 3.0, "transform": "none"}
    coder = coder_from_json({**written, "low": 0.0, "high": 0.0})
    told = coder.decode(np.array([1, 0]))
    assert told.tolist() == (["yes", "no"] if classes else [5.0, 2.0])


def test_every_kind_of_task_has_a_coder():
    assert {traits.coder for traits in KINDS.values()} == set(CODERS)


def quantiles(transform="none"):
    task = Task("quantile", "y", (), (), "pinball", transform=transform, quantiles=(0.1, 0.5, 0.9))
    return fit_coder(task, SKEWED)


@pytest.mark.parametrize("transform", ["none", "log"])
def test_quantiles_are_told_in_order_and_in_the_targets_units(transform):
    coder, number = quantiles(transform), transformed(transform)
    told = coder.told(coder.predictions(np.array([[0.5, -0.5, 0.0]])))
    assert list(told) == ["prediction", "quantile_0.1", "quantile_0.5", "quantile_0.9"]
    expected = [number.decode(np.array(value)) for value in (0.0, -0.5, 0.0, 0.5)]
    np.testing.assert_allclose([each[0] for each in told.values()], expected)


@pytest.mark.parametrize(("levels", "middle"), [((0.1, 0.5), 1), ((0.1, 0.2, 0.9), 1), ((0.9,), 0), ((0.25, 0.75), 0)])
def test_the_answer_is_the_median_or_the_middle_quantile(levels, middle):
    task = Task("quantile", "y", (), (), "pinball", quantiles=levels)
    predictions = np.arange(len(levels), dtype=float)[None]
    assert fit_coder(task, SKEWED).answers(predictions).tolist() == [middle]


def test_a_coder_of_quantiles_and_one_of_grades_come_back_from_strict_json():
    grades = fit_coder(Task("ordinal", "y", (), ("low", "high"), "accuracy"), pd.Series(["low"]))
    for coder in (quantiles("log"), grades):
        assert coder_from_json(json.loads(json.dumps(coder.to_json(), allow_nan=False))) == coder


def test_the_label_of_a_grade_is_the_median():
    coder = fit_coder(Task("ordinal", "y", (), ("low", "middle", "high"), "accuracy"), pd.Series(["low"]))
    assert coder.answers(np.array([[0.4, 0.25, 0.35], [0.6, 0.0, 0.4]])).tolist() == ["middle", "low"]


def several():
    task = Task("multitarget", "a,b", (), (), "rmse", targets=("a", "b"), deviations=(1.0, 1.0))
    return fit_coder(task, pd.Series(["1.0|10.0", "2.0|30.0", "6.0|50.0"]))


def test_each_of_several_targets_is_standardised_by_itself_and_comes_back():
    coder, rows = several(), pd.Series(["2.0|30.0", "6.0|10.0"])
    codes = coder.encode(rows)
    expected = (coder.truth(rows) - [3.0, 30.0]) / np.std([[1.0, 10.0], [2.0, 30.0], [6.0, 50.0]], axis=0)
    np.testing.assert_allclose(codes, expected, rtol=1e-6)
    told = coder.told(coder.predictions(codes))
    assert list(told) == ["prediction_a", "prediction_b"]
    np.testing.assert_allclose(np.stack(list(told.values()), axis=1), coder.truth(rows), rtol=1e-6)


def test_a_coder_of_several_targets_comes_back_from_strict_json():
    assert coder_from_json(json.loads(json.dumps(several().to_json(), allow_nan=False))) == several()


def test_labels_are_truths_and_their_probabilities_are_told():
    coder = fit_coder(Task("multilabel", "y", (), ("a", "b"), "log_loss"), pd.Series(["a"]))
    assert coder.encode(pd.Series(["b", "|", "a|b"])).tolist() == [[0, 1], [0, 0], [1, 1]]
    told = coder.told(coder.predictions(np.array([[2.0, -1.0], [-2.0, -3.0], [0.0, 5.0]])))
    assert list(told) == ["prediction", "probability_a", "probability_b"]
    assert told["prediction"].tolist() == ["a", "", "a|b"]
    np.testing.assert_allclose(told["probability_a"], 1 / (1 + np.exp([-2.0, 2.0, 0.0])))
    assert coder_from_json(json.loads(json.dumps(coder.to_json()))) == coder


TAUGHT = {
    "classes": (Task("binary", "y", (), ("a", "b"), "accuracy"), ["a", "b"], ["b", "b", "a"]),
    "labels": (Task("multilabel", "y", (), ("a", "b"), "log_loss"), ["a", "b"], ["a|b", "|"]),
    "number": (Task("regression", "y", (), (), "rmse", transform="log"), [1.0, 2.0, 9.0], [5.0, 3.0]),
    "quantiles": (Task("quantile", "y", (), (), "pinball", quantiles=(0.1, 0.9)), [1.0, 2.0, 9.0], [5.0, 3.0]),
    "numbers": (
        Task("multitarget", "a,b", (), (), "rmse", targets=("a", "b"), deviations=(1.0, 1.0)),
        ["1.0|10.0", "2.0|30.0"],
        ["5.0|4.0", "3.0|9.0"],
    ),
}


@pytest.mark.parametrize("kind", CODERS)
def test_a_coder_moved_by_the_way_to_another_is_on_its_scale(kind):
    task, rows, others = TAUGHT[kind]
    whole, fold = (fit_coder(task, pd.Series(own)) for own in (rows, others))
    moved = whole.moved(*fold.onto(whole))
    np.testing.assert_allclose(moved.onto(whole), fold.onto(whole))
    outputs = np.linspace(-1.0, 1.0, 4).reshape(2, 2)[:, : 1 if kind == "number" else 2]
    np.testing.assert_allclose(moved.predictions(outputs * 0.1), fold.predictions(outputs * 0.1))


@pytest.mark.filterwarnings("error")
def test_infinite_outputs_are_no_probabilities_and_say_nothing():
    coder, _ = coder_of(*LABELS["texts"])
    told = coder.predictions(np.array([[np.inf, 0.0], [0.0, 0.0]]))
    assert np.isnan(told[0]).all() and told[1].tolist() == [0.5, 0.5]
