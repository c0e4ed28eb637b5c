"""Trees as one ONNX operation answer as the module does, for every kind of trees and of task, and for every code."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from automl.baselines.kinds import grow
from automl.baselines.rows import Given
from automl.export.onnx_nodes import ML_DOMAIN, ML_OPSET, OPSET, Nodes
from automl.export.onnx_trees import add_trees, without_trees
from automl.models.ensemble import Ensemble
from automl.trial import TREES
from tests.baselines.test_grown import BLOCKS, TASKS, fitted, module, rows

TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


def answers(trees, blocks, arrays):
    nodes = Nodes("test/")
    add_trees(nodes, trees, [(block.name, block.shape[0]) for block in blocks], "raw")
    inputs = [helper.make_tensor_value_info(block.name, TYPES[block.dtype], ["N", block.shape[0]]) for block in blocks]
    outputs = [helper.make_tensor_value_info("raw", TensorProto.FLOAT, ["N", trees.n_outputs])]
    graph = helper.make_graph(nodes.nodes, "trees", inputs, outputs, nodes.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {block.name: arrays[block.name] for block in blocks})[0]


@pytest.mark.parametrize("trees", TREES.values())
@pytest.mark.parametrize("kind", TASKS)
def test_they_answer_as_the_module_does(kind, trees):
    built, asked = module(fitted(kind, trees=trees)), rows(300, seed=1)
    asked["category"][:40] = 0
    asked["category"][40:80, 0] = 300
    with torch.no_grad():
        expected = built({name: torch.from_numpy(array) for name, array in asked.items()}).numpy()
    assert answers(built, BLOCKS, asked) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("trees", ["slowly_boosted_trees", "extra_trees"])
def test_columns_without_codes_are_enough(trees):
    blocks, asked = BLOCKS[:2], rows(100, seed=2)
    built = module(fitted("regression", blocks, trees), blocks)
    with torch.no_grad():
        expected = built({block.name: torch.from_numpy(asked[block.name]) for block in blocks}).numpy()
    assert answers(built, blocks, asked) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_rows_at_a_threshold_go_the_same_way():
    built, asked = module(fitted("binary", BLOCKS[:2]), BLOCKS[:2]), rows(64, seed=3)
    splits = built.threshold[(built.left != torch.arange(len(built.left))) & (built.feature == 0)].numpy()
    places = np.resize(splits, 64).astype(np.float32)
    for step in (-np.inf, np.inf):
        asked["numeric"][:, 0] = np.nextafter(places, np.float32(step))
        with torch.no_grad():
            expected = built({block.name: torch.from_numpy(asked[block.name]) for block in BLOCKS[:2]}).numpy()
        assert answers(built, BLOCKS[:2], asked) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("trees", ["rotated_boosted_trees", "slanted_boosted_trees"])
def test_rows_that_only_rounding_tells_apart_go_the_same_way(trees):
    seen = rows(2000, seed=6)
    seen["numeric"][:1000, 1] = seen["numeric"][:1000, 0]
    apart = seen["numeric"][:, 0] - seen["numeric"][:, 1]
    given = Given(seen, np.abs(apart) + 0.1 * seen["numeric"][:, 0])
    built = module(grow(trees, given, BLOCKS, TASKS["regression"], held=given))
    with torch.no_grad():
        expected = built({name: torch.from_numpy(array) for name, array in seen.items()}).numpy()
    assert answers(built, BLOCKS, seen) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_trees_of_an_earlier_version_have_no_grain():
    made, asked = fitted("regression", trees="slanted_boosted_trees"), rows(50, seed=7)
    built, earlier = module(made), module(made, without=["grain"])
    with torch.no_grad():
        told = [each({name: torch.from_numpy(array) for name, array in asked.items()}) for each in (built, earlier)]
    assert answers(earlier, BLOCKS, asked) == pytest.approx(told[1].numpy(), rel=1e-4, abs=1e-4)
    torch.testing.assert_close(*told)


def test_an_ensemble_is_handed_what_its_trees_give():
    built, asked = module(fitted("regression")), rows(50, seed=4)
    batch = {f"0/{name}": torch.from_numpy(array) for name, array in asked.items()}
    whole = Ensemble([built, built], ["0/", "0/"], [(0.25, 1.0, 0.0), (0.75, 2.0, 1.0)], "identity")
    rest, taken = without_trees(whole)
    assert {name: each[0] for name, each in taken.items()} == {"0/trees 0": "0/", "0/trees 1": "0/"}
    with torch.no_grad():
        given = {
            name: trees({block.removeprefix("0/"): x for block, x in batch.items()})
            for name, (_, trees) in taken.items()
        }
        torch.testing.assert_close(rest({**batch, **given}), whole(batch))
