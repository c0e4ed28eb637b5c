"""A small network over every block, and winners made from real tables and from pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from automl.data.columns import infer_columns, infer_task
from automl.data.images import ImageArray
from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.data.read import read_table
from automl.data.target import fit_coder
from automl.data.values import classes_of
from automl.export.bundle import write_bundle
from automl.export.winner import Winner
from automl.models.build import build
from automl.models.families.cnn import CNN
from automl.task import Column, Task

TARGETS = {"titanic": "survived", "hypothyroid": "Class", "adult": "income", "diamonds": "price"}


class Unfaithful(nn.Module):
    """Is exported as something else than it is."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, batch):
        output = self.module(batch)
        return output if torch.compiler.is_exporting() else -9.0 * output


class SmallNetwork(nn.Module):
    """Embeddings, batch norm, layer norm and dropout over whatever blocks there are."""

    def __init__(self, blocks, n_outputs):
        super().__init__()
        cardinalities = [count for block in blocks for count in block.cardinalities]
        width = sum(block.shape[0] for block in blocks if not block.cardinalities) + 3 * len(cardinalities)
        self.embeddings = nn.ModuleList(nn.Embedding(count, 3) for count in cardinalities)
        self.layers = nn.Sequential(
            nn.Linear(width, 24), nn.BatchNorm1d(24), nn.SiLU(), nn.Dropout(0.5), nn.LayerNorm(24)
        )
        self.head = nn.Linear(24, n_outputs)

    def forward(self, batch):
        parts = [batch[name] for name in ("numeric", "one_hot") if name in batch]
        if "category" in batch:
            parts += [embed(batch["category"][:, place]) for place, embed in enumerate(self.embeddings)]
        return self.head(self.layers(torch.cat(parts, dim=1)))


def make_winner(rows, target, arguments=None, kinds=None):
    """A winner whose weights are drawn and whose running statistics have seen the rows."""
    columns, _ = infer_columns(rows.drop(columns=[target]), kinds or {}, [])
    kind = infer_task(rows[target], kind=None)
    classes = () if kind == "regression" else classes_of(rows[target])
    task = Task(kind, target, columns, classes, "accuracy" if classes else "rmse")
    preparation = fit_preparation(rows, columns, arguments or Preparing())
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(0)
        network = SmallNetwork(preparation.blocks, task.n_outputs)
        network.train()({name: torch.from_numpy(block) for name, block in preparation.transform(rows).items()})
    coder = fit_coder(task, rows[target])
    return Winner(network.eval(), {"family": "small", "n_outputs": task.n_outputs}, preparation, coder, task)


def make_rows(n_rows=120):
    """Rows of every kind with missing values, classes in their order."""
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": np.where(draw.random(n_rows) < 0.2, np.nan, draw.normal(40, 9, n_rows)),
            "job": pd.Series(draw.choice(["cook", "smith", 'a, "b"'], n_rows)).where(draw.random(n_rows) > 0.1),
            "town": [f"town {number}" for number in draw.integers(0, 20, n_rows)],
            "floor": draw.integers(-2, 6, n_rows),
            "member": draw.random(n_rows) < 0.5,
            "since": pd.Series(
                pd.Timestamp("1960-01-01") + pd.to_timedelta(draw.integers(0, 9000, n_rows), unit="h")
            ).where(draw.random(n_rows) > 0.1),
            "won": draw.choice(["no", "yes"], n_rows),
        }
    )


KINDS = {"floor": "category"}


@pytest.fixture(scope="session")
def mixed_rows():
    return make_rows()


@pytest.fixture(scope="session")
def mixed(mixed_rows):
    return make_winner(mixed_rows, "won", kinds=KINDS)


@pytest.fixture(scope="session")
def bundle(mixed, mixed_rows, tmp_path_factory):
    """The folder of a bundle nobody may change."""
    folder = tmp_path_factory.mktemp("bundles") / "mixed"
    write_bundle(folder, mixed, provenance={"study": "made-up", "trial": 3}, check_rows=mixed_rows)
    return folder


@pytest.fixture(scope="session")
def winner_of():
    """The function that makes a winner from rows and a target's name."""
    return make_winner


@pytest.fixture(scope="session")
def real_rows(real_data):
    """The function that gives some rows of a real table, and its target's name."""

    def read(name, limit=2000):
        table = read_table(next((real_data / name).glob("*.parquet")))
        return table.drop(columns=["split"], errors="ignore").head(limit), TARGETS[name]

    return read


