"""Predictions for pictures from the command line: what may hold them, and how the answers are told apart."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from automl.cli.app import run
from automl.data.images import ImageArray
from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.data.target import fit_coder
from automl.export.bundle import write_bundle
from automl.export.winner import Winner
from automl.task import Column, Task

FILES = ("a.png", "b.png", "deep/c.png", *(f"deep/d{place}.png" for place in range(8)))


class Linear(torch.nn.Module):
    """A linear model over whatever blocks there are."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = torch.nn.Linear(width, 2)
        torch.nn.init.constant_(self.head.bias, 0.0)
        torch.nn.init.zeros_(self.head.weight)

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Join the blocks and weigh them."""
        return self.head(torch.cat([batch[name].float().flatten(1) / 255.0 for name in batch], dim=1))


def bundle_of(folder: Path, rows: pd.DataFrame, column: Column) -> Path:
    """Export a model whose answer grows with the mean of what it is given."""
    task = Task("binary", "won", (column,), ("no", "yes"), "accuracy")
    preparation = fit_preparation(rows, task.columns, Preparing())
    network = Linear(sum(int(np.prod(block.shape)) for block in preparation.blocks))
    torch.nn.init.constant_(network.head.weight[1:], 0.05)
    winner = Winner(network.eval(), {}, preparation, fit_coder(task, rows["won"]), task)
    write_bundle(folder, winner, provenance={}, check_rows=rows)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of pictures of 6 x 5 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 3, 6, 5), dtype=np.uint8)
    rows = pd.DataFrame({"image": ImageArray(pixels), "won": ["no", "yes"] * 5})
    return bundle_of(tmp_path_factory.mktemp("bundles") / "pictures", rows, Column("image", "image"))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a number."""
    rows = pd.DataFrame({"age": np.arange(10.0), "won": ["no", "yes"] * 5})
    return bundle_of(tmp_path_factory.mktemp("bundles") / "numbers", rows, Column("age", "numeric"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eleven files, the further the lighter."""
    for place, name in enumerate(FILES):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 7), (20 * place,) * 3).save(path)
    return tmp_path / "photos"


def predicted(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, str]]:
    assert run(["predict", *map(str, words)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return list(csv.DictReader(captured.out.splitlines()))


def test_a_folder_gives_a_line_for_each_file_which_begins_with_its_name(
    capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path
):
    table = predicted(capsys, pictures, photos)
    assert list(table[0]) == ["file", "prediction", "probability_no", "probability_yes"]
    assert [row["file"] for row in table] == list(FILES)
    shares = [float(row["probability_yes"]) for row in table]
    assert shares == sorted(shares) and shares[0] == 0.5


def test_the_name_of_a_file_is_written_once(capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path):
    assert run(["predict", str(pictures), str(photos), "--keep", "file"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "file,prediction,probability_no,probability_yes"


def test_the_names_of_files_are_in_other_formats_too(pictures: Path, photos: Path, tmp_path: Path):
    assert run(["predict", str(pictures), str(photos), "--output", str(tmp_path / "out.parquet")]) == 0
    assert pd.read_parquet(tmp_path / "out.parquet")["file"].tolist() == list(FILES)


def test_one_picture_is_predicted(capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path):
    among = predicted(capsys, pictures, photos)[2]
    assert predicted(capsys, pictures, photos / "deep" / "c.png") == [{**among, "file": "c.png"}]


def test_an_archive_is_predicted(capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path):
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 6, 5, 3), dtype=np.uint8), y=np.arange(3))
    table = predicted(capsys, pictures, tmp_path / "x.npz", "--keep", "label")
    assert [(row["probability_yes"], row["label"]) for row in table] == [("0.5", "0"), ("0.5", "1"), ("0.5", "2")]


def test_a_table_of_files_is_predicted(capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path):
    rows = photos.parent / "rows.csv"
    pd.DataFrame({"image": [f"photos/{name}" for name in reversed(FILES)], "n": range(11)}).to_csv(rows, index=False)
    table = predicted(capsys, pictures, rows, "--keep", "n")
    assert [row["n"] for row in table] == [str(place) for place in range(11)]
    assert table[-1]["probability_yes"] == "0.5" and next(iter(table[0])) == "prediction"


def test_a_damaged_file_is_named_and_the_others_are_predicted(
    capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path
):
    (photos / "b.png").write_bytes(b"torn")
    assert run(["predict", str(pictures), str(photos)]) == 0
    captured = capsys.readouterr()
    assert captured.err == "1 of 11 image files cannot be read, such as b.png (no image): they are left out\n"
    assert len(captured.out.splitlines()) == 1 + 10


@pytest.mark.parametrize(
    ("source", "words", "sentence"),
    [
        ("absent.png", [], "no such file: "),
        ("empty", [], "the folder holds no image files (.jpg, "),
        ("words.csv", [], "column 'image' must hold images or name image files that exist, got 'one'"),
        ("rows.csv", ["--keep", "image"], "column 'image' holds images, which a table for others cannot; leave it out"),
        ("other.csv", [], "the rows lack the columns 'image'"),
    ],
)
def test_what_a_model_of_pictures_cannot_predict_is_refused(
    capsys: pytest.CaptureFixture[str], pictures: Path, photos: Path, source: str, words: list[str], sentence: str
):
    folder = photos.parent
    (folder / "empty").mkdir()
    (folder / "words.csv").write_text("image\none\ntwo\n")
    (folder / "rows.csv").write_text("image\nphotos/a.png\n")
    (folder / "other.csv").write_text("age\n3\n")
    assert run(["predict", str(pictures), str(folder / source), *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err


def test_a_model_of_a_table_refuses_a_folder(capsys: pytest.CaptureFixture[str], numbers: Path, photos: Path):
    assert run(["predict", str(numbers), str(photos)]) == 2
    assert capsys.readouterr().err == f"error: {photos}: this model takes no images, it takes a table\n"


def test_a_model_of_a_table_says_nothing_of_files(capsys: pytest.CaptureFixture[str], numbers: Path, tmp_path: Path):
    (tmp_path / "rows.csv").write_text("age,photo\n3,absent.png\n")
    assert len(predicted(capsys, numbers, tmp_path / "rows.csv")) == 1
