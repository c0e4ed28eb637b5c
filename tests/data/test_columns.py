"""Kinds, identifiers and tasks, judged from rows."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import identifiers, infer_columns, infer_task
from automl.data.images import ImageArray
from automl.data.read import read_table
from automl.errors import DataError, PlanError, TargetError
from automl.task import Column, Finding


def kinds_of(frame: pd.DataFrame, **kinds) -> dict[str, str]:
    columns, _ = infer_columns(frame, kinds, [])
    return {column.name: column.kind for column in columns}


def only(values, name: str = "a", kind: str | None = None) -> tuple[Column, tuple[Finding, ...]]:
    frame = pd.DataFrame({name: values, "other": range(len(values))}).assign(other=lambda f: f["other"] % 3 * 0.5)
    columns, findings = infer_columns(frame, {name: kind} if kind else {}, [])
    return columns[0], findings


DAYS = ["2020-01-01", "2020-02-01", "2020-01-01", None]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 1, 2], "numeric"),
        ([0, 1, 1, 0], "numeric"),
        ([1.5, None, 2.5, 1.5], "numeric"),
        (pd.array([1, None, 2, 2], dtype="Int64"), "numeric"),
        ([Decimal(1), None, Decimal(2), Decimal(2)], "numeric"),
        (pd.to_timedelta([1, 2, 3, 3], unit="h"), "numeric"),
        (["1", "2.5", " 3", None], "numeric"),
        (["2019", "2020", "2021", "2019"], "numeric"),
        (["20190131", "20200131", "20210131", None], "numeric"),
        ([True, False, True, False], "boolean"),
        ([True, None, True, False], "boolean"),
        (pd.array([True, None, True, False], dtype="boolean"), "boolean"),
        (["True", "false", None, "TRUE"], "boolean"),
        (["x", "y", None, "x"], "category"),
        (pd.Categorical(["1", "2", None, "1"]), "category"),
        (pd.Categorical([1, 2, 1, 2]), "category"),
        (["t", "f", "t", "f"], "category"),
        (pd.to_datetime(DAYS), "datetime"),
        (pd.to_datetime(DAYS, utc=True), "datetime"),
        ([datetime.date(2020, 1, 1), None, datetime.date(2021, 1, 1), None], "datetime"),
        (DAYS, "datetime"),
        (["2020-01-01T10:00:00Z", "2020-01-01 10:00", "2020-01-02T10:00:00.5+02:00", None], "datetime"),
        (["2020-99-99", "2020-88-88", "2020-77-77", None], "category"),
        (["01/02/2020", "03/04/2020", "x", None], "category"),
    ],
)
@pytest.mark.parametrize("boxed", [False, True])
def test_a_kind_is_inferred_whatever_the_dtype(values, kind, boxed):
    series = pd.Series(values)
    assert only(series.astype(object) if boxed and series.dtype != "category" else series)[0].kind == kind


def test_nearly_all_numbers_are_numbers_and_the_rest_is_missing():
    column, findings = only(["1.5", "2.5"] * 30 + ["many", "few"])
    assert column.kind == "numeric"
    sentence = "column 'a' has 2 values that are no number, such as 'many': to be treated as missing"
    assert findings == (Finding("unreadable", "a", sentence),)


def test_nearly_all_dates_are_dates_and_the_rest_is_missing():
    column, findings = only(["2020-01-01", "2020-01-02"] * 30 + ["soon"])
    assert column.kind == "datetime"
    assert findings[0].sentence == "column 'a' has a value that is no date, such as 'soon': to be treated as missing"


def test_often_no_number_is_a_category():
    assert only(["1", "2"] * 30 + ["many"] * 10)[0] == Column("a", "category", numbers=False)


@pytest.mark.parametrize("values", [[1, 2, 2], [1.0, 2.0, None], ["1", "2.0", None], pd.Categorical([1, 2, 2])])
def test_a_category_of_numbers_says_so(values):
    assert only(values, kind="category")[0] == Column("a", "category", numbers=True)


@pytest.mark.parametrize("values", [["1", "b", "1"], [True, False, True], pd.to_datetime(["2020-01-01"] * 3)])
def test_a_category_of_anything_else_does_not(values):
    assert only(values, kind="category")[0] == Column("a", "category", numbers=False)


@pytest.mark.parametrize("n_rows", [2, 5])
@pytest.mark.parametrize("values", [None, np.nan, "", np.inf, pd.NaT])
def test_a_column_without_values_is_left_out(values, n_rows):
    _, findings = only([values] * n_rows)
    assert findings[0] == Finding("missing", "a", "column 'a' has no value in the training rows and is left out")


@pytest.mark.parametrize("value", [1, 1.0, "1", True])
def test_a_constant_is_left_out(value):
    _, findings = only([value] * 5)
    assert [finding.kind for finding in findings] == ["constant"]
    assert findings[0].sentence.endswith("in every training row and is left out")


def test_one_value_and_missing_ones_are_kept():
    assert only([1.0, None, 1.0])[0].name == "a"
    assert only(["x", None, "x"])[0].name == "a"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a", [f"name {i}" for i in range(40)]),
        ("a", range(40)),
        ("a", range(1000, 1080, 2)),
        ("a", [str(i) for i in range(40)]),
        ("a", np.random.default_rng(0).permutation(150)),
        ("PassengerId", np.random.default_rng(0).permutation(40) * 977),
        ("customer_id", np.random.default_rng(0).permutation(40) * 977),
    ],
)
def test_an_identifier_is_left_out(name, values):
    _, findings = only(list(values), name)
    assert [(finding.kind, finding.column) for finding in findings] == [("identifier", name)]
    assert f"{len(values)} different values in {len(values)} rows" in findings[0].sentence
    assert f"--kind {name}=" in findings[0].sentence


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("weight", np.random.default_rng(0).permutation(40) * 977),
        ("age", np.random.default_rng(0).permutation(40)),
        ("population", np.arange(40) ** 3),
        ("id", np.arange(40) * 1.0),
        ("id", np.arange(80) // 2),
        ("id", range(19)),
        ("name", [f"name {i}" for i in range(19)]),
        ("name", [f"name {i}" for i in range(30)] * 2),
        ("day", pd.date_range("2020-01-01", periods=40).strftime("%Y-%m-%d")),
    ],
)
def test_what_is_no_identifier_is_kept(name, values):
    column, findings = only(list(values), name)
    assert (column.name, findings) == (name, ())


@pytest.mark.parametrize(("n_different", "found"), [(19, ()), (20, ("code",))])
def test_of_twenty_texts_all_must_differ_to_name_their_rows(n_different: int, found: tuple[str, ...]):
    frame = pd.DataFrame({"code": [f"row {min(row, n_different - 1)}" for row in range(20)]})
    assert identifiers(frame) == found


def test_identifiers_are_told_by_name():
    frame = pd.DataFrame({"id": range(40), "x": np.arange(40) * 0.5, "code": [f"c{i}" for i in range(40)]})
    assert identifiers(frame) == ("id", "code")


def test_a_given_kind_keeps_a_column():
    frame = pd.DataFrame({"id": range(40), "flat": [1] * 40})
    assert kinds_of(frame, id="category", flat="numeric") == {"id": "category", "flat": "numeric"}


def test_a_given_kind_keeps_no_column_without_values():
    assert only([None] * 5, kind="category")[1][0].kind == "missing"


def test_columns_keep_their_order_and_dropped_ones_are_told():
    frame = pd.DataFrame({"c": [1, 2], "b": ["x", "y"], "a": [True, False]})
    columns, findings = infer_columns(frame, {}, ["b"])
    assert [column.name for column in columns] == ["c", "a"]
    assert findings == (Finding("dropped", "b", "column 'b' is left out as asked"),)


def test_every_unknown_name_is_told_with_the_nearest():
    with pytest.raises(DataError) as caught:
        infer_columns(pd.DataFrame({"age": [1, 2], "sex": ["m", "f"]}), {"agee": "numeric"}, ["sox"])
    assert str(caught.value).splitlines() == [
        "unknown column 'agee'; did you mean 'age'? Known: age, sex",
        "unknown column 'sox'; did you mean 'sex'? Known: age, sex",
    ]


def test_an_unknown_kind_is_refused():
    with pytest.raises(PlanError, match="a: unknown kind 'number'; did you mean 'numeric'"):
        infer_columns(pd.DataFrame({"a": [1, 2]}), {"a": "number"}, [])


@pytest.mark.parametrize("kind", ["numeric", "datetime"])
def test_a_kind_that_no_value_can_be_is_refused(kind):
    with pytest.raises(DataError, match=f"column 'a' cannot be {kind}: it holds values such as 'red'"):
        only(["red", "blue"], kind=kind)


def test_a_boolean_of_three_values_is_refused():
    with pytest.raises(DataError, match="column 'a' cannot be boolean: it has 3 different values"):
        only(["a", "b", "c"], kind="boolean")


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pd.DataFrame({"a": [1, 1]}), "no column is left to predict from: column 'a' is '1' in every training row"),
        (pd.DataFrame(index=[0, 1]), "no column is left to predict from: the table has only its target"),
    ],
)
def test_no_column_left_is_refused(frame, sentence):
    with pytest.raises(DataError, match=sentence):
        infer_columns(frame, {}, [])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", "a"], "binary"),
        (["a", "b", "c", "a"], "multiclass"),
        ([True, False, True], "binary"),
        ([0, 1, 1], "binary"),
        ([0.0, 1.0, None, 1.0], "binary"),
        (pd.array([0, 1, None, 1], dtype="Int64"), "binary"),
        (pd.Categorical([3, 4, 5, 5]), "multiclass"),
        (list(range(10)) * 2, "multiclass"),
        (list(range(11)) * 2, "regression"),
        (list(range(20)) * 20, "multiclass"),
        (list(range(21)) * 50, "regression"),
        ([0.5, 1.5, 0.5], "regression"),
        (["0.5", "1.5", "0.5"], "regression"),
        (["0", "1", "1"], "binary"),
    ],
)
def test_a_task_is_inferred(values, kind):
    assert infer_task(pd.Series(values, name="y"), kind=None) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0, 1, 1], "regression"), ([0.5, 1.5, 0.5], "binary"), (["a", "b", "a"], "multiclass"), ([1, 2, 2], "binary")],
)
def test_a_task_that_the_target_can_pose_is_honoured(values, kind):
    assert infer_task(pd.Series(values, name="y"), kind=kind) == kind


@pytest.mark.parametrize(
    ("values", "kind", "sentence"),
    [
        ([None, None], None, "the target 'y' must have values, got 2 rows without one"),
        ([], None, "the target 'y' must have values, got 0 rows without one"),
        (["a", "a", None], None, "the target 'y' must have two values or more, got only 'a'"),
        ([5, 5], "regression", "the target 'y' must have two values or more, got only '5'"),
        ([1.5, np.inf, -np.inf], None, "the target 'y' must be finite, got 2 infinite values"),
        ([1.5, np.inf, 2.5], "regression", "the target 'y' must be finite, got 1 infinite values"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), None, "must be numbers or classes, got dates or durations"),
        (["red", "blue", "red"], "regression", "regression needs a numeric target, but 'y' holds values such as 'red'"),
        ([True, False], "regression", "regression needs a numeric target, but 'y' holds values such as 'true'"),
        ([1, 2, 3, 3], "binary", "a binary task needs a target of two classes, but 'y' has 3"),
        (["a", "b", "c"], None, r"the target 'y' has as many classes as rows \(3\): no class can be learned"),
        ([1.5, 2.5, 3.5], "multiclass", r"the target 'y' has as many classes as rows \(3\): no class can be learned"),
    ],
)
def test_a_target_that_poses_no_task_is_refused(values, kind, sentence):
    with pytest.raises(TargetError, match=sentence):
        infer_task(pd.Series(values, name="y"), kind=kind)


EXPECTED = {
    "adult": {"age": "numeric", "fnlwgt": "numeric", "workclass": "category", "native_country": "category"},
    "california_housing": {"ocean_proximity": "category", "total_bedrooms": "numeric"},
    "credit_g": {"checking_status": "category", "num_dependents": "numeric"},
    "diamonds": {"cut": "category", "carat": "numeric"},
    "hypothyroid": {"sex": "category", "TSH": "numeric", "TBG": None, "TBG measured": None},
    "titanic": {"pclass": "numeric", "deck": "category", "age": "numeric"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_table_has_its_kinds(real_data, name):
    target = json.loads((real_data / name / "meta.json").read_text())["target"]
    kinds = kinds_of(read_table(real_data / name / "data.parquet").drop(columns=target))
    assert {column: kinds.get(column) for column in EXPECTED[name]} == EXPECTED[name]


def test_the_kinds_of_a_real_table_do_not_depend_on_its_file(real_data, tmp_path):
    table = read_table(real_data / "titanic" / "data.parquet")
    table.to_csv(tmp_path / "x.csv", index=False)
    assert infer_columns(read_table(tmp_path / "x.csv"), {}, []) == infer_columns(table, {}, [])


PIXELS = np.random.default_rng(0).integers(0, 256, (30, 1, 2, 3), dtype=np.uint8)


def images(index=None) -> ImageArray:
    return ImageArray(PIXELS, index)


def test_images_are_of_their_own_kind_and_no_identifiers():
    assert only(images()) == (Column("a", "image"), ())
    assert only(images(), kind="image") == (Column("a", "image"), ())
    assert identifiers(pd.DataFrame({"a": images()})) == ()


def test_the_same_image_in_every_row_is_left_out():
    frame = pd.DataFrame({"a": images(np.zeros(30, dtype=int)), "other": np.arange(30) % 3 * 0.5})
    columns, (finding,) = infer_columns(frame, {}, [])
    assert [column.name for column in columns] == ["other"]
    assert (finding.kind, finding.sentence) == (
        "constant",
        "column 'a' is the same image in every training row and is left out",
    )


def test_images_that_are_all_missing_are_left_out():
    frame = pd.DataFrame({"a": images(np.full(30, -1)), "other": np.arange(30) % 3 * 0.5})
    columns, (finding,) = infer_columns(frame, {}, [])
    assert [column.name for column in columns] == ["other"] and finding.kind == "missing"


def test_images_are_of_no_other_kind():
    with pytest.raises(DataError, match="column 'a' cannot be category: it holds images"):
        only(images(), kind="category")


@pytest.mark.parametrize(
    ("values", "held"), [(["x.png", "y", None], "values such as 'x.png'"), ([None, None], "no value")]
)
def test_what_was_not_read_as_images_cannot_become_so(values, held):
    said = "names of image files are read as images where most of a column's values are such and the files exist"
    with pytest.raises(DataError, match=f"column 'a' cannot be image: it holds {held}; {said}"):
        only(values, kind="image")


def test_two_columns_of_images_are_refused_and_one_can_be_dropped():
    frame = pd.DataFrame({"a": images(), "b": images()})
    with pytest.raises(
        DataError, match="one column of images at most can be learned from, got a, b; --drop COL leaves"
    ):
        infer_columns(frame, {}, [])
    assert infer_columns(frame, {}, ["a"])[0] == (Column("b", "image"),)


def test_images_are_no_target():
    with pytest.raises(TargetError, match="the target 'a' must be numbers or classes, got images"):
        infer_task(pd.Series(images(), name="a"), kind=None)


def test_categories_are_classes_however_many_numbers_they_are():
    assert infer_task(pd.Series(pd.Categorical(np.arange(200) % 50)), kind=None) == "multiclass"
    assert infer_task(pd.Series(pd.Categorical(np.arange(200) % 50)), kind="regression") == "regression"
