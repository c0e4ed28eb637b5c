"""A table divided, and what is found between its parts."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.digest import ROW, rows_digest
from automl.data.read import read_table
from automl.data.roles import Roles
from automl.data.split import Division, divide
from automl.errors import DataError, PlanError, SplitError, TargetError
from automl.task import Finding

TABLES = [
    "penguins",
    "titanic",
    "breast_cancer_w",
    "house_votes84",
    "credit_g",
    "hypothyroid",
    "abalone",
    "spambase",
    "satimage",
    "wine_quality",
    "california_housing",
    "adult",
    "diamonds",
]


def table(n_rows: int = 60, **columns) -> pd.DataFrame:
    """Give a table whose rows all differ, with two classes."""
    rows = np.arange(n_rows)
    return pd.DataFrame({"x": rows * 0.5, "y": np.where(rows % 3 == 0, "a", "b"), **columns})


def kinds(division: Division) -> list[str]:
    return [finding.kind for finding in division.findings]


def test_a_table_is_divided_60_20_20_by_class():
    division = divide(table(60), target="y")
    assert division.sizes == {"train": 36, "validation": 12, "test": 12}
    for rows in (division.train, division.validation, division.test):
        assert (rows["y"] == "a").mean() == pytest.approx(1 / 3)
    assert (division.task_kind, division.classes, division.findings) == ("binary", ("a", "b"), ())
    assert division.how == {"test": 0.2, "validation": 0.2}


def test_every_row_is_in_one_part_with_its_number():
    source = table(60)
    division = divide(source, target="y")
    together = pd.concat([division.train, division.validation, division.test]).sort_values(ROW)
    assert together[ROW].tolist() == list(range(60))
    assert together["x"].tolist() == source["x"].tolist()
    assert division.train.columns.tolist() == ["x", "y", ROW]
    assert division.features == ("x",)


def test_the_table_is_left_as_it_was():
    source = table(60, split=["train"] * 48 + ["test"] * 12)
    before = source.copy()
    divide(source, target="y", roles=Roles(split="split"))
    pd.testing.assert_frame_equal(source, before)


def test_the_seed_decides_the_division():
    first, again, other = (divide(table(60), target="y", seed=seed).test[ROW].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_printing_a_division_shows_no_row():
    assert "test=" not in repr(divide(table(), target="y"))


def test_rows_without_a_target_are_left_out_and_counted():
    source = table(60)
    source.loc[[3, 7], "y"] = None
    division = divide(source, target="y")
    assert division.findings == (Finding("missing_target", "y", "2 rows without a value of 'y' left out"),)
    assert sum(division.sizes.values()) == 58
    assert not {3, 7} & set(pd.concat([division.train, division.validation, division.test])[ROW])


def test_a_whole_number_target_has_whole_number_classes_despite_missing_rows():
    division = divide(table(60, y=[1.0, 0.0, None] * 20), target="y")
    assert division.classes == (0, 1)
    assert {str(rows["y"].dtype) for rows in (division.train, division.validation, division.test)} == {"int64"}


def test_a_number_to_predict_is_a_float_in_every_part():
    division = divide(table(60, y=range(60)), target="y", task_kind="regression")
    assert (division.task_kind, division.classes) == ("regression", ())
    assert {str(rows["y"].dtype) for rows in (division.train, division.validation, division.test)} == {"float64"}


@pytest.mark.parametrize("label", ["rare", 7, 2.5])
def test_a_class_too_small_for_every_part_is_told(label):
    others = ["a", "b"] if label == "rare" else [0, 1]
    division = divide(table(60, y=[label] * 2 + others * 29), target="y", task_kind="multiclass")
    sentence = f"class {division.classes[-1]!r} has 2 rows, too few for 3 parts: all are training rows"
    assert division.findings == (Finding("rare_class", "y", sentence),)
    assert (division.train["y"] == label).sum() == 2


def test_many_classes_too_small_for_every_part_are_counted():
    division = divide(table(60, y=[f"rare {i}" for i in range(6)] + ["a", "b"] * 27), target="y")
    sentence = "6 classes have fewer than 3 rows, too few for 3 parts: all are training rows"
    assert division.findings == (Finding("rare_class", "y", sentence),)


def test_many_classes_that_training_never_sees_are_counted():
    division = divide(table(50), target="y", test=table(10, x=-1.0 - np.arange(10), y=[f"new {i}" for i in range(10)]))
    assert [finding.sentence for finding in division.findings] == [
        "10 classes have no training row, but 0 validation and 10 test rows: they count as wrong"
    ]


def test_a_split_column_decides_and_is_no_feature():
    words = ["train"] * 40 + ["val"] * 8 + ["test"] * 12
    division = divide(table(60, split=words), target="y", roles=Roles(split="split"))
    assert division.sizes == {"train": 40, "validation": 8, "test": 12}
    assert division.test[ROW].tolist() == list(range(48, 60))
    assert "split" not in division.train.columns
    assert division.how == {"test": "column", "validation": "column"}


def test_a_split_column_without_validation_gives_a_fraction_of_its_training_rows():
    division = divide(
        table(60, split=["train"] * 48 + ["test"] * 12), target="y", roles=Roles(split="split"), validation=0.25
    )
    assert division.sizes == {"train": 36, "validation": 12, "test": 12}
    assert (division.validation["y"] == "a").mean() == pytest.approx(1 / 3)
    assert division.how == {"test": "column", "validation": 0.25}


def test_a_split_column_goes_with_rows_without_a_target():
    source = table(60, split=["train"] * 48 + ["test"] * 12)
    source.loc[[0, 59], "y"] = None
    division = divide(source, target="y", roles=Roles(split="split"))
    assert division.test[ROW].tolist() == list(range(48, 59))


def test_a_test_file_is_the_test_rows_and_validation_a_fraction_of_the_rest():
    other = table(10, x=-1.0 - np.arange(10), extra=1)
    division = divide(table(50), target="y", test=other, validation=0.2)
    assert division.sizes == {"train": 40, "validation": 10, "test": 10}
    assert division.test[ROW].tolist() == list(range(10))
    assert division.test.columns.tolist() == ["x", "y", ROW]
    assert division.how == {"test": "file", "validation": 0.2}


def test_both_files_leave_the_table_to_training():
    other = table(10, x=-1.0 - np.arange(10))
    division = divide(table(50), target="y", test=other.head(4), validation=other.tail(6))
    assert division.sizes == {"train": 50, "validation": 6, "test": 4}
    assert division.how == {"test": "file", "validation": "file"}


def test_a_validation_file_leaves_a_fraction_of_the_table_to_test():
    division = divide(table(50), target="y", validation=table(10, x=-1.0 - np.arange(10)))
    assert division.sizes == {"train": 40, "validation": 10, "test": 10}
    assert division.how == {"test": 0.2, "validation": "file"}


def test_a_class_that_training_never_sees_is_told_and_kept():
    division = divide(table(50), target="y", test=table(10, x=-1.0 - np.arange(10), y=["a", "new"] * 5))
    sentence = "class 'new' has no training row, but 0 validation and 5 test rows: they count as wrong"
    assert division.findings == (Finding("unseen_class", "y", sentence),)
    assert division.classes == ("a", "b", "new")


def test_duplicates_across_parts_are_counted_and_kept():
    source = pd.concat([table(50), table(10)], ignore_index=True)
    words = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    source.loc[40:41, ["x", "y"]] = source.loc[0:1, ["x", "y"]].to_numpy()
    division = divide(source.assign(split=words), target="y", roles=Roles(split="split"))
    assert [finding.sentence for finding in division.findings] == [
        "10 of 10 test rows also stand in the training rows",
        "2 of 10 test rows also stand in the validation rows",
        "2 of 10 validation rows also stand in the training rows",
    ]
    assert {finding.kind for finding in division.findings} == {"duplicate"}
    assert division.sizes["test"] == 10


def test_rows_that_differ_only_in_their_identifier_are_duplicates():
    source = pd.concat([table(40), table(20)], ignore_index=True).assign(id=range(60))
    words = ["train"] * 36 + ["val"] * 4 + ["test"] * 20
    division = divide(source.assign(split=words), target="y", roles=Roles(split="split"))
    assert division.findings[0].sentence == "20 of 20 test rows also stand in the training rows"


def test_rows_that_differ_in_their_target_are_no_duplicates():
    source = pd.concat([table(40), table(20).assign(y="c")], ignore_index=True)
    division = divide(source.assign(split=["train"] * 40 + ["test"] * 20), target="y", roles=Roles(split="split"))
    assert "duplicate" not in kinds(division)


def test_the_digest_is_of_all_rows_that_were_read():
    source, other = table(50), table(10, x=-1.0 - np.arange(10))
    assert divide(source, target="y").data_sha256 == rows_digest(source)
    assert divide(source, target="y", test=other).data_sha256 != rows_digest(source)


def test_a_missing_target_is_refused_with_the_nearest():
    with pytest.raises(TargetError, match=r"unknown target 'yy'; did you mean 'y'\? Known: x, y"):
        divide(table(), target="yy")


def test_no_target_is_refused_with_the_columns():
    with pytest.raises(TargetError, match="the target must be named with --target; the columns are x, y"):
        divide(table(), target=None)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"test": 0.0}, PlanError, "the fraction of test rows must be between 0 and 1, got 0"),
        ({"validation": 1.5}, PlanError, "the fraction of validation rows must be between 0 and 1, got 1.5"),
        ({"validation": float("nan")}, PlanError, "the fraction of validation rows must be between 0 and 1, got nan"),
        ({"test": 0.5, "validation": 0.5}, PlanError, "fractions must leave training rows, got 0.5 and 0.5"),
        ({"roles": Roles(split="parts")}, DataError, "unknown split column 'parts'; Known: x, y"),
        (
            {"roles": Roles(split="y")},
            PlanError,
            "the target and the split column must be two columns, got 'y' for both",
        ),
        (
            {"roles": Roles(split="x"), "test": table(9)},
            PlanError,
            "test rows must come from the split column 'x' or a file",
        ),
        ({"test": table(9)[["x"]]}, DataError, "the test file must have the table's columns, but lacks y"),
        ({"validation": table(9)[["y"]]}, DataError, "the validation file must have .* columns, but lacks x"),
        (
            {"roles": Roles(split="x")},
            SplitError,
            "split column 'x': each value must be train, validation or test, got '0'",
        ),
    ],
)
def test_a_division_that_cannot_be_is_refused(options, error, sentence):
    with pytest.raises(error, match=sentence):
        divide(table(), target="y", **options)


def test_a_column_with_the_name_of_row_numbers_is_refused():
    with pytest.raises(DataError, match="a column must not be named '__row__'"):
        divide(table(60, __row__=1), target="y")


@pytest.mark.parametrize("n_rows", [1, 2, 13])
def test_too_few_rows_are_refused(n_rows):
    with pytest.raises(SplitError, match=f"at least 14 rows with a target are needed, got {n_rows}"):
        divide(table(n_rows), target="y")


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        (table(15), "9, 3 and 3"),
        (table(60, split=["train"] * 59 + ["test"]), "47, 12 and 1"),
    ],
)
def test_a_part_with_too_few_rows_is_refused(source, sizes):
    needed = "at least 10 training, 2 validation and 2 test rows are needed"
    with pytest.raises(SplitError, match=f"{needed}, got {sizes}"):
        divide(source, target="y", roles=Roles(split="split" if "split" in source else None))


def test_no_target_at_all_is_refused():
    with pytest.raises(TargetError, match="the target 'y' must have values, got 60 rows without one"):
        divide(table(60, y=[None] * 60), target="y")


def test_one_class_in_training_is_refused():
    words = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    with pytest.raises(TargetError, match="the training rows must hold two classes of 'y' or more, got only 'a'"):
        divide(table(60, split=words, y=["a"] * 50 + ["b"] * 10), target="y", roles=Roles(split="split"))


def test_an_infinite_target_is_refused():
    with pytest.raises(TargetError, match="the target 'y' must be finite, got 1 infinite values"):
        divide(table(60, y=np.append(np.arange(59) * 0.1, np.inf)), target="y")


@pytest.mark.parametrize("name", TABLES)
def test_every_real_table_goes_through(real_data, name):
    described = json.loads((real_data / name / "meta.json").read_text())
    source = read_table(real_data / name / "data.parquet")
    column = "split" if described["split"] else None
    division = divide(source, target=described["target"], task_kind=described["task"], roles=Roles(split=column))
    columns, findings = infer_columns(division.train[list(division.features)], {}, [])
    names = [item.name for item in columns]
    left_out = {finding.column for finding in findings}
    assert sum(division.sizes.values()) == described["rows"]
    assert len(division.classes) == (described["classes"] or 0)
    assert not {described["target"], "split", ROW} & set(names)
    assert set(names) | left_out == set(division.features)
    assert {"TBG", "TBG measured"} <= left_out if name == "hypothyroid" else not left_out


@pytest.mark.parametrize(("name", "n_test"), [("adult", 16281), ("satimage", 2000)])
def test_an_official_split_is_kept(real_data, name, n_test):
    described = json.loads((real_data / name / "meta.json").read_text())
    source = read_table(real_data / name / "data.parquet")
    division = divide(source, target=described["target"], roles=Roles(split="split"))
    assert division.test[ROW].tolist() == np.flatnonzero(source["split"] == "test").tolist()
    assert division.sizes["test"] == n_test


def test_the_two_rows_of_a_real_rare_class_are_for_training(real_data):
    division = divide(read_table(real_data / "hypothyroid" / "data.parquet"), target="Class")
    assert (division.train["Class"] == "secondary_hypothyroid").sum() == 2
    assert kinds(division)[0] == "rare_class"


def test_a_real_table_of_50_000_rows_is_divided_in_seconds(real_data):
    source = read_table(real_data / "adult" / "data.parquet")
    start = time.process_time()
    divide(source, target="income", roles=Roles(split="split"))
    assert time.process_time() - start < 3  # about 0.4 s on an idle machine


def days(n_rows, seed=0):
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(np.random.default_rng(seed).integers(0, 50, n_rows), unit="D")


def test_no_group_is_in_two_parts_and_none_is_a_feature():
    rows = table(200, who=np.random.default_rng(0).integers(0, 40, 200))
    division = divide(rows, target="y", roles=Roles(group="who"))
    held = [set(part["who"]) for part in (division.train, division.validation, division.test)]
    assert sum(map(len, held)) == len(set.union(*held))
    assert "who" not in division.features
    np.testing.assert_allclose([division.sizes["test"], division.sizes["validation"]], 40, atol=6)


def test_the_newest_rows_are_the_test_rows():
    division = divide(table(200, day=days(200)), target="y", roles=Roles(time="day"))
    assert division.train["day"].max() < division.validation["day"].min()
    assert division.validation["day"].max() < division.test["day"].min()
    assert "day" not in division.features


def test_a_time_that_is_learned_from_is_a_feature():
    division = divide(table(200, day=days(200)), target="y", roles=Roles(time="day", learns_time=True))
    assert "day" in division.features


def test_a_groups_size_that_keeps_a_part_from_its_share_is_told():
    halves = table(100, who=np.repeat(["a", "b", "c"], [40, 30, 30]))
    said = [finding.sentence for finding in divide(halves, target="y", roles=Roles(group="who")).findings]
    assert "30% of the rows are test rows, not 20%: groups of 'who' are kept whole" in said


def test_groups_that_a_file_puts_into_two_parts_are_refused():
    rows, other = table(60, who=np.arange(60) // 3), table(12, who=np.arange(12) // 3)
    with pytest.raises(SplitError, match="each group of 'who' must be in one part, but 4 of the test rows' groups"):
        divide(rows, target="y", test=other, roles=Roles(group="who"))


def test_weights_go_along_with_their_rows():
    rows = table(60, w=np.arange(60) + 1.0)
    division = divide(rows, target="y", roles=Roles(weight="w"))
    for part in (division.train, division.validation, division.test):
        assert (part["w"] == part[ROW] + 1).all()
    assert "w" not in division.features
