"""What names alone tell of a set of images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.data.layouts import Defaults, archive_parts, folder_layout, source_defaults
from automl.errors import DataError


def files(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize(
    ("names", "kind", "parts"),
    [
        (["cat/1.jpg", "dog/1.PNG"], "classes", [""]),
        (["cat/deep/1.jpg", "dog/1.webp", "notes.txt", ".git/x.png"], "classes", [""]),
        (["bus/1.jpg", "train/1.jpg", "test/1.jpg"], "classes", [""]),
        (["bus/1.jpg", "train/steam/1.jpg"], "classes", [""]),
        (["train/cat/1.jpg", "test/cat/1.jpg"], "parts", ["train", "test"]),
        (["Training/cat/1.jpg", "TEST/cat/1.jpg", "val/cat/1.jpg"], "parts", ["train", "validation", "test"]),
        (["train/cat/1.jpg", "test/cat/1.jpg", "more/1.jpg"], "parts", ["train", "test"]),
        (["1.jpg", "2.gif"], "files", [""]),
        (["1.jpg", "empty/x.txt"], "files", [""]),
        (["1.jpg", "cat/1.jpg"], "classes", [""]),
    ],
)
def test_a_folder_is_known_by_where_its_images_lie(tmp_path, names, kind, parts):
    layout = folder_layout(files(tmp_path, *names))
    assert (layout.kind, list(layout.folders)) == (kind, parts)


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["cat/notes.txt"], [".hidden/1.jpg"], ["._1.jpg"]])
def test_a_folder_without_images_is_refused(tmp_path, names):
    with pytest.raises(DataError, match=r"a folder must hold images \(\.jpg, .*\) in one folder per class"):
        folder_layout(files(tmp_path, *names))


@pytest.mark.parametrize(
    "names", [["train/cat/1.jpg"], ["train/cat/1.jpg", "val/cat/1.jpg"], ["train/a/1.jpg", "test/1.jpg"]]
)
def test_training_classes_without_test_classes_are_refused_with_a_way_out(tmp_path, names):
    said = r"train/ and test/ must both hold one folder per class; to divide the images of one of them, give .*/train$"
    with pytest.raises(DataError, match=said):
        folder_layout(files(tmp_path, *names))


def test_two_folders_for_one_part_are_refused(tmp_path):
    names = ["train/a/1.jpg", "test/a/1.jpg", "val/a/1.jpg", "valid/a/1.jpg"]
    with pytest.raises(DataError, match="each part must be in one folder, got val, valid"):
        folder_layout(files(tmp_path, *names))


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["x", "y"], {"": {"x": "x", "y": "y"}}),
        (["Y", "X", "class_names"], {"": {"x": "X", "y": "Y"}}),
        (
            ["X_test", "Y_test", "X_train", "Y_train", "x"],
            {
                "train": {"x": "X_train", "y": "Y_train"},
                "test": {"x": "X_test", "y": "Y_test"},
            },
        ),
        (["x"], {"": {"x": "x"}}),
        (["y", "images"], {}),
        (["x_test", "y_test"], {}),
    ],
)
def test_arrays_are_known_by_their_names(names, parts):
    assert archive_parts(names) == parts


def test_sets_of_images_have_a_target_and_perhaps_a_split_column(tmp_path):
    np.savez(tmp_path / "both.npz", x_train=[1], y_train=[1], x_test=[1], y_test=[1])
    np.savez(tmp_path / "one.NPZ.npz", X=[1], Y=[1])
    np.savez(tmp_path / "bare.npz", x=[1])
    found = {
        "classes": source_defaults(files(tmp_path / "classes", "a/1.jpg", "b/1.jpg")),
        "parts": source_defaults(str(files(tmp_path / "parts", "train/a/1.jpg", "test/a/1.jpg"))),
        "files": source_defaults(files(tmp_path / "files", "1.jpg")),
        "both": source_defaults(tmp_path / "both.npz"),
        "one": source_defaults(tmp_path / "one.NPZ.npz"),
        "bare": source_defaults(tmp_path / "bare.npz"),
    }
    assert found == {
        "classes": Defaults("label", None),
        "parts": Defaults("label", "split"),
        "files": Defaults(),
        "both": Defaults("label", "split"),
        "one": Defaults("label", None),
        "bare": Defaults(),
    }


def test_other_sources_have_no_defaults_but_the_built_in_ones(tmp_path):
    (tmp_path / "broken.npz").write_text("no archive")
    others = [tmp_path, tmp_path / "broken.npz", tmp_path / "nowhere.npz", "rows.csv", pd.DataFrame({"a": [1]})]
    assert {source_defaults(source) for source in others} == {Defaults()}
    assert source_defaults("digits") == Defaults("target", None)


def test_looking_at_names_imports_no_library():
    code = "import sys; import automl.data.layouts; print({'numpy', 'pandas', 'PIL', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
