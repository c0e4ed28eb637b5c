"""Rows that are nearly the same in two parts are counted; rows that only resemble each other are not."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_iris, load_wine

from automl.data.columns import infer_columns
from automl.data.images import ImageArray
from automl.data.near_duplicates import MOST_ASKED, near_duplicates
from automl.data.roles import Roles
from automl.data.split import divide


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(2)


@pytest.fixture(scope="module")
def flowers() -> pd.DataFrame:
    rows = load_iris(as_frame=True).frame
    return rows.rename(columns={"target": "y"}).drop_duplicates(ignore_index=True)


@pytest.fixture(scope="module")
def drinks() -> pd.DataFrame:
    return load_wine(as_frame=True).frame.rename(columns={"target": "y"}).assign(name=lambda rows: _names(len(rows)))


def _names(n_rows: int) -> list[str]:
    return [f"The wine of House {number}" for number in range(n_rows // 2)] * 2 + ["other"] * (n_rows % 2)


def parted(rows: pd.DataFrame, copies: pd.DataFrame, part: str) -> pd.DataFrame:
    """Give rows as training and validation rows and copies of some of them as a part, beside some of its own."""
    named = rows.assign(split=np.where(np.arange(len(rows)) % 5 < 4, "train", "validation"))
    named.loc[::10, "split"] = "test"
    return pd.concat([named, copies.assign(split=part)], ignore_index=True)


def told(rows: pd.DataFrame, drop: tuple[str, ...] = (), column: str | None = "split") -> list[str]:
    division = divide(rows, target="y", roles=Roles(split=column))
    columns, _ = infer_columns(division.train[list(division.features)], {}, drop)
    findings = near_duplicates(division, columns)
    assert {(finding.kind, finding.column) for finding in findings} <= {("leak", None)}
    return [finding.sentence for finding in findings]


def training(rows: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """The first rows that `parted` takes for training."""
    place = np.arange(len(rows))
    return rows[(place % 5 < 4) & (place % 10 > 0)].head(n_rows)


def jittered(rows: pd.DataFrame, scale: float, generator: np.random.Generator) -> pd.DataFrame:
    numbers = rows.select_dtypes("float")
    return rows.assign(**(numbers + scale * generator.normal(size=numbers.shape) * numbers.std().to_numpy()))


def test_different_rows_are_quiet(flowers, drinks):
    assert told(flowers, column=None) == [] == told(drinks, column=None)


def test_rows_measured_again_are_counted(drinks, generator):
    copies = jittered(training(drinks, 12), 0.002, generator)
    assert told(parted(drinks, copies, "test")) == [
        "12 of 30 test rows are nearly the same as training rows: "
        "scores on them reward memory; --split COL can keep such rows in one part"
    ]


def test_every_pair_of_parts_is_looked_at(drinks, generator):
    copies = jittered(training(drinks, 12), 0.002, generator)
    again = pd.concat([parted(drinks, copies, "validation"), jittered(copies, 0.002, generator).assign(split="test")])
    sentences = told(again.reset_index(drop=True))
    assert [sentence.split(":")[0] for sentence in sentences] == [
        "12 of 30 test rows are nearly the same as training rows",
        "12 of 30 test rows are nearly the same as validation rows",
        "12 of 47 validation rows are nearly the same as training rows",
    ]


def test_rounded_rows_are_counted(generator):
    rows = pd.DataFrame(generator.normal(size=(200, 4)), columns=list("abcd")).assign(y=np.arange(200) % 2)
    sentence = told(parted(rows, training(rows, 12).round(2), "test"))[0]
    assert sentence.startswith("12 of 32 test rows are nearly the same as training rows")


def test_texts_typed_anew_are_counted(drinks):
    copies = training(drinks, 12).assign(name=lambda rows: " " + rows["name"].str.upper().str.replace(" ", "  "))
    assert told(parted(drinks, copies, "test"))[0].startswith("12 of 30 test rows are nearly the same")


def test_the_very_same_rows_are_left_to_be_told_as_such(drinks):
    assert told(parted(drinks, training(drinks, 12), "test")) == []


def test_rows_that_differ_in_a_column_that_is_left_out_are_counted(drinks, generator):
    rows = drinks.assign(noise=generator.normal(size=len(drinks)))
    copies = training(rows, 12).assign(noise=5.0)
    assert told(parted(rows, copies, "test")) == []
    assert told(parted(rows, copies, "test"), drop=("noise",))[0].startswith("12 of 30 test rows are nearly the same")


@pytest.mark.parametrize("changed", [{"y": 0}, {"name": "another"}, {"proline": np.nan}])
def test_rows_that_differ_in_one_thing_are_different(drinks, generator, changed):
    copies = jittered(training(drinks, 80).tail(12), 0.002, generator).assign(**changed)
    assert told(parted(drinks.assign(proline=drinks["proline"].astype(float)), copies, "test")) == []


def test_values_missing_in_both_are_the_same(drinks, generator):
    rows = drinks.assign(proline=np.where(np.arange(len(drinks)) % 2, drinks["proline"], np.nan))
    copies = jittered(training(rows, 12), 0.002, generator)
    assert told(parted(rows, copies, "test"))[0].startswith("12 of 30 test rows are nearly the same")


def test_a_few_rows_are_of_no_account(drinks, generator):
    assert told(parted(drinks, jittered(training(drinks, 1), 0.002, generator), "test")) == []


def test_rows_of_two_columns_lie_close_by_chance(generator):
    numbers, whole = generator.normal(size=3000), generator.integers(0, 9, 3000)
    assert told(pd.DataFrame({"a": numbers, "b": whole, "y": np.arange(3000) % 2}), column=None) == []


def test_crowded_rows_are_no_copies(generator):
    rows = pd.DataFrame(generator.random((20_000, 3)), columns=["a", "b", "c"]).assign(y=np.arange(20_000) % 2)
    assert told(rows, column=None) == []


def test_common_values_do_not_tell_rows_apart(generator):
    coarse = pd.DataFrame(generator.integers(0, 4, (600, 6)), columns=list("abcdef")).assign(y=np.arange(600) % 2)
    rows = coarse.assign(sum=np.where(generator.random(600) < 0.9, 0.0, generator.normal(size=600)), id=range(600))
    assert told(rows, column=None) == []


def test_one_number_far_out_does_not_make_all_others_the_same(drinks):
    rows = drinks.assign(**{name: drinks[name].astype(float) for name in ("alcohol", "ash", "hue", "proline")})
    rows.loc[1, ["alcohol", "ash", "hue", "proline"]] = 1e12
    assert told(rows, column=None) == []


def test_many_rows_are_looked_at_in_part(generator):
    n_rows = 3 * MOST_ASKED
    rows = pd.DataFrame(generator.normal(size=(n_rows, 4)), columns=list("abcd")).assign(y=np.arange(n_rows) % 2)
    both = pd.concat([rows, jittered(rows, 0.001, generator)], ignore_index=True)
    sentence = told(both.assign(split=["train"] * n_rows + ["test"] * n_rows))[0]
    found = re.match(rf"(\d+) of {MOST_ASKED} test rows looked at are nearly the same as training rows", sentence)
    assert found and 0.7 < int(found[1]) / MOST_ASKED < 0.9  # a fifth of the rows is for validation


def test_numbers_to_predict_must_be_near_too(drinks, generator):
    rows = drinks.rename(columns={"proline": "y", "y": "kind"}).astype({"y": float})
    copies = jittered(training(rows, 12), 0.002, generator)
    assert told(parted(rows, copies, "test"))[0].startswith("12 of 30 test rows are nearly the same")
    assert told(parted(rows, copies.assign(y=copies["y"] + 200), "test")) == []


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return np.repeat(np.repeat(np.rint(load_digits().images * 15.9).astype(np.uint8), 4, axis=1), 4, axis=2)[:400]


def pictures(pixels: np.ndarray, labels) -> pd.DataFrame:
    return pd.DataFrame({"image": ImageArray(np.ascontiguousarray(pixels[:, None])), "y": labels})


def saved_anew(picture: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=90)
    return np.asarray(Image.open(file))


def test_different_pictures_are_quiet(digits):
    assert told(pictures(digits, load_digits().target[:400]), column=None) == []


@pytest.mark.parametrize(
    "changed",
    [saved_anew, lambda picture: picture // 2 * 2, lambda picture: np.minimum(picture, 250) + np.uint8(3)],
    ids=["jpeg", "fewer-colours", "brighter"],
)
def test_pictures_saved_anew_are_counted(digits, changed):
    labels = load_digits().target[:400]
    pixels = np.concatenate([digits, [changed(picture) for picture in digits[:40]]])
    rows = pictures(pixels, [*labels, *labels[:40]])
    words = ["train"] * 300 + ["validation"] * 50 + ["test"] * 50 + ["test"] * 40
    assert told(rows.assign(split=words))[0].startswith("40 of 90 test rows are nearly the same as training rows")


def test_the_very_same_pictures_are_left_to_be_told_as_such(digits):
    labels = load_digits().target[:400]
    rows = pictures(np.concatenate([digits, digits[:40]]), [*labels, *labels[:40]])
    words = ["train"] * 300 + ["validation"] * 50 + ["test"] * 50 + ["test"] * 40
    assert told(rows.assign(split=words)) == []


def test_a_picture_with_another_label_is_near(digits):
    labels = load_digits().target[:400]
    rows = pictures(np.concatenate([digits, digits[:40]]), [*labels, *(labels[:40] + 1) % 10])
    words = ["train"] * 300 + ["validation"] * 50 + ["test"] * 50 + ["test"] * 40
    assert told(rows.assign(split=words))[0].startswith("40 of 90 test rows are nearly the same")


def test_blank_pictures_and_no_pictures_are_quiet(digits):
    blank = np.zeros((20, 32, 32), dtype=np.uint8) + np.arange(20, dtype=np.uint8)[:, None, None]
    store = np.concatenate([digits, blank])[:, None]
    index = np.where(np.arange(420) % 9, np.arange(420), -1)
    rows = pd.DataFrame({"image": ImageArray(store, index), "y": [*load_digits().target[:400], *[0] * 20]})
    assert told(rows, column=None) == []
