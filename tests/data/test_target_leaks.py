"""Columns that give the target away are named, and honest ones are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.columns import infer_columns
from automl.data.roles import Roles
from automl.data.split import divide
from automl.data.target_leaks import MOST_NAMED, target_leaks
from automl.task import Finding

N = 400
TWO, THREE = np.arange(N) % 2, np.arange(N) % 3
DAYS = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), unit="D")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(3)


def table(y, **columns) -> pd.DataFrame:
    """Give a target beside noise and the columns."""
    noise = np.random.default_rng(0).normal(size=len(y))
    return pd.DataFrame({"noise": noise, **columns, "y": y})


def leaks(rows: pd.DataFrame, kinds: dict | None = None, **how) -> list[Finding]:
    division = divide(rows, target="y", **how)
    columns, _ = infer_columns(division.train[list(division.features)], kinds or {}, [])
    return target_leaks(division, columns)


def told(rows: pd.DataFrame, kinds: dict | None = None, **how) -> str:
    """The one sentence that is told."""
    (finding,) = leaks(rows, kinds, **how)
    assert finding.kind == "leak"
    return finding.sentence


def test_a_table_of_noise_is_quiet():
    assert leaks(table(TWO)) == [] == leaks(table(np.random.default_rng(1).normal(size=N)))


def test_a_copy_of_the_target_under_other_words_is_named():
    assert told(table(TWO, alive=np.where(TWO, "yes", "no"))) == (
        "column 'alive' alone predicts 'y' (AUC 1.000 on held-out training rows): "
        "if it is known only once 'y' is, every score promises too much; --drop alive leaves it out"
    )


def test_a_column_that_a_shell_would_cut_is_quoted():
    assert told(table(TWO, **{"is alive": TWO})).endswith("--drop 'is alive' leaves it out")


@pytest.mark.parametrize(
    "leak",
    [
        THREE * 10.0,
        -1.0 * THREE,
        pd.Categorical.from_codes(THREE, ["x", "y", "z"]),
        [f"{'abc'[code]}{row % 5}" for row, code in enumerate(THREE)],
        pd.to_datetime("2020-01-01") + pd.to_timedelta(THREE * 40, unit="D"),
    ],
    ids=["number", "falling", "category", "finer-category", "date"],
)
def test_three_classes_are_given_away_by_any_kind_of_column(leak):
    assert told(table(np.array(["a", "b", "c"])[THREE], leak=leak)).startswith(
        "column 'leak' alone predicts 'y' (AUC 1"
    )


def test_the_hour_of_a_date_may_give_the_target_away(generator):
    days, hours = generator.integers(0, 900, N), np.where(TWO, 0, generator.integers(1, 24, N))
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D") + pd.to_timedelta(hours, unit="h")
    assert told(table(TWO, when=when)).startswith("column 'when' alone predicts 'y' (AUC 1.000")


@pytest.mark.parametrize(
    "bent", [lambda price: 0.9 * price, np.log, lambda price: price.round(-3)], ids=["line", "log", "steps"]
)
def test_a_number_is_given_away_by_another_form_of_it(generator, bent):
    price = np.exp(generator.normal(10, 1, 1000))
    assert told(table(price, other=bent(price))).startswith("column 'other' alone predicts 'y' (R2 ")


def test_a_number_is_given_away_by_itself_and_some_noise(generator):
    price = generator.normal(100, 10, 1000)
    assert leaks(table(price, other=price + generator.normal(size=1000))) == []  # R2 .99
    assert told(table(price, other=price + 0.2 * generator.normal(size=1000)))


def test_a_good_column_is_no_leak(generator):
    good = TWO + generator.normal(0, 0.3, N)  # AUC .99
    assert leaks(table(TWO, good=good)) == []


def test_one_class_that_is_easily_told_is_no_leak(generator):
    easy = np.where(THREE == 0, 10, 0) + generator.normal(size=N)
    assert leaks(table(np.array(["a", "b", "c"])[THREE], easy=easy)) == []


@pytest.mark.parametrize(
    "value", [lambda generator: 1.0, lambda generator: generator.normal()], ids=["same", "different"]
)
def test_a_column_that_is_filled_in_for_one_class_is_named(generator, value):
    boat = [value(generator) if ill else None for ill in TWO]
    assert told(table(TWO, boat=boat)).startswith("whether column 'boat' has a value alone predicts 'y' (AUC 1.000")


def test_columns_that_only_together_are_filled_in_for_one_class_are_told(generator):
    first = generator.random(N) < 0.5
    gaps = {"a": np.where(first, 1.0, np.nan), "b": np.where(first == TWO, generator.normal(size=N), np.nan)}
    finding = Finding(
        "leak",
        None,
        "which columns of a row have no value alone predicts 'y' (AUC 1.000 on held-out training rows): "
        "if it is known only once 'y' is, every score promises too much; --drop COL leaves columns out",
    )
    assert leaks(table(TWO, **gaps)) == [finding]


def test_gaps_that_say_nothing_are_quiet(generator):
    assert leaks(table(TWO, a=np.where(generator.random(N) < 0.5, 1.0, np.nan))) == []


def test_a_word_in_a_text_is_named(generator):
    notes = [f"{'died' if ill else 'went home'} after {generator.integers(1, 300)} days" for ill in TWO]
    assert told(table(TWO, note=notes)).startswith("a word in column 'note' alone predicts 'y' (AUC 1.000")


def test_a_group_whose_rows_share_a_target_is_named(generator):
    patient = generator.integers(0, 40, N)
    rows = table(patient % 2, patient=[f"p{number}" for number in patient])
    assert told(rows).startswith("column 'patient' alone predicts 'y' (AUC 1.000")


def test_a_category_of_many_values_does_not_pass_by_heart(generator):
    assert leaks(table(TWO, place=[f"p{number}" for number in generator.integers(0, 120, N)])) == []


def test_an_identifier_that_is_kept_and_knows_the_target_is_named():
    rows = table(np.sort(TWO), id=np.arange(N))
    assert told(rows, {"id": "numeric"}) == (
        "column 'id' only names its row, yet alone predicts 'y' (AUC 1.000 on held-out training rows): "
        "new rows are numbered otherwise; --drop id leaves it out"
    )
    assert leaks(rows) == []  # left out unasked, it does no harm


def test_an_identifier_that_knows_nothing_is_quiet():
    assert leaks(table(TWO, id=np.arange(N)), {"id": "numeric"}) == []


def test_an_identifier_need_not_know_the_target_well(generator):
    later = np.arange(N) / N + generator.normal(0, 0.2, N) > 0.5  # AUC .9
    assert told(table(later, id=np.arange(N)), {"id": "numeric"}).startswith("column 'id' only names its row, yet")


@pytest.mark.parametrize(
    "count",
    [
        np.arange(N) * 1.5,
        -np.arange(N) * 0.1,
        pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N) // 2, unit="D"),
    ],
    ids=["number", "falling", "date"],
)
def test_a_column_that_counts_rows_sorted_by_class_is_named(count):
    assert told(table(np.sort(TWO), count=count)) == (
        "column 'count' runs with the order of the rows and alone predicts 'y' (AUC 1.000 on held-out training rows): "
        "rows drawn at random lie among the others, those to come do not; --split COL divides by it; "
        "--drop count leaves it out"
    )


def test_rows_sorted_by_class_are_quiet_by_themselves(generator):
    assert leaks(table(np.sort(TWO), x=np.sort(TWO) + generator.normal(size=N))) == []


def test_a_date_is_no_leak_where_rows_were_divided_by_it():
    late = np.arange(N) / N + np.random.default_rng(0).normal(0, 0.2, N) > 0.5
    words = np.repeat(["train", "validation", "test"], [240, 80, 80])
    assert leaks(table(late, when=DAYS))
    assert leaks(table(late, when=DAYS, split=words), roles=Roles(split="split")) == []


def test_a_copy_of_a_target_that_rows_are_sorted_by_is_a_copy():
    price = np.sort(np.random.default_rng(0).normal(size=N))
    assert told(table(price, other=price * 0.9)).startswith("column 'other' alone predicts 'y' (R2 ")


def test_many_columns_that_give_the_target_away_are_counted():
    findings = leaks(table(TWO, **{f"copy{place}": TWO for place in range(MOST_NAMED + 2)}))
    assert [finding.column for finding in findings] == [*(f"copy{place}" for place in range(MOST_NAMED)), None]
    assert findings[-1].sentence == (
        "2 more columns, such as 'copy5', 'copy6', give 'y' away in the same way; --drop COL leaves each out"
    )


def test_few_rows_prove_nothing():
    y = np.arange(16) % 2
    assert leaks(table(y, copy=y)) == []


def test_a_long_table_is_looked_at_in_part():
    assert told(table(np.tile(TWO, 60), copy=np.tile(TWO, 60))).startswith("column 'copy' alone")


def test_the_test_rows_are_not_looked_at():
    rows = table(TWO, copy=TWO)
    division = divide(rows, target="y")
    columns, _ = infer_columns(division.train[list(division.features)], {}, [])
    division.test["copy"] = 0
    division.validation["copy"] = 0
    assert [finding.column for finding in target_leaks(division, columns)] == ["copy"]


def test_the_same_division_gives_the_same_sentence(generator):
    rows = table(TWO, copy=TWO + generator.normal(0, 0.1, N))
    assert leaks(rows, seed=5) == leaks(rows, seed=5) != []
