"""What is refused before anything is read or created."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from automl.errors import AutoMLError, DataError, PlanError
from automl.experiment.checks import checked, parse_kinds
from automl.experiment.plan import Plan


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan with nothing wrong in it, for a table that exists."""
    table = tmp_path / "houses.csv"
    table.write_text("rooms,price\n1,2\n")
    return Plan(data=str(table), target="price", trials=1, timeout=None, study="", runs_dir=str(tmp_path / "runs"))


def refusal(plan: Plan, kind: type[AutoMLError] = PlanError, *, split_twice: bool = False) -> str:
    with pytest.raises(kind) as caught:
        checked(plan, split_twice=split_twice)
    return str(caught.value)


def test_a_study_without_a_name_is_numbered_after_its_data(plan: Plan):
    assert checked(plan).study == "houses-1"


def test_a_study_with_a_name_keeps_it(plan: Plan):
    assert checked(replace(plan, study="mine")).study == "mine"


def test_checking_creates_nothing(plan: Plan, tmp_path: Path):
    before = sorted(tmp_path.rglob("*"))
    checked(plan)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_built_in_name_needs_neither_file_nor_target(plan: Plan):
    assert checked(replace(plan, data="digits", target=None)).study == "digits-1"


def test_a_file_that_is_not_there_is_refused_with_its_neighbour(plan: Plan, tmp_path: Path):
    wrong = str(tmp_path / "hoses.csv")
    assert refusal(replace(plan, data=wrong), DataError) == f"no such file: {wrong}; did you mean {plan.data}?"


def test_a_built_in_name_that_is_mistyped_is_refused_with_the_nearest(plan: Plan):
    assert refusal(replace(plan, data="digit"), DataError) == "no such file: digit; did you mean digits?"


def test_a_path_like_a_built_in_name_is_a_path(plan: Plan):
    assert refusal(replace(plan, data="./digits"), DataError).startswith("no such file: ./digits")


