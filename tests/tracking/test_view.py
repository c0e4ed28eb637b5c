"""A study's trials as a view that MLflow's page keeps."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from automl.tracking import facts
from automl.tracking.view import axes_of, run_place, saved_view, trials_place
from automl.trial import Scalar


def state_of(view: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.loads(view)["state"])
    return state


def query_of(place: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(place.removeprefix("#")).query)


def test_the_place_of_trials_is_the_training_view_with_charts():
    place = trials_place("3", "abc")
    assert place.startswith("#/experiments/3/runs?")
    assert query_of(place) == {
        "workflowType": ["machine_learning"],
        "compareRunsMode": ["CHART"],
        "viewStateShareKey": ["abc"],
    }


def test_without_a_view_the_place_names_none():
    assert "viewStateShareKey" not in query_of(trials_place("3", None))


def test_the_place_of_a_run_is_in_the_training_view():
    assert run_place("3", "abc") == "#/experiments/3/runs/abc?workflowType=machine_learning"


def test_a_view_bears_the_studys_name_and_time(make_study):
    view = json.loads(saved_view(facts.read_study(make_study("adult-7")), [], 1234))
    assert (view["name"], view["createdAt"], view["updatedAt"]) == ("adult-7", 1234, 1234)


def test_a_view_shows_the_trials_of_the_study_and_nothing_else(make_study):
    study = facts.read_study(make_study())
    wanted = f"tags.`automl.role` = 'trial' and tags.`automl.study_id` = '{study.study_id}'"
    assert state_of(saved_view(study, [], 0))["searchFilter"] == wanted


def test_the_best_come_first_whatever_better_is(make_study):
    record = make_study()
    ascending = []
    for metric in ("accuracy", "log_loss"):
        record.write_json("task.json", record.read_json("task.json") | {"metric": metric})
        state = state_of(saved_view(facts.read_study(record), [], 0))
        assert state["orderByKey"] == "metrics.`score`"
        ascending.append(state["orderByAsc"])
    assert ascending == [False, True]


def test_every_chart_lies_in_a_section_and_has_a_name_of_its_own(make_study):
    state = state_of(saved_view(facts.read_study(make_study()), ["optimizer.lr"], 0))
    sections = {section["uuid"] for section in state["compareRunSections"]}
    charts = state["compareRunCharts"]
    assert {chart["metricSectionId"] for chart in charts} == sections
    assert len({chart["uuid"] for chart in charts}) == len(charts)


def test_the_charts_are_of_metrics_that_trials_have(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    reading = dict.fromkeys(("least_gradient", "greatest_gradient", "dead", "saturated"), 0.5)
    record.trial(0).write_health({"findings": [], "epochs": [{"epoch": 1, **reading}]})
    study = facts.read_study(record)
    there = {point.key for point in facts.read_child(study, record.trial(0), outcomes[0]).points}
    charts = state_of(saved_view(study, [], 0))["compareRunCharts"]
    assert {chart["metricKey"] for chart in charts if "metricKey" in chart} == there - {"parameters"}


def test_a_view_fits_the_tags_of_the_strictest_mlflow(make_study):
    axes = [f"training.quite_a_long_parameter_{number}" for number in range(8)]
    assert len(saved_view(facts.read_study(make_study("s" * 100)), axes, 1_795_693_895_514)) < 5000


def test_axes_are_what_all_configs_have_and_differ_in():
    configs: list[dict[str, Scalar]] = [
        {"family": "mlp", "family.mlp.width": 8, "family.mlp.skip": True, "optimizer": "sgd", "optimizer.sgd.lr": 0.1},
        {"family": "cnn", "family.cnn.width": 9, "optimizer": "adam", "optimizer.adam.lr": 0.1},
    ]
    assert axes_of(configs) == ["family", "family.width", "optimizer"]


def test_of_many_axes_those_that_differ_most_stay_in_the_order_of_the_space():
    configs = [{f"p{place}": number % (place + 1) for place in range(12)} for number in range(12)]
    assert axes_of(configs) == [f"p{place}" for place in range(4, 12)]


def test_one_trial_or_none_has_no_axes():
    assert axes_of([]) == axes_of([{"family": "mlp"}]) == []
