"""Whole models: types of inputs and outputs, names, and the exporter's silence."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from onnx import helper
from torch import nn

from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.data.target import fit_coder
from automl.export.onnx_graph import add_ending, build_model, input_names
from automl.export.onnx_nodes import FLOAT, OPSET, Nodes
from automl.task import Column, Task

ROWS = pd.DataFrame({"prediction": [1.0, 2.0, 3.0], "": ["a", "b", "a"]})
COLUMNS = (Column("prediction", "numeric"), Column("", "category"))


class Adder(nn.Module):
    """Raw outputs that are easy to know: minus x and x for each further class."""

    def __init__(self, n_outputs):
        super().__init__()
        self.n_outputs = n_outputs
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch):
        x = batch["numeric"] * self.weight
        return x if self.n_outputs == 1 else torch.cat([-x] + [x] * (self.n_outputs - 1), dim=1)


def coder_of(classes):
    task = Task("binary" if classes else "regression", "y", COLUMNS, classes, "accuracy")
    return fit_coder(task, pd.Series([10.0, 20.0, 60.0]))


def session_of(classes, module):
    preparation = fit_preparation(ROWS, COLUMNS, Preparing(numeric="standard"))
    model = build_model(preparation, coder_of(classes), module)
    return onnxruntime.InferenceSession(model.SerializeToString())


@pytest.fixture(scope="module")
def regression():
    return session_of((), Adder(1))


def outputs_of(session):
    feed = {"column prediction": np.array([1.0, 3.0]), "column": np.array(["a", "z"], dtype=object)}
    return session.run(None, feed)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (("no", "yes"), "tensor(string)"),
        ((3, 7), "tensor(int64)"),
        ((False, True), "tensor(bool)"),
        ((0.5, 1.5), "tensor(double)"),
    ],
    ids=["text", "integer", "boolean", "fraction"],
)
def test_labels_come_in_their_own_type(classes, kind):
    nodes = Nodes("n/")
    outputs = add_ending(nodes, coder_of(classes), "raw")
    raw = helper.make_tensor_value_info("raw", FLOAT, ["N", 2])
    graph = helper.make_graph(nodes.nodes, "test", [raw], outputs, nodes.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    assert [output.type for output in session.get_outputs()] == [kind, "tensor(float)"]
    labels, probabilities = session.run(None, {"raw": np.array([[1, -1], [-1, 1]], dtype=np.float32)})
    assert labels.tolist() == list(classes)
    np.testing.assert_allclose(probabilities[:, 0], 1 / (1 + np.exp([-2.0, 2.0])), rtol=1e-6)


def test_regression_gives_double_in_the_targets_units(regression):
    assert [(output.name, output.type) for output in regression.get_outputs()] == [("prediction", "tensor(double)")]
    values = np.array([10.0, 20.0, 60.0])
    wanted = values.mean() + values.std() * np.array([-1.0, 1.0]) / np.sqrt(2 / 3)
    np.testing.assert_allclose(outputs_of(regression)[0], wanted, rtol=1e-6)


def test_inputs_have_one_free_dimension_and_a_type_by_kind(regression):
    assert [(each.name, each.type, each.shape) for each in regression.get_inputs()] == [
        ("column prediction", "tensor(double)", ["N"]),
        ("column", "tensor(string)", ["N"]),
    ]


def test_names_of_inputs_never_clash():
    names = ["a", "prediction", "column prediction", "", "network/raw", "probabilities"]
    found = input_names([Column(name, "numeric") for name in names])
    assert found[0] == "a" and len(set(found)) == len(found) and not {"prediction", "", "network/raw"} & set(found)


def test_the_exporter_is_quiet(capfd, recwarn):
    session_of(("a", "b"), Adder(2))
    assert capfd.readouterr() == ("", "") and not recwarn.list


def test_the_module_is_left_as_it_was():
    module = Adder(2).train()
    session_of(("a", "b"), module)
    assert module.training


def test_dropout_is_off_in_the_model():
    module = nn.Sequential(Adder(2), nn.Dropout(0.9)).train()
    z = np.array([-1.0, 1.0]) / np.sqrt(2 / 3)
    probabilities = outputs_of(session_of(("a", "b"), module))[1]
    np.testing.assert_allclose(probabilities[:, 1], 1 / (1 + np.exp(-2 * z)), rtol=1e-5)


@pytest.fixture(scope="module")
def pictures(colour_bundle):
    return onnxruntime.InferenceSession(str(colour_bundle / "model.onnx"))


def test_images_come_in_as_bytes_of_the_size_that_the_preparation_gives(pictures):
    assert [(each.name, each.type, each.shape) for each in pictures.get_inputs()] == [
        ("image", "tensor(uint8)", ["N", 3, 8, 8])
    ]


def test_images_are_predicted_alone_as_in_company(pictures, colour, colour_rows):
    pixels = colour.preparation.transform(colour_rows)["image"]
    together = pictures.run(None, {"image": pixels})[1]
    alone = np.concatenate([pictures.run(None, {"image": pixels[row : row + 1]})[1] for row in range(len(pixels))])
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_images_are_predicted_as_the_network_does(pictures, colour, colour_rows):
    pixels = colour.preparation.transform(colour_rows)["image"]
    with torch.no_grad():
        wanted = torch.softmax(colour.module({"image": torch.tensor(pixels)}), dim=1).numpy()
    np.testing.assert_allclose(pictures.run(None, {"image": pixels})[1], wanted, atol=1e-6)


def test_no_images_give_no_predictions(pictures):
    labels, shares = pictures.run(None, {"image": np.zeros((0, 3, 8, 8), dtype=np.uint8)})
    assert labels.shape == (0,) and shares.shape == (0, 2)


def test_images_stand_beside_other_columns(grey_bundle):
    session = onnxruntime.InferenceSession(str(grey_bundle / "model.onnx"))
    assert [(each.name, each.shape) for each in session.get_inputs()] == [
        ("age", ["N"]),
        ("photo", ["N", 1, 7, 9]),
        ("job", ["N"]),
    ]


@pytest.mark.parametrize("transform", ["log", "log1p"])
def test_a_transformed_target_comes_back_in_its_own_units(transform):
    task = Task("regression", "y", COLUMNS, (), "rmse", transform=transform)
    coder = fit_coder(task, pd.Series([1.0, 20.0, 600.0]))
    preparation = fit_preparation(ROWS, COLUMNS, Preparing(numeric="standard"))
    session = onnxruntime.InferenceSession(build_model(preparation, coder, Adder(1)).SerializeToString())
    values = np.array([-50.0, 1.0, 2.5, 3.0, 90.0])
    rows = pd.DataFrame({"prediction": values, "": ["a"] * 5})
    (found,) = session.run(None, {"column prediction": values, "column": np.array(["a"] * 5, dtype=object)})
    expected = coder.decode(preparation.transform(rows)["numeric"][:, 0])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
