"""Parts of another kind than the training rows are told; parts that differ by chance are not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from automl.data.columns import infer_columns
from automl.data.images import ImageArray
from automl.data.roles import Roles
from automl.data.shift import shifts
from automl.data.split import divide
from automl.task import Finding

N = 600
IN_ORDER = np.repeat(["train", "validation", "test"], [360, 120, 120])
DAYS = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), unit="D")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(4)


def table(generator: np.random.Generator, **columns) -> pd.DataFrame:
    rows = pd.DataFrame({"x": generator.normal(size=N), "c": generator.choice(["a", "b"], N), "y": np.arange(N) % 2})
    return rows.assign(**columns)


def found(rows: pd.DataFrame, words=None, drop: tuple[str, ...] = (), **how) -> list[Finding]:
    rows, column = (rows, None) if words is None else (rows.assign(split=words), "split")
    division = divide(rows, target="y", roles=Roles(split=column), **how)
    columns, _ = infer_columns(division.train[list(division.features)], {}, drop)
    return shifts(division, columns)


def named(findings: list[Finding]) -> list[tuple[str, str | None]]:
    """Which part was told apart, and by which column."""
    return [(finding.sentence.split()[1], finding.column) for finding in findings]


def test_parts_in_an_order_that_says_nothing_are_quiet(generator):
    assert found(table(generator), IN_ORDER) == []


def test_parts_divided_by_time_are_told_apart_by_the_date(generator):
    validation, test = found(table(generator, when=DAYS), IN_ORDER)
    assert validation == Finding(
        "leak",
        "when",
        "the validation rows can be told from the training rows (AUC 1.000, most by column 'when'): "
        "models are chosen by rows of another kind than they learn from; where that is not meant, divide at random",
    )
    assert re.fullmatch(r"the test rows can .* column 'when'\): models are judged by rows .*", test.sentence)


def test_a_column_that_is_left_out_is_not_looked_at(generator):
    assert found(table(generator, when=DAYS), IN_ORDER, drop=("when",)) == []


def test_rows_that_were_drawn_at_random_are_not_looked_at(generator):
    rows = table(generator, when=DAYS)
    assert found(rows) == []
    assert named(found(rows, np.where(IN_ORDER == "test", "test", "train"))) == [("test", "when")]


def test_a_file_of_another_kind_is_told(generator):
    other = table(generator, c="b").head(50)
    assert named(found(table(generator), validation=other)) == [("validation", "c")]


def test_parts_divided_by_group_are_told_apart_by_the_group(generator):
    group = generator.integers(0, 30, N)
    words = np.where(group < 18, "train", np.where(group < 24, "validation", "test"))
    rows = table(generator, patient=[f"p{number}" for number in group])
    assert named(found(rows, words)) == [("validation", "patient"), ("test", "patient")]


def test_numbers_that_drift_are_told(generator):
    drift = generator.normal(size=N) + np.where(IN_ORDER == "test", 1.5, 0.0)  # AUC .86
    assert named(found(table(generator, drift=drift), IN_ORDER)) == [("test", "drift")]


def test_missing_values_in_one_part_are_told(generator):
    gaps = np.where(IN_ORDER == "test", np.nan, generator.normal(size=N))
    assert named(found(table(generator, gaps=gaps), IN_ORDER)) == [("test", "gaps")]


def test_a_little_drift_is_of_no_account(generator):
    drift = generator.normal(size=N) + np.where(IN_ORDER == "test", 0.2, 0.0)  # AUC .55
    assert found(table(generator, drift=drift), IN_ORDER) == []


def test_little_evidence_in_many_columns_adds_up(generator):
    shift = np.where(IN_ORDER == "test", 0.5, 0.0)[:, None]
    columns = pd.DataFrame(generator.normal(size=(N, 20)) + shift, columns=[f"v{place}" for place in range(20)])
    assert [part for part, _ in named(found(table(generator, **columns), IN_ORDER))] == ["test"]


def test_classes_in_other_shares_are_told(generator):
    y = np.where(IN_ORDER == "test", np.arange(N) % 8 == 0, np.arange(N) % 8 > 0)
    assert named(found(table(generator, y=y), IN_ORDER)) == [("test", "y")]


def test_numbers_to_predict_that_drift_are_told(generator):
    assert named(found(table(generator, y=np.arange(N) * 1.5), IN_ORDER)) == [("validation", "y"), ("test", "y")]


@pytest.mark.parametrize("seed", range(10))
def test_few_rows_with_many_columns_prove_nothing(seed):
    generator = np.random.default_rng(seed)
    rows = pd.DataFrame(generator.normal(size=(60, 30)), columns=[f"v{place}" for place in range(30)])
    words = generator.permutation(np.repeat(["train", "validation", "test"], [36, 12, 12]))
    assert found(rows.assign(y=np.arange(60) % 2), words) == []


def test_the_fewest_rows_there_can_be_prove_nothing(generator):
    words = ["train"] * 10 + ["validation"] * 2 + ["test"] * 2
    assert found(table(generator, when=DAYS).head(14), words) == []


def test_pictures_of_another_kind_are_told():
    digits = load_digits()
    pixels = np.rint(digits.images[:N] * 15.9).astype(np.uint8)[:, None]
    words = np.random.default_rng(0).permutation(IN_ORDER)
    rows = pd.DataFrame({"image": ImageArray(pixels), "y": digits.target[:N]})
    assert found(rows, words) == []
    pixels[words == "test"] = pixels[words == "test", :, ::-1]
    assert named(found(rows.assign(image=ImageArray(pixels)), words)) == [("test", "image")]
