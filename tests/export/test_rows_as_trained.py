"""Rows to predict are read as the training rows were, by the project and by the script in the bundle alike."""

from __future__ import annotations

import dataclasses
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.data.delimited import Reading
from automl.data.read import read_table
from automl.data.text_files import how_read
from automl.errors import DataError
from automl.export.bundle import write_bundle
from automl.export.predictor import Predictor

DRAW = np.random.default_rng(5)
N = 80
ROWS = pd.DataFrame(
    {
        "zip": [f"{number:05}" for number in DRAW.choice([123, 2139, 94110, 10001], N)],
        "land": DRAW.choice(["NA", "DE", "FR"], N),
        "price": np.round(DRAW.normal(3000, 900, N), 3),
        "rooms": DRAW.integers(1, 9, N),
        "won": DRAW.choice(["no", "yes"], N),
    }
)


def trained(folder: Path, text: str, winner_of, na: tuple[str, ...] = ()) -> Path:
    """Export a winner of rows that were read from a text file."""
    source = folder / "train.csv"
    source.write_text(text)
    table = read_table(source, reading=Reading(na=na))
    winner = dataclasses.replace(winner_of(table, "won"), reading={**how_read(table), "na": list(na)})
    write_bundle(folder / "bundle", winner, provenance={}, check_rows=None)
    return folder / "bundle"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, winner_of) -> Path:
    return trained(tmp_path_factory.mktemp("trained"), ROWS.to_csv(index=False), winner_of)


def script(bundle: Path, rows: Path) -> pd.DataFrame:
    target = rows.with_name("predictions.csv")
    command = [sys.executable, "-I", str(bundle / "predict.py"), str(rows), str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return pd.read_csv(target)


def assert_alike(bundle: Path, rows: Path, wanted: pd.DataFrame) -> None:
    predictor = Predictor(bundle)
    for found in (predictor.predict(predictor.read(rows)), script(bundle, rows)):
        np.testing.assert_allclose(found["probability_yes"], wanted["probability_yes"], rtol=1e-5)


def comma_grouped(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


TEXTS = {
    "commas": lambda rows: rows.to_csv(index=False),
    "semicolons-decimal-comma": lambda rows: rows.to_csv(index=False, sep=";", decimal=","),
    "tabs-decimal-comma": lambda rows: rows.to_csv(index=False, sep="\t", decimal=","),
    "bars": lambda rows: rows.to_csv(index=False, sep="|"),
    "all-quoted": lambda rows: rows.to_csv(index=False, quoting=1),
    "single-quotes": lambda rows: rows.to_csv(index=False, quoting=1, quotechar="'"),
    "grouped": lambda rows: rows.map(comma_grouped).to_csv(index=False),
    "grouped-points": lambda rows: rows.map(
        lambda value: comma_grouped(value).translate({44: 46, 46: 44}) if not isinstance(value, str) else value
    ).to_csv(index=False, sep=";"),
}


@pytest.mark.parametrize("way", TEXTS)
def test_rows_are_the_same_however_they_are_written(bundle, tmp_path, way):
    (tmp_path / "rows.csv").write_text(TEXTS[way](ROWS))
    assert_alike(bundle, tmp_path / "rows.csv", Predictor(bundle).predict(ROWS))


@pytest.mark.parametrize(("name", "encoding"), [("x.txt", "utf-16"), ("x.csv.gz", "utf-8-sig"), ("x.tsv", "cp1252")])
def test_rows_are_the_same_in_other_encodings(bundle, tmp_path, name, encoding):
    data = ROWS.assign(note="é").to_csv(index=False, sep="\t").encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert_alike(bundle, tmp_path / name, Predictor(bundle).predict(ROWS))


def test_a_class_called_na_is_a_value_of_one_row_too(bundle, tmp_path):
    one = ROWS[ROWS["land"] == "NA"].head(1)
    one.to_csv(tmp_path / "one.csv", index=False)
    assert_alike(bundle, tmp_path / "one.csv", Predictor(bundle).predict(one))


def test_codes_are_codes_of_one_row_too(bundle, tmp_path):
    one = ROWS[ROWS["zip"] == "00123"].head(1)
    one.to_csv(tmp_path / "one.csv", index=False)
    assert_alike(bundle, tmp_path / "one.csv", Predictor(bundle).predict(one))


def test_one_spoilt_number_leaves_the_others(bundle, tmp_path):
    text = ROWS.head(6).to_csv(index=False, sep=";", decimal=",").splitlines()
    fields = text[1].split(";")
    fields[2] = "n. a."
    (tmp_path / "rows.csv").write_text("\n".join([text[0], ";".join(fields), *text[2:]]) + "\n")
    wanted = ROWS.head(6).assign(price=ROWS["price"].head(6).where(ROWS.index[:6] > 0))
    assert_alike(bundle, tmp_path / "rows.csv", Predictor(bundle).predict(wanted))


def test_an_ambiguous_number_is_read_as_in_training(tmp_path, winner_of):
    bundle = trained(tmp_path, ROWS.to_csv(index=False, sep=";", decimal=","), winner_of)
    one = ROWS.head(1).assign(price=1.234)
    one.to_csv(tmp_path / "one.csv", index=False, sep=";", decimal=",")
    assert_alike(bundle, tmp_path / "one.csv", Predictor(bundle).predict(one))


def test_what_was_said_to_be_missing_is_missing_in_rows(tmp_path, winner_of):
    spoilt = ROWS.assign(rooms=ROWS["rooms"].where(ROWS.index % 5 > 0, -999), land=ROWS["land"].replace("FR", "-"))
    bundle = trained(tmp_path, spoilt.to_csv(index=False), winner_of, na=("-999", "-"))
    spoilt.to_csv(tmp_path / "rows.csv", index=False)
    wanted = spoilt.assign(rooms=spoilt["rooms"].replace(-999, np.nan), land=spoilt["land"].replace("-", None))
    assert_alike(bundle, tmp_path / "rows.csv", Predictor(bundle).predict(wanted))


def test_a_word_that_was_missing_in_training_is_missing_in_rows(tmp_path, winner_of):
    text = ROWS.assign(rooms=ROWS["rooms"].where(ROWS.index % 5 > 0)).to_csv(index=False, na_rep="NA")
    bundle = trained(tmp_path, text, winner_of)
    one = ROWS[ROWS["land"] == "NA"].head(1)
    one.to_csv(tmp_path / "one.csv", index=False)
    assert_alike(bundle, tmp_path / "one.csv", Predictor(bundle).predict(one.assign(land=None)))


def test_the_script_names_what_cannot_be_read(bundle, tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"a\0b,c\n")
    done = subprocess.run([sys.executable, "-I", bundle / "predict.py", tmp_path / "rows.csv"], capture_output=True)
    assert done.returncode == 1 and b"must be text in UTF-8" in done.stderr
    with pytest.raises(DataError, match="must be text in UTF-8"):
        Predictor(bundle).read(tmp_path / "rows.csv")


def test_the_folder_of_the_bundle_stays_as_it_is(bundle, tmp_path):
    before = sorted(path.name for path in bundle.iterdir())
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    script(bundle, tmp_path / "rows.csv")
    assert sorted(path.name for path in bundle.iterdir()) == before
