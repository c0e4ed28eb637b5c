"""The space of a study: the one that was named, or the one for its data."""

from __future__ import annotations

import pytest

from automl.errors import PlanError, SpaceError
from automl.experiment.plan import Plan
from automl.experiment.space import default_space, settle_space
from automl.spaces.shipped import find_space
from automl.task import Column, Task
from automl.tracking.record import PLAN, Record


def _task(*kinds):
    columns = tuple(Column(f"column {place}", kind) for place, kind in enumerate(kinds))
    return Task("binary", "y", columns, ("a", "b"), "accuracy", "a")


@pytest.fixture
def settle(tmp_path):
    def settle(space, *kinds):
        plan = Plan(data="x.csv", study="s", runs_dir=str(tmp_path), space=space)
        record = Record.create(tmp_path, "s", plan.to_json())
        return record, settle_space(record, plan, _task(*kinds))

    return settle


@pytest.mark.parametrize(("kinds", "name"), [(("numeric", "category"), "tabular"), (("image", "numeric"), "cnn")])
def test_the_data_decide_where_no_space_is_named(settle, kinds, name):
    record, plan = settle(None, *kinds)
    assert plan.space == record.read_json(PLAN)["space"] == default_space(_task(*kinds)) == name
    assert record.space_path.read_text() == find_space(name).read_text()


def test_a_space_that_was_named_is_kept(settle):
    assert settle("mlp", "image")[1].space == "mlp"


def test_a_space_is_settled_once(settle):
    record, plan = settle("mlp", "numeric")
    record.space_path.write_text("changed")
    assert settle_space(record, plan, _task("numeric")) == plan
    assert record.space_path.read_text() == "changed"


def test_a_family_for_images_is_refused_where_there_are_none(settle):
    said = "^the space 'cnn' has the family cnn, which needs an image column, and the data has none$"
    with pytest.raises(PlanError, match=said):
        settle("cnn", "numeric")


def test_an_unknown_space_is_refused(settle):
    with pytest.raises(SpaceError, match="unknown space 'cn'"):
        settle("cn", "image")
