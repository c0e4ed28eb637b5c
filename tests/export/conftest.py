"""A small network over every block, and winners made from real tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from automl.data.columns import infer_columns, infer_task
from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.data.read import read_table
from automl.data.target import TargetCoder
from automl.data.values import classes_of
from automl.export.bundle import Winner, write_bundle
from automl.task import Task

TARGETS = {"titanic": "survived", "hypothyroid": "Class", "adult": "income", "diamonds": "price"}


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
    coder = TargetCoder.fit(task, rows[target])
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
