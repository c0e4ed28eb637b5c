"""Plots of the judgement: what they say is what the rows say."""

from __future__ import annotations

import json

import pytest

from automl.evaluation.intervals import Interval
from automl.report.judged_plots import errors, lead
from automl.report.reading import Reading
from automl.task import Column, Task

PRICE = Task("regression", "price", (Column("a", "numeric"),), (), "rmse")
MANY = Task("multiclass", "name", (Column("a", "numeric"),), tuple(f"n{i:03d}" for i in range(60)), "accuracy")


def of_kind(figures, name):
    return next(figure for figure in figures if figure.name == name)


@pytest.fixture
def figures(write_study, judge_rows):
    record = write_study()
    truth = ["low"] * 6 + ["high"] * 4
    judge_rows(record, truth, ["low"] * 5 + ["high"] + ["high"] + ["low"] * 3, [0.95] * 8 + [0.6] * 2)
    return errors(Reading(record))


def test_the_network_and_the_baselines_have_their_scores_and_intervals(write_study, judge):
    record = write_study()
    judge(record)
    figure = lead(Reading(record))
    (trace,) = figure.traces
    assert figure.layout["yaxis"]["ticktext"] == ["linear", "majority", "network"]
    assert trace["x"] == [0.83, 0.6, 0.85]
    assert trace["error_x"]["array"] == pytest.approx([0.03, 0.03, 0.02])
    assert trace["error_x"]["arrayminus"] == pytest.approx([0.02, 0.03, 0.02])


def test_boosted_trees_have_theirs_beside_them(write_study, judge):
    record = write_study()
    judge(record, trees=Interval(-0.05, -0.06, -0.04))
    figure = lead(Reading(record))
    assert figure.layout["yaxis"]["ticktext"] == ["boosted trees", "linear", "majority", "network"]
    assert figure.title.endswith(" and worse than boosted trees beyond chance")


def test_the_title_is_the_verdict(write_study, judge):
    record = write_study()
    judge(record, lead=Interval(0.003, -0.01, 0.016))
    assert lead(Reading(record)).title == (
        "The network is better than majority beyond chance and not distinguishable from linear"
    )


def test_what_is_not_judged_is_not_drawn(write_study):
    reading = Reading(write_study())
    assert lead(reading) is None and errors(reading) == []


def test_a_judgement_without_rows_is_drawn_without_errors(write_study, judge):
    record = write_study()
    judge(record)
    assert lead(Reading(record)) is not None and errors(Reading(record)) == []


def test_confusion_counts_rows_by_truth_and_prediction(figures):
    (trace,) = of_kind(figures, "confusion").traces
    assert trace["text"] == [["1", "3"], ["1", "5"]]
    assert trace["z"][0] == [0.25, 0.75]


def test_the_title_of_confusion_names_the_most_frequent_mistake(figures):
    assert of_kind(figures, "confusion").title == (
        "60.0 % of the test rows are predicted right; the most frequent mistake takes “high” for “low”, 3 times"
    )


@pytest.mark.parametrize(("names", "angle"), [(("low", "high"), 0), (tuple(f"a long name {n}" for n in range(4)), -90)])
def test_names_that_have_no_room_stand_upright(write_study, judge_rows, names, angle):
    record = write_study("names", task=Task("multiclass", "name", (Column("a", "numeric"),), names, "accuracy"))
    judge_rows(record, list(names), list(names))
    assert errors(Reading(record))[0].layout["xaxis"]["tickangle"] == angle


def test_where_nothing_is_wrong_no_mistake_is_named(write_study, judge_rows):
    record = write_study()
    judge_rows(record, ["low", "high"], ["low", "high"])
    assert errors(Reading(record))[0].title == "100.0 % of the test rows are predicted right"


def test_single_mistakes_are_not_frequent(write_study, judge_rows):
    record = write_study()
    judge_rows(record, ["low", "high"], ["high", "high"])
    assert errors(Reading(record))[0].title.endswith("no mistake is made twice")


def test_of_many_classes_those_with_mistakes_are_shown(write_study, judge_rows):
    record = write_study(task=MANY)
    truth = [*MANY.classes, "n007", "n055"]
    judge_rows(record, truth, [*MANY.classes, "n055", "n007"])
    figure = errors(Reading(record))[0]
    shown = figure.layout["xaxis"]["ticktext"]
    assert len(shown) == 40 and {"n007", "n055"} <= set(shown)
    assert "The 40 classes with most mistakes are shown; 20 are not." in "".join(figure.caption)


def test_reliability_sets_confidence_beside_the_share_that_was_right(figures):
    trace = of_kind(figures, "reliability").traces[-1]
    assert trace["x"] == pytest.approx([60, 95]) and trace["y"] == pytest.approx([0, 75])
    assert trace["customdata"] == [2, 8]


def test_the_calibration_error_is_told(figures):
    figure = of_kind(figures, "reliability")
    assert "expected calibration error, 0.280," in "".join(figure.caption)
    assert figure.title == "Its probabilities are off by 28.0 points on average; it is too sure of itself"


def test_a_modest_network_is_called_so(write_study, judge_rows):
    record = write_study()
    judge_rows(record, ["low"] * 20, ["low"] * 20, [0.8] * 20)
    assert errors(Reading(record))[1].title.endswith("it is too modest")


@pytest.fixture
def of_numbers(write_study, judge_rows):
    def draw(truth, prediction):
        record = write_study("prices", task=PRICE)
        judge_rows(record, truth, prediction)
        return errors(Reading(record))

    return draw


def test_numbers_are_drawn_against_the_truth_and_as_residuals(of_numbers):
    figures = of_numbers([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    against, residuals = (of_kind(figures, name).traces[0] for name in ("against-truth", "residuals"))
    assert (against["x"], against["y"]) == ([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
    assert (residuals["x"], residuals["y"]) == ([1.5, 2.0, 3.0], [-0.5, 0.0, 1.0])


def test_the_titles_of_numbers_say_how_far_they_are_off(of_numbers):
    figures = of_numbers([float(n) for n in range(1, 11)], [float(n) - 0.5 for n in range(1, 11)])
    assert of_kind(figures, "against-truth").title == "The predictions account for 97 % of the variance"
    assert of_kind(figures, "residuals").title == (
        "Half of the predictions are off by less than 0.5000, nine in ten by less than 0.5000"
    )


@pytest.mark.parametrize("truth", [[3.0], [3.0, 3.0]])
def test_a_constant_truth_has_no_variance_to_account_for(of_numbers, truth):
    assert of_kind(of_numbers(truth, truth), "against-truth").title == "Predicted against true values"


def test_of_many_rows_some_are_drawn(of_numbers):
    values = [float(n) for n in range(5000)]
    figure = of_kind(of_numbers(values, values), "residuals")
    assert len(figure.traces[0]["x"]) == 2000
    assert "2,000 of 5,000 rows are drawn" in "".join(figure.caption)


def test_no_judged_row_draws_nothing(of_numbers):
    assert of_numbers([], []) == []


def test_every_plot_is_strict_json(figures, of_numbers):
    for figure in [*figures, *of_numbers([1.0, 2.0], [1.0, 2.5])]:
        json.dumps(figure.to_json(), allow_nan=False)
