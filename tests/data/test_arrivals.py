"""New rows in a study's form: what is refused of them, what is left out, and which of them judge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from automl.data.arrivals import LEAST_ROWS, are_among, divide_arrivals, require_enough, settle_arrivals
from automl.data.class_coder import ClassCoder
from automl.data.digest import ROW, row_hashes
from automl.data.images import ImageArray
from automl.data.number_coder import NumberCoder
from automl.data.roles import NO_ROLES, Roles
from automl.data.target import TargetCoder
from automl.errors import DataError, SplitError, TargetError

CODER = ClassCoder("y", ("no", "yes"))
LIKE = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "c": ["a", "b", None],
        "d": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        "y": ["no", "yes", "no"],
        ROW: [0, 1, 2],
    }
)


def settled(table: pd.DataFrame, like: pd.DataFrame = LIKE, coder: TargetCoder = CODER) -> pd.DataFrame:
    return settle_arrivals(table, like, coder, NO_ROLES)[0]


def new_rows(**columns: object) -> pd.DataFrame:
    """Two new rows, as they may be read from another file."""
    given = {"n": ["4", "5.5"], "c": [7, 8], "d": ["2024-02-01", "2024-02-02"], "y": ["yes", "no"], "extra": [0, 0]}
    return pd.DataFrame({**given, **columns})


def wine(n_copies: int = 1) -> pd.DataFrame:
    """A real table, its rows numbered; copies differ in one column."""
    rows = load_wine(as_frame=True).frame
    copies = [rows.assign(hue=rows["hue"] + number) for number in range(n_copies)]
    whole = pd.concat(copies, ignore_index=True).rename(columns={"target": "y"})
    return whole.assign(**{ROW: np.arange(len(whole))})


def test_columns_get_the_types_that_they_have_in_the_study():
    rows = settled(new_rows())
    assert rows["n"].tolist() == [4.0, 5.5]
    assert rows["c"].tolist() == ["7", "8"]
    assert rows["d"].dtype == LIKE["d"].dtype and str(rows["d"][0].date()) == "2024-02-01"
    assert list(rows.columns) == list(LIKE.columns)


def test_a_row_is_the_same_row_however_its_file_wrote_it():
    again = LIKE.astype({"n": "float64"}).assign(d=["2024-01-01", "2024-01-02", "2024-01-03"])
    assert row_hashes(settled(again)).tolist() == row_hashes(LIKE).tolist()


def test_labels_are_of_the_type_that_they_have_in_the_study():
    like = LIKE.assign(y=[0, 1, 0])
    rows = settled(new_rows(y=["1.0", "0"]), like, ClassCoder("y", (0, 1)))
    assert rows["y"].tolist() == [1, 0] and rows["y"].dtype == like["y"].dtype


def test_rows_without_a_target_are_left_out_and_counted():
    rows, n_without = settle_arrivals(new_rows(y=["yes", None]), LIKE, CODER, NO_ROLES)
    assert (len(rows), n_without) == (1, 1)


@pytest.mark.parametrize(
    ("table", "error", "sentence"),
    [
        (new_rows().drop(columns=["n", "c"]), DataError, "must have the study's columns, but lack n, c$"),
        (new_rows(n=["x", "y"]), DataError, "the column 'n' must hold numbers, as in the study, got 'x'$"),
        (new_rows(d=["soon", "late"]), DataError, "the column 'd' must hold dates, as in the study, got 'soon'$"),
        (new_rows(y=["yes", "maybe"]), TargetError, "got 'maybe' .1 of 2 rows hold such.; the classes are no, yes$"),
        (new_rows(y=[None, None]), TargetError, "the target 'y' must have values, got 2 new rows without one$"),
    ],
)
def test_what_does_not_fit_the_study_is_refused_in_a_sentence(table, error, sentence):
    with pytest.raises(error, match=sentence):
        settled(table)


def test_numbers_to_predict_must_be_finite():
    with pytest.raises(TargetError, match=r"must hold finite numbers only, got inf"):
        settled(new_rows(y=[1.0, np.inf]), LIKE.assign(y=[1.0, 2.0, 3.0]), NumberCoder("y"))


def test_images_must_be_images_of_the_studys_size():
    like = pd.DataFrame({"i": ImageArray(np.zeros((1, 1, 8, 8), np.uint8)), "y": ["no"], ROW: [0]})
    other = pd.DataFrame({"i": ImageArray(np.zeros((2, 1, 9, 8), np.uint8)), "y": ["no", "yes"]})
    with pytest.raises(DataError, match=r"the images must be 1 x 8 x 8, as in the study .*, got 1 x 9 x 8$"):
        settled(other, like)
    with pytest.raises(DataError, match=r"the column 'i' must hold images, as in the study$"):
        settled(other.assign(i=["a.png", "b.png"]), like)


def test_rows_of_the_study_are_known_by_their_values():
    rows = wine()
    assert are_among(rows, [rows.iloc[:3], rows.iloc[5:6]]).nonzero()[0].tolist() == [0, 1, 2, 5]
    assert not are_among(rows, []).any()


def test_too_few_rows_are_refused_with_why_there_are_no_more():
    with pytest.raises(SplitError, match=f"needs at least {LEAST_ROWS} new rows with a target, got 3 .9 known.$"):
        require_enough(wine().iloc[:3], {"known": 9, "without a target": 0})


def test_three_tenths_judge_and_a_fifth_of_the_others_validates_class_by_class():
    rows = wine(4)
    parts = divide_arrivals(rows, {}, "y", NO_ROLES, stratify=True, seed=0)
    assert parts.sizes == {"train": 398, "validation": 100, "test": 214}
    shares = [part["y"].value_counts(normalize=True) for part in (parts.train, parts.validation, parts.test)]
    assert np.ptp([share[1] for share in shares]) < 0.01
    numbers = np.concatenate([part[ROW] for part in (parts.train, parts.validation, parts.test)])
    assert sorted(numbers) == rows[ROW].tolist()
    assert "rows" not in repr(parts) and "hue" not in repr(parts)


def test_the_latest_rows_judge():
    rows = wine(4)
    rows["day"] = np.random.default_rng(0).permutation(len(rows))
    parts = divide_arrivals(rows, {}, "y", Roles(time="day"), stratify=True, seed=0)
    assert parts.train["day"].max() < parts.validation["day"].min()
    assert parts.validation["day"].max() < parts.test["day"].min()


def grouped() -> tuple[pd.DataFrame, dict[str, list[pd.DataFrame]]]:
    rows = wine(4)
    rows["barrel"] = (np.arange(len(rows)) % 40).astype(str)
    known = {"train": [pd.DataFrame({"barrel": ["0", "1"]})], "validation": [pd.DataFrame({"barrel": ["2"]})]}
    return rows, known


def test_a_group_goes_where_the_study_has_it_and_the_slice_is_of_unseen_ones():
    rows, known = grouped()
    parts = divide_arrivals(rows, known, "y", Roles(group="barrel"), stratify=True, seed=0)
    held = {part: set(getattr(parts, part)["barrel"]) for part in ("train", "validation", "test")}
    assert {"0", "1"} <= held["train"] and "2" in held["validation"]
    assert not (held["train"] & held["test"] or held["validation"] & held["test"] or held["train"] & held["validation"])
    assert sum(parts.sizes.values()) == len(rows)


def test_a_study_that_keeps_no_rows_to_validate_with_has_no_group_there():
    rows, known = grouped()
    parts = divide_arrivals(rows, known | {"validation": []}, "y", Roles(group="barrel"), stratify=True, seed=0)
    assert {"0", "1"} <= set(parts.train["barrel"]) and sum(parts.sizes.values()) == len(rows)


def test_a_slice_of_groups_that_are_all_known_is_refused():
    rows, known = grouped()
    with pytest.raises(SplitError, match=r"groups of 'barrel' that the study has not seen, at least 3 .*, got 0$"):
        divide_arrivals(rows[rows["barrel"].isin(["0", "1"])], known, "y", Roles(group="barrel"), stratify=True, seed=0)


def test_the_same_seed_divides_alike():
    one, other = (divide_arrivals(wine(4), {}, "y", NO_ROLES, stratify=True, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.test, other.test)
