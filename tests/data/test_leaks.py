"""What is found in real data sets when they are divided, and what is not: no false alarm, no silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.layouts import source_defaults
from automl.data.leaks import find_leaks
from automl.data.read import read_table
from automl.data.roles import Roles
from automl.data.split import Division, divide
from automl.task import Finding

ROOT = Path(__file__).parents[2]

BUILT_IN = ("breast-cancer", "diabetes", "digits", "iris", "wine")
QUIET = (
    "penguins",  # sorted by species, but no column counts the rows
    "titanic",  # many third-class men differ in a few pence: two columns are too few to tell people apart
    "breast_cancer_w",  # small whole numbers: rows are the same or differ
    "house_votes84",  # sixteen votes: likewise
    "credit_g",
    "hypothyroid",  # TSH has an AUC of .99: what decides a diagnosis is known in time
    "abalone",
    "satimage",  # an official split whose parts are alike
    "wine_quality",  # wines that were tasted twice are there twice, to the last digit
    "california_housing",
    "adult",  # an official split whose parts are alike
    "diamonds",  # crowded: there are ten times as many stones within three times the distance
)
IMAGES = {
    "digits": "data.npz",
    "fashion_mnist_12k": "data.npz",  # an official split; trousers resemble each other
    "sign_digits_1k": "",  # several pictures of a student's hand, none of them twice
    "omniglot_small": "data.npz",  # twenty people draw the same character
}
TOLD = {
    "spambase": [
        (None, "16 of 920 test rows are nearly the same as training rows"),
        (None, "18 of 920 validation rows are nearly the same as training rows"),
    ],  # one mail to several people, a word or a number changed
    "nsmc_ratings": [("date", "the test rows can be told from the training rows (AUC 1.000, most by column 'date')")],
}  # the latest fifth of the ratings are the test rows
DUPLICATES = {"breast_cancer_w": "51 of 140", "spambase": "89 of 920", "wine_quality": "284 of 1299"}


def divided(folder: Path, **changes) -> Division:
    """Divide a real table as its description says, with columns added to it."""
    described = json.loads((folder / "meta.json").read_text())
    table = read_table(next(folder.glob("*.parquet"))).assign(**changes)
    column = "split" if described["split"] else None
    task = described["task"] if described["task"] in ("binary", "multiclass", "regression") else None
    return divide(table, target=described["target"], task_kind=task, roles=Roles(split=column))


def leaks(division: Division) -> tuple[Finding, ...]:
    columns, _ = infer_columns(division.train[list(division.features)], {}, [])
    return find_leaks(division, columns)


@pytest.mark.parametrize("name", QUIET)
def test_a_clean_table_is_quiet(real_data, name):
    assert leaks(divided(real_data / name)) == ()


@pytest.mark.parametrize("name", IMAGES)
def test_a_clean_set_of_images_is_quiet(real_data, name):
    source = real_data / name / IMAGES[name]
    said = source_defaults(source)
    assert leaks(divide(read_table(source), target=said.target, roles=Roles(split=said.split))) == ()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_set_is_quiet(name):
    assert leaks(divide(read_table(name), target=source_defaults(name).target)) == ()


@pytest.mark.parametrize("name", TOLD)
def test_what_is_amiss_in_a_table_is_told(real_data, name):
    findings = leaks(divided(real_data / name))
    assert [(finding.column, finding.sentence.split(":")[0]) for finding in findings] == TOLD[name]


@pytest.mark.parametrize("name", DUPLICATES)
def test_rows_that_are_the_very_same_are_told_when_the_table_is_divided(real_data, name):
    sentences = [finding.sentence for finding in divided(real_data / name).findings]
    assert sentences[0] == f"{DUPLICATES[name]} test rows also stand in the training rows"


def survivors(folder: Path) -> pd.Series:
    return pd.read_parquet(folder / "titanic" / "data.parquet")["survived"]


def test_the_titanics_column_alive_is_named(real_data):
    alive = np.where(survivors(real_data) == 1, "yes", "no")
    (finding,) = leaks(divided(real_data / "titanic", alive=alive))
    assert (finding.kind, finding.column) == ("leak", "alive")
    assert finding.sentence.endswith("--drop alive leaves it out")


def test_the_titanics_lifeboats_are_named(real_data):
    boat = np.where(survivors(real_data) == 1, np.arange(891) % 16, np.nan)
    (finding,) = leaks(divided(real_data / "titanic", boat=boat))
    assert finding.sentence.startswith("whether column 'boat' has a value alone predicts 'survived'")


def test_a_counter_beside_sorted_rows_is_named(real_data):
    (finding,) = leaks(divided(real_data / "penguins", number=np.arange(344) / 2))
    assert finding.sentence.startswith("column 'number' runs with the order of the rows and alone predicts 'species'")


def test_the_page_shows_what_is_told(real_data):
    alive = np.where(survivors(real_data) == 1, "yes", "no")
    (finding,) = leaks(divided(real_data / "titanic", alive=alive))
    assert finding.sentence in (ROOT / "docs" / "leaks.md").read_text().replace("\n", " ")


def test_the_same_division_gives_the_same_findings(real_data):
    first, again = (leaks(divided(real_data / "spambase")) for _ in range(2))
    assert first == again != ()


def test_the_rows_are_left_as_they_are(real_data):
    division = divided(real_data / "titanic")
    before = [rows.copy() for rows in (division.train, division.validation, division.test)]
    leaks(division)
    for rows, copy in zip((division.train, division.validation, division.test), before):
        pd.testing.assert_frame_equal(rows, copy)