def test_a_table_needs_a_target(plan: Plan):
    sentence = f"say which column of {plan.data} is to be predicted with --target COL"
    assert refusal(replace(plan, target=None)) == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"metric": "acuracy"}, r"unknown metric 'acuracy'; did you mean 'accuracy'\? Known: accuracy, .*"),
        ({"task": "binry"}, r"unknown task 'binry'; did you mean 'binary'\? Known: .*"),
        (
            {"kinds": {"rooms": "number"}},
            r"unknown kind .number.; .*Known: numeric, .*, datetime, image",
        ),
        ({"sampler": "tpee"}, r"unknown sampler 'tpee'; did you mean 'tpe'\? Known: tpe, random, gp, qmc, nsga2, grid"),
        (
            {"pruner": "hyper"},
            r"unknown pruner 'hyper'; did you mean 'hyperband'\? Known: asha, hyperband, median, none",
        ),
        ({"objective": ("size",)}, r"unknown objective 'size'; Known: parameters, latency, seconds"),
        ({"objective": ("latency", "latency")}, r"--objective latency is given twice"),
        ({"include_trees": True}, r"--include-trees lets trees join an ensemble: give --ensemble, .*"),
        ({"include_trees": True, "ensemble": 4, "objective": ("latency",)}, r"--include-trees .*, and not --objective"),
        ({"repeats": -1}, r"--repeats must be from 0 to 50, got -1"),
        ({"ensemble": 0}, r"--ensemble must be from 1 to 50, got 0"),
        ({"keep": "some"}, r"--keep must be best, all or top:N such as top:3, got 'some'"),
        ({"device": "gpu"}, r"--device must be auto, cpu, cuda or cuda:i, got 'gpu'"),
        ({"drop": ("price",)}, r"the target 'price' cannot be dropped"),
        ({"split": "price"}, r"the target 'price' cannot be the column that says which part a row belongs to"),
        ({"task": "binary", "metric": "rmse"}, r"the metric 'rmse' does not score a binary task; those that do: .*"),
        ({"task": "regression", "metric": "f1"}, r".* a regression task; those that do: rmse, mae, r2"),
        ({"task": "multiclass", "positive": "a"}, r"--positive names one of two classes, and a multiclass task .*"),
        ({"test": "0"}, r"--test must be a fraction between 0 and 1, or a file, got '0'"),
        ({"validation": "1.5"}, r"--validation must be a fraction between 0 and 1, or a file, got '1.5'"),
        ({"validation": "nan"}, r"--validation must be a fraction between 0 and 1, or a file, got 'nan'"),
        ({"test": "0.5", "validation": "0.5"}, r"--test and --validation must leave rows .* add up to 1"),
        ({"test": "absent.parquet"}, r"--test: no such file: absent.parquet"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(plan: Plan, changes: dict[str, object], sentence: str):
    assert re.fullmatch(sentence, refusal(replace(plan, **changes)))


def test_all_mistakes_are_told_at_once(plan: Plan):
    wrong = replace(plan, metric="acuracy", sampler="tpee", device="gpu")
    assert len(refusal(wrong).splitlines()) == 3


def test_the_test_rows_are_named_in_one_way(plan: Plan):
    sentence = "--split and --test both say which rows are the test rows; give one of them"
    assert refusal(plan, split_twice=True) == sentence


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
def test_every_device_of_the_contract_passes(plan: Plan, device: str):
    assert checked(replace(plan, device=device)).device == device


def test_test_and_validation_may_be_files(plan: Plan):
    assert checked(replace(plan, test=plan.data, validation=plan.data)).test == plan.data


@pytest.mark.parametrize("word", ["", "zip", "=category", "zip="])
def test_a_kind_without_its_column_is_refused(word: str):
    with pytest.raises(PlanError, match=r"^--kind must be COL=KIND, such as zip=category, got "):
        parse_kinds([word])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"group": "price"}, "the target 'price' cannot be the group column"),
        ({"weight": "w", "drop": ("w",)}, "--drop w: the weight column is not learned from anyway; leave --drop out"),
        ({"group": "g", "kinds": {"g": "category"}}, "--kind g=category: the group column is not learned from; .*"),
        ({"group": "g", "weight": "g"}, "the column 'g' can say one thing of a row; give it to one of --split, .*"),
        ({"group": "g", "time": "t"}, "--time and --group cannot be given together: .*"),
        ({"folds": 1}, "--folds must be from 2 to 50, got 1"),
        ({"folds": 5, "validation": "0.3"}, "--folds validates on all rows but the test rows, .*"),
        ({"class_weight": "yes"}, "--class-weight must be balanced, none, or CLASS=W,.*got 'yes'"),
        ({"class_weight": "balanced", "task": "regression"}, "--class-weight weighs classes, .*"),
        ({"target_transform": "sqrt"}, "unknown target transform 'sqrt'; Known: none, log, auto"),
        ({"order": ("low", "high"), "task": "binary"}, "--order is of classes that have one: give it with --task .*"),
        (
            {"quantiles": (0.1,), "task": "binary"},
            "--quantiles are of a number to be predicted, and a binary task has .*",
        ),
        ({"task": "quantile"}, "--task quantile needs --quantiles, such as --quantiles 0.1,0.5,0.9"),
        ({"quantiles": (0.1,), "metric": "mae"}, "the metric 'mae' is that of the median: name 0.5 among .*"),
        ({"quantiles": (0.1,), "ensemble": 2, "include_trees": True}, "--include-trees: trees of quantiles .*"),
        ({"quantiles": (0.1,), "class_weight": "balanced"}, "--class-weight weighs classes, and a quantile task .*"),
        ({"order": ("low", "low")}, "--order must name each class once, .*, such as low,medium,high, got 'low,low'"),
        (
            {"order": ("a", "b"), "metric": "f1"},
            "the metric 'f1' does not score an ordinal task; .*",
        ),
        ({"task": "ordinal", "positive": "a"}, "--positive names one of two classes, and an ordinal task does not .*"),
        ({"target_transform": "log", "task": "binary"}, "--target-transform is about a number to be predicted, .*"),
    ],
    ids=str,
)
def test_what_rows_and_classes_cannot_be_is_refused(plan: Plan, changes: dict, sentence: str):
    assert re.fullmatch(sentence, refusal(replace(plan, **changes)))


def test_a_time_may_have_a_kind(plan: Plan):
    assert checked(replace(plan, time="t", kinds={"t": "datetime"})).study == "houses-1"
