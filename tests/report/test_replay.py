"""The command that carries a study out once more."""

from __future__ import annotations

import shlex

import pytest

from automl.experiment.plan import Plan
from automl.report.replay import command, is_exact

PLAN = Plan(
    data="my data.csv",
    study="houses",
    runs_dir="/runs",
    target="price",
    kinds={"zip": "category"},
    drop=("id", "a b"),
    trials=40,
    timeout=90.0,
    metric="mae",
    max_memory=5e8,
).to_json()


@pytest.fixture
def words():
    return shlex.split(command(PLAN, "runs/houses/space.yaml"))


def value(words, option):
    return words[words.index(option) + 1]


def test_the_command_searches_the_same_data(words):
    assert words[:3] == ["automl", "search", "my data.csv"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--target", "price"),
        ("--trials", "40"),
        ("--timeout", "90s"),
        ("--metric", "mae"),
        ("--kind", "zip=category"),
        ("--max-memory", "500000KB"),
        ("--seed", "0"),
        ("--keep", "top:3"),
        ("--space", "runs/houses/space.yaml"),
    ],
)
def test_the_command_has_the_options_of_the_plan(words, option, expected):
    assert value(words, option) == expected


def test_what_was_tried_first_is_tried_first_again_without_the_study_it_came_from():
    first = [{"source": "trial 3 of flats", "config": {"family": "mlp"}, "is_own": False}]
    words = shlex.split(command({**PLAN, "first": first, "warm_start": {"study": "flats"}}, "runs/houses/space.yaml"))
    assert value(words, "--seed-config") == "runs/houses/plan.json" and "--warm-start" not in words


def test_a_study_that_was_not_judged_is_not_judged_again(words):
    assert "--no-judge" not in words and "--seed-config" not in words
    assert "--no-judge" in shlex.split(command({**PLAN, "judge": False}, "runs/houses/space.yaml"))


def test_every_column_that_was_dropped_is_dropped(words):
    assert [words[place + 1] for place, word in enumerate(words) if word == "--drop"] == ["id", "a b"]


def test_what_was_not_said_is_not_said_again(words):
    assert not {"--positive", "--split", "--study", "--runs-dir", "--max-parameters"} & set(words)


def test_a_column_of_parts_leaves_no_room_for_a_share_of_test_rows():
    words = shlex.split(command({**PLAN, "split": "part"}, "space.yaml"))
    assert value(words, "--split") == "part" and "--test" not in words


def test_every_option_is_one_of_the_search_command():
    from automl.cli.search import search  # the options' names are those of its arguments

    known = {f"--{name.replace('_', '-')}" for name in search.__annotations__}
    whole = {**PLAN, "task": "regression", "positive": "a", "split": "s", "max_parameters": 9, "max_latency": 0.5}
    assert {word for word in shlex.split(command(whole, "s.yaml")) if word.startswith("--")} <= known


@pytest.mark.parametrize("plan", [{}, {"data": "dataframe"}, {**PLAN, "test": "dataframe"}])
def test_data_that_is_not_a_file_has_no_command(plan):
    assert command(plan, "space.yaml") is None


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"trials": 30, "jobs": 1}, True),
        ({"trials": 30}, True),
        ({"trials": 30, "timeout": 60.0}, False),
        ({"timeout": 60.0}, False),
        ({"trials": 30, "jobs": 2}, False),
        ({}, False),
    ],
)
def test_only_a_budget_in_trials_and_one_job_are_exact(plan, expected):
    assert is_exact(plan) is expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("group", "person"),
        ("time", "day"),
        ("weight", "w"),
        ("folds", 5),
        ("class_weight", "yes=5,no=1"),
        ("target_transform", "auto"),
    ],
)
def test_the_command_says_how_rows_are_divided_and_count(name, value):
    words = shlex.split(command({**PLAN, name: value}, "runs/houses/space.yaml"))
    assert words[words.index(f"--{name.replace('_', '-')}") + 1] == str(value)


def test_the_command_says_which_quantiles():
    words = shlex.split(command({**PLAN, "quantiles": [0.1, 0.9]}, "runs/houses/space.yaml"))
    assert words[words.index("--quantiles") + 1] == "0.1,0.9"


def test_the_command_says_the_order_of_classes():
    words = shlex.split(command({**PLAN, "order": ["low", "high"]}, "runs/houses/space.yaml"))
    assert words[words.index("--order") + 1] == "low,high"


def test_the_command_names_no_validation_rows_where_there_are_folds():
    assert "--validation" not in shlex.split(command({**PLAN, "folds": 5}, "runs/houses/space.yaml"))


def test_the_command_leaves_out_what_was_not_asked_for(words):
    assert not {"--class-weight", "--target-transform", "--group", "--folds"} & set(words)
