"""What columns may say of rows, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.parts import WORDS
from automl.data.roles import Roles, check_parts, check_roles, settle_roles
from automl.errors import DataError, PlanError, SplitError


def test_a_column_with_a_role_is_not_learned_from():
    assert Roles("a", "b", "c", "d").aside == {"a", "b", "c", "d"}


def test_a_time_may_be_learned_from_too():
    assert Roles(time="day", weight="w", learns_time=True).aside == {"w"}


@pytest.mark.parametrize(
    ("roles", "error", "sentence"),
    [
        (Roles(group="persn"), DataError, "unknown group column 'persn'; did you mean 'person'?"),
        (Roles(weight="y"), PlanError, "the target and the weight column must be two columns, got 'y' for both"),
        (Roles(group="day", weight="day"), PlanError, "'day' is named for group and weight"),
        (Roles(group="person", time="day"), PlanError, "--time and --group cannot be given together"),
    ],
)
def test_roles_that_cannot_be_are_refused(roles, error, sentence):
    with pytest.raises(error, match=sentence.replace("?", r"\?")):
        check_roles(roles, ["person", "day", "y"], "y")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.0, None, 2.0], r"1 of 3 rows do not, such as \(missing\)"),
        ([1.0, -2.0, -0.5], "2 of 3 rows do not, such as -2"),
        ([1.0, np.inf, 1.0], "1 of 3 rows do not, such as inf"),
        (["1", "much", "2"], "1 of 3 rows do not, such as much"),
    ],
)
def test_a_weight_is_a_number_from_0_on(values, shown):
    with pytest.raises(
        DataError, match=f"the weight column 'w' must hold a number from 0 on in every row, but {shown}"
    ):
        settle_roles({"train": pd.DataFrame({"w": values})}, Roles(weight="w"))


def test_weights_written_as_text_become_numbers():
    frames = settle_roles({"train": pd.DataFrame({"w": ["1", "0.5"]})}, Roles(weight="w"))
    assert frames["train"]["w"].tolist() == [1.0, 0.5]


def test_equal_groups_are_equal_whatever_their_type():
    frames = {"train": pd.DataFrame({"g": [1, 2]}), "test": pd.DataFrame({"g": [1.0, None]}).head(1)}
    settled = settle_roles(frames, Roles(group="g"))
    assert [frame["g"].tolist() for frame in settled.values()] == [["1", "2"], ["1"]]


def test_a_row_without_a_group_is_refused():
    with pytest.raises(
        SplitError, match=r"the group column 'g' must say of every row .* but 1 of 2 rows have no value"
    ):
        settle_roles({"train": pd.DataFrame({"g": ["a", None]})}, Roles(group="g"))


def parts(**columns):
    return {part: pd.DataFrame(values) for part, values in columns.items()}


def test_a_part_in_which_no_row_counts_is_refused():
    with pytest.raises(DataError, match="the weight column 'w' must be above 0 in some of the test rows"):
        check_parts(parts(train={"w": [1.0]}, validation={"w": [1.0]}, test={"w": [0.0]}), Roles(weight="w"), WORDS)


def test_a_group_in_two_parts_is_refused():
    rows = parts(train={"g": ["a", "b"]}, validation={"g": ["c"]}, test={"g": ["b"]})
    with pytest.raises(SplitError, match="1 of the test rows' groups are among the training rows too, such as 'b'"):
        check_parts(rows, Roles(group="g"), WORDS)
