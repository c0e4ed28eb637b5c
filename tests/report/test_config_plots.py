"""Plots of what matters and what it costs."""

from __future__ import annotations

import json

import pytest

from automl.report.config_plots import front, importance, size, speed
from automl.report.reading import Reading
from automl.task import Column, Task
from automl.trial import Completed, Failed, Pruned

PRICE = Task("regression", "price", (Column("a", "numeric"),), (), "rmse")
TOLD = {"method": "PED-ANOVA", "trials": 40, "best_share": 0.125, "parameters": {"a.lr": 0.75, "b": 0.25}}
CONFIG = {"family": "mlp"}


def done(score, parameters=1000, seconds=1.0):
    return CONFIG, Completed(score, 0.5, 1, 3, seconds, parameters, "epochs")


def pruned(score, parameters=1000, seconds=1.0):
    return CONFIG, Pruned(score, 0.5, 1, 3, seconds, parameters)


def trace_named(figure, name):
    return next(trace for trace in figure.traces if trace["name"] == name)


@pytest.fixture
def drawn(write_study):
    return lambda plot, *outcomes, **study: plot(Reading(write_study(outcomes=outcomes, **study)))


def points(*pairs):
    return [{"trial": number, "cost": cost, "score": score} for number, (cost, score) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], []),
        ([(1, 0.5)], [0]),
        ([(1, 0.5), (2, 0.5)], [0]),
        ([(1, 0.5), (1, 0.6)], [1]),
        ([(3, 0.9), (1, 0.5), (2, 0.4), (4, 0.95)], [1, 0, 3]),
    ],
)
def test_on_the_front_is_what_nothing_cheaper_equals(pairs, expected):
    assert [row["trial"] for row in front(points(*pairs), "cost", higher_is_better=True)] == expected


def test_on_the_front_of_errors_is_what_nothing_cheaper_undercuts():
    rows = points((3, 2.0), (1, 5.0), (2, 6.0))
    assert [row["trial"] for row in front(rows, "cost", higher_is_better=False)] == [1, 0]


def test_the_front_joins_completed_trials_alone(drawn):
    figure = drawn(size, done(0.8, 100), pruned(0.99, 50), done(0.7, 500), done(0.9, 1000))
    assert trace_named(figure, "the front")["x"] == [100, 1000]
    assert trace_named(figure, "completed")["x"] == [500] and trace_named(figure, "pruned")["x"] == [50]


def test_the_title_says_what_the_front_offers(drawn):
    figure = drawn(size, done(0.8, 950), done(0.9, 18354))
    assert figure.title == "From accuracy 0.8000 with 950 parameters to 0.9000 with 18.4 k parameters"


def test_where_nothing_beats_the_cheapest_it_is_said(drawn):
    assert drawn(size, done(0.9, 100), done(0.8, 200)).title == (
        "No completed trial beats the smallest, trial 0 with 100 parameters"
    )


def test_time_is_told_in_seconds(drawn):
    figure = drawn(speed, done(3.0, seconds=0.3128), done(2.0, seconds=20.0), task=PRICE)
    assert figure.title == "From rmse 3.000 with 0.313 s to 2.000 with 20 s"
    assert "0.3 s" in figure.layout["xaxis"]["ticktext"] and "10 s" in figure.layout["xaxis"]["ticktext"]


@pytest.mark.parametrize("plot", [size, speed])
@pytest.mark.parametrize("outcomes", [[], [pruned(0.9)], [(CONFIG, Failed("bug", "it did", "", 1.0))]])
def test_without_a_completed_trial_nothing_costs_anything(drawn, plot, outcomes):
    assert drawn(plot, *outcomes) is None


@pytest.mark.parametrize("plot", [size, speed])
def test_every_plot_of_cost_is_strict_json(drawn, plot):
    figure = drawn(plot, done(0.8), done(float("nan")), pruned(0.7), (CONFIG, Failed("bug", "it did", "", 1.0)))
    json.dumps(figure.to_json(), allow_nan=False)


@pytest.fixture
def told(write_study):
    def tell(importance, random=()):
        record = write_study()
        record.write_json("search.json", {"random": list(random), "importance": importance})
        return Reading(record)

    return tell


def test_the_most_important_parameter_is_on_top(told):
    figure = importance(told(TOLD))
    assert figure.layout["yaxis"]["ticktext"] == ["b", "a.lr"]
    assert (figure.traces[0]["x"], figure.traces[0]["text"]) == ([0.25, 0.75], ["25 %", "75 %"])
    assert figure.title == "a.lr may set the best trials apart most, with 75 % of what does"


def test_of_many_trials_importance_is_more_than_a_hint(told):
    assert importance(told({**TOLD, "trials": 100})).title.startswith("a.lr sets the best trials apart most")


def test_of_many_parameters_twelve_are_drawn(told):
    many = {f"p{n:02d}": 1 / 40 for n in range(40)}
    assert len(importance(told({**TOLD, "parameters": many})).traces[0]["x"]) == 12


def test_where_no_importance_was_told_none_is_drawn(told, write_study):
    assert importance(told(None)) is None
    assert importance(Reading(write_study("unfinished", outcomes=[done(0.9)]))) is None
