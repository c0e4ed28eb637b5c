"""Labels of rows, however they are written: there and back, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from automl.data.labels import are_flags, flags, fold_flags, fold_texts, labels_of, mark_of, strata
from automl.errors import TargetError


@pytest.mark.parametrize(
    ("texts", "mark"),
    [(["a|b,c", "d"], "|"), (["a,b", "c;d"], ";"), (["a, b", None], ","), (["a", "b"], "|")],
)
def test_what_stands_between_labels_is_found(texts, mark):
    assert mark_of(pd.Series(texts)) == mark


def test_texts_are_written_alike_and_an_empty_one_has_no_label():
    folded = fold_texts(pd.DataFrame({"t": ["b, a ,a", "", None, "c,"]}), "t", ",")["t"]
    assert folded.tolist() == ["a|b", "|", "|", "c"]
    assert labels_of([folded], "t") == ("a", "b", "c")
    assert flags(folded, ("a", "b", "c")).astype(int).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_columns_of_0_and_1_are_labels_by_their_names():
    table = pd.DataFrame({"red": [1.0, 0.0, None], "round": [True, False, True], "big": ["1", "0", "1"], "x": 7})
    columns = ["red", "round", "big"]
    assert are_flags(table, columns) and not are_flags(table, ["red", "x"])
    folded = fold_flags(table, columns, "t")
    assert list(folded) == ["x", "t"] and folded["t"].tolist()[:2] == ["red|round|big", "|"]
    assert folded["t"].isna().tolist() == [False, False, True]


def test_another_value_than_0_and_1_is_refused():
    table = pd.DataFrame({"red": [1, 2], "round": [0, 1]})
    with pytest.raises(TargetError, match=r"^columns of labels must hold 0 and 1 only, but 'red' holds '2'$"):
        fold_flags(table, ["red", "round"], "t")


def test_a_name_that_looks_like_two_labels_is_refused():
    table = pd.DataFrame({"a|b": [1, 0], "c": [0, 1]})
    with pytest.raises(TargetError, match=re.escape("the name of a label must not hold '|', got 'a|b'")):
        fold_flags(table, ["a|b", "c"], "t")


@pytest.mark.parametrize("texts", [["a", "a"], [f"{number}" for number in range(300)]])
def test_one_label_and_very_many_are_refused(texts):
    with pytest.raises(TargetError, match=r"^a multilabel task has from 2 to 200 labels, but 't' has (1|300): "):
        labels_of([pd.Series(texts)], "t")


def test_a_label_that_is_not_known_is_refused():
    with pytest.raises(TargetError, match=r"^the target must hold labels that are known, got 'z'$"):
        flags(pd.Series(["a|z"]), ("a", "b"))


def test_rare_sets_are_one_stratum():
    found = strata(pd.Series(["a"] * 3 + ["b", "a|b"]), 3)
    assert found.nunique() == 2 and (found[:3] == "a").all() and found[3] == found[4]


def test_there_and_back_is_the_same():
    draw = np.random.default_rng(0).random((60, 4)) < 0.4
    table = pd.DataFrame(draw, columns=list("abcd"))
    np.testing.assert_array_equal(flags(fold_flags(table, list("abcd"), "t")["t"], list("abcd")), draw)
