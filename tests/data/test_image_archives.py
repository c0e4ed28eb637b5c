"""Archives of arrays become tables."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.image_archives import member
from automl.data.read import read_table
from automl.data.roles import Roles
from automl.data.split import divide
from automl.errors import DataError

GREY = np.random.default_rng(0).integers(0, 256, (30, 4, 5), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (30, 4, 5, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3


@pytest.fixture
def read(tmp_path):
    def through_a_file(**arrays):
        np.savez_compressed(tmp_path / "x.npz", **arrays)
        return read_table(tmp_path / "x.npz")

    return through_a_file


def pixels(table):
    images = table["image"].array
    return np.stack([images[row] for row in range(len(images))])


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (GREY, GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (COLOUR, COLOUR.transpose(0, 3, 1, 2)),
        (GREY.astype(np.int64), GREY[:, None]),
        (GREY.astype(np.uint16) * 257, GREY[:, None]),
        (GREY.astype(np.float32), GREY[:, None]),
        (GREY / 255.0, GREY[:, None]),
        (GREY > 99, (GREY[:, None] > 99) * 255),
        (
            np.dstack([COLOUR.reshape(30, 20, 3), np.zeros((30, 20, 1))]).reshape(30, 4, 5, 4),
            np.full((30, 3, 4, 5), 255),
        ),
    ],
)
def test_images_of_every_shape_and_type_become_bytes(read, x, wanted):
    assert (pixels(read(x=x, y=LABELS)) == wanted).all()


@pytest.mark.parametrize("array", [COLOUR, np.asfortranarray(COLOUR), LABELS, COLOUR / 255.0])
def test_an_array_that_is_too_large_for_memory_is_mapped(tmp_path, array):
    np.savez_compressed(tmp_path / "x.npz", array=array)
    with np.load(tmp_path / "x.npz") as archive:
        whole, mapped = (member(archive, "array", limit) for limit in (10**9, 0))
    assert isinstance(mapped, np.memmap) and not isinstance(whole, np.memmap)
    assert mapped.dtype == array.dtype and (mapped == array).all() and (whole == array).all()


def test_a_large_array_of_objects_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", array=np.array([{}], dtype=object))
    with np.load(tmp_path / "x.npz") as archive, pytest.raises(ValueError, match="it holds objects"):
        member(archive, "array", 0)


def test_names_may_be_in_any_case_and_other_arrays_are_ignored(read):
    table = read(X=GREY, Y=LABELS, class_names=np.array(["a", "b", "c"]))
    assert table.columns.tolist() == ["image", "label"] and table["label"].tolist() == LABELS.tolist()


def test_parts_become_a_split_column(read):
    table = read(x_train=GREY[:20], y_train=LABELS[:20], X_test=GREY[20:], Y_test=LABELS[20:])
    assert table["split"].tolist() == ["train"] * 20 + ["test"] * 10
    assert (pixels(table) == GREY[:, None]).all()
    division = divide(table, target="label", roles=Roles(split="split"))
    assert division.sizes == {"train": 16, "validation": 4, "test": 10}


def test_numbers_from_0_to_1_are_told_over_all_parts(read):
    table = read(x_train=GREY[:20] / 255, y_train=LABELS[:20], x_test=np.zeros((10, 4, 5)), y_test=LABELS[20:])
    assert (pixels(table)[:20] == GREY[:20, None]).all()


@pytest.mark.parametrize(
    ("y", "kind", "first"),
    [
        (np.arange(30), "multiclass", 0),
        (LABELS[:, None].astype(np.uint8), "multiclass", 0),
        (np.array(["b", "a", "c"])[LABELS], "multiclass", "a"),
        (np.array([b"b", b"a", b"c"])[LABELS], "multiclass", "a"),
        (LABELS > 0, "binary", False),
    ],
)
def test_labels_are_classes_whatever_they_are(read, y, kind, first):
    table = read(x=np.concatenate([GREY] * 3), y=np.concatenate([y] * 3))
    division = divide(table, target="label", test=0.4, validation=0.3)
    assert (division.task_kind, division.classes[0]) == (kind, first)


def test_labels_with_fractions_are_numbers(read):
    assert divide(read(x=GREY, y=np.linspace(0, 1, 30)), target="label").task_kind == "regression"


def test_whole_numbers_are_regressed_on_where_that_is_asked_for(read):
    assert divide(read(x=GREY, y=np.arange(30)), target="label", task_kind="regression").task_kind == "regression"


def test_images_alone_are_a_table_to_predict(read):
    assert read(x=GREY).columns.tolist() == ["image"]


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"images": GREY}, r"the archive must hold arrays x and y, or x_train, y_train, x_test and y_test"),
        ({"x": GREY, "y": LABELS[:9]}, r"y must hold one label for each of 30 images, got \(9,\)"),
        ({"x": GREY, "y": np.eye(30)}, r"y must hold one label for each of 30 images, got \(30, 30\)"),
        ({"x": GREY[0], "y": LABELS[:4]}, r"images must be numbers \(N, height, width\) or .*, got \(4, 5\) uint8"),
        ({"x": COLOUR.transpose(0, 3, 1, 2), "y": LABELS}, r"of 1, 3 or 4 channels, got \(30, 3, 4, 5\) uint8"),
        ({"x": GREY - 200.0, "y": LABELS}, r"numbers from 0 to 1 or from 0 to 255, got -200\.0 to "),
        ({"x": np.full((30, 4, 5), np.nan), "y": LABELS}, r"numbers from 0 to 1 or from 0 to 255, got nan to nan"),
        ({"x": GREY.astype("U3"), "y": LABELS}, r"images must be numbers .*, got \(30, 4, 5\) <U3"),
        ({"x": GREY, "y": LABELS * 1j}, r"labels must be whole numbers or text, got complex128"),
        (
            {"x": np.array([None] * 3), "y": LABELS[:3]},
            r"cannot be read as an archive of arrays \(Object arrays cannot",
        ),
        (
            {"x_train": GREY, "y_train": LABELS, "x_test": GREY},
            r"x_test and y_test must both be there, got only x_test",
        ),
        (
            {"x_train": GREY, "y_train": LABELS, "x_test": COLOUR, "y_test": LABELS},
            r"all images must have one shape, got \(4, 5, 1\) and \(4, 5, 3\)",
        ),
    ],
)
def test_arrays_that_are_no_images_with_labels_are_refused(read, arrays, sentence):
    with pytest.raises(DataError, match=r"x\.npz: .*" + sentence):
        read(**arrays)


def test_what_is_no_archive_is_refused(tmp_path):
    for name, write in (
        ("text", lambda path: path.write_text("x")),
        ("npy", lambda path: np.save(path.open("wb"), GREY)),
    ):
        write(tmp_path / f"{name}.npz")
        with pytest.raises(DataError, match=rf"{name}\.npz: cannot be read as an archive of arrays"):
            read_table(tmp_path / f"{name}.npz")


@pytest.mark.parametrize(
    ("name", "shape", "n_rows"), [("digits", (1, 8, 8), 1797), ("fashion_mnist_12k", (1, 28, 28), 12_000)]
)
def test_real_archives_are_read(real_data, name, shape, n_rows):
    table = read_table(real_data / name / "data.npz")
    assert table["image"].array.shape_of_one == shape and len(table) == n_rows
    assert sorted(table["label"].unique()) == list(range(10))
    assert ("split" in table.columns) == (name == "fashion_mnist_12k")
