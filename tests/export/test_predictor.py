"""Predictions from a bundle."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from automl.errors import BundleError
from automl.export.predictor import CHUNK, Predictor


@pytest.fixture(scope="module")
def predictor(bundle):
    return Predictor(bundle)


def test_predictions_come_first_then_probabilities(predictor, mixed_rows):
    found = predictor.predict(mixed_rows)
    assert list(found) == ["prediction", "probability_no", "probability_yes"] and len(found) == len(mixed_rows)
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), 1.0, rtol=1e-6)
    assert (found["prediction"] == found.iloc[:, 1:].idxmax(axis=1).str.removeprefix("probability_")).all()


def test_rows_keep_their_order_and_index(predictor, mixed_rows):
    turned = mixed_rows[::-1]
    pd.testing.assert_frame_equal(predictor.predict(turned), predictor.predict(mixed_rows)[::-1], rtol=1e-5)


def test_target_and_extra_columns_do_not_matter(predictor, mixed_rows):
    plain = mixed_rows.drop(columns=["won"])
    pd.testing.assert_frame_equal(predictor.predict(plain), predictor.predict(mixed_rows.assign(extra=1)))


def test_columns_are_kept_on_request(predictor, mixed_rows):
    found = predictor.predict(mixed_rows, keep=["won", "age"])
    assert list(found)[-2:] == ["won", "age"]
    pd.testing.assert_series_equal(found["won"], mixed_rows["won"])


def test_no_rows_give_no_predictions_of_the_same_types(predictor, mixed_rows):
    empty, full = (predictor.predict(rows, keep=["won"]) for rows in (mixed_rows[:0], mixed_rows))
    assert len(empty) == 0 and empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_one_row_is_enough(predictor, mixed_rows):
    assert len(predictor.predict(mixed_rows[:1])) == 1


def test_a_row_without_values_is_predicted(predictor, mixed_rows):
    nothing = pd.DataFrame({name: [None] for name in mixed_rows}, dtype=object)
    assert predictor.predict(nothing).notna().all(axis=None)


def test_text_is_read_as_typed_values_are(predictor, mixed_rows, tmp_path):
    mixed_rows.to_csv(tmp_path / "rows.csv", index=False)
    text = pd.read_csv(tmp_path / "rows.csv", dtype=str)
    pd.testing.assert_frame_equal(predictor.predict(text), predictor.predict(mixed_rows))


def test_chunks_do_not_change_predictions(predictor, mixed_rows):
    many = pd.concat([mixed_rows] * (CHUNK // len(mixed_rows) + 2), ignore_index=True)
    found = predictor.predict(many)
    assert len(found) == len(many) > CHUNK
    tail = predictor.predict(many[CHUNK:])
    np.testing.assert_allclose(found[CHUNK:].iloc[:, 1:], tail.iloc[:, 1:], rtol=1e-4)


def test_missing_columns_are_named(predictor, mixed_rows):
    with pytest.raises(BundleError, match="the rows lack the columns 'age', 'since'") as caught:
        predictor.predict(mixed_rows.drop(columns=["since", "age"]))
    assert caught.value.exit_code == 2


def test_an_unknown_column_to_keep_is_refused(predictor, mixed_rows):
    with pytest.raises(BundleError, match=r"unknown column to keep 'wom'; did you mean 'won'\?"):
        predictor.predict(mixed_rows, keep=["wom"])


def test_a_column_to_keep_named_like_a_prediction_is_refused(predictor, mixed_rows):
    with pytest.raises(BundleError, match="must not be named like a prediction, got 'prediction'"):
        predictor.predict(mixed_rows.assign(prediction=1), keep=["prediction"])


def test_predicting_needs_no_network_library(bundle):
    code = "import sys; import automl.export.predictor as p; p.Predictor(sys.argv[1]); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(bundle)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