def make_image_winner(rows, columns, resolution=0, mirror=False):
    """A winner over images, and perhaps other columns, of a convolutional network with batch norm."""
    classes = classes_of(rows["won"])
    task = Task("binary", "won", columns, classes, "accuracy")
    preparation = fit_preparation(rows, columns, Preparing(resolution=resolution))
    network = build(CNN(stages=2, width=6, head="flatten", hidden=8, mirror=mirror), preparation.blocks, 2, seed=0)
    network.train()({name: torch.tensor(block) for name, block in preparation.transform(rows).items()})
    coder = fit_coder(task, rows["won"])
    return Winner(network.eval(), {"family": "cnn"}, preparation, coder, task)


def make_photos(folder):
    """Image files of every make: their sizes, colours, sides and depths differ."""
    draw = np.random.default_rng(3)
    noise = {name: draw.integers(0, 256, (14, 10, 3), dtype=np.uint8) for name in ("a", "b", "c", "d", "e")}
    ground = np.linspace(0, 255, 90 * 120 * 3).reshape(90, 120, 3).astype(np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(noise["a"]).save(folder / "colour.png")
    Image.fromarray(noise["b"]).convert("L").save(folder / "grey.png")
    Image.fromarray(np.dstack([noise["c"], noise["d"][..., 0]])).save(folder / "clear.png")
    Image.fromarray(noise["d"]).convert("P").save(folder / "palette.gif")
    Image.fromarray(noise["e"][..., 0].astype(np.uint16) * 256).save(folder / "deep" / "sixteen.png")
    Image.fromarray(ground).save(folder / "deep" / "large.jpg", exif=turned)
    Image.fromarray(noise["b"][:9]).save(folder / "wide.BMP")
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """The folder of image files, and one file of notes."""
    folder = make_photos(tmp_path_factory.mktemp("photos") / "photos")
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="session")
def colour_rows():
    """Pictures in colour, and what was won."""
    pixels = np.random.default_rng(5).integers(0, 256, (40, 3, 14, 10), dtype=np.uint8)
    return pd.DataFrame({"image": ImageArray(pixels), "won": ["no", "yes"] * 20})


@pytest.fixture(scope="session")
def colour(colour_rows):
    """A winner over small squares of the pictures."""
    return make_image_winner(colour_rows, (Column("image", "image"),), resolution=8)


@pytest.fixture(scope="session")
def colour_bundle(colour, colour_rows, tmp_path_factory):
    """The folder of a bundle over pictures in colour that nobody may change."""
    folder = tmp_path_factory.mktemp("bundles") / "colour"
    write_bundle(folder, colour, provenance={}, check_rows=colour_rows)
    return folder


@pytest.fixture(scope="session")
def grey_rows():
    """Grey pictures beside numbers and words, some of them missing."""
    draw = np.random.default_rng(6)
    pictures = ImageArray(draw.integers(0, 256, (30, 1, 7, 9), dtype=np.uint8), np.r_[-1, 0:30, -1, 0:8])
    ages = np.where(draw.random(40) < 0.2, np.nan, draw.normal(40, 9, 40))
    jobs = draw.choice(["cook", "smith"], 40)
    return pd.DataFrame({"age": ages, "photo": pictures, "job": jobs, "won": ["no", "yes"] * 20})


@pytest.fixture(scope="session")
def grey(grey_rows):
    """A winner over grey pictures, each seen with its mirror image, and other columns."""
    kinds = (Column("age", "numeric"), Column("photo", "image"), Column("job", "category"))
    return make_image_winner(grey_rows, kinds, mirror=True)


@pytest.fixture(scope="session")
def grey_bundle(grey, grey_rows, tmp_path_factory):
    """The folder of a bundle over grey pictures and other columns that nobody may change."""
    folder = tmp_path_factory.mktemp("bundles") / "grey"
    write_bundle(folder, grey, provenance={}, check_rows=grey_rows)
    return folder


@pytest.fixture(scope="session")
def image_winner_of():
    """The function that makes a winner from rows whose target is `won` and columns, one of them of images."""
    return make_image_winner


@pytest.fixture
def unfaithful(mixed):
    """A network that is exported as something else than it is."""
    return Unfaithful(mixed.module)
