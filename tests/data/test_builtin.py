"""Tables that have a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from automl.data.builtin import LOADERS, builtin_target, is_builtin, load_builtin

SHAPES = {
    "breast-cancer": (569, 31),
    "diabetes": (442, 11),
    "digits": (1797, 2),
    "iris": (150, 5),
    "wine": (178, 14),
}


@pytest.mark.parametrize("name", LOADERS)
def test_every_builtin_table_has_its_rows_and_target(name):
    table = load_builtin(name)
    assert table.shape == SHAPES[name]
    assert table.columns[-1] == builtin_target(name) == "target"


def test_named_classes_are_text():
    assert sorted(load_builtin("iris")["target"].unique()) == ["setosa", "versicolor", "virginica"]
    assert load_builtin("breast-cancer")["target"].value_counts().to_dict() == {"benign": 357, "malignant": 212}


def test_digits_are_images_of_all_shades():
    images = load_builtin("digits")["image"].array
    pixels = load_digits().images
    assert images.shape_of_one == (1, 8, 8)
    assert all((images[row][0] == np.rint(pixels[row] * 255 / 16)).all() for row in (0, 1000, 1796))


def test_digits_are_whole_numbers():
    assert load_builtin("digits")["target"].dtype.kind == "i"


@pytest.mark.parametrize("source", ["./digits", "digits.csv", Path("digits"), pd.DataFrame({"a": [1]})])
def test_only_a_bare_name_is_builtin(source):
    assert not is_builtin(source)
    assert builtin_target(source) is None
