"""The script inside a bundle over images: as the project predicts, from whatever holds them."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.data.images import ImageArray
from automl.data.read import read_table
from automl.export.bundle import write_bundle
from automl.export.predict import fitted
from automl.export.predictor import Predictor
from automl.task import Column

WITHOUT_PILLOW = (
    "import runpy, sys; sys.modules['PIL'] = None; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


def run(bundle, *arguments):
    return subprocess.run(
        [sys.executable, "-I", str(bundle / "predict.py"), *map(str, arguments)], capture_output=True, text=True
    )


def run_without_pillow(bundle, *arguments):
    words = [sys.executable, "-I", "-c", WITHOUT_PILLOW, str(bundle / "predict.py"), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True)


def predict(bundle, source, target):
    done = run(bundle, source, target)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    return pd.read_csv(target)


def refused(bundle, source):
    done = run(bundle, source)
    assert done.returncode == 1 and len(done.stdout.splitlines()) < 2 and "Traceback" not in done.stderr
    return done.stderr


def assert_same(found, wanted):
    assert list(found) == list(wanted) and found["prediction"].tolist() == wanted["prediction"].tolist()
    shares = [table.filter(like="probability_").to_numpy() for table in (found, wanted)]
    np.testing.assert_allclose(*shares, rtol=1e-5, atol=1e-7)


def noise(*shape):
    return np.random.default_rng(9).integers(0, 256, shape, dtype=np.uint8)


def test_a_folder_is_predicted_as_the_predictor_does(colour_bundle, photos, tmp_path):
    predictor = Predictor(colour_bundle)
    wanted = predictor.predict(predictor.read(photos)).reset_index()
    found = predict(colour_bundle, photos, tmp_path / "out.csv")
    assert found["file"].tolist() == wanted["file"].tolist() and len(found) == 7
    assert_same(found, wanted)


def test_one_file_is_predicted_as_in_its_folder(colour_bundle, photos, tmp_path):
    alone = predict(colour_bundle, photos / "deep" / "large.jpg", tmp_path / "out.csv")
    among = predict(colour_bundle, photos, tmp_path / "all.csv").set_index("file")
    assert alone["file"].tolist() == ["large.jpg"]
    assert alone["probability_yes"].tolist() == pytest.approx([among["probability_yes"]["deep/large.jpg"]], rel=1e-5)


@pytest.mark.parametrize("shape", [(6, 8, 8, 3), (6, 14, 10, 3), (6, 31, 20, 3), (6, 9, 9), (6, 9, 9, 1), (6, 5, 5, 4)])
def test_an_archive_is_predicted_as_the_predictor_does(colour_bundle, tmp_path, shape):
    np.savez(tmp_path / "x.npz", x=noise(*shape))
    wanted = Predictor(colour_bundle).predict(read_table(tmp_path / "x.npz"))
    assert_same(predict(colour_bundle, tmp_path / "x.npz", tmp_path / "out.csv"), wanted)


@pytest.mark.parametrize("name", ["x", "X", "image"])
def test_the_array_of_an_archive_has_one_of_two_names(colour_bundle, tmp_path, name):
    np.savez(tmp_path / "x.npz", **{"y": np.arange(2), name: noise(2, 8, 8, 3)})
    assert len(predict(colour_bundle, tmp_path / "x.npz", tmp_path / "out.csv")) == 2


def test_an_array_may_lie_as_the_model_takes_it(colour_bundle, tmp_path):
    pixels = noise(3, 3, 8, 8)
    np.save(tmp_path / "x.npy", pixels)
    wanted = Predictor(colour_bundle).predict(pd.DataFrame({"image": ImageArray(pixels)}))
    assert_same(predict(colour_bundle, tmp_path / "x.npy", tmp_path / "out.csv"), wanted)


def test_pixels_of_the_models_size_need_no_pillow(colour_bundle, tmp_path):
    np.save(tmp_path / "x.npy", noise(3, 8, 8, 3))
    done = run_without_pillow(colour_bundle, tmp_path / "x.npy")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 4


def test_the_example_needs_no_pillow(grey_bundle):
    done = run_without_pillow(grey_bundle, grey_bundle / "example.json")
    assert done.returncode == 0 and done.stdout.splitlines()[0] == "prediction,probability_no,probability_yes"


def test_the_example_is_predicted_as_a_missing_picture_is(colour_bundle, tmp_path):
    example = predict(colour_bundle, colour_bundle / "example.json", tmp_path / "out.csv")
    assert_same(example, Predictor(colour_bundle).predict(pd.DataFrame({"image": [None]})))


@pytest.mark.parametrize("name", ["photos", "pixels.npy"])
def test_what_needs_pillow_says_so(colour_bundle, photos, tmp_path, name):
    np.save(tmp_path / "pixels.npy", noise(3, 9, 9, 3))
    done = run_without_pillow(colour_bundle, photos if name == "photos" else tmp_path / name)
    said = "image files, and pixels of another size than the model's, need Pillow: pip install pillow\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_a_table_names_files_beside_other_columns(grey_bundle, photos, tmp_path):
    rows = pd.DataFrame(
        {
            "job": ["cook", "smith", None, "cook"],
            "photo": ["photos/grey.png", None, "photos/deep/sixteen.png", "photos/colour.png"],
            "age": [30.5, None, 50, 60],
        }
    )
    rows.to_csv(photos.parent / "script.csv", index=False)
    wanted = Predictor(grey_bundle).predict(Predictor(grey_bundle).read(photos.parent / "script.csv"))
    assert_same(predict(grey_bundle, photos.parent / "script.csv", tmp_path / "out.csv"), wanted)


def test_a_row_of_json_may_hold_pixels(grey_bundle, tmp_path):
    pixels = noise(7, 9)
    row = {"age": 30.0, "job": "cook"}
    (tmp_path / "rows.json").write_text(json.dumps([{**row, "photo": pixels.tolist()}, {**row, "photo": None}]))
    pictures = ImageArray(pixels[None, None], np.array([0, -1]))
    wanted = Predictor(grey_bundle).predict(pd.DataFrame({**row, "photo": pictures}))
    assert_same(predict(grey_bundle, tmp_path / "rows.json", tmp_path / "out.csv"), wanted)


def test_a_damaged_file_of_a_folder_is_left_out_and_named(colour_bundle, tmp_path):
    Image.fromarray(noise(5, 5, 3)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"torn")
    done = run(colour_bundle, tmp_path)
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["file", "good.png"]
    assert done.stderr.startswith(f"{tmp_path / 'bad.png'}: cannot be read as an image (")


def test_a_damaged_file_of_a_table_counts_as_missing(colour_bundle, tmp_path):
    (tmp_path / "rows.csv").write_text("image\nabsent.png\nNA\n")
    done = run(colour_bundle, tmp_path / "rows.csv")
    first, second = done.stdout.splitlines()[1:]
    assert first == second and "absent.png: cannot be read as an image (" in done.stderr


def test_columns_beside_the_pictures_are_missed(grey_bundle, photos):
    assert refused(grey_bundle, photos) == f"{photos}: the rows lack the columns 'age', 'job'\n"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent.png", r"no such file: "),
        ("empty", r"the folder holds no image files (.jpg, "),
        (
            "float.npy",
            "pixels must be uint8, (N, height, width), (N, height, width, channels) or (N, 3, 8, 8), got float",
        ),
        ("flat.npy", "got uint8 (3, 64)"),
        ("torn.npy", "torn.npy: cannot be read as an array ("),
        ("names.npz", "the archive must hold an array x or image, got a, b"),
        ("none.npz", "the archive must hold an array x or image, got none"),
        ("list.json", "column 'image': a list of pixels must hold lines of whole numbers from 0 to 255"),
        ("ragged.json", "column 'image': a list of pixels must hold lines of whole numbers from 0 to 255"),
        ("line.json", "column 'image': pixels must be uint8, "),
    ],
)
def test_what_holds_no_pictures_is_refused(colour_bundle, tmp_path, name, sentence):
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "float.npy", np.zeros((2, 8, 8, 3)))
    np.save(tmp_path / "flat.npy", noise(3, 64))
    (tmp_path / "torn.npy").write_bytes(b"torn")
    np.savez(tmp_path / "names.npz", a=noise(1), b=noise(1))
    np.savez(tmp_path / "none.npz")
    for word, value in (("list", [[256]]), ("ragged", [[1], [2, 3]]), ("line", [1, 2])):
        (tmp_path / f"{word}.json").write_text(json.dumps({"image": value}))
    assert sentence in refused(colour_bundle, tmp_path / name)


def test_pictures_are_brought_to_size_as_the_preparation_does(colour, grey):
    for image in (colour.preparation.encodings[0], grey.preparation.encodings[1]):
        for shape in ((1, 40, 30), (3, 40, 30), (3, 3, 4), (1, 8, 300), (3, 1, 1)):
            pixels = noise(1, *shape)
            wanted = image.encode(pd.Series(ImageArray(pixels)))["image"][0]
            found = fitted(pixels[0].transpose(1, 2, 0), image.to_json())
            np.testing.assert_array_equal(found, wanted, err_msg=f"{shape} to {image.shape}")


def test_real_pictures_are_predicted_as_the_predictor_and_the_network_do(real_data, image_winner_of, tmp_path):
    table = read_table(real_data / "fashion_mnist_12k" / "data.npz")
    rows = table.head(600).assign(won=(table["label"].astype(int) < 5).map({True: "low", False: "high"}))
    winner = image_winner_of(rows, (Column("image", "image"),))
    parity = write_bundle(tmp_path / "b", winner, provenance={}, check_rows=rows)
    assert (parity.rows, parity.labels_equal) == (600, 1.0)
    np.save(tmp_path / "x.npy", rows["image"].array.store.pixels[:600])
    found = predict(tmp_path / "b", tmp_path / "x.npy", tmp_path / "out.csv")
    assert_same(found, Predictor(tmp_path / "b").predict(rows))
