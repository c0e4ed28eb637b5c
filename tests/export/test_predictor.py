"""Predictions from a bundle."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from automl.data.images import ImageArray
from automl.errors import BundleError
from automl.export.predictor import CHUNK, Predictor, chunks


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


@pytest.fixture(scope="module")
def colour_predictor(colour_bundle):
    return Predictor(colour_bundle)


@pytest.fixture(scope="module")
def grey_predictor(grey_bundle):
    return Predictor(grey_bundle)


def shares(found):
    return found.filter(like="probability_").to_numpy()


def test_images_are_predicted_as_the_network_does(grey_predictor, grey, grey_rows):
    blocks = {name: torch.tensor(block) for name, block in grey.preparation.transform(grey_rows).items()}
    with torch.no_grad():
        wanted = torch.softmax(grey.module(blocks), dim=1).numpy()
    np.testing.assert_allclose(shares(grey_predictor.predict(grey_rows)), wanted, atol=1e-6)


def test_a_picture_does_not_mind_its_company(colour_predictor, colour_rows):
    alone = pd.concat([colour_predictor.predict(colour_rows[row : row + 1]) for row in range(len(colour_rows))])
    np.testing.assert_allclose(shares(alone), shares(colour_predictor.predict(colour_rows)), atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 30, 20), (3, 8, 8), (1, 5, 5), (3, 14, 10), (1, 1, 1)])
def test_pictures_of_any_size_are_brought_to_the_networks(colour_predictor, colour, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    rows = pd.DataFrame({"image": ImageArray(pixels)})
    with torch.no_grad():
        blocks = {"image": torch.tensor(colour.preparation.transform(rows)["image"])}
        wanted = torch.softmax(colour.module(blocks), dim=1).numpy()
    np.testing.assert_allclose(shares(colour_predictor.predict(rows)), wanted, atol=1e-6)


def test_a_missing_picture_counts_as_the_mean_colour(colour_predictor, colour):
    mean = np.rint(colour.preparation.encodings[0].mean).astype(np.uint8)
    plain = pd.DataFrame({"image": ImageArray(np.broadcast_to(mean[None, :, None, None], (1, 3, 8, 8)))})
    missing = pd.DataFrame({"image": [None]})
    np.testing.assert_array_equal(shares(colour_predictor.predict(missing)), shares(colour_predictor.predict(plain)))


def test_no_pictures_give_no_predictions_of_the_same_types(grey_predictor, grey_rows):
    empty, full = (grey_predictor.predict(rows) for rows in (grey_rows[:0], grey_rows))
    assert len(empty) == 0 and empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_large_pictures_are_predicted_few_at_a_time(colour):
    rows = pd.DataFrame({"n": range(5000)})
    sizes = {
        side: [len(part) for part in chunks(rows, replace(colour.preparation.encodings[0], height=side, width=side))]
        for side in (8, 224, 2000)
    }
    assert [len(part) for part in chunks(rows, None)] == [4096, 904] == sizes[8]
    assert max(sizes[224]) == 6 and sum(sizes[224]) == 5000 and set(sizes[2000]) == {1}


def test_a_frame_may_name_files(colour_predictor, photos):
    named = pd.DataFrame({"image": [str(photos / "grey.png"), None, str(photos / "deep" / "large.jpg")]})
    found = colour_predictor.predict(named)
    files = colour_predictor.predict(colour_predictor.read(photos)).loc[["grey.png", "deep/large.jpg"]]
    np.testing.assert_allclose(shares(found)[[0, 2]], shares(files), atol=1e-6)


def test_a_frame_without_its_pictures_is_refused(grey_predictor, grey_rows):
    with pytest.raises(BundleError, match="the rows lack the columns 'photo'"):
        grey_predictor.predict(grey_rows.drop(columns=["photo"]))


def test_a_folder_that_lacks_the_other_columns_is_refused(grey_predictor, photos):
    with pytest.raises(BundleError, match="the rows lack the columns 'age', 'job'"):
        grey_predictor.predict(grey_predictor.read(photos))


def test_predicting_pictures_needs_no_network_library(colour_bundle, photos):
    code = (
        "import sys; import automl.export.predictor as p; b = p.Predictor(sys.argv[1]); "
        "print(len(b.predict(b.read(sys.argv[2]))), 'torch' in sys.modules)"
    )
    words = [sys.executable, "-c", code, str(colour_bundle), str(photos)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() == ["7", "False"]
