"""Reduced blocks and left-out columns in every export: they answer as the preparation and the network do."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from onnx import helper

from automl.data.prepare import Preparation, fit_preparation
from automl.data.preparing import Preparing
from automl.export.bundle import write_bundle
from automl.export.onnx_file import write_onnx
from automl.export.onnx_graph import INPUT_TYPES, add_preparation
from automl.export.onnx_nodes import FLOAT, INT64, ML_DOMAIN, ML_OPSET, OPSET, Nodes
from automl.export.predictor import Predictor, to_input
from automl.export.torch_folder import write_torch
from automl.models.build import build
from automl.models.families.mlp import MLP
from automl.task import Column

DRAW = np.random.default_rng(2)
N = 80
NUMBERS = {f"x{place}": DRAW.normal(size=N) for place in range(6)}
ROWS = pd.DataFrame(
    {
        **NUMBERS,
        "again": 3.0 * NUMBERS["x0"],
        "constant": np.ones(N),
        "lacking": np.where(DRAW.random(N) < 0.3, np.nan, DRAW.normal(size=N)),
        "word": DRAW.choice(list("abcde"), N),
        "recoded": "",
        "town": [f"t{number}" for number in DRAW.integers(0, 30, N)],
        "won": ["no", "yes"] * (N // 2),
    }
)
ROWS["recoded"] = ROWS["word"].str.upper()
TEXTS = ("word", "recoded", "town")
COLUMNS = [Column(name, "category" if name in TEXTS else "numeric") for name in ROWS if name != "won"]
ONE = {"numeric": [Column("x0", "numeric")], "category": [Column("word", "category")]}
ARGUMENTS = {
    "both": Preparing(reduction="svd", components=2),
    "share": Preparing(reduction="svd", components=0.5, numeric="standard"),
    "numeric": Preparing(reduction="svd", components=3, reduced="numeric"),
    "one_hot": Preparing(reduction="svd", components=1, reduced="one_hot", numeric="robust"),
    "dropped": Preparing(redundant="drop"),
    "reduced and dropped": Preparing(redundant="drop", reduction="svd", components=2, one_hot_max=40),
    "more than there are": Preparing(reduction="svd", components=99),
}
ASKED = {
    "training rows": ROWS,
    "one row": ROWS[:1],
    "nothing known": pd.DataFrame({name: [None, None] for name in ROWS}, dtype=object),
    "unseen": ROWS[:5].assign(word="never", recoded="never", town="never", x1=1e30, x2=np.inf),
}


def in_onnx(preparation, rows):
    nodes = Nodes("n/")
    add_preparation(nodes, preparation, [column.name for column in preparation.columns])
    info = helper.make_tensor_value_info
    inputs = [info(column.name, INPUT_TYPES[column.kind], ["N"]) for column in preparation.columns]
    types = {"float32": FLOAT, "int64": INT64}
    outputs = [info(f"network/{block.name}", types[block.dtype], ["N", None]) for block in preparation.blocks]
    graph = helper.make_graph(nodes.nodes, "test", inputs, outputs, nodes.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    feed = {column.name: to_input(rows[column.name], column) for column in preparation.columns}
    found = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)
    return dict(zip((block.name for block in preparation.blocks), found))


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_onnx_gives_the_blocks_of_the_preparation(arguments, asked):
    preparation = fit_preparation(ROWS, COLUMNS, arguments)
    wanted, found = preparation.transform(asked), in_onnx(preparation, asked)
    assert list(wanted) == list(found) == [block.name for block in preparation.blocks]
    for block in preparation.blocks:
        assert found[block.name].shape == wanted[block.name].shape == (len(asked), *block.shape)
        assert wanted[block.name].dtype == block.dtype and np.isfinite(wanted[block.name]).all()
        np.testing.assert_allclose(found[block.name], wanted[block.name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_a_preparation_comes_back_from_plain_values(arguments):
    preparation = fit_preparation(ROWS, COLUMNS, arguments)
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json(), allow_nan=False)))
    assert again == preparation and again.blocks == preparation.blocks
    for name, block in preparation.transform(ROWS).items():
        np.testing.assert_array_equal(again.transform(ROWS)[name], block)


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize("columns", ONE.values(), ids=ONE)
def test_one_column_is_enough(arguments, columns):
    preparation = fit_preparation(ROWS, columns, arguments)
    for name, block in preparation.transform(ROWS).items():
        np.testing.assert_allclose(in_onnx(preparation, ROWS)[name], block, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_a_constant_column_alone_is_kept(arguments):
    preparation = fit_preparation(ROWS, [Column("constant", "numeric")], arguments)
    assert preparation.transform(ROWS)["numeric"].shape == (N, 1) and not preparation.transform(ROWS)["numeric"].any()


@pytest.mark.parametrize("arguments", [ARGUMENTS["reduced and dropped"], ARGUMENTS["both"]], ids=["dropped", "both"])
def test_every_export_answers_as_the_network_does(winner_of, tmp_path, arguments):
    winner = winner_of(ROWS, "won", arguments, {"constant": "numeric"})
    network = build(MLP(layers=1, width=8), winner.preparation.blocks, 2, seed=0).eval()
    winner = replace(
        winner, module=network, architecture={"family": "mlp", "arguments": asdict(MLP(layers=1, width=8))}
    )
    for write, name in ((write_bundle, "bundle"), (write_onnx, "model.onnx"), (write_torch, "torch")):
        parity = write(tmp_path / name, winner, provenance={}, check_rows=ROWS)
        assert parity.labels_equal == 1.0 and parity.largest_difference < 1e-5


def test_a_column_that_is_left_out_need_not_be_given(winner_of, tmp_path):
    winner = winner_of(ROWS, "won", ARGUMENTS["dropped"], {"constant": "numeric"})
    write_bundle(tmp_path / "b", winner, provenance={}, check_rows=ROWS)
    shorter = ROWS.drop(columns=["again", "constant", "recoded"])
    found = Predictor(tmp_path / "b").predict(shorter)
    assert len(found) == N and "`again`" not in (tmp_path / "b/MODEL_CARD.md").read_text().split("## Where")[0]


def test_reduced_blocks_are_what_the_network_is_built_for():
    blocks = fit_preparation(ROWS, COLUMNS, ARGUMENTS["both"]).blocks
    assert [(block.name, block.shape) for block in blocks] == [("numeric", (4,)), ("category", (1,))]
    network = build(MLP(layers=1, width=8), blocks, 2, seed=0)
    batch = fit_preparation(ROWS, COLUMNS, ARGUMENTS["both"]).transform(ROWS)
    assert network({name: torch.tensor(block) for name, block in batch.items()}).shape == (N, 2)
