"""The space of a study: the one that was named, or the one for its data."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from automl.errors import PlanError, SpaceError
from automl.experiment.default_space import default_space
from automl.experiment.plan import Plan
from automl.experiment.space import settle_space, sound_space
from automl.experiment.stage import set_out
from automl.spaces.read import read_space
from automl.spaces.shipped import find_space
from automl.task import Column, Task
from automl.tracking.record import PLAN, Record


def _stage(*kinds):
    columns = tuple(Column(f"column {place}", kind) for place, kind in enumerate(kinds))
    return SimpleNamespace(task=Task("binary", "y", columns, ("a", "b"), "accuracy", "a"), train=range(100))


@pytest.fixture
def settle(tmp_path):
    def settle(space, *kinds):
        plan = Plan(data="x.csv", study="s", runs_dir=str(tmp_path), space=space)
        record = Record.create(tmp_path, "s", plan.to_json())
        return record, settle_space(record, plan, _stage(*kinds))[0]

    return settle


@pytest.mark.parametrize(("kinds", "name"), [(("numeric", "category"), "tabular"), (("image", "numeric"), "cnn")])
def test_the_data_decide_where_no_space_is_named(settle, kinds, name):
    record, plan = settle(None, *kinds)
    assert plan.space == record.read_json(PLAN)["space"] == name
    assert record.space_path.read_text() == find_space(name).read_text()


def test_a_space_that_was_named_is_kept(settle):
    assert settle("mlp", "image")[1].space == "mlp"


def test_a_space_is_settled_once(settle):
    record, plan = settle("mlp", "numeric")
    record.space_path.write_text("changed")
    assert settle_space(record, plan, _stage("numeric")) == (plan, [])
    assert record.space_path.read_text() == "changed"


def test_a_family_for_images_is_refused_where_there_are_none(settle):
    said = "^the space 'cnn' has the family cnn, which needs an image column, and the data has none$"
    with pytest.raises(PlanError, match=said):
        settle("cnn", "numeric")


def test_an_unknown_space_is_refused(settle):
    with pytest.raises(SpaceError, match="unknown space 'cn'"):
        settle("cn", "image")


def test_a_study_s_space_needs_no_parent_any_more(settle, tmp_path):
    base, mine = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text("name: base\nspace: {training: {epochs: {int: [1, 9], default: 3}, patience: 5}}")
    mine.write_text("name: mine\nextends: base.yaml\nspace: {training: {epochs: {int: [2, 4]}}}")
    before = read_space(mine)
    record, _ = settle(str(mine), "numeric")
    base.write_text("name: base\nspace: {training: {epochs: 1}}")
    mine.unlink()
    assert read_space(str(record.space_path)) == before


def test_mistakes_of_a_file_and_of_its_values_are_told_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.yaml").write_text("""name: odd
spcae: 1
space:
  family:
    choice:
      mlp: {width: {int: [9, 3], default: 5}, widht: {int: [1, 0], default: 1}, dropout: {float: [0, 2], default: 3}}
      rnn:
    default: mlp
  speed: 3
  optimizer: {sgd: {lr: 0.1}}
  preparing: {resolution: 2}
""")
    with pytest.raises(SpaceError) as refusal:
        sound_space("odd.yaml")
    assert [line.split("; ")[0] for line in str(refusal.value).splitlines()] == [
        "odd.yaml: unknown key 'spcae'",
        "odd.yaml: family.mlp.width: low must be below high, got 9 and 3",
        "odd.yaml: family.mlp.widht: low must be below high, got 1 and 0",
        "odd.yaml: family.mlp.dropout: default must be between 0 and 2, got 3",
        "odd.yaml: family.mlp.widht: unknown argument 'widht'",
        "odd.yaml: family: unknown family 'rnn'",
        "odd.yaml: speed: unknown parameter 'speed'",
        "odd.yaml: optimizer.sgd.lr: is never reached: where a space has no choice of optimizer, it is adamw",
        "odd.yaml: preparing.resolution: resolution must be 0 or from 4 to 512, got 2",
    ]


def _with_class_weights(tmp_path, words):
    space = tmp_path / "own.yaml"
    space.write_text(f"name: own\nextends: tabular_small\nspace:\n  training:\n    class_weight: {words}\n")
    plan = Plan(data="x.csv", study="s", runs_dir=str(tmp_path), space=str(space), class_weight="balanced")
    return settle_space(Record.create(tmp_path, "s", plan.to_json()), plan, _stage("numeric"))[0]


@pytest.mark.parametrize("words", ["balanced", "{choice: [none, balanced], default: none}"])
def test_class_weights_that_a_space_sets_itself_are_not_asked_for_beside_it(tmp_path, words):
    with pytest.raises(PlanError, match=r"--class-weight would change nothing: .* sets training.class_weight"):
        _with_class_weights(tmp_path, words)


def test_a_space_may_choose_the_class_weights_that_were_asked_for(tmp_path):
    assert _with_class_weights(tmp_path, "{choice: [given, none], default: given}").class_weight == "balanced"


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A made table of 3,000 rows, set out."""
    folder, draw = tmp_path_factory.mktemp("rows"), np.random.default_rng(0)
    X = draw.normal(size=(3000, 6))
    table = pd.DataFrame(X, columns=list("abcdef")).assign(y=(X[:, 0] * X[:, 1] > 0).astype(int))
    table.to_csv(folder / "rows.csv", index=False)
    plan = Plan(data=str(folder / "rows.csv"), study="s", runs_dir=str(folder), target="y")
    return set_out(Record.create(folder, "s", plan.to_json()), plan)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, "tabular"),
        ({"trials": 9}, "tabular"),
        ({"timeout": 119.0}, "tabular"),
        ({"timeout": 600.0}, "tabular_best"),
        ({"timeout": 600.0, "trials": 9}, "tabular"),
        ({"timeout": 600.0, "storage": "sqlite:///shared.db"}, "tabular"),
    ],
)
def test_where_there_is_time_the_space_of_slow_families_is_searched(rows, asked, name):
    plan = Plan(data="x.csv", study="s", runs_dir=".", device="cpu", **asked)
    found, why = default_space(plan, rows)
    assert found == name and ("of 10 min" in why) == (name == "tabular_best")


def test_few_rows_and_slow_ones_keep_the_quick_space(rows, monkeypatch):
    plan = Plan(data="x.csv", study="s", runs_dir=".", timeout=600.0, device="cpu")
    few = replace(rows, train=rows.train.iloc[:999])
    assert default_space(plan, few) == ("tabular", "")
    monkeypatch.setattr("automl.experiment.trainer.Trainer.cost", lambda self, config: 1.0)
    assert default_space(plan, rows) == ("tabular", "")
